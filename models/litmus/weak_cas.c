/* weak_cas.c: a weak compare-and-swap may fail for no reason. Expect: assertion. */
/* Nobody else is near x, it holds what is expected, and the weak form may fail all the same (on
 * processors with load-linked and store-conditional it does). Outside a loop it must be the strong
 * form. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;
static int r1; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    int seen = 0;
    r1 = atomic_compare_exchange_weak_explicit(&x, &seen, 1, memory_order_relaxed,
                                               memory_order_relaxed);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1};
    pthread_t thread[1];
    for (int i = 0; i < 1; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 1; i++)
        pthread_join(thread[i], NULL);
    assert(r1);
    return 0;
}
