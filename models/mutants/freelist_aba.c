/* freelist_aba.c: a free list without a tag. Expect: assertion. */
/* The free list of every pool that reuses nodes at once: top is the index of the first free node.
 *
 * 1. Thread 1, popping, reads that node 1 is on top and node 2 follows. 2. Thread 2 pops 1, pops 2
 * and gives 1 back: 1 is on top again, and now 3 follows. 3. Thread 1's compare-and-swap from 1 to
 * 2 succeeds: node 2 is free and in use.
 *
 * Repair: a tag beside the index that every push or pop changes, or hazard pointers. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int top = 1, next[4] = {0, 2, 3, 0}; /* 0: none */

static int pop(void)
{
    int seen = atomic_load(&top);
    while (seen && !atomic_compare_exchange_strong(&top, &seen, atomic_load(&next[seen])))
        ;
    return seen;
}

static void push(int node)
{
    int seen = atomic_load(&top);
    do
        atomic_store(&next[node], seen);
    while (!atomic_compare_exchange_strong(&top, &seen, node));
}

static int kept;

static void *thread_1(void *arg)
{
    (void)arg;
    pop();
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    const int given_back = pop();
    kept = pop();
    if (given_back)
        push(given_back);
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
    assert(kept == 0 || pop() != kept); /* thread 2 still uses it */
    return 0;
}
