/* mutex_deque.h: unbounded, any producers and consumers: one lock around a circular buffer.
 *
 *            head               head + count        item i lives in slot[i & mask]; under the lock
 *      ..[ ][ x ][ x ][ x ][ x ][ ]..               full buffer: count == mask + 1, so it doubles
 *
 * What the sources call Mutex<VecDeque>, and the queue most programs should begin with: every
 * operation takes the one lock, a batch takes it once. It is meant as a strong baseline, so what is
 * easily avoided is avoided: copying a batch item by item, signalling while holding the lock (the
 * woken thread would run into it), signalling when nobody waits.
 *
 * Textbook: Mesa monitor (Lampson & Redell 1980), buffer that doubles and halves (Cormen,
 * Leiserson & Rivest 1990).  push and pop are blocking: a thread stopped inside the lock stops all.
 *
 * Edges    none of its own: the lock carries everything.
 * Memory   The buffer starts at cfg.capacity items (a hint, rounded up to a power of two; or 64)
 *          and doubles when full. A pop that leaves it at most an eighth full shrinks it until
 *          a quarter to a half is used, never below where it started. Either way an eighth of the
 *          new buffer must come or go before the next change, so copying is amortised O(1) per
 *          item, though one push or pop may copy everything, inside the lock. (VecDeque doubles
 *          but never shrinks by itself.)
 * Errors   push answers NOMEM when the buffer cannot double, never FULL. A buffer that cannot
 *          shrink stays as it is.
 * Waiting  Native: a consumer sleeps on the condition variable with CLOCK_MONOTONIC deadlines, at
 *          once, without spinning. Producers never wait for room: there is only this condition. */
#ifndef QUEUES_MUTEX_DEQUE_H
#define QUEUES_MUTEX_DEQUE_H

#include <pthread.h>

#include "queues/queue.h"

#define MUTEX_DEQUE_START 64 /* items, where cfg.capacity gives no hint */

struct mutex_deque {
    alignas(Q_LINE) pthread_mutex_t lock; /* of everything below but `memory` */
    uint64_t head;                        /* index of the oldest item; only grows */
    size_t count;                         /* items inside */
    size_t mask;
    q_item *slot;
    unsigned waiting; /* consumers inside pthread_cond_wait */
    bool closed;
    size_t start; /* the buffer never holds fewer */
    pthread_cond_t items;
    struct q_memory memory;
};
struct mutex_deque_handle {
    struct q_counts counts;
};

static const struct q_traits mutex_deque_traits = {
    .name = "mutex_deque",
    .family = "mutex",
    .summary = "growable circular buffer under one lock: what Mutex<VecDeque> is",
    .source = "Lampson & Redell, Experience with processes and monitors in Mesa, 1980",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH | Q_WAIT,
};

static inline int mutex_deque_init(struct mutex_deque *q, const struct q_config *cfg)
{
    const size_t start = q_round_up(cfg->capacity ? cfg->capacity : MUTEX_DEQUE_START, 1);
    if (start == 0 || start > SIZE_MAX / sizeof(q_item) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->slot = q_alloc(&q->memory, Q_LINE, start * sizeof(q_item));
    if (!q->slot)
        return ENOMEM;
    q->start = start;
    q->mask = start - 1;
    q->head = 0;
    q->count = 0;
    q->waiting = 0;
    q->closed = false;

    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->items, &monotonic); /* on Linux neither can fail */
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&q->lock, NULL);
    return 0;
}

static inline void mutex_deque_destroy(struct mutex_deque *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof(q_item));
    pthread_cond_destroy(&q->items);
    pthread_mutex_destroy(&q->lock);
}

static inline int mutex_deque_attach(struct mutex_deque *q, struct mutex_deque_handle *h,
                                     enum q_role role)
{
    (void)q, (void)role;
    *h = (struct mutex_deque_handle){0};
    return 0;
}

static inline void mutex_deque_detach(struct mutex_deque *q, struct mutex_deque_handle *h)
{
    (void)q, (void)h;
}

/* ---- under the lock ------------------------------------------------------------------------ */

/* n <= count items from the head on, in at most two pieces. */
static inline void mutex_deque_copy_out(const struct mutex_deque *q, q_item *to, size_t n)
{
    const size_t at = q->head & q->mask, straight = q->mask + 1 - at;
    const size_t first = n < straight ? n : straight;
    memcpy(to, q->slot + at, first * sizeof *to);
    if (n > first)
        memcpy(to + first, q->slot, (n - first) * sizeof *to);
}

static inline void mutex_deque_copy_in(struct mutex_deque *q, const q_item *from, size_t n)
{
    const size_t at = (q->head + q->count) & q->mask, straight = q->mask + 1 - at;
    const size_t first = n < straight ? n : straight;
    memcpy(q->slot + at, from, first * sizeof *from);
    if (n > first)
        memcpy(q->slot, from + first, (n - first) * sizeof *from);
}

/* Moves the items to a buffer of `size` (a power of two >= count). False: no memory, no change. */
static __attribute__((noinline)) bool mutex_deque_resize(struct mutex_deque *q, size_t size)
{
    if (size == 0 || size > SIZE_MAX / sizeof(q_item))
        return false;
    q_item *const slot = q_alloc(&q->memory, Q_LINE, size * sizeof(q_item));
    if (!slot)
        return false;
    mutex_deque_copy_out(q, slot, q->count);
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof(q_item));
    q->slot = slot;
    q->mask = size - 1;
    q->head = 0;
    return true;
}

