/* cas_failure_order.c: a failed compare-and-swap has its failure order. Expect: race. */
/* The order for success is acquire, the one for failure relaxed. thread_2's compare-and-swap fails
 * because it sees thread_1's 1, and so it has acquired nothing: its read of data races. On x86
 * this cannot be seen, and a checker that gives a failed compare-and-swap the order for success
 * misses it. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int y;
static int data;

static void *thread_1(void *arg)
{
    (void)arg;
    data = 42;
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    int seen = 0;
    if (!atomic_compare_exchange_strong_explicit(&y, &seen, 2, memory_order_acquire,
                                                 memory_order_relaxed))
        assert(data == 42);
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
