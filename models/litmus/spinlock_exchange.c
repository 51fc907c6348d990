/* spinlock_exchange.c: a test-and-set lock. Expect: no violation, 2 executions. */
/* As spinlock.c by exchange: a turn that finds the lock taken writes 1 over 1, which is no change. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int x;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    while (atomic_exchange_explicit(&x, 1, memory_order_acquire))
        sched_yield();
    count++;
    atomic_store_explicit(&x, 0, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    while (atomic_exchange_explicit(&x, 1, memory_order_acquire))
        sched_yield();
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
