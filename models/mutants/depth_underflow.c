/* depth_underflow.c: the depth is counted after the push. Expect: assertion. */
/* The observation queue of "Lock-Free Queue Research", section 4. It promises: "Depth might lag by
 * a few items (< 10 on 8 cores)".
 *
 * 1. A producer pushes an item and has not counted it yet. 2. A consumer pops it and subtracts 1
 * from a depth of 0, which wraps to the largest number there is. 3. Another producer finds depth
 * >= capacity and is refused, though the queue is empty.
 *
 * Repair: reserve first. Count up by a compare-and-swap that saw room, then push; pop, then count
 * down. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "segqueue.h"

enum { CAPACITY = 4 };
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

static int dequeue(void)
{
    const int obs = segqueue_pop(&queue);
    if (obs)
        atomic_fetch_sub_explicit(&depth, 1, memory_order_relaxed);
    return obs;
}

static bool taken; /* the second producer's */

static void *producer(void *arg)
{
    (void)arg;
    enqueue(1);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    dequeue();
    return NULL;
}

static void *second_producer(void *arg)
{
    (void)arg;
    taken = enqueue(2);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer, consumer, second_producer};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    assert(taken); /* at most two items for room for four */
    return 0;
}
