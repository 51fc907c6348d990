/* spin_ring.h: bounded, any producers and consumers: one ring under a spin lock.
 *
 *      spin_ring: test-and-test-and-set          spin_ring.ticket: a ticket lock
 *        while (swap(locked, true))                 mine = next++;
 *            { back off; while (locked) relax; }    while (serving != mine) relax;
 *        ...                                        ...
 *        locked = false                             serving = mine + 1
 *
 * What a mutex queue costs without a kernel behind the lock, and what one loses with it. Both locks
 * pause a while and then give the processor away (q_relax), because on few processors the holder
 * may need it. The swap lets whoever is awake go first: fast, and unfair. Tickets serve in the order of
 * arrival: fair, and when there are more threads than processors the next in line is seldom the one
 * that runs; until it does nobody goes on.
 * Rudolph & Segall 1984 (test before test-and-set); Anderson 1990 (back-off); Reed & Kanodia 1979,
 * Mellor-Crummey & Scott 1991 (tickets).
 *
 * push and pop are blocking: a thread stopped inside the lock stops all, and these burn the
 * processor meanwhile. FULL and EMPTY are exact. Sleepers (push_wait, pop_wait) sleep on the event
 * counts of wait.h, which are told outside of the lock.
 *
 * Edges   unlocked   any -> any   everything under the lock, by whoever held it before */
#ifndef QUEUES_SPIN_RING_H
#define QUEUES_SPIN_RING_H

#include "queues/plain_ring.h"

struct spin_ring_lock {
#ifdef Q_WITH_TICKET          /* queues.def: QUEUE_WITH(spin_ring, ticket) */
    atomic(uint32_t) next;    /* ticket for whoever comes */
    atomic(uint32_t) serving; /* the ticket of the holder; stored by the holder */
#else
    atomic(bool) locked;
#endif
};

struct spin_ring {
    alignas(Q_LINE) struct spin_ring_lock lock; /* spun on: a line of its own */
    alignas(Q_LINE) struct plain_ring ring;     /* under the lock */
    bool closed;                                /* likewise */
    alignas(Q_LINE) struct q_event items, room;
    struct q_memory memory;
};
struct spin_ring_handle {
    struct q_counts counts;
};

static const struct q_traits spin_ring_traits = {
    .name = "spin_ring",
    .family = "spin",
#ifdef Q_WITH_TICKET
    .summary = "bounded ring under a ticket lock",
    .source = "Reed & Kanodia, 1979; Mellor-Crummey & Scott, Algorithms for scalable ..., 1991",
#else
    .summary = "bounded ring under a test-and-test-and-set lock with back-off",
    .source = "Anderson, The performance of spin lock alternatives ..., 1990",
#endif
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH,
};

/* ---- the lock ------------------------------------------------------------------------------ */

#ifdef Q_WITH_TICKET
static inline void spin_ring_lock_init(struct spin_ring_lock *l)
{
    a_init(&l->next, 0);
    a_init(&l->serving, 0);
}
static inline void spin_ring_lock(struct spin_ring *q, struct q_counts *counts)
{
    const uint32_t mine = a_add(&q->lock.next, 1, relaxed);
    unsigned spins = 0;
    await_while (a_load(&q->lock.serving, acquire) != mine) /* [>unlocked] */
        q_relax(&spins);
    counts->retries += spins > 0;
}
static inline void spin_ring_unlock(struct spin_ring *q)
{
    const uint32_t mine = a_load(&q->lock.serving, relaxed);
    a_store(&q->lock.serving, mine + 1, release); /* [unlocked>] */
}
#else
static inline void spin_ring_lock_init(struct spin_ring_lock *l) { a_init(&l->locked, false); }
static inline void spin_ring_lock(struct spin_ring *q, struct q_counts *counts)
{
    for (unsigned spins = 0, step = 0; a_swap(&q->lock.locked, true, acquire);) { /* [>unlocked] */
        counts->retries++;
        q_backoff(&step);
        await_while (a_load(&q->lock.locked, relaxed))
            q_relax(&spins);
    }
}
static inline void spin_ring_unlock(struct spin_ring *q)
{
    a_store(&q->lock.locked, false, release); /* [unlocked>] */
}
#endif

/* ---- making and ending --------------------------------------------------------------------- */

static inline int spin_ring_init(struct spin_ring *q, const struct q_config *cfg)
{
    q_memory_init(&q->memory, cfg);
    const int error = plain_ring_init(&q->ring, &q->memory, cfg);
    if (error)
        return error;
    q->closed = false;
    spin_ring_lock_init(&q->lock);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void spin_ring_destroy(struct spin_ring *q)
{
    plain_ring_destroy(&q->ring, &q->memory);
}

static inline int spin_ring_attach(struct spin_ring *q, struct spin_ring_handle *h,
                                   enum q_role role)
{
    (void)q, (void)role;
    *h = (struct spin_ring_handle){0};
    return 0;
}

static inline void spin_ring_detach(struct spin_ring *q, struct spin_ring_handle *h)
{
    (void)q, (void)h;
}

/* ---- the operations ------------------------------------------------------------------------ */

static inline q_hot enum q_status spin_ring_push(struct spin_ring *q, struct spin_ring_handle *h,
                                                 q_item item)
{
    spin_ring_lock(q, &h->counts);
    const bool closed = q->closed, done = !closed && plain_ring_put(&q->ring, item);
    spin_ring_unlock(q);
    if (__builtin_expect(!done, 0))
        return closed ? Q_CLOSED : Q_FULL;
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status spin_ring_pop(struct spin_ring *q, struct spin_ring_handle *h,
                                                q_item *item)
{
    spin_ring_lock(q, &h->counts);
    const bool closed = q->closed, done = plain_ring_get(&q->ring, item);
    spin_ring_unlock(q);
    if (__builtin_expect(!done, 0))
        return closed ? Q_CLOSED : Q_EMPTY;
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

static inline size_t spin_ring_push_n(struct spin_ring *q, struct spin_ring_handle *h,
                                      const q_item *items, size_t n)
{
    spin_ring_lock(q, &h->counts);
    const size_t done = q->closed ? 0 : plain_ring_put_n(&q->ring, items, n);
    spin_ring_unlock(q);
    if (done > 0)
        q_event_notify(&q->items, done, &h->counts);
    return done;
}

static inline size_t spin_ring_pop_n(struct spin_ring *q, struct spin_ring_handle *h, q_item *items,
                                     size_t n)
{
    spin_ring_lock(q, &h->counts);
    const size_t done = plain_ring_get_n(&q->ring, items, n);
    spin_ring_unlock(q);
    if (done > 0)
        q_event_notify(&q->room, done, &h->counts);
    return done;
}

Q_WAIT_BY_PARKING(spin_ring)

static inline void spin_ring_close(struct spin_ring *q, struct spin_ring_handle *h)
{
    spin_ring_lock(q, &h->counts);
    q->closed = true;
    spin_ring_unlock(q);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t spin_ring_capacity(const struct spin_ring *q) { return q->ring.mask + 1; }

static inline struct q_bytes spin_ring_bytes(const struct spin_ring *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
