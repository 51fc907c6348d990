/* rmw_chain.c: a chain of increments carries a release. Expect: no violation, 24 executions. */
/* Two relaxed increments behind the release store: who acquires the 3 has synchronized with it. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int y;
static int data;

static void *thread_1(void *arg)
{
    (void)arg;
    data = 42;
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&y, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&y, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_4(void *arg)
{
    (void)arg;
    if (atomic_load_explicit(&y, memory_order_acquire) == 3)
        assert(data == 42);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2, thread_3, thread_4};
    pthread_t thread[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
