/* rwc_fences.c: read-to-write causality with seq_cst fences. Expect: no violation, 7 executions. */
/* The repair of rwc.c by two fences: one between the two loads, one between the store and the
 * load. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2, r3; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r2 = atomic_load_explicit(&y, memory_order_relaxed);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    r3 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2, thread_3};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert(!(r1 == 1 && r2 == 0 && r3 == 0));
    return 0;
}
