/* relaxed_lanes.h: unbounded, any producers, any consumers, order by producer alone: a lane for each
 * producer, consumers go round.
 *
 *     producer 1 ──> lane 0  [a1][a2][a3][a4]  <── consumer 1: up to a run of items, then the next
 *     producer 2 ──> lane 1  [b1]                                lane that has some
 *     producer 3 ──> lane 2  [c1][c2][c3]      <── consumer 2
 *                    lane 3  no producer yet: nobody looks
 *
 * One queue that keeps one order for all moves two cache lines per item, from whoever was last at
 * each end. Here producers do not meet at all, as long as there are as many lanes, and consumers
 * meet seldom. What is given up: of two items of different producers the later one may come out
 * first. How far out of order they come is measured (workload `rank_error`); RELAXED_LANES_RUN, the
 * items that a consumer takes from a lane before it goes on, is the price in order for not touching
 * another lane. The inner queue is LANES_INNER (inner.h): unbounded, any threads, close_any.
 *
 * Per-producer sub-queues: moodycamel's ConcurrentQueue, 2014. Relaxation by several inner queues:
 * Rihani, Sanders & Dementiev, MultiQueues, SPAA 2015; for FIFO queues von Geijer, Tsigas,
 * Johansson & Hermansson, PPoPP 2025, who also spread each producer: that comes closer to one order,
 * and gives up the order of a producer, which programs rely on.
 *
 * Which lane: the lane that this handle had the last time, if it was attached before (its items of
 * then may still be there); else one that no handle ever had; else any, shared. So the order of a
 * producer that detaches and comes back holds while there were no more handles than lanes.
 *
 * push and pop promise what the inner queue's do. EMPTY is not exact: it says that each lane was
 * empty when it was looked at, one after the other, and an item may have come to an earlier one
 * since. But an item that is there before the first look is found, or somebody else has taken it;
 * so sleepers lose no wake-up.
 *
 * Close closes the lanes one after the other. A push that finds its lane closed closes the others too
 * before it answers CLOSED: no push that begins after that answer is answered OK.
 *
 * Edges   none of its own: what carries the items are the edges of the inner queue. */
#ifndef QUEUES_RELAXED_LANES_H
#define QUEUES_RELAXED_LANES_H

#include "queues/inner.h"
#include "queues/queue.h"

#ifndef RELAXED_LANES
#define RELAXED_LANES 16
#endif
#ifndef RELAXED_LANES_RUN
#if defined Q_WITH_RUN1 /* queues.def: QUEUE_WITH(relaxed_lanes, run1) */
#define RELAXED_LANES_RUN 1
#elif defined Q_WITH_RUN1024
#define RELAXED_LANES_RUN 1024
#else
#define RELAXED_LANES_RUN 32
#endif
#endif

struct relaxed_lanes {
    alignas(Q_LINE) atomic(unsigned) used;  /* lanes that ever had a producer: the first so many */
    atomic(uintptr_t) owner[RELAXED_LANES]; /* the handle that had it first; 0: none */
    atomic(unsigned) producers, consumers;  /* attached so far: where the next one begins */
    struct q_event items, room;             /* nobody ever waits for room */
    struct LANES_INNER lane[RELAXED_LANES];
};
struct relaxed_lanes_handle {
    struct q_counts counts;
    unsigned mine; /* producer: its lane */
    unsigned at;   /* consumer: the lane it takes from */
    unsigned left; /* of this run */
    unsigned next; /* where it looks first after that */
    struct LANES_IN(_handle) lane[RELAXED_LANES];
};

static const struct q_traits relaxed_lanes_traits = {
    .name = "relaxed_lanes",
    .family = "relaxed",
    .summary = "unbounded, a lane for each producer, consumers go round",
    .source = "after moodycamel's ConcurrentQueue, 2014, and MultiQueues, Rihani et al., 2015",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO_PER_PRODUCER,
    .lanes = 1,
    .close_any = true,
    .native = Q_BATCH,
};

static inline void relaxed_lanes_destroy_first(struct relaxed_lanes *q, unsigned n)
{
    while (n-- > 0)
        LANES_IN(_destroy)(&q->lane[n]);
}