/* How many waiters to wake for n new items, read under the lock, and their waking after it. */
static inline size_t mutex_deque_to_wake(const struct mutex_deque *q, size_t n)
{
    return n < q->waiting ? n : q->waiting;
}

static inline void mutex_deque_wake(struct mutex_deque *q, size_t n, struct q_counts *counts)
{
    if (__builtin_expect(n == 0, 1))
        return;
    counts->wakes++;
    while (n-- > 0)
        pthread_cond_signal(&q->items);
}

/* n > 0 items left: the buffer may have become too large. */
static inline void mutex_deque_taken(struct mutex_deque *q, size_t n)
{
    q->head += n;
    q->count -= n;
    if (__builtin_expect(q->count <= (q->mask + 1) / 8 && q->mask + 1 > q->start, 0))
        mutex_deque_resize(q, q_round_up(2 * q->count, q->start));
}

/* ---- the operations ------------------------------------------------------------------------ */

static inline q_hot enum q_status mutex_deque_push(struct mutex_deque *q,
                                                   struct mutex_deque_handle *h, q_item item)
{
    pthread_mutex_lock(&q->lock);
    if (q->closed || (q->count > q->mask && !mutex_deque_resize(q, 2 * (q->mask + 1)))) {
        const bool closed = q->closed;
        pthread_mutex_unlock(&q->lock);
        return closed ? Q_CLOSED : Q_NOMEM;
    }
    q->slot[(q->head + q->count++) & q->mask] = item;
    const size_t wake = mutex_deque_to_wake(q, 1);
    pthread_mutex_unlock(&q->lock);
    mutex_deque_wake(q, wake, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status mutex_deque_pop(struct mutex_deque *q,
                                                  struct mutex_deque_handle *h, q_item *item)
{
    (void)h;
    pthread_mutex_lock(&q->lock);
    if (q->count == 0) {
        const bool closed = q->closed;
        pthread_mutex_unlock(&q->lock);
        return closed ? Q_CLOSED : Q_EMPTY;
    }
    *item = q->slot[q->head & q->mask];
    mutex_deque_taken(q, 1);
    pthread_mutex_unlock(&q->lock);
    return Q_OK;
}

static inline size_t mutex_deque_push_n(struct mutex_deque *q, struct mutex_deque_handle *h,
                                        const q_item *items, size_t n)
{
    pthread_mutex_lock(&q->lock);
    if (q->closed)
        n = 0;
    if (n > q->mask + 1 - q->count) {
        const size_t size = n > SIZE_MAX - q->count ? 0 : q_round_up(q->count + n, q->mask + 1);
        if (!mutex_deque_resize(q, size))
            n = q->mask + 1 - q->count; /* what still fits */
    }
    mutex_deque_copy_in(q, items, n);
    q->count += n;
    const size_t wake = mutex_deque_to_wake(q, n);
    pthread_mutex_unlock(&q->lock);
    mutex_deque_wake(q, wake, &h->counts);
    return n;
}

static inline size_t mutex_deque_pop_n(struct mutex_deque *q, struct mutex_deque_handle *h,
                                       q_item *items, size_t n)
{
    (void)h;
    pthread_mutex_lock(&q->lock);
    if (n > q->count)
        n = q->count;
    if (n > 0) {
        mutex_deque_copy_out(q, items, n);
        mutex_deque_taken(q, n);
    }
    pthread_mutex_unlock(&q->lock);
    return n;
}

static inline enum q_status mutex_deque_push_wait(struct mutex_deque *q,
                                                  struct mutex_deque_handle *h, q_item item,
                                                  uint64_t timeout_ns)
{
    (void)timeout_ns; /* never full */
    return mutex_deque_push(q, h, item);
}

static inline enum q_status mutex_deque_pop_wait(struct mutex_deque *q,
                                                 struct mutex_deque_handle *h, q_item *item,
                                                 uint64_t timeout_ns)
{
    const uint64_t deadline = timeout_ns ? q_deadline(timeout_ns) : 0;
    bool in_time = timeout_ns != 0;
    pthread_mutex_lock(&q->lock);
    while (q->count == 0 && !q->closed && in_time) {
        h->counts.parks++;
        q->waiting++;
        if (deadline == Q_FOREVER) {
            pthread_cond_wait(&q->items, &q->lock);
        } else {
            const struct timespec until = q_timespec(deadline);
            in_time = pthread_cond_timedwait(&q->items, &q->lock, &until) != ETIMEDOUT;
        }
        q->waiting--;
    }
    enum q_status s = q->closed ? Q_CLOSED : Q_TIMEOUT;
    if (q->count > 0) {
        *item = q->slot[q->head & q->mask];
        mutex_deque_taken(q, 1);
        s = Q_OK;
    }
    pthread_mutex_unlock(&q->lock);
    return s;
}

static inline void mutex_deque_close(struct mutex_deque *q, struct mutex_deque_handle *h)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    const bool wake = q->waiting > 0;
    pthread_mutex_unlock(&q->lock);
    if (wake) {
        h->counts.wakes++;
        pthread_cond_broadcast(&q->items);
    }
}

static inline size_t mutex_deque_capacity(const struct mutex_deque *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes mutex_deque_bytes(const struct mutex_deque *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
