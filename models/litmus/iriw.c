/* iriw.c: two readers may disagree on the order of two writes. Expect: assertion. */
/* Independent reads of independent writes: thread_3 sees x before y, thread_4 sees y before x.
 * With release and acquire this is allowed, for no thread told another anything. Power processors
 * do it; x86 and Arm (since v8) do not. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2, r3, r4; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_acquire);
    r2 = atomic_load_explicit(&y, memory_order_acquire);
    return NULL;
}

static void *thread_4(void *arg)
{
    (void)arg;
    r3 = atomic_load_explicit(&y, memory_order_acquire);
    r4 = atomic_load_explicit(&x, memory_order_acquire);
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
    assert(!(r1 == 1 && r2 == 0 && r3 == 1 && r4 == 0));
    return 0;
}
