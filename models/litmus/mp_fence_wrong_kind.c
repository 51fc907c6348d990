/* mp_fence_wrong_kind.c: an acquire fence is no release fence. Expect: assertion. */
/* An acquire fence orders earlier reads, not earlier stores: the writer needs a release fence (or
 * acq_rel, or seq_cst). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
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
