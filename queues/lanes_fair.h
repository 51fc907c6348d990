/* lanes_fair.h: three priority lanes; the wait for the lowest is bounded under any load.
 *
 *      turn    0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15        a round of every consumer
 *      first   L  H  N  H  H  H  N  H  H  H  N  H  H  H  N  H        the lane it asks first
 *
 * Each consumer counts its own successful pops; every 16 of them are a round, and each turn of the
 * round names the lane that is asked first. If that lane is empty, the others follow, highest
 * first. Under full load the lanes get 11, 4 and 1 of 16; a lane that needs less leaves it to the
 * others. No item ever changes its lane and consumers share no counter. (The sources promote one
 * low item per 1000 attempts to the end of normal: under continuous high load normal is starved
 * as well, and the promoted item with it.)  Weighted round robin (Katevenis et al. 1991).
 *
 * Bound   Let an item X and all items pushed before it into its lane be completely pushed, k of
 *   them still inside, and let C consumers be attached. Then at most (k + C) * G pops return before
 *   X has left its lane, where G is the most turns between two that ask the lane first: 16 for low,
 *   4 for normal, 2 for high. lanes_fair_bound(C, k) is that number for low.
 * Proof   While X is inside, a pop that starts and asks X's lane first takes X or an item before
 *   it, so at most k such pops return before X has left.  A consumer of whom n pops return in that
 *   time has started all but one of them in it, and so at least (n - G) / G of those in a turn that
 *   asks the lane first (pigeonhole: any G turns in a row contain one).  Summed over the
 *   consumers, (N - C * G) / G <= k, hence N <= (k + C) * G.
 *   A consumer that attaches later begins its round at turn 0, which asks low first, and so owes
 *   low nothing: short-lived consumers cannot starve it. For normal and high the bound holds while
 *   the C consumers stay attached: consumers that pop once or twice and leave never reach the turns
 *   of the other lanes. Where pop_n takes up to b items, the call under way when X arrived may hold
 *   b instead of one: add C * (b - 1).
 *
 * To watch it: read a shared count of returned pops after X was pushed and again before the pop
 * that brings X is called; the difference is within the bound.
 *
 * push and pop progress as those of the inner queue do; the default blocks. A thread stopped inside
 * a push can hide the items behind its own, which is why the bound speaks of complete pushes.
 *
 * Edges    those of lanes.h and of the inner queue
 * Units    cfg.capacity: items in all lanes together, exactly that many, not rounded (1024)
 * Close    closes lane after lane; pop answers CLOSED when all three do */
#ifndef QUEUES_LANES_FAIR_H
#define QUEUES_LANES_FAIR_H

#include "queues/lanes.h"

#define LANES_FAIR_ROUND 16 /* turns */

struct lanes_fair {
    struct lanes in;
    alignas(Q_LINE) struct q_event items;
    struct q_event room;
};
struct lanes_fair_handle {
    struct q_counts counts; /* with those of the inner queues once detached */
    unsigned turn;          /* of the next pop, below LANES_FAIR_ROUND */
    struct lanes_handle in;
};

static const struct q_traits lanes_fair_traits = {
    .name = "lanes_fair",
    .family = "lanes",
    .summary = "three priority lanes, the wait for the lowest is bounded; soft capacity",
    .source = "Katevenis et al., Weighted round-robin cell multiplexing ... switch chip, 1991",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_PRIORITY_FIFO,
    .lanes = Q_LANES,
    .bounded = true,
    .exact = false,
    .close_any = true,
    .native = Q_BATCH,
};

/* The lane asked first in a turn. */
static inline unsigned lanes_fair_first(unsigned turn)
{
    return turn == 0 ? Q_LOW : turn % 4 == 2 ? Q_NORMAL : Q_HIGH;
}

/* G: the most turns from one that asks the lane first to the next that does. */
static inline uint64_t lanes_fair_gap(unsigned lane)
{
    return lane == Q_HIGH ? 2 : lane == Q_NORMAL ? 4 : LANES_FAIR_ROUND;
}

/* The most pops of all consumers that return before a low item with `ahead` before it has left. */
static inline uint64_t lanes_fair_bound(unsigned consumers, uint64_t ahead)
{
    return (ahead + consumers) * lanes_fair_gap(Q_LOW);
}

