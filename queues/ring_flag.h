/* ring_flag.h: bounded ring, one producer, one consumer; the slot itself says whether it is full.
 *
 *   slot   [ 0 ][ x ][ x ][ x ][ 0 ][ 0 ]     0: free; else the item (larger items: its key)
 *                 ^ head         ^ tail       each known to its own side alone
 *
 * An item of 8 bytes is never 0, so it can be its own flag: push finds a 0 and puts the item there,
 * pop finds an item and puts a 0 there. No index is shared, and full and empty are read from the
 * very line that is needed next anyway. Of larger items the key is the flag: written last, cleared
 * when the rest has been read.
 * Giacomoni, Moseley & Vachharajani, FastForward for Efficient Pipeline Parallelism, 2008; here
 * each side also asks for a line to write to before it comes there (ring_flag.plain does not: that is
 * FastForward as published, without slipping).  push and pop are wait-free.
 *
 * Who writes which line when. Each line of slots travels twice per lap: full to the consumer, and
 * free to the producer; nothing else travels. Both sides write to it, so both ask for it in order
 * to write (a_prefetch_write): asked for by a read it would travel for the look at the flag, and
 * then its ownership once more. That is best where there is nothing to batch: a ring of few lines,
 * or one item at a time. Where the ends meet in mid-stream the two take a line from each other
 * while it is in use, and what was asked for ahead may be a line that the other side still works
 * on; the further ahead, the more often (RING_FLAG_AHEAD). The paper's remedy is temporal slipping:
 * a side that comes too close waits for a while. Here callers pause when they are told EMPTY or
 * FULL, and no more is done: waiting until a block of flags had changed (B-queue, Wang et al. 2013)
 * was tried and brought nothing, since both sides go on writing to every line. ring_batch slips,
 * where one side only reads, and says which ring to take when.
 *
 * Q_EMPTY and Q_FULL are not exact: a slot may be found as it was before the other side's last
 * operation, though that has returned (a store that waits in a store buffer).
 *
 * Edges   filled   push  -> pop    the slot holds the item
 *         freed    pop   -> push   the slot has been read and may be overwritten
 *         closed   close -> pop    no slot that you then find free will ever be filled */
#ifndef QUEUES_RING_FLAG_H
#define QUEUES_RING_FLAG_H

#include "queues/queue.h"

#ifndef RING_FLAG_AHEAD
#define RING_FLAG_AHEAD 1 /* lines of 64 bytes between where we write and what we ask for */
#endif

struct ring_flag_slot {
    atomic(uint64_t) key;                /* of the item inside; 0: free */
    uint64_t rest[Q_ITEM_BYTES / 8 - 1]; /* of the item */
};
enum {
    RING_FLAG_ASK =
        (RING_FLAG_AHEAD * 64 + sizeof(struct ring_flag_slot) - 1) / sizeof(struct ring_flag_slot),
};

/* Asks for the slot that we shall write to. */
#ifdef Q_WITH_PLAIN /* queues.def: QUEUE_WITH(ring_flag, plain) */
#define RING_FLAG_PREFETCH(q, at) (void)0
#else
#define RING_FLAG_PREFETCH(q, at) a_prefetch_write(&(q)->slot[((at) + RING_FLAG_ASK) & (q)->mask])
#endif

