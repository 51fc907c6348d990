/* ring_iffq.h: bounded ring, one producer, one consumer; flags in the slots, looked at and cleared by
 * whole lines. IFFQ, the improved FastForward, as published.
 *
 *    line 0      line 1      line 2      line 3      line 4
 *   [0 0 0 0]   [r r r r]   [r x x x]   [x x 0 0]   [0 0 0 0]     0: free; x: an item;
 *    ^ cleared     ^ clear      ^ read      ^ write   ^ limit     r: read, not yet cleared
 *
 * As in ring_flag an item of 8 bytes, which is never 0, is its own flag; of larger items the key is.
 * There each side writes to every slot as it passes, so where the ends come close a line is taken
 * away in mid-work. Here a side keeps a line's distance: the producer looks once per line, at the
 * first slot of the line after the one that it is about to fill (when that is clear so are all before
 * it, since lines are cleared in order); the consumer clears a line when it has read the one after.
 * Maffione, Lettieri & Rizzo, Cache-aware design of general-purpose Single-Producer-Single-Consumer
 * queues, 2018 (IFFQ); what it improves is FastForward (Giacomoni et al., 2008), here ring_flag.plain.
 * push and pop are wait-free.
 *
 * The distance costs room: of the slots, three lines may not be usable. The ring is larger than was
 * asked for by that much, and holds at least its capacity, perhaps more (Q_CAPACITY_ROUGH).
 * A ring too small for lines of 64 bytes has lines of two slots.
 *
 * Q_EMPTY and Q_FULL are not exact: as in ring_flag, and FULL comes while lines wait to be cleared.
 *
 * Edges   filled   push  -> pop    the slot holds the item
 *         cleared  pop   -> push   the line before this one has been read and may be overwritten
 *         closed   close -> pop    no slot that you then find free will ever be filled */
#ifndef QUEUES_RING_IFFQ_H
#define QUEUES_RING_IFFQ_H

#include "queues/queue.h"

struct ring_iffq_slot {
    atomic(uint64_t) key;                /* of the item inside; 0: free */
    uint64_t rest[Q_ITEM_BYTES / 8 - 1]; /* of the item */
};
enum { /* slots of a line */
       RING_IFFQ_LINE = sizeof(q_item) < 64 ? 64 / sizeof(q_item) : 1,
       RING_IFFQ_SHORT = RING_IFFQ_LINE < 2 ? RING_IFFQ_LINE : 2
};

