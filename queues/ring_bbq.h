/* ring_bbq.h: bounded ring of blocks, one producer, one consumer; full is decided block by block.
 *
 *    block 0        block 1        block 2        block 3
 *   [x  x  x  x]   [x  x  .  .]   [.  .  .  .]   [r  r  x  x]      x: an item, .: room, r: read
 *    full           ^ committed    free           ^ consumed: when all of it is read
 *                     while filled
 *
 * Each block has its own two indices, `committed` and `consumed`. The producer asks about the consumer
 * once per block, when it enters it: has all of that block been read? The consumer asks the block
 * that it is in how far it is filled, and tells of room once per block. So while a block of items or
 * more lies between the two, they are in different blocks, and write to different lines.
 * Wang, Behrens, Fu et al., BBQ: A Block-based Bounded Queue for Exchanging Data and Profiling, 2022,
 * in its form for one producer and one consumer that refuses when full ("retry-new"). Two things are
 * ours: indices that never wrap instead of a version beside an offset, and `consumed` is stored once
 * per block, for nobody asks before. push and pop are wait-free.
 *
 * The paper's form for many threads is not here. There a push takes its slot by fetch-and-add before it
 * fills it, and no item of a block is read while such a push of it is under way: a pop then answers as
 * if the queue were empty, and one stopped producer keeps back what the others put into its block, where
 * in array_mpmc it keeps back what comes after its own cell. (A figure for it is not in this report.)
 *
 * A block that is partly read has no room yet. The ring has a block more than was asked for, and holds
 * at least its capacity, perhaps more (Q_CAPACITY_ROUGH).
 *
 * Q_EMPTY and Q_FULL are not exact: as in ring_batch, and FULL comes while a block is being read.
 *
 * Edges   filled   push  -> pop    the slots of this block before `committed` hold items
 *         freed    pop   -> push   all of this block has been read and may be overwritten
 *         closed   close -> pop    nothing beyond the `committed` that you then read will be filled */
#ifndef QUEUES_RING_BBQ_H
#define QUEUES_RING_BBQ_H

#include "queues/queue.h"

#ifndef RING_BBQ_BLOCKS
#define RING_BBQ_BLOCKS 8 /* that its capacity is divided into */
#endif

