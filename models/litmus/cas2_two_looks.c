/* cas2_two_looks.c: two looks are not one. Expect: assertion. */
/* Between a look at the one word and a look at the other somebody changes both: 0 and 1, which were
 * never there together. A failed a_cas2 sees both at one instant. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;

static void *changes(void *arg)
{
    uint64_t seen[2] = {0, 0};
    a_cas2(&pair, seen, 1, 1, seq_cst, seq_cst);
    return arg;
}

static void *looks(void *arg)
{
    uint64_t at_once[2] = {7, 7};
    a_cas2(&pair, at_once, 7, 7, seq_cst, seq_cst);
    assert(at_once[0] == at_once[1]); /* never fails */
    const uint64_t first = a_load(&pair.first, seq_cst);
    const uint64_t second = a_load(&pair.second, seq_cst);
    assert(first == second);
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
