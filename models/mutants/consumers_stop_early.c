/* consumers_stop_early.c: a consumer that ends at the first empty answer. Expect: assertion. */
/* The benchmark of "Lock-Free Queue Research": `while q.dequeue().is_some() {}`, from which 4.8
 * million operations per second are reported.
 *
 * 1. The consumer is quicker than the producer. 2. It finds the queue empty and ends. 3. What the
 * producer then enqueues is counted as done and never dequeued.
 *
 * Repair: end when the producers have ended AND the queue is empty: a queue that can be closed
 * says both (Q_CLOSED). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "segqueue.h"

static struct segqueue queue = SEGQUEUE_INIT;
static int dequeued;

static void *producer(void *arg)
{
    (void)arg;
    segqueue_push(&queue, 1);
    segqueue_push(&queue, 2);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    while (segqueue_pop(&queue))
        dequeued++;
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer, consumer};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(dequeued == 2);
    return 0;
}