static inline int lanes_fair_init(struct lanes_fair *q, const struct q_config *cfg)
{
    q_event_init(&q->items);
    q_event_init(&q->room);
    return lanes_init(&q->in, cfg);
}

static inline void lanes_fair_destroy(struct lanes_fair *q) { lanes_destroy(&q->in); }

static inline int lanes_fair_attach(struct lanes_fair *q, struct lanes_fair_handle *h,
                                    enum q_role role)
{
    h->counts = (struct q_counts){0};
    h->turn = 0;
    return lanes_attach(&q->in, &h->in, role);
}

static inline void lanes_fair_detach(struct lanes_fair *q, struct lanes_fair_handle *h)
{
    lanes_detach(&q->in, &h->in, &h->counts);
}

static inline q_hot enum q_status lanes_fair_push(struct lanes_fair *q, struct lanes_fair_handle *h,
                                                  q_item item)
{
    return lanes_push(&q->in, &h->in, item, &q->items, &q->room, &h->counts);
}

static inline size_t lanes_fair_push_n(struct lanes_fair *q, struct lanes_fair_handle *h,
                                       const q_item *items, size_t n)
{
    return lanes_push_n(&q->in, &h->in, items, n, &q->items, &q->room, &h->counts);
}

static inline void lanes_fair_popped(struct lanes_fair *q, struct lanes_fair_handle *h, size_t n)
{
    h->turn = (unsigned)((h->turn + n) % LANES_FAIR_ROUND);
    lanes_popped(&q->in, n, &q->room, &h->counts);
}

static inline q_hot enum q_status lanes_fair_pop(struct lanes_fair *q, struct lanes_fair_handle *h,
                                                 q_item *item)
{
    const unsigned first = lanes_fair_first(h->turn);
    unsigned closed = 0;
    for (unsigned i = 0; i < Q_LANES; i++) {
        const unsigned lane = i == 0 ? first : i <= first ? i - 1 : i; /* first, then the others */
        const enum q_status s = lanes_pop_lane(&q->in, &h->in, lane, item);
        if (s == Q_OK) {
            lanes_fair_popped(q, h, 1);
            return Q_OK;
        }
        closed += s == Q_CLOSED;
    }
    return closed == Q_LANES ? Q_CLOSED : Q_EMPTY;
}

/* Every lane is asked for as many items as the next n turns ask it for first; what then is missing
 * comes from the lanes that gave all they were asked for, highest first. */
static inline size_t lanes_fair_pop_n(struct lanes_fair *q, struct lanes_fair_handle *h,
                                      q_item *items, size_t n)
{
    size_t share[Q_LANES] = {
        [Q_HIGH] = n / LANES_FAIR_ROUND * 11,
        [Q_NORMAL] = n / LANES_FAIR_ROUND * 4,
        [Q_LOW] = n / LANES_FAIR_ROUND * 1,
    };
    for (unsigned i = 0; i < n % LANES_FAIR_ROUND; i++)
        share[lanes_fair_first((h->turn + i) % LANES_FAIR_ROUND)]++;

    size_t done = 0;
    bool more[Q_LANES];
    for (unsigned lane = 0; lane < Q_LANES; lane++) {
        const size_t got = lanes_pop_lane_n(&q->in, &h->in, lane, items + done, share[lane]);
        more[lane] = got == share[lane];
        done += got;
    }
    for (unsigned lane = 0; lane < Q_LANES && done < n; lane++)
        if (more[lane])
            done += lanes_pop_lane_n(&q->in, &h->in, lane, items + done, n - done);
    if (done)
        lanes_fair_popped(q, h, done);
    return done;
}

Q_WAIT_BY_PARKING(lanes_fair)

static inline void lanes_fair_close(struct lanes_fair *q, struct lanes_fair_handle *h)
{
    lanes_close(&q->in, &h->in);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t lanes_fair_capacity(const struct lanes_fair *q) { return q->in.capacity; }

static inline struct q_bytes lanes_fair_bytes(const struct lanes_fair *q)
{
    return lanes_bytes(&q->in, sizeof *q);
}

#endif
