/* soft_capacity_overshoot.c: looks for room, pushes, then counts. Expect: assertion. */
/* The observation queue of "Lock-Free Queue Research", sections 4 and 5, whose soft capacity is to
 * be "admission control" that "prevents unbounded growth". The same page calls `len()` followed by
 * `if` wrong, and then does it.
 *
 * 1. One unit of room is left. 2. Two producers load the same depth and both find room. 3. Both
 * push: with P producers the queue holds up to P - 1 items more than its capacity.
 *
 * Repair: a compare-and-swap that counts up only from a depth below the capacity. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "segqueue.h"

enum { CAPACITY = 1 };
static struct segqueue queue = SEGQUEUE_INIT;
static atomic_size_t depth;

static bool enqueue(int obs)
{
    if (atomic_load_explicit(&depth, memory_order_relaxed) >= CAPACITY)
        return false; /* OverCapacity */
    segqueue_push(&queue, obs);
    atomic_fetch_add_explicit(&depth, 1, memory_order_relaxed);
    return true;
}

static bool taken[2];

static void *producer_1(void *arg)
{
    (void)arg;
    taken[0] = enqueue(1);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    taken[1] = enqueue(2);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(taken[0] + taken[1] <= CAPACITY);
    return 0;
}
