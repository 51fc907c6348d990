/* ring_lamport.h: bounded ring, one producer, one consumer: the textbook.
 *
 *        head               tail        item i lives in slot[i & mask]; indices only grow
 *   ..[ ][ x ][ x ][ x ][ x ][ ]..      empty: head == tail     full: tail - head == mask + 1
 *
 * Each side stores its own index and reads the other's before every operation. Lamport, Specifying
 * concurrent program modules, 1983.  push and pop are wait-free.
 *
 * Here to be compared with: what the other rings spare. Every push reads the line that every pop
 * writes, and the reverse: two lines change hands for each item, whatever the ring holds. ring_spsc
 * remembers the other's index, ring_batch tells its own less often, ring_flag has no index to read.
 *
 * Q_EMPTY and Q_FULL are not exact, as in ring_spsc: each side stores its index and then reads the
 * other's, and nothing keeps the store from being seen after the read.
 *
 * Edges   filled   push  -> pop    slot[i] holds item i
 *         freed    pop   -> push   slot[i] has been read and may be overwritten
 *         closed   close -> pop    no index beyond the tail you read next will ever be filled */
#ifndef QUEUES_RING_LAMPORT_H
#define QUEUES_RING_LAMPORT_H

#include "queues/queue.h"

struct ring_lamport {
    alignas(Q_LINE) atomic(uint64_t) tail; /* next index to fill; only the producer stores */
    alignas(Q_LINE) atomic(uint64_t) head; /* next index to drain; only the consumer stores */
    alignas(Q_LINE) uint64_t mask;         /* from here on constant, or written rarely */
    q_item *slot;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct ring_lamport_handle {
    struct q_counts counts;
};
_Static_assert(offsetof(struct ring_lamport, head) >= Q_LINE, "both ends on one cache line");

static const struct q_traits ring_lamport_traits = {
    .name = "ring_lamport",
    .family = "ring",
    .summary = "ring for one producer and one consumer, the textbook",
    .source = "Lamport, Specifying concurrent program modules, 1983",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
};

static inline int ring_lamport_init(struct ring_lamport *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    if (capacity == 0 || capacity > SIZE_MAX / sizeof(q_item) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->slot = q_alloc(&q->memory, Q_LINE, capacity * sizeof(q_item));
    if (!q->slot)
        return ENOMEM;
    q->mask = capacity - 1;
    a_init(&q->tail, 0);
    a_init(&q->head, 0);
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void ring_lamport_destroy(struct ring_lamport *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof(q_item));
}

static inline int ring_lamport_attach(struct ring_lamport *q, struct ring_lamport_handle *h,
                                      enum q_role role)
{
    (void)q, (void)role;
    *h = (struct ring_lamport_handle){.counts = {.cas_failed = 0}};
    return 0; /* a later producer or consumer takes over where the one before it detached */
}

static inline void ring_lamport_detach(struct ring_lamport *q, struct ring_lamport_handle *h)
{
    (void)q, (void)h;
}

static inline enum q_status ring_lamport_push(struct ring_lamport *q, struct ring_lamport_handle *h,
                                              q_item item)
{
    const uint64_t tail = a_load(&q->tail, relaxed); /* our own index */
    if (tail - a_load(&q->head, acquire) > q->mask)  /* [>freed] */
        return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    q->slot[tail & q->mask] = item;
    a_store(&q->tail, tail + 1, release); /* [filled>] */
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline enum q_status ring_lamport_pop(struct ring_lamport *q, struct ring_lamport_handle *h,
                                             q_item *item)
{
    const uint64_t head = a_load(&q->head, relaxed); /* our own index */
    if (head == a_load(&q->tail, acquire)) {         /* [>filled] */
        /* Ask `closed` before looking again: once closed, the tail we then read is the last one. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        if (head == a_load(&q->tail, acquire))           /* [>filled] */
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    *item = q->slot[head & q->mask];
    a_store(&q->head, head + 1, release); /* [freed>] */
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

Q_BATCH_BY_LOOP(ring_lamport)
Q_WAIT_BY_PARKING(ring_lamport)

static inline void ring_lamport_close(struct ring_lamport *q, struct ring_lamport_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_lamport_capacity(const struct ring_lamport *q) { return q->mask + 1; }

static inline struct q_bytes ring_lamport_bytes(const struct ring_lamport *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
