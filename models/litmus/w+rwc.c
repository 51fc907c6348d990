/* w+rwc.c: a handed-over store and read-to-write causality. Expect: assertion. */
/* As rwc.c, but thread_2 learns of x by a release: still allowed with release and acquire. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y, z;
static int r1, r2, r3; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&y, memory_order_acquire);
    r2 = atomic_load_explicit(&z, memory_order_acquire);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    atomic_store_explicit(&z, 1, memory_order_release);
    r3 = atomic_load_explicit(&x, memory_order_acquire);
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
