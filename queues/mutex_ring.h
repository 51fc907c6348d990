/* mutex_ring.h: bounded, any producers and consumers: one lock, one ring, two condition variables.
 *
 *      push ──> lock ──> full? wait for `room` ──> [ ][ x ][ x ][ x ][ ] ──> unlock, signal `items`
 *      pop  ──> lock ──> empty? wait for `items` ──> take the oldest     ──> unlock, signal `room`
 *
 * The blocking queue of the textbooks: Hoare's bounded buffer (1974) with Mesa's conditions, where
 * who is woken looks again (Lampson & Redell 1980); java.util.concurrent's ArrayBlockingQueue is the
 * same. Here nobody signals while holding the lock (who is woken would run into it), or when nobody
 * waits: a signal to nobody is cheap, a signal to a thread that is awake again is not.
 *
 * push and pop are blocking: a thread stopped inside the lock stops all.
 *
 * Edges    none of its own: the lock carries everything.
 * Waiting  Native: sleeps on a condition variable with CLOCK_MONOTONIC deadlines, at once, without
 *          spinning. */
#ifndef QUEUES_MUTEX_RING_H
#define QUEUES_MUTEX_RING_H

#include <pthread.h>

#include "queues/plain_ring.h"

/* Threads that wait for one condition. */
struct mutex_ring_line {
    pthread_cond_t moved;
    unsigned waiting; /* threads inside pthread_cond_wait; under the lock */
};
struct mutex_ring {
    alignas(Q_LINE) pthread_mutex_t lock; /* of everything below but `memory` */
    bool closed;
    struct plain_ring ring;
    struct mutex_ring_line items, room;
    struct q_memory memory;
};
struct mutex_ring_handle {
    struct q_counts counts;
};

static const struct q_traits mutex_ring_traits = {
    .name = "mutex_ring",
    .family = "mutex",
    .summary = "bounded ring under one lock, two condition variables: the textbook's",
    .source = "Hoare, Monitors: an operating system structuring concept, 1974; Mesa's conditions",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH | Q_WAIT,
};

static inline int mutex_ring_init(struct mutex_ring *q, const struct q_config *cfg)
{
    q_memory_init(&q->memory, cfg);
    const int error = plain_ring_init(&q->ring, &q->memory, cfg);
    if (error)
        return error;
    q->closed = false;
    q->items.waiting = q->room.waiting = 0;

    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->items.moved, &monotonic); /* on Linux none of them can fail */
    pthread_cond_init(&q->room.moved, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&q->lock, NULL);
    return 0;
}

static inline void mutex_ring_destroy(struct mutex_ring *q)
{
    plain_ring_destroy(&q->ring, &q->memory);
    pthread_cond_destroy(&q->items.moved);
    pthread_cond_destroy(&q->room.moved);
    pthread_mutex_destroy(&q->lock);
}

static inline int mutex_ring_attach(struct mutex_ring *q, struct mutex_ring_handle *h,
                                    enum q_role role)
{
    (void)q, (void)role;
    *h = (struct mutex_ring_handle){0};
    return 0;
}

static inline void mutex_ring_detach(struct mutex_ring *q, struct mutex_ring_handle *h)
{
    (void)q, (void)h;
}

/* ---- waiting and waking -------------------------------------------------------------------- */

/* Sleeps until woken, for no reason, or until the deadline: false. Under the lock. */
static inline bool mutex_ring_sleep(struct mutex_ring *q, struct mutex_ring_line *line,
                                    uint64_t deadline, struct q_counts *counts)
{
    bool in_time = true;
    counts->parks++;
    line->waiting++;
    if (deadline == Q_FOREVER) {
        pthread_cond_wait(&line->moved, &q->lock);
    } else {
        const struct timespec until = q_timespec(deadline);
        in_time = pthread_cond_timedwait(&line->moved, &q->lock, &until) != ETIMEDOUT;
    }
    line->waiting--;
    return in_time;
}

