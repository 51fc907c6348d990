/* cas2_one_winner.c: of three, one succeeds; the others see what both words are. Expect: no violation, 4 executions. */
/* One of them expects a first word that never is. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;
static bool won[3];

static void *competes(void *arg)
{
    const uint64_t me = (uintptr_t)arg;
    uint64_t seen[2] = {0, me == 2};
    won[me] = a_cas2(&pair, seen, me + 1, me + 11, relaxed, relaxed);
    assert(won[me] || seen[1] == (seen[0] ? seen[0] + 10 : 0));
    assert(won[me] || me == 2 || seen[0] == 2 - me);
    return NULL;
}

int main(void)
{
    pthread_t t[3];
    a_init2(&pair, 0, 0);
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, competes, (void *)i);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    assert(won[0] + won[1] == 1 && !won[2]);
    return 0;
}
