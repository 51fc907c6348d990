/* cas2_one_look.c: both words change at once. Expect: no violation, 3 executions. */
/* Everything is relaxed. Two looks at two words may be old and new, but not new and old: for order
 * the pair is one place, and a read of it cannot go back. Compare cas2_two_looks.c. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;

static void *changes(void *arg)
{
    uint64_t seen[2] = {0, 0};
    const bool done = a_cas2(&pair, seen, 1, 1, relaxed, relaxed);
    assert(done);
    return arg;
}

static void *looks(void *arg)
{
    const uint64_t second = a_load(&pair.second, relaxed);
    const uint64_t first = a_load(&pair.first, relaxed);
    assert(!(second == 1 && first == 0));
    return arg;
}

int main(void)
{
    pthread_t t[2];
    a_init2(&pair, 0, 0);
    pthread_create(&t[0], NULL, changes, NULL);
    pthread_create(&t[1], NULL, looks, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    return 0;
}
