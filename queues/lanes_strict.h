/* lanes_strict.h: three priority lanes; pop looks in high, then normal, then low.
 *
 *      push ─> lane of the item      high    [x][x]      1st ┐
 *              (soft capacity)       normal  [x][x][x]   2nd ├─> pop
 *                                    low     [x]         3rd ┘
 *
 * The priority queue of the sources over any inner queue; admission, its invariant and its proof
 * are in lanes.h. Continuous high load starves the other lanes for ever: see lanes_fair.
 *
 * How strict: the scan is not atomic. When pop has found high empty, an item may arrive there
 * before pop takes one from normal; and all three lanes may answer empty in turn although at every
 * instant one of them held an item. So pop takes from a lane only after every higher lane was seen
 * empty during the same call, EMPTY says that of each lane, and no more: not `exact`.
 *
 * push and pop progress as those of the inner queue do: the default blocks.
 *
 * Edges    those of lanes.h and of the inner queue
 * Units    cfg.capacity: items in all lanes together, exactly that many, not rounded (1024)
 * Close    closes lane after lane; pop answers CLOSED when all three do */
#ifndef QUEUES_LANES_STRICT_H
#define QUEUES_LANES_STRICT_H

#include "queues/lanes.h"

struct lanes_strict {
    struct lanes in;
    alignas(Q_LINE) struct q_event items;
    struct q_event room;
};
struct lanes_strict_handle {
    struct q_counts counts; /* with those of the inner queues once detached */
    struct lanes_handle in;
};

static const struct q_traits lanes_strict_traits = {
    .name = "lanes_strict",
    .family = "lanes",
    .summary = "three priority lanes, highest first; soft capacity",
    .source = "the observation queue of the sources (three SegQueues), admission by reservation",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_PRIORITY_FIFO,
    .lanes = Q_LANES,
    .bounded = true,
    .exact = false,
    .close_any = true,
    .native = Q_BATCH,
};

static inline int lanes_strict_init(struct lanes_strict *q, const struct q_config *cfg)
{
    q_event_init(&q->items);
    q_event_init(&q->room);
    return lanes_init(&q->in, cfg);
}

static inline void lanes_strict_destroy(struct lanes_strict *q) { lanes_destroy(&q->in); }

static inline int lanes_strict_attach(struct lanes_strict *q, struct lanes_strict_handle *h,
                                      enum q_role role)
{
    h->counts = (struct q_counts){0};
    return lanes_attach(&q->in, &h->in, role);
}

static inline void lanes_strict_detach(struct lanes_strict *q, struct lanes_strict_handle *h)
{
    lanes_detach(&q->in, &h->in, &h->counts);
}

static inline q_hot enum q_status lanes_strict_push(struct lanes_strict *q,
                                                    struct lanes_strict_handle *h, q_item item)
{
    return lanes_push(&q->in, &h->in, item, &q->items, &q->room, &h->counts);
}

static inline size_t lanes_strict_push_n(struct lanes_strict *q, struct lanes_strict_handle *h,
                                         const q_item *items, size_t n)
{
    return lanes_push_n(&q->in, &h->in, items, n, &q->items, &q->room, &h->counts);
}

static inline q_hot enum q_status lanes_strict_pop(struct lanes_strict *q,
                                                   struct lanes_strict_handle *h, q_item *item)
{
    unsigned closed = 0;
    for (unsigned lane = 0; lane < Q_LANES; lane++) {
        const enum q_status s = lanes_pop_lane(&q->in, &h->in, lane, item);
        if (s == Q_OK) {
            lanes_popped(&q->in, 1, &q->room, &h->counts);
            return Q_OK;
        }
        closed += s == Q_CLOSED;
    }
    return closed == Q_LANES ? Q_CLOSED : Q_EMPTY;
}

static inline size_t lanes_strict_pop_n(struct lanes_strict *q, struct lanes_strict_handle *h,
                                        q_item *items, size_t n)
{
    size_t done = 0;
    for (unsigned lane = 0; lane < Q_LANES && done < n; lane++)
        done += lanes_pop_lane_n(&q->in, &h->in, lane, items + done, n - done);
    if (done)
        lanes_popped(&q->in, done, &q->room, &h->counts);
    return done;
}

Q_WAIT_BY_PARKING(lanes_strict)

static inline void lanes_strict_close(struct lanes_strict *q, struct lanes_strict_handle *h)
{
    lanes_close(&q->in, &h->in);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t lanes_strict_capacity(const struct lanes_strict *q) { return q->in.capacity; }

static inline struct q_bytes lanes_strict_bytes(const struct lanes_strict *q)
{
    return lanes_bytes(&q->in, sizeof *q);
}

#endif
