/* promotion_gap.c: an item on its way between lanes is in no lane. Expect: assertion. */
/* The promotion of "Lock-Free Queue Research", section 3, with two workers.
 *
 * 1. Worker 1 has popped Y from low to promote it, and has not pushed it to normal yet. 2. Worker
 * 2 finds all three lanes empty and says so; then X is enqueued in high. 3. Worker 1 pushes Y and
 * takes X. So Y was inside all the time, and yet a dequeue answered None. If worker 1 is stopped
 * in step 2, Y is lost as long as it stands.
 *
 * Repair: items never change their lane (queues/lanes_fair.h). */
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

enum { X = 1, Y = 2 };
static int got_1, got_2;

static void *worker_1(void *arg)
{
    (void)arg;
    got_1 = dequeue();
    return NULL;
}

static void *worker_2(void *arg)
{
    (void)arg;
    got_2 = dequeue();
    if (got_2 == 0)
        segqueue_push(&high, X);
    return NULL;
}

int main(void)
{
    segqueue_push(&low, Y);
    static void *(*const entry[])(void *) = {worker_1, worker_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(!(got_2 == 0 && got_1 == X)); /* who has taken Y before worker 2 looked? */
    return 0;
}
