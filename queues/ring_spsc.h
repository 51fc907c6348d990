/* ring_spsc.h: bounded ring, one producer, one consumer.
 *
 *        head               tail        item i lives in slot[i & mask]; indices only grow
 *   ..[ ][ x ][ x ][ x ][ x ][ ]..      empty: head == tail     full: tail - head == mask + 1
 *
 * Lamport 1983; each side remembers the other's index and re-reads it only when that stale view
 * says full or empty (Lee et al., MCRingBuffer, 2009).  push and pop are wait-free.
 *
 * Q_EMPTY and Q_FULL are not exact. Each side stores its own index and then reads the other's, and
 * nothing keeps the store from being seen after the read (store buffering): of two items and room
 * for two, the producer may still find the ring full while the consumer, having taken one, finds it
 * empty. Scenario full_empty shows it; processors do it too. A seq_cst fence on each side would
 * mend it and cost more than the push.
 *
 * Edges   filled   push  -> pop    slot[i] holds item i
 *         freed    pop   -> push   slot[i] has been read and may be overwritten
 *         closed   close -> pop    no index beyond the tail you read next will ever be filled */
#ifndef QUEUES_RING_SPSC_H
#define QUEUES_RING_SPSC_H

#include "queues/queue.h"

struct ring_spsc {
    alignas(Q_LINE) atomic(uint64_t) tail; /* next index to fill; only the producer stores */
    alignas(Q_LINE) atomic(uint64_t) head; /* next index to drain; only the consumer stores */
    alignas(Q_LINE) uint64_t mask;         /* from here on constant, or written rarely */
    q_item *slot;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct ring_spsc_handle {
    struct q_counts counts;
    uint64_t seen_head; /* producer: the head when last read */
    uint64_t seen_tail; /* consumer: the tail when last read */
};
_Static_assert(offsetof(struct ring_spsc, head) >= Q_LINE, "both ends on one cache line");

static const struct q_traits ring_spsc_traits = {
    .name = "ring_spsc",
    .family = "ring",
    .summary = "ring for one producer and one consumer, cached indices",
    .source = "Lamport 1983; Lee, Bu & Chandranmenon, MCRingBuffer, 2009",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .native = Q_BATCH,
};

static inline int ring_spsc_init(struct ring_spsc *q, const struct q_config *cfg)
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

static inline void ring_spsc_destroy(struct ring_spsc *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof(q_item));
}

static inline int ring_spsc_attach(struct ring_spsc *q, struct ring_spsc_handle *h,
                                   enum q_role role)
{
    (void)role;
    *h = (struct ring_spsc_handle){.seen_head = 0, .seen_tail = a_load(&q->head, relaxed)};
    return 0; /* a later producer or consumer takes over where the one before it detached */
}

static inline void ring_spsc_detach(struct ring_spsc *q, struct ring_spsc_handle *h)
{
    (void)q, (void)h;
}

static inline enum q_status ring_spsc_push(struct ring_spsc *q, struct ring_spsc_handle *h,
                                           q_item item)
{
    const uint64_t tail = a_load(&q->tail, relaxed); /* our own index */
    if (tail - h->seen_head > q->mask) {
        h->seen_head = a_load(&q->head, acquire); /* [>freed] */
        if (tail - h->seen_head > q->mask)
            return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    }
    q->slot[tail & q->mask] = item;
    a_store(&q->tail, tail + 1, release); /* [filled>] */
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline enum q_status ring_spsc_pop(struct ring_spsc *q, struct ring_spsc_handle *h,
                                          q_item *item)
{
    const uint64_t head = a_load(&q->head, relaxed); /* our own index */
    if (head == h->seen_tail) {
        /* Ask `closed` before `tail`: once closed, the tail we then read is the last one. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        h->seen_tail = a_load(&q->tail, acquire);        /* [>filled] */
        if (head == h->seen_tail)
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    *item = q->slot[head & q->mask];
    a_store(&q->head, head + 1, release); /* [freed>] */
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

/* One index store publishes the whole batch. */
static inline size_t ring_spsc_push_n(struct ring_spsc *q, struct ring_spsc_handle *h,
                                      const q_item *items, size_t n)
{
    const uint64_t tail = a_load(&q->tail, relaxed);
    if (n > q->mask + 1 - (tail - h->seen_head) || tail - h->seen_head > q->mask)
        h->seen_head = a_load(&q->head, acquire); /* [>freed] */
    const uint64_t room = q->mask + 1 - (tail - h->seen_head);
    if (n > room)
        n = room;
    for (size_t i = 0; i < n; i++)
        q->slot[(tail + i) & q->mask] = items[i];
    if (n) {
        a_store(&q->tail, tail + n, release); /* [filled>] */
        q_event_notify(&q->items, n, &h->counts);
    }
    return n;
}

static inline size_t ring_spsc_pop_n(struct ring_spsc *q, struct ring_spsc_handle *h, q_item *items,
                                     size_t n)
{
    const uint64_t head = a_load(&q->head, relaxed);
    if (n > h->seen_tail - head)
        h->seen_tail = a_load(&q->tail, acquire); /* [>filled] */
    if (n > h->seen_tail - head)
        n = h->seen_tail - head;
    for (size_t i = 0; i < n; i++)
        items[i] = q->slot[(head + i) & q->mask];
    if (n) {
        a_store(&q->head, head + n, release); /* [freed>] */
        q_event_notify(&q->room, n, &h->counts);
    }
    return n;
}

Q_WAIT_BY_PARKING(ring_spsc)

static inline void ring_spsc_close(struct ring_spsc *q, struct ring_spsc_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_spsc_capacity(const struct ring_spsc *q) { return q->mask + 1; }

static inline struct q_bytes ring_spsc_bytes(const struct ring_spsc *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
