/* null_queue.h: a floor, not a queue: one slot, one thread, no synchronization.
 *
 * What a measured loop costs when the queue costs nothing: a store and a load of one cache line.
 * Every throughput figure contains this much instrument. */
#ifndef QUEUES_NULL_QUEUE_H
#define QUEUES_NULL_QUEUE_H

#include "queues/queue.h"

struct null_queue {
    struct q_event items, room;
    struct q_memory memory;
};
struct null_queue_handle {
    struct q_counts counts;
    q_item slot;
    bool full;
};

static const struct q_traits null_queue_traits = {
    .name = "null_queue",
    .family = "floor",
    .summary = "one slot in the handle: the cost of the measured loop itself",
    .source = "none",
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .one_thread = true,
    .floor = true,
};

static inline int null_queue_init(struct null_queue *q, const struct q_config *cfg)
{
    q_memory_init(&q->memory, cfg);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}
static inline void null_queue_destroy(struct null_queue *q) { (void)q; }
static inline int null_queue_attach(struct null_queue *q, struct null_queue_handle *h,
                                    enum q_role role)
{
    (void)q, (void)role;
    *h = (struct null_queue_handle){.full = false};
    return 0;
}
static inline void null_queue_detach(struct null_queue *q, struct null_queue_handle *h)
{
    (void)q, (void)h;
}
static inline enum q_status null_queue_push(struct null_queue *q, struct null_queue_handle *h,
                                            q_item item)
{
    (void)q;
    if (h->full)
        return Q_FULL;
    h->slot = item;
    h->full = true;
    return Q_OK;
}
static inline enum q_status null_queue_pop(struct null_queue *q, struct null_queue_handle *h,
                                           q_item *item)
{
    (void)q;
    if (!h->full)
        return Q_EMPTY;
    *item = h->slot;
    h->full = false;
    return Q_OK;
}
Q_BATCH_BY_LOOP(null_queue)
Q_WAIT_BY_PARKING(null_queue)

static inline void null_queue_close(struct null_queue *q, struct null_queue_handle *h)
{
    (void)q, (void)h;
}
static inline size_t null_queue_capacity(const struct null_queue *q)
{
    (void)q;
    return 1;
}
static inline struct q_bytes null_queue_bytes(const struct null_queue *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
