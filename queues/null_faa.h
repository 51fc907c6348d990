/* null_faa.h: a floor, not a queue: one fetch-and-add per operation on a shared line each side.
 *
 * A queue in which every push takes a ticket at the tail and every pop one at the head cannot
 * beat this in `pairs`: it takes the tickets and moves no item (Morrison & Afek, 2013, compare
 * their queue with the same bound). */
#ifndef QUEUES_NULL_FAA_H
#define QUEUES_NULL_FAA_H

#include "queues/queue.h"

struct null_faa {
    alignas(Q_LINE) atomic(uint64_t) tail; /* every push adds one */
    alignas(Q_LINE) atomic(uint64_t) head; /* every pop adds one */
    alignas(Q_LINE) struct q_event items;
    struct q_event room;
    struct q_memory memory;
};
struct null_faa_handle {
    struct q_counts counts;
};

static const struct q_traits null_faa_traits = {
    .name = "null_faa",
    .family = "floor",
    .summary = "one fetch-and-add per operation, no item moves: the bound of ticket queues",
    .source = "Morrison & Afek, Fast concurrent queues for x86 processors, 2013 (as a bound)",
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_UNORDERED,
    .lanes = 1,
    .floor = true,
};

static inline int null_faa_init(struct null_faa *q, const struct q_config *cfg)
{
    q_memory_init(&q->memory, cfg);
    a_init(&q->tail, 0);
    a_init(&q->head, 0);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}
static inline void null_faa_destroy(struct null_faa *q) { (void)q; }
static inline int null_faa_attach(struct null_faa *q, struct null_faa_handle *h, enum q_role role)
{
    (void)q, (void)role;
    *h = (struct null_faa_handle){0};
    return 0;
}
static inline void null_faa_detach(struct null_faa *q, struct null_faa_handle *h)
{
    (void)q, (void)h;
}
static inline enum q_status null_faa_push(struct null_faa *q, struct null_faa_handle *h,
                                          q_item item)
{
    (void)h, (void)item;
    a_add(&q->tail, 1, relaxed);
    return Q_OK;
}
static inline enum q_status null_faa_pop(struct null_faa *q, struct null_faa_handle *h,
                                         q_item *item)
{
    (void)h;
    *item = q_item_of(a_add(&q->head, 1, relaxed) + 1);
    return Q_OK;
}
Q_BATCH_BY_LOOP(null_faa)
Q_WAIT_BY_PARKING(null_faa)

static inline void null_faa_close(struct null_faa *q, struct null_faa_handle *h)
{
    (void)q, (void)h;
}
static inline size_t null_faa_capacity(const struct null_faa *q)
{
    (void)q;
    return 0;
}
static inline struct q_bytes null_faa_bytes(const struct null_faa *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
