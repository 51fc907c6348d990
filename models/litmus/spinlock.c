/* spinlock.c: a spin lock. Expect: no violation, 2 executions. */
/* Acquire on the way in, release on the way out. A turn of the loop that finds the lock taken
 * changes nothing, so it is enough to explore the turn that gets in. */
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
    atomic_store_explicit(&x, 0, memory_order_release);
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
    atomic_store_explicit(&x, 0, memory_order_release);
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
    assert(count == 2);
    return 0;
}
