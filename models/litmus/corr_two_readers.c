/* corr_two_readers.c: two readers agree on one variable. Expect: no violation, 72 executions. */
/* Coherence with two writers: one reader cannot see 1 then 2 while the other sees 2 then 1. Two
 * orders of the writes, six pairs of reads for each reader: 2 x 6 x 6. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;
static int r1, r2, r3, r4; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 2, memory_order_relaxed);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

static void *thread_4(void *arg)
{
    (void)arg;
    r3 = atomic_load_explicit(&x, memory_order_relaxed);
    r4 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(!(r1 == 1 && r2 == 2 && r3 == 2 && r4 == 1));
    return 0;
}
