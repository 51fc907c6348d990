/* lanes.h: what lanes_strict and lanes_fair have in common: three inner queues, one admission.
 *
 *            reserve: depth < capacity ? depth + 1        after the pop: depth - 1
 *                 │                                            ▲
 *      push ──────┴──> lane[q_lane(item)]   high    [x][x]   ──┤
 *                                           normal  [x][x][x]──┼──> pop: in which order, the
 *                                           low     [x]      ──┘         including file says
 *
 * The inner queue is LANES_INNER (inner.h; segment_mpmc by default). It must take any
 * producers and consumers and let close race with pushes; init asserts that.
 *
 * Invariant   items inside all lanes <= depth <= capacity, at every instant; depth >= 0.
 *   depth grows only by a compare-and-swap that saw at least as much room, so never past capacity.
 *   Each unit of it is one reservation, made before its item enters a lane and given back once:
 *   after its item has left, or when the lane did not take it. So there are at least as many
 *   reservations as items inside, and what is subtracted was added before.
 * (To look at a counter, push, then add, as the sources do, breaks both ends: P producers overshoot
 * by P - 1, and a pop between push and add takes the counter below zero, which reads as full.)
 *
 * A reservation is not yet an item, so FULL may be answered while the push that holds the last unit
 * is still under way: not `exact`. And an inner queue of fixed size may refuse an item for which a
 * unit was reserved while a pop is stopped inside it: the unit goes back and the answer is FULL.
 *
 * Edges   room   pop -> push    a reserved unit: its last item has left its lane, and what happened
 *                               before that pop (of another lane the inner queue knows nothing)
 *         What carries the items are the edges of the inner queue. */
#ifndef QUEUES_LANES_H
#define QUEUES_LANES_H

#include "queues/inner.h"

struct lanes {
    alignas(Q_LINE) atomic(size_t) depth; /* reservations: everybody writes here */
    alignas(Q_LINE) size_t capacity;
    atomic(bool) closed; /* tells a push that finds no room whether to hope for some */
    struct LANES_INNER lane[Q_LANES];
};
struct lanes_handle {
    struct LANES_IN(_handle) lane[Q_LANES];
};

static inline void lanes_destroy_first(struct lanes *l, unsigned n)
{
    while (n-- > 0)
        LANES_IN(_destroy)(&l->lane[n]);
}

static inline int lanes_init(struct lanes *l, const struct q_config *cfg)
{
    assert(LANES_IN(_traits).producers == 0 && LANES_IN(_traits).consumers == 0 &&
           LANES_IN(_traits).close_any && "LANES_INNER: any producers, any consumers, close_any");
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    a_init(&l->depth, 0);
    a_init(&l->closed, false);
    l->capacity = cfg->capacity ? cfg->capacity : 1024;
    struct q_config inner = *cfg; /* every lane can hold the whole capacity */
    inner.capacity = l->capacity;
    for (unsigned i = 0; i < Q_LANES; i++) {
        const int error = LANES_IN(_init)(&l->lane[i], &inner);
        if (error) {
            lanes_destroy_first(l, i);
            return error;
        }
        inner.alloc_fails_at = inner_fails_at(inner.alloc_fails_at, &l->lane[i].memory);
    }
    return 0;
}

static inline void lanes_destroy(struct lanes *l)
{
    assert(a_load(&l->depth, relaxed) <= l->capacity);
    lanes_destroy_first(l, Q_LANES);
}

static inline void lanes_detach_first(struct lanes *l, struct lanes_handle *h, unsigned n,
                                      struct q_counts *counts)
{
    while (n-- > 0) {
        LANES_IN(_detach)(&l->lane[n], &h->lane[n]);
        inner_counts_move(counts, &h->lane[n].counts);
    }
}

static inline int lanes_attach(struct lanes *l, struct lanes_handle *h, enum q_role role)
{
    for (unsigned i = 0; i < Q_LANES; i++) {
        const int error = LANES_IN(_attach)(&l->lane[i], &h->lane[i], role);
        if (error) {
            struct q_counts none = {0};
            lanes_detach_first(l, h, i, &none);
            return error;
        }
    }
    return 0;
}

static inline void lanes_detach(struct lanes *l, struct lanes_handle *h, struct q_counts *counts)
{
    lanes_detach_first(l, h, Q_LANES, counts);
}

/* ---- admission ----------------------------------------------------------------------------- */

