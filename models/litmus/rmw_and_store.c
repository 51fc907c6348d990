/* rmw_and_store.c: nothing comes between read and write. Expect: no violation, 2 executions. */
/* The increment reads 0 and the store comes after it, or it reads the store's 5: never is the
 * store overwritten by 0 + 1. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 5, memory_order_relaxed);
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
    assert(atomic_load(&x) == 5 || atomic_load(&x) == 6);
    return 0;
}
