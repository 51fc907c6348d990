/* cas_failure_acquire.c: a failed one may acquire. Expect: no violation, 2 executions. */
/* The repair of cas_failure_order.c: acquire on failure too. The compare-and-swap reads 0 and
 * succeeds, or reads 1 and fails. */
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
                                                 memory_order_acquire))
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
