/* weak_cas_loop.c: a weak compare-and-swap in a loop. Expect: no violation. */
/* The repair of weak_cas.c: try again. Two increments are never lost. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;

static void *thread_1(void *arg)
{
    (void)arg;
    int seen = atomic_load(&x);
    while (!atomic_compare_exchange_weak(&x, &seen, seen + 1))
        ;
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    int seen = atomic_load(&x);
    while (!atomic_compare_exchange_weak(&x, &seen, seen + 1))
        ;
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
    assert(atomic_load(&x) == 2);
    return 0;
}