struct ring_flag {
    alignas(Q_LINE) atomic(uint64_t) tail; /* next index to fill; the producer's alone */
    alignas(Q_LINE) atomic(uint64_t) head; /* next index to drain; the consumer's alone */
    alignas(Q_LINE) uint64_t mask;         /* from here on constant, or written rarely */
    struct ring_flag_slot *slot;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct ring_flag_handle {
    struct q_counts counts;
};
_Static_assert(offsetof(struct ring_flag, head) >= Q_LINE, "both ends on one cache line");
_Static_assert(sizeof(struct ring_flag_slot) == sizeof(q_item), "a slot is an item");

static const struct q_traits ring_flag_traits = {
    .name = "ring_flag",
    .family = "ring",
    .summary = "ring for one producer and one consumer, the item is its slot's flag",
    .source = "Giacomoni, Moseley & Vachharajani, FastForward, 2008",
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

static inline int ring_flag_init(struct ring_flag *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    if (capacity == 0 || capacity > SIZE_MAX / sizeof *q->slot || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->slot = q_alloc(&q->memory, Q_LINE, capacity * sizeof *q->slot);
    if (!q->slot)
        return ENOMEM;
    for (size_t i = 0; i < capacity; i++)
        a_init(&q->slot[i].key, 0);
    q->mask = capacity - 1;
    a_init(&q->tail, 0);
    a_init(&q->head, 0);
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void ring_flag_destroy(struct ring_flag *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof *q->slot);
}

static inline int ring_flag_attach(struct ring_flag *q, struct ring_flag_handle *h,
                                   enum q_role role)
{
    (void)q, (void)role;
    *h = (struct ring_flag_handle){.counts = {.cas_failed = 0}};
    return 0; /* a later producer or consumer finds in q where the one before it detached */
}

static inline void ring_flag_detach(struct ring_flag *q, struct ring_flag_handle *h)
{
    (void)q, (void)h;
}

/* ---- slots --------------------------------------------------------------------------------- */

/* All of an item but its key. The second word by itself: the rest is then aligned as vectors are in
 * an item, and a load of what was just stored need not wait for that to leave the store buffer. */
static inline void ring_flag_copy_rest(void *to, const void *from)
{
    enum { REST = sizeof(q_item) - sizeof(uint64_t), SECOND = REST ? sizeof(uint64_t) : 0 };
    memcpy(to, from, SECOND);
    memcpy((char *)to + SECOND, (const char *)from + SECOND, REST - SECOND);
}

/* False: the slot is not free. */
static inline q_hot bool ring_flag_fill(struct ring_flag *q, uint64_t tail, q_item item)
{
    struct ring_flag_slot *const slot = &q->slot[tail & q->mask];
    RING_FLAG_PREFETCH(q, tail);
    if (a_load(&slot->key, acquire) != 0) /* [>freed] */
        return false;
    ring_flag_copy_rest(slot->rest, (const char *)&item + sizeof slot->key);
    a_store(&slot->key, q_key(&item), release); /* [filled>] */
    return true;
}

/* False: the slot is not filled. */
static inline q_hot bool ring_flag_drain(struct ring_flag *q, uint64_t head, q_item *item)
{
    struct ring_flag_slot *const slot = &q->slot[head & q->mask];
    RING_FLAG_PREFETCH(q, head);
    const uint64_t key = a_load(&slot->key, acquire); /* [>filled] */
    if (key == 0)
        return false;
    memcpy(item, &key, sizeof key);
    ring_flag_copy_rest((char *)item + sizeof key, slot->rest);
    /* Our index first: a slot that is found free is then no longer ours. */
    a_store(&q->head, head + 1, relaxed);
    a_store(&slot->key, 0, release); /* [freed>] */
    return true;
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status ring_flag_push(struct ring_flag *q, struct ring_flag_handle *h,
                                                 q_item item)
{
    const uint64_t tail = a_load(&q->tail, relaxed); /* our own index */
    if (!ring_flag_fill(q, tail, item))
        return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    a_store(&q->tail, tail + 1, relaxed);
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status ring_flag_pop(struct ring_flag *q, struct ring_flag_handle *h,
                                                q_item *item)
{
    const uint64_t head = a_load(&q->head, relaxed); /* our own index */
    if (!ring_flag_drain(q, head, item)) {
        /* Ask `closed` before looking again: once closed, what we then see is the last item. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        if (!closed || !ring_flag_drain(q, head, item))
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

static inline size_t ring_flag_push_n(struct ring_flag *q, struct ring_flag_handle *h,
                                      const q_item *items, size_t n)
{
    const uint64_t tail = a_load(&q->tail, relaxed);
    size_t done = 0;
    while (done < n && ring_flag_fill(q, tail + done, items[done]))
        done++;
    if (done) {
        a_store(&q->tail, tail + done, relaxed);
        q_event_notify(&q->items, done, &h->counts);
    }
    return done;
}

static inline size_t ring_flag_pop_n(struct ring_flag *q, struct ring_flag_handle *h, q_item *items,
                                     size_t n)
{
    const uint64_t head = a_load(&q->head, relaxed);
    size_t done = 0;
    while (done < n && ring_flag_drain(q, head + done, &items[done]))
        done++;
    if (done) {
        q_event_notify(&q->room, done, &h->counts);
    }
    return done;
}

Q_WAIT_BY_PARKING(ring_flag)

static inline void ring_flag_close(struct ring_flag *q, struct ring_flag_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_flag_capacity(const struct ring_flag *q) { return q->mask + 1; }

static inline struct q_bytes ring_flag_bytes(const struct ring_flag *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
