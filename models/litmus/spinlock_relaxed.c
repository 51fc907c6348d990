/* spinlock_relaxed.c: a spin lock that unlocks relaxed. Expect: race. */
/* As spinlock.c, but what the first holder wrote is not carried to the second. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int x;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    int seen = 0;
    while (!atomic_compare_exchange_strong_explicit(&x, &seen, 1, memory_order_acquire,
                                                    memory_order_relaxed)) {
        seen = 0;
        sched_yield();
    }
    count++;
    atomic_store_explicit(&x, 0, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    int seen = 0;
    while (!atomic_compare_exchange_strong_explicit(&x, &seen, 1, memory_order_acquire,
                                                    memory_order_relaxed)) {
        seen = 0;
        sched_yield();
    }
    count++;
    atomic_store_explicit(&x, 0, memory_order_relaxed);
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
