/* mp_cas.c: a read-modify-write passes the message on. Expect: no violation, 3 executions. */
/* The flag is set and taken by compare-and-swap. Compare mp_relacq.c: the same three executions. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    int unset = 0;
    atomic_compare_exchange_strong_explicit(&y, &unset, 1, memory_order_release,
                                            memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    int set = 1;
    r1 = atomic_compare_exchange_strong_explicit(&y, &set, 2, memory_order_acquire,
                                                 memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(!(r1 == 1 && r2 == 0));
    return 0;
}
