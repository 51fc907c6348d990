/* ticket_lock.c: a ticket lock. Expect: no violation, 2 executions. */
/* Take a number, wait until it is called. First come, first served. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int x, y;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    const int mine = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    while (atomic_load_explicit(&y, memory_order_acquire) != mine)
        sched_yield();
    count++;
    atomic_store_explicit(&y, mine + 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    const int mine = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    while (atomic_load_explicit(&y, memory_order_acquire) != mine)
        sched_yield();
    count++;
    atomic_store_explicit(&y, mine + 1, memory_order_release);
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