struct ring_iffq {
    alignas(Q_LINE) atomic(uint64_t) write; /* next index to fill; the producer's alone, as is */
    uint64_t limit;                         /* the end of the line that it fills */
    alignas(Q_LINE) atomic(uint64_t) read;  /* next index to drain; the consumer's alone, as is */
    uint64_t clear;                         /* the next index to clear */
    alignas(Q_LINE) uint64_t mask;          /* from here on constant, or written rarely */
    uint64_t line;                          /* slots that are looked at and cleared together */
    struct ring_iffq_slot *slot;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct ring_iffq_handle {
    struct q_counts counts;
};
_Static_assert(sizeof(struct ring_iffq_slot) == sizeof(q_item), "a slot is an item");

static const struct q_traits ring_iffq_traits = {
    .name = "ring_iffq",
    .family = "ring",
    .summary = "ring for one producer and one consumer, flags looked at and cleared by lines",
    .source = "Maffione, Lettieri & Rizzo, Cache-aware SPSC queues (IFFQ), 2018",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .native = Q_BATCH,
    .caution = Q_CAPACITY_ROUGH,
};

static inline int ring_iffq_init(struct ring_iffq *q, const struct q_config *cfg)
{
    const size_t capacity = cfg->capacity ? cfg->capacity : 1024;
    q->line = capacity < 4 * RING_IFFQ_LINE ? RING_IFFQ_SHORT : RING_IFFQ_LINE;
    const size_t slots =
        capacity > SIZE_MAX - 3 * q->line ? 0 : q_round_up(capacity + 3 * q->line, 1);
    if (slots == 0 || slots > SIZE_MAX / sizeof *q->slot || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->slot = q_alloc(&q->memory, Q_LINE, slots * sizeof *q->slot);
    if (!q->slot)
        return ENOMEM;
    for (size_t i = 0; i < slots; i++)
        a_init(&q->slot[i].key, 0);
    q->mask = slots - 1;
    a_init(&q->write, 0);
    a_init(&q->read, 0);
    q->clear = 0;
    q->limit = q->line;
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void ring_iffq_destroy(struct ring_iffq *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof *q->slot);
}

static inline int ring_iffq_attach(struct ring_iffq *q, struct ring_iffq_handle *h,
                                   enum q_role role)
{
    (void)q, (void)role;
    *h = (struct ring_iffq_handle){.counts = {.cas_failed = 0}};
    return 0; /* a later producer or consumer finds in q where the one before it detached */
}

static inline void ring_iffq_detach(struct ring_iffq *q, struct ring_iffq_handle *h)
{
    (void)q, (void)h;
}

/* ---- slots --------------------------------------------------------------------------------- */

/* False: there is no line to fill. */
static inline q_hot bool ring_iffq_fill(struct ring_iffq *q, q_item item)
{
    const uint64_t write = a_load(&q->write, relaxed); /* our own index */
    if (write == q->limit) {
        const uint64_t after = (q->limit + q->line) & q->mask;
        if (a_load(&q->slot[after].key, acquire) != 0) /* [>cleared] */
            return false;
        q->limit += q->line;
    }
    struct ring_iffq_slot *const slot = &q->slot[write & q->mask];
    memcpy(slot->rest, (const char *)&item + sizeof slot->key, sizeof item - sizeof slot->key);
    a_store(&slot->key, q_key(&item), release); /* [filled>] */
    a_store(&q->write, write + 1, relaxed);
    return true;
}

/* False: the slot is not filled. */
static inline q_hot bool ring_iffq_drain(struct ring_iffq *q, q_item *item)
{
    const uint64_t read = a_load(&q->read, relaxed); /* our own index */
    struct ring_iffq_slot *const slot = &q->slot[read & q->mask];
    const uint64_t key = a_load(&slot->key, acquire); /* [>filled] */
    if (key == 0)
        return false;
    memcpy(item, &key, sizeof key);
    memcpy((char *)item + sizeof key, slot->rest, sizeof *item - sizeof key);
    a_store(&q->read, read + 1, relaxed);
    if (((read + 1) & (q->line - 1)) == 0)
        for (; read + 1 - q->clear > q->line; q->clear++)
            a_store(&q->slot[q->clear & q->mask].key, 0, release); /* [cleared>] */
    return true;
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status ring_iffq_push(struct ring_iffq *q, struct ring_iffq_handle *h,
                                                 q_item item)
{
    if (!ring_iffq_fill(q, item))
        return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status ring_iffq_pop(struct ring_iffq *q, struct ring_iffq_handle *h,
                                                q_item *item)
{
    if (!ring_iffq_drain(q, item)) {
        /* Ask `closed` before looking again: once closed, what we then see is the last item. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        if (!closed || !ring_iffq_drain(q, item))
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

static inline size_t ring_iffq_push_n(struct ring_iffq *q, struct ring_iffq_handle *h,
                                      const q_item *items, size_t n)
{
    size_t done = 0;
    while (done < n && ring_iffq_fill(q, items[done]))
        done++;
    if (done)
        q_event_notify(&q->items, done, &h->counts);
    return done;
}

static inline size_t ring_iffq_pop_n(struct ring_iffq *q, struct ring_iffq_handle *h, q_item *items,
                                     size_t n)
{
    size_t done = 0;
    while (done < n && ring_iffq_drain(q, &items[done]))
        done++;
    if (done)
        q_event_notify(&q->room, done, &h->counts);
    return done;
}

Q_WAIT_BY_PARKING(ring_iffq)

static inline void ring_iffq_close(struct ring_iffq *q, struct ring_iffq_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_iffq_capacity(const struct ring_iffq *q)
{
    return q->mask + 1 - 3 * q->line;
}

static inline struct q_bytes ring_iffq_bytes(const struct ring_iffq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
