/* array_scq.h: bounded, lock-free: an array of items and two rings of indices into it.
 *
 *            push: index from `free`, item into its place, index into `used`; pop: the other way
 *
 *   item     [ a ][   ][ c ][ b ]        n places (here 4), each owned by whoever has its index
 *   used     [ . ][ . ][ 0 ][ 3 ][ 2 ][ . ][ . ][ . ]     2n entries of {cycle, safe, index or none}
 *                       head              tail
 *   free     [ . ][ . ][ . ][ . ][ . ][ 1 ][ . ][ . ]     position p lives in entry p % 2n and may
 *                                  head     tail          be filled in cycle p / 2n only
 *
 * A ring takes positions by fetch-and-add. A put fills the entry of its position if that is empty
 * and of an older cycle; else it takes the next position. A get that comes first to an empty entry
 * moves it to its own cycle, so that the put that has this position, seeing that, goes on; if the
 * entry still holds an index of an older cycle it is marked unsafe: the put may use it only while
 * the head has not passed. Both are one compare-and-swap of 8 bytes. There are n indices for 2n
 * entries, so a put always finds a place and a ring is never full.
 *
 * Gets that find nothing would chase puts for ever, and puts gets. So each ring counts down from
 * `patience` with every get in vain, each put winds it up again, and a get that reads less than 0
 * answers "nothing" without touching anything else. It must not come to that while an index is
 * inside. Let a put take position p when the head is h. Of the 2n positions before p those from h
 * on were filled, or are about to be, or were skipped over an older index. The n indices make for at
 * most n - 1 of the first two kinds (the put has the last one) and n of the third: p - h < 2n. So
 * gets can be in vain 2n - 1 times before one of them takes p, and once more for each thread that
 * had taken a position below h and had not counted it yet. (The paper has 3n - 1: no more threads
 * than places.)
 *
 * Nikolaev, A Scalable, Portable, and Memory-Efficient Lock-Free FIFO Queue (SCQ), DISC 2019.
 *
 * push and pop are lock-free: a thread that is stopped keeps at most its one place from the others.
 * Q_FULL is not exact: a push that has taken the last free place and a pop that has not yet given
 * one back make a queue full that holds fewer than n items. (Q_EMPTY is, where fetch-and-add is a
 * full fence, as on x86.)
 *
 * Close sets a bit in the tail of `used`, which the fetch-and-add of a later push brings home; a
 * pop that finds nothing walks to that tail, so that no push that came earlier can still fill a
 * position behind it, and answers Q_CLOSED. The flag `closed`, set before, tells whoever finds
 * nothing that it is worth looking at the tail.
 *
 * Edges   filled   put -> get      the index in this entry: of a place that holds an item (used), or
 *                                  has been read (free)
 *         passed   get -> put      the head as it was when the entry was marked
 *         in_vain  get -> put      what has been counted down by those who passed the tail
 *         closed   close -> any    no position beyond this one will be filled
 *
 * Undecided, since the checker comes to no end of what would show it (two consumers that find
 * nothing, in turn, four times, and a put): in_vain. A put knows of the get that had its entry before,
 * by the entry; of other consumers' it knows by the tail alone, and would take a patience that they
 * have used up for a full one. */
#ifndef QUEUES_ARRAY_SCQ_H
#define QUEUES_ARRAY_SCQ_H

#include "queues/queue.h"

#define ARRAY_SCQ_CLOSED  (UINT64_C(1) << 62) /* in the tail of `used` */
#define ARRAY_SCQ_THREADS 1024                /* where nobody says how many there will be */
#ifndef ARRAY_SCQ_AT_ONCE
#define ARRAY_SCQ_AT_ONCE(handles) (handles) /* most of them that push, or pop, at once */
#endif

struct array_scq_entry {
    atomic(uint64_t) word; /* cycle * 4n | safe * 2n | index, where 2n - 1 is none */
};
struct array_scq_ring {
    alignas(Q_LINE) atomic(uint64_t) tail; /* next position to fill */
    alignas(Q_LINE) atomic(uint64_t) head; /* next position to drain */
    alignas(Q_LINE) atomic(int64_t) left;  /* of the patience; less than 0: nothing inside */
    alignas(Q_LINE) struct array_scq_entry *entry; /* constant */
};