/* Reserves room for up to n items; how many it got. */
static inline size_t lanes_reserve(struct lanes *l, size_t n, struct q_counts *counts)
{
    size_t depth = a_load(&l->depth, relaxed);
    for (unsigned step = 0;;) {
        const size_t room = l->capacity - depth, k = n < room ? n : room;
        if (k == 0 || a_cas_weak(&l->depth, &depth, depth + k, acquire, relaxed)) /* [>room] */
            return k;
        counts->cas_failed++;
        q_backoff(&step);
    }
}

static inline void lanes_give_back(struct lanes *l, size_t n)
{
    a_sub(&l->depth, n, release); /* [room>] */
}

/* Reservations held now: items inside, and pushes and pops under way. */
static inline size_t lanes_depth(const struct lanes *l) { return a_load(&l->depth, relaxed); }

/* ---- pushing ------------------------------------------------------------------------------- */

/* Also by a push that is to answer CLOSED: a push that begins after that answer finds its lane closed,
 * whichever it is, though close may still be on its way through them. */
static inline void lanes_close(struct lanes *l, struct lanes_handle *h)
{
    a_store(&l->closed, true, relaxed); /* whoever must see it is notified after */
    for (unsigned i = 0; i < Q_LANES; i++)
        LANES_IN(_close)(&l->lane[i], &h->lane[i]);
}

static inline q_hot enum q_status lanes_push(struct lanes *l, struct lanes_handle *h, q_item item,
                                             struct q_event *items, struct q_event *room,
                                             struct q_counts *counts)
{
    if (lanes_reserve(l, 1, counts) == 0) {
        if (!a_load(&l->closed, relaxed))
            return Q_FULL;
        lanes_close(l, h);
        return Q_CLOSED;
    }
    const unsigned lane = q_lane(&item);
    const enum q_status s = LANES_IN(_push)(&l->lane[lane], &h->lane[lane], item);
    if (__builtin_expect(s == Q_OK, 1)) {
        q_event_notify(items, 1, counts);
    } else {
        lanes_give_back(l, 1);
        q_event_notify(room, 1, counts); /* our reservation may have turned somebody away */
        if (s == Q_CLOSED)
            lanes_close(l, h);
    }
    return s;
}

/* Runs of items of one lane, in the order given, until a lane takes less than its run. */
static inline size_t lanes_push_n(struct lanes *l, struct lanes_handle *h, const q_item *item,
                                  size_t n, struct q_event *items, struct q_event *room,
                                  struct q_counts *counts)
{
    const size_t reserved = lanes_reserve(l, n, counts);
    size_t done = 0, run = 0, took = 0;
    while (done < reserved && took == run) {
        const unsigned lane = q_lane(&item[done]);
        for (run = 1; done + run < reserved && q_lane(&item[done + run]) == lane;)
            run++;
        took = LANES_IN(_push_n)(&l->lane[lane], &h->lane[lane], item + done, run);
        done += took;
    }
    if (done < reserved) {
        lanes_give_back(l, reserved - done);
        q_event_notify(room, reserved - done, counts);
    }
    if (done)
        q_event_notify(items, done, counts);
    return done;
}

/* ---- popping ------------------------------------------------------------------------------- */

static inline q_hot enum q_status lanes_pop_lane(struct lanes *l, struct lanes_handle *h,
                                                 unsigned lane, q_item *item)
{
    return LANES_IN(_pop)(&l->lane[lane], &h->lane[lane], item);
}

/* Up to n items of one lane; fewer only if the lane gave none when last asked. */
static inline size_t lanes_pop_lane_n(struct lanes *l, struct lanes_handle *h, unsigned lane,
                                      q_item *items, size_t n)
{
    size_t done = 0, got;
    while (done < n &&
           (got = LANES_IN(_pop_n)(&l->lane[lane], &h->lane[lane], items + done, n - done)) > 0)
        done += got;
    return done;
}

/* Ends every pop that took n > 0 items. */
static inline void lanes_popped(struct lanes *l, size_t n, struct q_event *room,
                                struct q_counts *counts)
{
    lanes_give_back(l, n);
    q_event_notify(room, n, counts);
}

/* ---- the rest ------------------------------------------------------------------------------ */

/* The peak is the sum of the lanes' peaks: an upper bound, they need not have come together. */
static inline struct q_bytes lanes_bytes(const struct lanes *l, size_t itself)
{
    struct q_bytes sum = {.now = itself - sizeof l->lane, .peak = itself - sizeof l->lane};
    for (unsigned i = 0; i < Q_LANES; i++) {
        const struct q_bytes lane = LANES_IN(_bytes)(&l->lane[i]);
        sum.now += lane.now;
        sum.peak += lane.peak;
    }
    return sum;
}

#endif
