/* growing.h: a ring that adapts its size: when it is full, the next one is twice as large.
 *
 *   ring[0]  closed, drained     ring[1]  closed, being drained     ring[2]  now: pushes go here
 *
 * A producer that finds `now` full makes the next ring, says so, and closes the old one, in this
 * order and under a lock. A push that answers CLOSED therefore finds a newer ring, and nobody pushes
 * into an old one after that: the consumer drains the rings one after the other, and the order of
 * each producer stands. What was drained is kept until the end: all of it together is smaller than
 * the last ring. At `most` a full ring refuses, as ring_mpsc does. */
#ifndef TELEMETRY_GROWING_H
#define TELEMETRY_GROWING_H

#include "studies/telemetry_ring/ring.h"

enum { GROWING_RINGS = 32 };

struct growing {
    pthread_mutex_t lock;
    atomic(unsigned) now;
    unsigned draining; /* the consumer's */
    size_t most;
    struct ring_mpsc *ring[GROWING_RINGS]; /* up to now; written before `now` moves */
};

static inline int growing_ring_(struct growing *g, unsigned i, size_t capacity)
{
    const struct q_config config = {.capacity = capacity, .when_full = Q_REFUSE};
    g->ring[i] = aligned_alloc(Q_LINE, sizeof *g->ring[i]);
    const int error = g->ring[i] ? ring_mpsc_init(g->ring[i], &config) : ENOMEM;
    if (error) {
        free(g->ring[i]);
        g->ring[i] = NULL;
    }
    return error;
}

static inline int growing_init(struct growing *g, size_t first, size_t most)
{
    *g = (struct growing){.most = most};
    pthread_mutex_init(&g->lock, NULL);
    a_init(&g->now, 0);
    return growing_ring_(g, 0, first);
}

static inline void growing_destroy(struct growing *g)
{
    for (unsigned i = 0; i < GROWING_RINGS && g->ring[i]; i++) {
        ring_mpsc_destroy(g->ring[i]);
        free(g->ring[i]);
    }
    pthread_mutex_destroy(&g->lock);
}

static inline size_t growing_capacity(const struct growing *g)
{
    return ring_mpsc_capacity(g->ring[a_load(&g->now, acquire)]);
}

/* The ring after number i is there; false: it would be too large, or there is no memory. */
static inline bool growing_grow_(struct growing *g, unsigned i, struct ring_mpsc_handle *h)
{
    pthread_mutex_lock(&g->lock);
    bool grown = a_load(&g->now, relaxed) != i; /* somebody was faster */
    const size_t larger = 2 * ring_mpsc_capacity(g->ring[i]);
    if (!grown && larger <= g->most && i + 1 < GROWING_RINGS &&
        growing_ring_(g, i + 1, larger) == 0) {
        a_store(&g->now, i + 1, release); /* the ring behind it is complete */
        ring_mpsc_close(g->ring[i], h);
        grown = true;
    }
    pthread_mutex_unlock(&g->lock);
    return grown;
}

static inline enum q_status growing_push(struct growing *g, struct ring_mpsc_handle *h, q_item item)
{
    for (unsigned spins = 0;;) {
        const unsigned i = a_load(&g->now, acquire);
        const enum q_status s = ring_mpsc_push(g->ring[i], h, item);
        if (s == Q_CLOSED)
            q_relax(&spins); /* `now` has moved, and will be seen */
        else if (s != Q_FULL || !growing_grow_(g, i, h))
            return s;
    }
}

static inline size_t growing_pop_n(struct growing *g, struct ring_mpsc_handle *h, q_item *items,
                                   size_t n)
{
    for (;;) {
        const unsigned i = g->draining;
        size_t got = ring_mpsc_pop_n(g->ring[i], h, items, n);
        if (got || n == 0 || i == a_load(&g->now, acquire))
            return got;
        const enum q_status s = ring_mpsc_pop(g->ring[i], h, items);
        if (s == Q_OK)
            return 1;
        if (s != Q_CLOSED)
            return 0; /* somebody is still filling a cell */
        g->draining = i + 1;
    }
}

#endif
