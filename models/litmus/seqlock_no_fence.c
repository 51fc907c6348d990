/* seqlock_no_fence.c: without the fence the pair may be torn. Expect: assertion. */
/* As seqlock.c without the reader's fence: the second look at the version may be done before the
 * reads it is to protect. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y, z;
static int r1, r2, r3, r4; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_store_explicit(&z, 1, memory_order_relaxed);
    atomic_store_explicit(&x, 2, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_acquire);
    r2 = atomic_load_explicit(&y, memory_order_relaxed);
    r3 = atomic_load_explicit(&z, memory_order_relaxed);
    r4 = atomic_load_explicit(&x, memory_order_relaxed);
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
    assert(r1 != r4 || r1 % 2 == 1 || r2 == r3);
    return 0;
}