static inline int relaxed_lanes_init(struct relaxed_lanes *q, const struct q_config *cfg)
{
    assert(LANES_IN(_traits).producers == 0 && LANES_IN(_traits).consumers == 0 &&
           !LANES_IN(_traits).bounded && LANES_IN(_traits).close_any &&
           "LANES_INNER: any producers, any consumers, unbounded, close_any");
    struct q_config inner = *cfg;
    for (unsigned i = 0; i < RELAXED_LANES; i++) {
        const int error = LANES_IN(_init)(&q->lane[i], &inner);
        if (error) {
            relaxed_lanes_destroy_first(q, i);
            return error;
        }
        inner.alloc_fails_at = inner_fails_at(inner.alloc_fails_at, &q->lane[i].memory);
        a_init(&q->owner[i], 0);
    }
    a_init(&q->used, 0);
    a_init(&q->producers, 0);
    a_init(&q->consumers, 0);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void relaxed_lanes_destroy(struct relaxed_lanes *q)
{
    relaxed_lanes_destroy_first(q, RELAXED_LANES);
}

/* ---- coming and going ---------------------------------------------------------------------- */

static inline unsigned relaxed_lanes_choose(struct relaxed_lanes *q,
                                            const struct relaxed_lanes_handle *h)
{
    const uintptr_t me = (uintptr_t)h;
    for (unsigned i = 0; i < RELAXED_LANES; i++)
        if (a_load(&q->owner[i], relaxed) == me)
            return i;
    for (unsigned i = 0; i < RELAXED_LANES; i++) {
        uintptr_t nobody = 0;
        if (!a_load(&q->owner[i], relaxed) && a_cas(&q->owner[i], &nobody, me, relaxed, relaxed)) {
            /* Before the first push into it. Lanes were made by init: there is nothing to hand on. */
            unsigned used = a_load(&q->used, relaxed);
            while (used <= i && !a_cas_weak(&q->used, &used, i + 1, relaxed, relaxed))
                ;
            return i;
        }
    }
    return a_add(&q->producers, 1, relaxed) % RELAXED_LANES;
}

static inline void relaxed_lanes_detach_first(struct relaxed_lanes *q,
                                              struct relaxed_lanes_handle *h, unsigned n)
{
    while (n-- > 0) {
        LANES_IN(_detach)(&q->lane[n], &h->lane[n]);
        inner_counts_move(&h->counts, &h->lane[n].counts);
    }
}

static inline int relaxed_lanes_attach(struct relaxed_lanes *q, struct relaxed_lanes_handle *h,
                                       enum q_role role)
{
    h->counts = (struct q_counts){0};
    h->left = 0;
    for (unsigned i = 0; i < RELAXED_LANES; i++) {
        const int error = LANES_IN(_attach)(&q->lane[i], &h->lane[i], role);
        if (error) {
            relaxed_lanes_detach_first(q, h, i);
            return error;
        }
    }
    h->mine = role & Q_PRODUCER ? relaxed_lanes_choose(q, h) : 0;
    /* Who does both begins with its own items; consumers begin in different lanes. */
    h->next = role & Q_PRODUCER ? h->mine : a_add(&q->consumers, 1, relaxed);
    h->at = 0;
    return 0;
}

static inline void relaxed_lanes_detach(struct relaxed_lanes *q, struct relaxed_lanes_handle *h)
{
    relaxed_lanes_detach_first(q, h, RELAXED_LANES);
}

/* ---- pushing ------------------------------------------------------------------------------- */

static inline void relaxed_lanes_close_all(struct relaxed_lanes *q, struct relaxed_lanes_handle *h)
{
    for (unsigned i = 0; i < RELAXED_LANES; i++)
        LANES_IN(_close)(&q->lane[i], &h->lane[i]);
}

static inline q_hot enum q_status relaxed_lanes_push(struct relaxed_lanes *q,
                                                     struct relaxed_lanes_handle *h, q_item item)
{
    const enum q_status s = LANES_IN(_push)(&q->lane[h->mine], &h->lane[h->mine], item);
    if (__builtin_expect(s == Q_OK, 1))
        q_event_notify(&q->items, 1, &h->counts);
    else if (s == Q_CLOSED)
        relaxed_lanes_close_all(q, h);
    return s;
}

static inline size_t relaxed_lanes_push_n(struct relaxed_lanes *q, struct relaxed_lanes_handle *h,
                                          const q_item *items, size_t n)
{
    const size_t done = LANES_IN(_push_n)(&q->lane[h->mine], &h->lane[h->mine], items, n);
    if (done > 0)
        q_event_notify(&q->items, done, &h->counts);
    return done;
}

/* ---- popping ------------------------------------------------------------------------------- */

static inline q_hot enum q_status relaxed_lanes_pop_lane(struct relaxed_lanes *q,
                                                         struct relaxed_lanes_handle *h, unsigned i,
                                                         q_item *item)
{
    return LANES_IN(_pop)(&q->lane[i], &h->lane[i], item);
}

/* An item from the next lane that has one; a new run begins there. */
static __attribute__((noinline)) enum q_status
relaxed_lanes_go_round(struct relaxed_lanes *q, struct relaxed_lanes_handle *h, q_item *item)
{
    const unsigned used = a_load(&q->used, relaxed);
    bool closed = true;
    for (unsigned k = 0, i = used ? h->next % used : 0; k < used;
         k++, i = i + 1 < used ? i + 1 : 0) {
        const enum q_status s = relaxed_lanes_pop_lane(q, h, i, item);
        if (s == Q_OK) {
            h->at = i;
            h->left = RELAXED_LANES_RUN - 1;
            h->next = i + 1;
            return Q_OK;
        }
        closed = closed && s == Q_CLOSED;
    }
    /* CLOSED is for ever: so no lane may be left out, not even one that was new just now. */
    for (unsigned i = used; closed && i < RELAXED_LANES; i++) {
        const enum q_status s = relaxed_lanes_pop_lane(q, h, i, item);
        if (s == Q_OK)
            return Q_OK;
        closed = s == Q_CLOSED;
    }
    h->left = 0;
    return closed ? Q_CLOSED : Q_EMPTY;
}

static inline q_hot enum q_status relaxed_lanes_pop(struct relaxed_lanes *q,
                                                    struct relaxed_lanes_handle *h, q_item *item)
{
    if (__builtin_expect(h->left > 0, 1) &&
        __builtin_expect(relaxed_lanes_pop_lane(q, h, h->at, item) == Q_OK, 1)) {
        h->left--;
        return Q_OK;
    }
    return relaxed_lanes_go_round(q, h, item);
}

static inline size_t relaxed_lanes_pop_n(struct relaxed_lanes *q, struct relaxed_lanes_handle *h,
                                         q_item *items, size_t n)
{
    for (size_t done = 0;;) {
        if (done < n && h->left > 0) {
            const size_t k =
                LANES_IN(_pop_n)(&q->lane[h->at], &h->lane[h->at], items + done, n - done);
            h->left = k < h->left ? h->left - (unsigned)k : 0;
            done += k;
        }
        if (done == n || relaxed_lanes_go_round(q, h, &items[done]) != Q_OK)
            return done;
        done++;
    }
}

Q_WAIT_BY_PARKING(relaxed_lanes)

static inline void relaxed_lanes_close(struct relaxed_lanes *q, struct relaxed_lanes_handle *h)
{
    relaxed_lanes_close_all(q, h);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t relaxed_lanes_capacity(const struct relaxed_lanes *q)
{
    (void)q;
    return 0;
}

/* The peak is the sum of the lanes' peaks: an upper bound, they need not have come together. */
static inline struct q_bytes relaxed_lanes_bytes(const struct relaxed_lanes *q)
{
    struct q_bytes sum = {.now = sizeof *q - sizeof q->lane, .peak = sizeof *q - sizeof q->lane};
    for (unsigned i = 0; i < RELAXED_LANES; i++) {
        const struct q_bytes lane = LANES_IN(_bytes)(&q->lane[i]);
        sum.now += lane.now;
        sum.peak += lane.peak;
    }
    return sum;
}

#endif
