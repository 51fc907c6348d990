/* lcrq_marked_cell.c: a push does not use a cell that a pop has passed. Expect: no violation. */
/* Rings of one cell, an item in it. Two pops take the item's position and the next one; the second
 * finds the item still there and marks the cell, the first takes the item. The push that has the
 * second position finds the cell empty: it must learn from the mark that the head has passed. A plain
 * look at the head does not say so: weaken segment_lcrq_put's look at the word, or the mark, and its
 * item is lost. */
#include <assert.h>
#include <pthread.h>

#define Q_BACKOFF_MAX  1
#define Q_PATIENCE_MAX 1
#define CRQ_TRIES      1
#include "queues/segment_lcrq.h"

static struct segment_lcrq queue;
static struct segment_lcrq_handle handle[3];
static uint64_t got[2];

static void *pops(void *arg)
{
    const uintptr_t i = (uintptr_t)arg;
    q_item item;
    if (segment_lcrq_pop(&queue, &handle[i], &item) == Q_OK)
        got[i] = item;
    return NULL;
}

static void *pushes(void *arg)
{
    const enum q_status s = segment_lcrq_push(&queue, &handle[2], 2);
    assert(s == Q_OK);
    return arg;
}

int main(void)
{
    static void *(*const entry[])(void *) = {pops, pops, pushes};
    pthread_t t[3];
    segment_lcrq_init(&queue, &(struct q_config){.segment = 1});
    for (int i = 0; i < 3; i++)
        segment_lcrq_attach(&queue, &handle[i], Q_BOTH);
    segment_lcrq_push(&queue, &handle[2], 1);
    for (uintptr_t i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, entry[i], (void *)i);
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    q_item item;
    uint64_t sum = got[0] + got[1];
    while (segment_lcrq_pop(&queue, &handle[2], &item) == Q_OK)
        sum += item;
    assert(sum == 3);
    for (int i = 0; i < 3; i++)
        segment_lcrq_detach(&queue, &handle[i]);
    segment_lcrq_destroy(&queue);
    return 0;
}
