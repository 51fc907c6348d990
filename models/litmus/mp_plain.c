/* mp_plain.c: a plain variable behind a released flag. Expect: no violation, 2 executions. */
/* As mp_relacq.c with an ordinary variable: thread_2 touches data only when it has seen the flag,
 * so the two accesses are ordered and there is no race. Plain accesses are not choices, so only
 * the flag counts: seen, or not yet. */
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
    if (atomic_load_explicit(&y, memory_order_acquire) == 1)
        assert(data == 42);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
