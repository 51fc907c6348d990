/* promotion_starves.c: promotes low items into a lane that starves too. Expect: assertion. */
/* The priority lanes of "Lock-Free Queue Research", section 3: every so many dequeues one low item
 * moves to the normal lane. It promises "bounded wait time for low-priority items, even under
 * continuous high-priority load".
 *
 * 1. The low item is promoted to normal. 2. High-priority items keep coming, so every dequeue ends
 * at the high lane. 3. Normal is never looked at: the promoted item waits for ever, one lane
 * further up. (Here: as many dequeues as there are high items; more of both change nothing.)
 *
 * Repair: no promotion. Let every n-th dequeue begin at a lower lane (queues/lanes_fair.h, with
 * the proof of its bound). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "segqueue.h"

enum { PROMOTE = 2 }; /* the listing: every 1000 attempts */
static struct segqueue high = SEGQUEUE_INIT, normal = SEGQUEUE_INIT, low = SEGQUEUE_INIT;
static atomic_uint dequeue_attempts;

static int dequeue(void)
{
    const unsigned attempts = atomic_fetch_add_explicit(&dequeue_attempts, 1, memory_order_relaxed);
    int obs;
    if (attempts % PROMOTE == 0 && (obs = segqueue_pop(&low)) != 0)
        segqueue_push(&normal, obs);
    if ((obs = segqueue_pop(&high)) != 0)
        return obs;
    if ((obs = segqueue_pop(&normal)) != 0)
        return obs;
    return segqueue_pop(&low);
}

enum { LOW = 9, DEQUEUES = 4 };
static bool low_served;

static void *client(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++)
        segqueue_push(&high, 3 + i);
    return NULL;
}

static void *worker(void *arg)
{
    (void)arg;
    for (int i = 0; i < DEQUEUES; i++)
        low_served |= dequeue() == LOW;
    return NULL;
}

int main(void)
{
    segqueue_push(&low, LOW);
    for (int i = 0; i < DEQUEUES; i++)
        segqueue_push(&high, 1 + i);
    static void *(*const entry[])(void *) = {client, worker};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(low_served); /* two rounds of promotion are over */
    return 0;
}
