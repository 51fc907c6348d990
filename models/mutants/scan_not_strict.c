/* scan_not_strict.c: looks at high, then at normal, but not again at high. Expect: assertion. */
/* The priority dequeue of "Lock-Free Queue Research", section 3. Its correctness property: "High-
 * priority observations are always dequeued before normal/low"; four lines later it calls the
 * exception fine.
 *
 * 1. The worker finds high empty. 2. A client enqueues A in high, and after that B in normal. 3.
 * The worker goes on to normal and takes B, although A is more urgent and was there first.
 *
 * Repair: look at the higher lanes again before taking from a lower one and start over if
 * something came, or promise less, as queues/lanes_strict.h does. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "segqueue.h"

static struct segqueue high = SEGQUEUE_INIT, normal = SEGQUEUE_INIT, low = SEGQUEUE_INIT;

static int dequeue(void)
{
    int obs;
    if ((obs = segqueue_pop(&high)) != 0)
        return obs;
    if ((obs = segqueue_pop(&normal)) != 0)
        return obs;
    return segqueue_pop(&low);
}

enum { A = 1, B = 2 };
static int got;

static void *client(void *arg)
{
    (void)arg;
    segqueue_push(&high, A);
    segqueue_push(&normal, B);
    return NULL;
}

static void *worker(void *arg)
{
    (void)arg;
    got = dequeue();
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {client, worker};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(got != B); /* nobody else dequeues: A is still there */
    return 0;
}
