/* cas2_and_halves.c: each word may also be changed by itself. Expect: no violation, 9 executions. */
/* Three updates in any order, all relaxed. None is lost, and none touches the other word: a_cas2 finds
 * both, one or none of the others' bits, and leaves them there. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;

static void *adds(void *arg)
{
    a_add(&pair.first, UINT64_MAX, relaxed); /* 0 - 1: nothing is carried into the other word */
    return arg;
}

static void *sets(void *arg)
{
    uint64_t seen = 0;
    const bool done = a_cas(&pair.second, &seen, 4, relaxed, relaxed);
    assert(done || seen == 1);
    if (!done)
        a_or(&pair.second, 4, relaxed);
    return arg;
}

static void *both(void *arg)
{
    uint64_t seen[2] = {0, 0};
    if (!a_cas2(&pair, seen, 8, 1, relaxed, relaxed)) {
        assert(seen[0] == UINT64_MAX || seen[1] == 4);
        assert(a_cas2(&pair, seen, seen[0] + 8, seen[1] | 1, relaxed, relaxed) || seen[1] == 4 ||
               seen[0] == UINT64_MAX);
    }
    return arg;
}

int main(void)
{
    static void *(*const entry[])(void *) = {adds, sets, both};
    pthread_t t[3];
    a_init2(&pair, 0, 0);
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    const uint64_t first = a_load(&pair.first, relaxed), second = a_load(&pair.second, relaxed);
    assert((second & 4) && (first == UINT64_MAX || first == 7));
    assert((first == 7) == ((second & 1) != 0));
    return 0;
}
