/* c11_threads.c: what threads.h offers. Expect: no violation. */
#include <assert.h>
#include <stdbool.h>
#include <threads.h>

static mtx_t lock;
static cnd_t changed;
static tss_t key;
static bool ready;

static int producer(void *arg)
{
    tss_set(key, &ready);
    mtx_lock(&lock);
    mtx_lock(&lock);
    ready = true;
    mtx_unlock(&lock);
    cnd_signal(&changed);
    mtx_unlock(&lock);
    assert(tss_get(key) == &ready);
    return *(int *)arg;
}

int main(void)
{
    int forty_two = 42, result;
    thrd_t t;
    assert(mtx_init(&lock, mtx_plain | mtx_recursive) == thrd_success);
    assert(cnd_init(&changed) == thrd_success);
    assert(tss_create(&key, NULL) == thrd_success);
    assert(thrd_create(&t, producer, &forty_two) == thrd_success);
    mtx_lock(&lock);
    while (!ready)
        cnd_wait(&changed, &lock);
    mtx_unlock(&lock);
    assert(tss_get(key) == NULL);
    assert(thrd_join(t, &result) == thrd_success && result == 42);
    tss_delete(key);
    cnd_destroy(&changed);
    mtx_destroy(&lock);
    return 0;
}