/* Unlocks; then wakes one waiter for each of n items or places, as far as there are waiters. */
static inline void mutex_ring_unlock(struct mutex_ring *q, struct mutex_ring_line *line, size_t n,
                                     struct q_counts *counts)
{
    const size_t wake = n < line->waiting ? n : line->waiting;
    pthread_mutex_unlock(&q->lock);
    if (__builtin_expect(wake == 0, 1))
        return;
    counts->wakes++;
    for (size_t i = 0; i < wake; i++)
        pthread_cond_signal(&line->moved);
}

/* ---- the operations ------------------------------------------------------------------------ */

static inline q_hot enum q_status mutex_ring_push(struct mutex_ring *q, struct mutex_ring_handle *h,
                                                  q_item item)
{
    pthread_mutex_lock(&q->lock);
    const bool closed = q->closed, done = !closed && plain_ring_put(&q->ring, item);
    mutex_ring_unlock(q, &q->items, done, &h->counts);
    return done ? Q_OK : closed ? Q_CLOSED : Q_FULL;
}

static inline q_hot enum q_status mutex_ring_pop(struct mutex_ring *q, struct mutex_ring_handle *h,
                                                 q_item *item)
{
    pthread_mutex_lock(&q->lock);
    const bool closed = q->closed, done = plain_ring_get(&q->ring, item);
    mutex_ring_unlock(q, &q->room, done, &h->counts);
    return done ? Q_OK : closed ? Q_CLOSED : Q_EMPTY;
}

static inline size_t mutex_ring_push_n(struct mutex_ring *q, struct mutex_ring_handle *h,
                                       const q_item *items, size_t n)
{
    pthread_mutex_lock(&q->lock);
    const size_t done = q->closed ? 0 : plain_ring_put_n(&q->ring, items, n);
    mutex_ring_unlock(q, &q->items, done, &h->counts);
    return done;
}

static inline size_t mutex_ring_pop_n(struct mutex_ring *q, struct mutex_ring_handle *h,
                                      q_item *items, size_t n)
{
    pthread_mutex_lock(&q->lock);
    const size_t done = plain_ring_get_n(&q->ring, items, n);
    mutex_ring_unlock(q, &q->room, done, &h->counts);
    return done;
}

static inline enum q_status mutex_ring_push_wait(struct mutex_ring *q, struct mutex_ring_handle *h,
                                                 q_item item, uint64_t timeout_ns)
{
    const uint64_t deadline = timeout_ns ? q_deadline(timeout_ns) : 0;
    bool in_time = timeout_ns != 0, done;
    pthread_mutex_lock(&q->lock);
    while (!(done = !q->closed && plain_ring_put(&q->ring, item)) && !q->closed && in_time)
        in_time = mutex_ring_sleep(q, &q->room, deadline, &h->counts);
    const bool closed = q->closed;
    mutex_ring_unlock(q, &q->items, done, &h->counts);
    return done ? Q_OK : closed ? Q_CLOSED : Q_TIMEOUT;
}

static inline enum q_status mutex_ring_pop_wait(struct mutex_ring *q, struct mutex_ring_handle *h,
                                                q_item *item, uint64_t timeout_ns)
{
    const uint64_t deadline = timeout_ns ? q_deadline(timeout_ns) : 0;
    bool in_time = timeout_ns != 0, done;
    pthread_mutex_lock(&q->lock);
    while (!(done = plain_ring_get(&q->ring, item)) && !q->closed && in_time)
        in_time = mutex_ring_sleep(q, &q->items, deadline, &h->counts);
    const bool closed = q->closed;
    mutex_ring_unlock(q, &q->room, done, &h->counts);
    return done ? Q_OK : closed ? Q_CLOSED : Q_TIMEOUT;
}

static inline void mutex_ring_close(struct mutex_ring *q, struct mutex_ring_handle *h)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    const bool wake = q->items.waiting + q->room.waiting > 0;
    pthread_mutex_unlock(&q->lock);
    if (wake) {
        h->counts.wakes++;
        pthread_cond_broadcast(&q->items.moved);
        pthread_cond_broadcast(&q->room.moved);
    }
}

static inline size_t mutex_ring_capacity(const struct mutex_ring *q) { return q->ring.mask + 1; }

static inline struct q_bytes mutex_ring_bytes(const struct mutex_ring *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