struct array_scq {
    struct array_scq_ring used, free;
    alignas(Q_LINE) uint64_t mask; /* 2n - 1; from here on constant, or written rarely */
    unsigned shift;                /* log2 of 2n */
    unsigned spread;               /* positions next to each other lie 1 << spread entries apart */
    int64_t patience;
    q_item *item;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct array_scq_handle {
    struct q_counts counts;
};
_Static_assert(offsetof(struct array_scq_ring, head) >= Q_LINE, "both ends on one cache line");

static const struct q_traits array_scq_traits = {
    .name = "array_scq",
    .family = "array",
    .summary = "bounded and lock-free: two rings of indices, tickets by fetch-and-add",
    .source = "Nikolaev, A Scalable, Portable, and Memory-Efficient Lock-Free FIFO Queue, 2019",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = true,
};

/* ---- life ---------------------------------------------------------------------------------- */

static inline struct array_scq_entry *array_scq_entry(const struct array_scq *q,
                                                      const struct array_scq_ring *r, uint64_t p)
{
    return &r->entry[(p << q->spread | (p & q->mask) >> (q->shift - q->spread)) & q->mask];
}

/* The cycle of position p, where an entry has it. */
static inline uint64_t array_scq_cycle(const struct array_scq *q, uint64_t p)
{
    return p << 1 & ~(2 * q->mask + 1);
}

/* Positions begin at 2n, so that entries of cycle 0 are older; the first ones are filled. */
static inline bool array_scq_ring_init(struct array_scq *q, struct array_scq_ring *r,
                                       uint64_t filled)
{
    const uint64_t first = q->mask + 1, safe = first, none = q->mask;
    r->entry = q_alloc(&q->memory, Q_LINE, first * sizeof *r->entry);
    if (!r->entry)
        return false;
    for (uint64_t p = first; p < 2 * first; p++)
        a_init(&array_scq_entry(q, r, p)->word,
               p - first < filled ? array_scq_cycle(q, p) | safe | (p - first) : safe | none);
    a_init(&r->tail, first + filled);
    a_init(&r->head, first);
    a_init(&r->left, filled ? q->patience : -1);
    return true;
}

static inline void array_scq_destroy(struct array_scq *q)
{
    q_free(&q->memory, q->used.entry, Q_LINE, (q->mask + 1) * sizeof *q->used.entry);
    q_free(&q->memory, q->free.entry, Q_LINE, (q->mask + 1) * sizeof *q->free.entry);
    q_free(&q->memory, q->item, Q_LINE, (q->mask + 1) / 2 * sizeof(q_item));
}

static inline int array_scq_init(struct array_scq *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    const size_t most = sizeof(q_item) > 16 ? sizeof(q_item) : 16;
    if (capacity == 0 || capacity > SIZE_MAX / 4 / most || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = 2 * capacity - 1;
    q->shift = (unsigned)__builtin_ctzll(2 * capacity);
    q->spread = 2 * capacity > Q_LINE / sizeof *q->used.entry
                    ? (unsigned)__builtin_ctzll(Q_LINE / sizeof *q->used.entry)
                    : 0;
    const size_t side = cfg->producers > cfg->consumers ? cfg->producers : cfg->consumers;
    const size_t threads = ARRAY_SCQ_AT_ONCE(side ? side : ARRAY_SCQ_THREADS);
    q->patience = (int64_t)(q->mask + (threads > capacity ? threads : capacity));
    q->used.entry = q->free.entry = NULL;
    q->item = q_alloc(&q->memory, Q_LINE, capacity * sizeof(q_item));
    if (!q->item || !array_scq_ring_init(q, &q->used, 0) ||
        !array_scq_ring_init(q, &q->free, capacity)) {
        array_scq_destroy(q);
        return ENOMEM;
    }
    q_event_init(&q->items);
    q_event_init(&q->room);
    a_init(&q->closed, false);
    return 0;
}

static inline int array_scq_attach(struct array_scq *q, struct array_scq_handle *h,
                                   enum q_role role)
{
    (void)q, (void)role;
    *h = (struct array_scq_handle){.counts = {.cas_failed = 0}};
    return 0;
}

static inline void array_scq_detach(struct array_scq *q, struct array_scq_handle *h)
{
    (void)q, (void)h;
}

/* ---- rings of indices ---------------------------------------------------------------------- */

/* False: closed. */
static inline q_hot bool array_scq_put(const struct array_scq *q, struct array_scq_ring *r,
                                       struct q_counts *counts, uint64_t index)
{
    const uint64_t safe = q->mask + 1, none = q->mask;
    for (;; counts->retries++) {
        const uint64_t tail = a_add(&r->tail, 1, acquire); /* [>in_vain] [>closed] */
        if (__builtin_expect((tail & ARRAY_SCQ_CLOSED) != 0, 0)) {
            a_sub(&r->tail, 1, relaxed); /* or pops would have ever more positions to look at */
            return false;
        }
        struct array_scq_entry *const entry = array_scq_entry(q, r, tail);
        const uint64_t cycle = array_scq_cycle(q, tail);
        for (;; counts->cas_failed++) {
            uint64_t seen = a_load(&entry->word, acquire); /* [>passed] [>filled] */
            if (seen >= cycle || (seen & none) != none ||
                (!(seen & safe) && a_load(&r->head, relaxed) > tail))
                break;
            const uint64_t filled = cycle | safe | index;
            if (a_cas(&entry->word, &seen, filled, release, relaxed)) { /* [filled>] */
                if (a_load(&r->left, relaxed) != q->patience)
                    a_store(&r->left, q->patience, relaxed);
                return true;
            }
        }
    }
}

/* The tail, left behind, follows; a closed one is ahead of every head. */
static inline void array_scq_catch_up(struct array_scq_ring *r, uint64_t tail, uint64_t head)
{
    while (tail < head && !a_cas(&r->tail, &tail, head, release, relaxed)) /* [in_vain>] */
        ;
}

/* Q_EMPTY also of `free`: for the push that asks, the queue is full. */
static inline q_hot enum q_status array_scq_get(const struct array_scq *q, struct array_scq_ring *r,
                                                struct q_counts *counts, uint64_t *index)
{
    const uint64_t safe = q->mask + 1, none = q->mask;
    if (a_load(&r->left, relaxed) < 0 && !a_load(&q->closed, relaxed))
        return Q_EMPTY;
    for (;; counts->retries++) {
        const uint64_t head = a_add(&r->head, 1, relaxed), cycle = array_scq_cycle(q, head);
        struct array_scq_entry *const entry = array_scq_entry(q, r, head);
        uint64_t seen = a_load(&entry->word, acquire); /* [>filled] [>passed] */
        for (;;) {
            if ((seen & ~(safe | none)) == cycle) {
                a_or(&entry->word, none, relaxed);
                *index = seen & none;
                return Q_OK;
            }
            /* Also where it is marked already: whoever fills the entry then knows our head. */
            const uint64_t next =
                (seen & none) == none ? cycle | (seen & safe) | none : seen & ~safe;
            if (seen >= cycle || a_cas(&entry->word, &seen, next, release,
                                       acquire)) /* [passed>] [>filled] [>passed] */
                break;
            counts->cas_failed++;
        }
        const uint64_t tail = a_load(&r->tail, acquire); /* [>closed] [>in_vain] */
        if ((tail & ~ARRAY_SCQ_CLOSED) <= head + 1) {
            array_scq_catch_up(r, tail, head + 1);
            a_sub(&r->left, 1, relaxed);
            return tail & ARRAY_SCQ_CLOSED ? Q_CLOSED : Q_EMPTY;
        }
        if (a_sub(&r->left, 1, relaxed) <= 0 && !(tail & ARRAY_SCQ_CLOSED))
            return Q_EMPTY;
    }
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status array_scq_push(struct array_scq *q, struct array_scq_handle *h,
                                                 q_item item)
{
    uint64_t index;
    if (array_scq_get(q, &q->free, &h->counts, &index) != Q_OK) {
        const bool closed =
            a_load(&q->closed, relaxed) && a_load(&q->used.tail, relaxed) & ARRAY_SCQ_CLOSED;
        return closed ? Q_CLOSED : Q_FULL;
    }
    q->item[index] = item;
    if (__builtin_expect(!array_scq_put(q, &q->used, &h->counts, index), 0)) {
        array_scq_put(q, &q->free, &h->counts, index);
        return Q_CLOSED;
    }
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status array_scq_pop(struct array_scq *q, struct array_scq_handle *h,
                                                q_item *item)
{
    uint64_t index;
    const enum q_status s = array_scq_get(q, &q->used, &h->counts, &index);
    if (s != Q_OK)
        return s;
    *item = q->item[index];
    array_scq_put(q, &q->free, &h->counts, index);
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

Q_BATCH_BY_LOOP(array_scq)
Q_WAIT_BY_PARKING(array_scq)

static inline void array_scq_close(struct array_scq *q, struct array_scq_handle *h)
{
    a_store(&q->closed, true, relaxed);
    a_or(&q->used.tail, ARRAY_SCQ_CLOSED, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t array_scq_capacity(const struct array_scq *q) { return (q->mask + 1) / 2; }

static inline struct q_bytes array_scq_bytes(const struct array_scq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
