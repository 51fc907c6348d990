/* cas2_publishes.c: a_cas2 hands over what a look at one word takes. Expect: no violation, 6 executions. */
/* The look is at the word that the second exchange, relaxed and by itself, leaves as it is: a
 * read-modify-write passes the message on. */
#include <assert.h>
#include <pthread.h>

#include "queues/atomics.h"

static atomic_pair(first, second) pair;
static int data;

static void *gives(void *arg)
{
    uint64_t seen[2] = {0, 0};
    data = 42;
    while (!a_cas2(&pair, seen, 1, seen[1], release, relaxed))
        ;
    return arg;
}

static void *marks(void *arg)
{
    a_or(&pair.second, 1, relaxed);
    return arg;
}

static void *takes(void *arg)
{
    if (a_load(&pair.first, acquire) == 1)
        assert(data == 42);
    return arg;
}

int main(void)
{
    static void *(*const entry[])(void *) = {gives, marks, takes};
    pthread_t t[3];
    a_init2(&pair, 0, 0);
    for (int i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    assert(a_load(&pair.first, relaxed) == 1 && a_load(&pair.second, relaxed) == 1);
    return 0;
}
