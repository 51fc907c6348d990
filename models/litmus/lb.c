/* lb.c: no value is read before the read that leads to it. Expect: no violation, 3 executions. */
/* Load buffering: may both threads read the 1 that the other stores only after its own read? C11
 * says yes for relaxed accesses, and Arm processors may do it. The model used here (RC11) says no:
 * it forbids every cycle of "before in its thread" and "reads from", and with it values out of
 * thin air. So this assertion holds here, and that is a stated limit of what a verdict covers. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r2 = atomic_load_explicit(&y, memory_order_relaxed);
    atomic_store_explicit(&x, 1, memory_order_relaxed);
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
    assert(!(r1 == 1 && r2 == 1));
    return 0;
}
