/* cas_one_winner.c: of three compare-and-swaps one succeeds. Expect: no violation, 3 executions. */
/* Everybody who fails has seen the winner's value. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;
static int r1, r2, r3; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    int seen = 0;
    r1 = atomic_compare_exchange_strong(&x, &seen, 1);
    assert(r1 || seen != 0);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    int seen = 0;
    r2 = atomic_compare_exchange_strong(&x, &seen, 2);
    assert(r2 || seen != 0);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    int seen = 0;
    r3 = atomic_compare_exchange_strong(&x, &seen, 3);
    assert(r3 || seen != 0);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2, thread_3};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert(r1 + r2 + r3 == 1);
    return 0;
}
