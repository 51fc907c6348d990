/* segqueue.h: stands for the sources' SegQueue: correct, so that what is wrong is around it. */
#ifndef MODELS_MUTANTS_SEGQUEUE_H
#define MODELS_MUTANTS_SEGQUEUE_H

#include <assert.h>
#include <pthread.h>

enum { SEGQUEUE_ITEMS = 16 };
struct segqueue {
    pthread_mutex_t lock;
    int head, tail;
    int item[SEGQUEUE_ITEMS]; /* never 0 */
};
#define SEGQUEUE_INIT                                                                              \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER                                                          \
    }

static inline void segqueue_push(struct segqueue *q, int item)
{
    pthread_mutex_lock(&q->lock);
    assert(q->tail < SEGQUEUE_ITEMS);
    q->item[q->tail++] = item;
    pthread_mutex_unlock(&q->lock);
}

/* 0: empty. */
static inline int segqueue_pop(struct segqueue *q)
{
    pthread_mutex_lock(&q->lock);
    const int item = q->head < q->tail ? q->item[q->head++] : 0;
    pthread_mutex_unlock(&q->lock);
    return item;
}

#endif