struct ring_bbq_block {
    alignas(Q_LINE) atomic(uint64_t) committed; /* the index up to which it is filled */
    alignas(Q_LINE) atomic(uint64_t) consumed;  /* its end, of the last lap that was read */
};
/* Where a side is: plain, for it is that side's alone. */
struct ring_bbq_end {
    alignas(Q_LINE) uint64_t index; /* of the next item; counts on, lap after lap */
    uint64_t limit;                 /* the index where its block ends */
    uint64_t known;                 /* the consumer's: as far as it knows of items */
    size_t block;
};
struct ring_bbq {
    struct ring_bbq_end fill, drain;
    alignas(Q_LINE) q_item *slot; /* from here on constant, or written rarely */
    struct ring_bbq_block *block;
    size_t blocks, block_items;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct ring_bbq_handle {
    struct q_counts counts;
};

static const struct q_traits ring_bbq_traits = {
    .name = "ring_bbq",
    .family = "ring",
    .summary = "ring for one producer and one consumer, in blocks that are freed as a whole",
    .source = "Wang, Behrens, Fu et al., BBQ: A Block-based Bounded Queue, 2022",
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

static inline int ring_bbq_init(struct ring_bbq *q, const struct q_config *cfg)
{
    const size_t capacity = cfg->capacity ? cfg->capacity : 1024;
    if (capacity > SIZE_MAX / sizeof(q_item) / 4 || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q->block_items = capacity > 2 * RING_BBQ_BLOCKS ? (capacity - 1) / RING_BBQ_BLOCKS + 1 : 2;
    q->blocks = (capacity - 1) / q->block_items + 2;
    q_memory_init(&q->memory, cfg);
    const size_t slots = q->blocks * q->block_items;
    q->slot = q_alloc(&q->memory, Q_LINE, slots * sizeof *q->slot);
    q->block = q_alloc(&q->memory, Q_LINE, q->blocks * sizeof *q->block);
    if (!q->slot || !q->block) {
        q_free(&q->memory, q->slot, Q_LINE, slots * sizeof *q->slot);
        q_free(&q->memory, q->block, Q_LINE, q->blocks * sizeof *q->block);
        return ENOMEM;
    }
    for (size_t b = 0; b < q->blocks; b++) { /* as if read in the lap before the first */
        const uint64_t begin = b * q->block_items;
        a_init(&q->block[b].committed, begin);
        a_init(&q->block[b].consumed, begin + q->block_items - slots);
    }
    q->fill = q->drain = (struct ring_bbq_end){.limit = q->block_items};
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void ring_bbq_destroy(struct ring_bbq *q)
{
    q_free(&q->memory, q->slot, Q_LINE, q->blocks * q->block_items * sizeof *q->slot);
    q_free(&q->memory, q->block, Q_LINE, q->blocks * sizeof *q->block);
}

static inline int ring_bbq_attach(struct ring_bbq *q, struct ring_bbq_handle *h, enum q_role role)
{
    (void)q, (void)role;
    *h = (struct ring_bbq_handle){.counts = {.cas_failed = 0}};
    return 0; /* a later producer or consumer finds in q where the one before it detached */
}

static inline void ring_bbq_detach(struct ring_bbq *q, struct ring_bbq_handle *h)
{
    (void)q, (void)h;
}

/* ---- blocks -------------------------------------------------------------------------------- */

static inline void ring_bbq_enter(const struct ring_bbq *q, struct ring_bbq_end *e, size_t block)
{
    e->block = block;
    e->limit += q->block_items;
}

static inline size_t ring_bbq_next(const struct ring_bbq *q, const struct ring_bbq_end *e)
{
    return e->block + 1 == q->blocks ? 0 : e->block + 1;
}

static inline q_item *ring_bbq_slot(const struct ring_bbq *q, const struct ring_bbq_end *e)
{
    return &q->slot[(e->block + 1) * q->block_items - (size_t)(e->limit - e->index)];
}

/* How many slots of the producer's block are to be filled. 0: the next one is not yet free. */
static inline q_hot size_t ring_bbq_room(struct ring_bbq *q)
{
    struct ring_bbq_end *const e = &q->fill;
    if (__builtin_expect(e->index == e->limit, 0)) {
        const size_t next = ring_bbq_next(q, e);
        const uint64_t lap_before = e->limit - (q->blocks - 1) * q->block_items;
        if (a_load(&q->block[next].consumed, acquire) != lap_before) /* [>freed] */
            return 0;
        ring_bbq_enter(q, e, next);
    }
    return (size_t)(e->limit - e->index);
}

/* How many items of the consumer's block are to be read. */
static inline q_hot size_t ring_bbq_items(struct ring_bbq *q)
{
    struct ring_bbq_end *const e = &q->drain;
    if (e->index == e->known) {
        if (e->index == e->limit)
            ring_bbq_enter(q, e, ring_bbq_next(q, e));
        const uint64_t committed = a_load(&q->block[e->block].committed, acquire); /* [>filled] */
        if ((int64_t)(committed - e->index) <= 0) /* less: that of the lap before */
            return 0;
        e->known = committed;
    }
    return (size_t)(e->known - e->index);
}

static inline q_hot void ring_bbq_filled(struct ring_bbq *q, struct ring_bbq_handle *h, size_t n)
{
    q->fill.index += n;
    a_store(&q->block[q->fill.block].committed, q->fill.index, release); /* [filled>] */
    q_event_notify(&q->items, n, &h->counts);
}

static inline q_hot void ring_bbq_read(struct ring_bbq *q, struct ring_bbq_handle *h, size_t n)
{
    struct ring_bbq_end *const e = &q->drain;
    e->index += n;
    if (e->index == e->limit) {
        a_store(&q->block[e->block].consumed, e->limit, release); /* [freed>] */
        q_event_notify(&q->room, q->block_items, &h->counts);
    }
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status ring_bbq_push(struct ring_bbq *q, struct ring_bbq_handle *h,
                                                q_item item)
{
    if (ring_bbq_room(q) == 0)
        return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    *ring_bbq_slot(q, &q->fill) = item;
    ring_bbq_filled(q, h, 1);
    return Q_OK;
}

static inline q_hot enum q_status ring_bbq_pop(struct ring_bbq *q, struct ring_bbq_handle *h,
                                               q_item *item)
{
    if (ring_bbq_items(q) == 0) {
        /* Ask `closed` before looking again: once closed, what we then see is the last item. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        if (!closed || ring_bbq_items(q) == 0)
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    *item = *ring_bbq_slot(q, &q->drain);
    ring_bbq_read(q, h, 1);
    return Q_OK;
}

/* ---- batches: one store publishes what of them is in one block ------------------------------ */

static inline size_t ring_bbq_push_n(struct ring_bbq *q, struct ring_bbq_handle *h,
                                     const q_item *items, size_t n)
{
    size_t done = 0, room;
    while (done < n && (room = ring_bbq_room(q)) > 0) {
        room = room < n - done ? room : n - done;
        memcpy(ring_bbq_slot(q, &q->fill), items + done, room * sizeof *items);
        ring_bbq_filled(q, h, room);
        done += room;
    }
    return done;
}

static inline size_t ring_bbq_pop_n(struct ring_bbq *q, struct ring_bbq_handle *h, q_item *items,
                                    size_t n)
{
    size_t done = 0, there;
    while (done < n && (there = ring_bbq_items(q)) > 0) {
        there = there < n - done ? there : n - done;
        memcpy(items + done, ring_bbq_slot(q, &q->drain), there * sizeof *items);
        ring_bbq_read(q, h, there);
        done += there;
    }
    return done;
}

Q_WAIT_BY_PARKING(ring_bbq)

static inline void ring_bbq_close(struct ring_bbq *q, struct ring_bbq_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_bbq_capacity(const struct ring_bbq *q)
{
    return (q->blocks - 1) * q->block_items;
}

static inline struct q_bytes ring_bbq_bytes(const struct ring_bbq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
