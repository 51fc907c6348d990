/* cas2_half_stored.c: storing to one word of a pair. Expect: mixed-size access. */
/* On x86 the storing thread may read its own 2 and then the first word as it was before the other
 * thread's a_cas2, though that comes before the 2 in memory. For one place that cannot be, so that
 * a pair does not allow it: a_swap(&pair.second, 2, relaxed) is allowed. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;

static void *stores(void *arg)
{
    a_store(&pair.second, 2, relaxed);
    return arg;
}

static void *changes(void *arg)
{
    uint64_t seen[2] = {0, 0};
    a_cas2(&pair, seen, 1, 1, relaxed, relaxed);
    return arg;
}

int main(void)
{
    pthread_t t[2];
    a_init2(&pair, 0, 0);
    pthread_create(&t[0], NULL, stores, NULL);
    pthread_create(&t[1], NULL, changes, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
