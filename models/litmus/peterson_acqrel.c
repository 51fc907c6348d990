/* peterson_acqrel.c: Peterson's lock, release and acquire: both get in. Expect: race. */
/* As peterson.c with weaker orders: each thread may miss the other's flag, as in sb_acqrel.c. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int x, y, z;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_release);
    atomic_store_explicit(&z, 2, memory_order_release);
    while (atomic_load_explicit(&y, memory_order_acquire) == 1 &&
           atomic_load_explicit(&z, memory_order_acquire) == 2)
        sched_yield();
    count++;
    atomic_store_explicit(&x, 0, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_release);
    atomic_store_explicit(&z, 1, memory_order_release);
    while (atomic_load_explicit(&x, memory_order_acquire) == 1 &&
           atomic_load_explicit(&z, memory_order_acquire) == 1)
        sched_yield();
    count++;
    atomic_store_explicit(&y, 0, memory_order_release);
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
