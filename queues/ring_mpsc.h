/* ring_mpsc.h: the telemetry ring: many producers, one consumer, and a choice of what a full ring
 * does with the next item.
 *
 *   producers ──push──► [ ][ x ][ x ][ x ][ ]  array_mpmc's turn-stamped cells ──pop──► the consumer
 *        │ full?                                                                          ▲
 *        ├─ Q_REFUSE       answer Q_FULL                                                  │
 *        ├─ Q_BLOCK        sleep until there is room                                      │
 *        ├─ Q_DROP_NEWEST  answer Q_DROPPED, count                                        │
 *        ├─ Q_DROP_OLDEST  discard the item at the head, count, try again                 │
 *        └─ Q_SPILL ──append──► | log | log | log |  spill.h ─────────────────────────────┘
 *
 * array_mpmc with its consumer side to ourselves: head needs no compare-and-swap, one plain store
 * moves it, after a whole batch too. Only under Q_DROP_OLDEST do producers pop as well, and then
 * everybody takes head by compare-and-swap.
 * Vyukov's cells (array_mpmc.h); the four policies are those of a telemetry library's request for
 * comments, "Lock-Free Ring Buffer for High-Performance Telemetry", whose own code loses items,
 * hangs and reorders.
 *
 * push is blocking: a producer stopped between claiming a cell and filling it makes the ring look
 * full one lap later; Q_BLOCK waits for the consumer, Q_DROP_OLDEST for whoever holds the head's or
 * the tail's cell, Q_SPILL for the log's lock and the disk. pop is blocking: it cannot pass the
 * unfilled cell of a stopped producer. Nothing here is exact: Q_FULL and Q_EMPTY may be such cells,
 * and so may what makes Q_DROP_NEWEST drop or Q_SPILL spill.
 * Order is Q_FIFO under every policy: take two pushes, the first over before the second begins:
 * the first item comes out first, or was dropped.
 *
 *                 push                        push_n                          push_wait
 *  REFUSE       OK FULL CLOSED                what fits                       waits: OK TIMEOUT CLOSED
 *  BLOCK        OK CLOSED, waits              all, waiting; fewer: closed     waits: OK TIMEOUT CLOSED
 *  DROP_NEWEST  OK DROPPED CLOSED             what fits; the rest was NOT     as push, at once
 *                                             dropped: that is push's to do
 *  DROP_OLDEST  OK CLOSED                     all, in the end at the expense  as push, at once
 *                                             of its own first items
 *  SPILL        OK CLOSED IO                  all; fewer: closed, disk        as push, at once
 *
 * Dropped   ring_mpsc_dropped() counts each item once: with nobody inside, pushes that answered OK
 *           = pops + items inside + (DROP_OLDEST) dropped; answers DROPPED = (DROP_NEWEST) dropped.
 * Oldest    the item at the head, discarded at an instant at which the ring holds `capacity`
 *           claimed positions: a push never discards for a cell that the consumer is just reading
 *           (it waits for that copy to end), nor for room that another push or pop just made.
 *
 * Spill     the order argument and the reading of the log are in ring_spill.h, the file in spill.h.
 * A disk that refuses (full, EIO, spill_max_bytes) is Q_IO, the errno in h->counts.error: nothing
 * was taken of that item, it may be pushed again. A log that cannot be read, or reads back damaged,
 * makes pop answer Q_IO; nothing is skipped.
 * After a crash  init opens the same file and gives out its records first (ring_mpsc_recovered).
 *           What was in the ring (in memory) is lost. Records are delivered at least once: those
 *           of the last chunk read, at most SPILL_CHUNK, come again (more if even the header could
 *           not be written, or after a crash of the machine). After a destroy exactly once: the
 *           file keeps the records not popped and no others. The file is never deleted.
 *
 * Edges   filled   push   -> pop     the cell holds the item of this turn       (array_mpmc.h)
 *         filled   push   -> push    DROP_OLDEST: likewise, for the push that discards it
 *         freed    pop    -> push    the cell has been read and may be overwritten
 *         freed    push   -> push    DROP_OLDEST: the item in the cell was discarded
 *         closed   close  -> pop     the tail you read next is the last one     (array_mpmc.h) */
#ifndef QUEUES_RING_MPSC_H
#define QUEUES_RING_MPSC_H

#include "queues/array_mpmc.h"
#include "queues/ring_spill.h"

struct ring_mpsc {
    struct array_mpmc ring;
    alignas(Q_LINE) enum q_when_full when_full;
    alignas(Q_LINE) atomic(uint64_t) dropped;
    struct ring_spill spill; /* other policies than Q_SPILL: only `spilling`, false */
};
struct ring_mpsc_handle {
    union {
        struct q_counts counts;
        struct array_mpmc_handle inner; /* nothing but counts */
    };
};
_Static_assert(sizeof(struct array_mpmc_handle) == sizeof(struct q_counts), "the union's premise");

static const struct q_traits ring_mpsc_traits = {
    .name = "ring_mpsc",
    .family = "ring",
    .summary = "telemetry ring for one consumer; full: refuse, block, drop, spill to disk",
    .source = "Vyukov, Bounded MPMC queue, 2010; policies of a telemetry ring RFC",
    .consumers = 1,
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = true,
    .native = Q_BATCH,
    .policies =
        1u << Q_REFUSE | 1u << Q_BLOCK | 1u << Q_DROP_NEWEST | 1u << Q_DROP_OLDEST | 1u << Q_SPILL,
};

/* EINVAL, ENOMEM; Q_SPILL also what spill_open answers: EBUSY, EBADMSG, EACCES, ENOENT, ... */
static inline int ring_mpsc_init(struct ring_mpsc *q, const struct q_config *cfg)
{
    if ((unsigned)cfg->when_full > Q_SPILL || (cfg->when_full == Q_SPILL && !cfg->spill_path))
        return EINVAL;
    struct q_config ring = *cfg;
    ring.when_full = Q_REFUSE;
    int error = array_mpmc_init(&q->ring, &ring);
    if (error)
        return error;
    q->when_full = cfg->when_full;
    a_init(&q->dropped, 0);
    a_init(&q->spill.spilling, false);
    a_init(&q->spill.appended, 0);
    if (cfg->when_full == Q_SPILL)
        error = ring_spill_init(&q->spill, &q->ring.memory, cfg);
    if (error)
        array_mpmc_destroy(&q->ring);
    return error;
}

static inline void ring_mpsc_destroy(struct ring_mpsc *q)
{
    if (q->when_full == Q_SPILL)
        ring_spill_destroy(&q->spill, &q->ring.memory);
    array_mpmc_destroy(&q->ring);
}

static inline int ring_mpsc_attach(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                   enum q_role role)
{
    return array_mpmc_attach(&q->ring, &h->inner, role);
}

static inline void ring_mpsc_detach(struct ring_mpsc *q, struct ring_mpsc_handle *h)
{
    array_mpmc_detach(&q->ring, &h->inner);
}

/* ---- producers, when the ring is full ------------------------------------------------------ */

/* Discards the item at the head, if at that instant the ring is full of claimed positions. */
static inline bool ring_mpsc_discard(struct ring_mpsc *q, struct ring_mpsc_handle *h)
{
    struct array_mpmc *const ring = &q->ring;
    uint64_t head = a_load(&ring->head, relaxed);
    const uint64_t mine = head, tail = a_load(&ring->tail, relaxed);
    if (tail & ARRAY_MPMC_CLOSED || tail - head <= ring->mask)
        return false; /* closed; or the tail's cell is just being read: it will be free */
    struct array_mpmc_cell *const cell = array_mpmc_cell(ring, mine);
    const uint64_t turn = array_mpmc_turn(ring, mine) + 1;
    if (a_load(&cell->turn, acquire) != turn) /* [>filled] [>freed] */
        return false;                         /* the oldest is not there yet */
    /* tail only grows: if head is still ours, tail - head > mask holds now. */
    if (!a_cas(&ring->head, &head, mine + 1, relaxed, relaxed)) {
        h->counts.cas_failed++;
        return false;
    }
    a_store(&cell->turn, turn + 1, release); /* [freed>] */
    a_add(&q->dropped, 1, relaxed);
    return true;
}

static __attribute__((noinline, unused)) enum q_status
ring_mpsc_push_when_full(struct ring_mpsc *q, struct ring_mpsc_handle *h, q_item item)
{
    switch (q->when_full) {
    case Q_BLOCK:
        return array_mpmc_push_wait(&q->ring, &h->inner, item, Q_FOREVER);
    case Q_DROP_NEWEST:
        a_add(&q->dropped, 1, relaxed);
        return Q_DROPPED;
    case Q_DROP_OLDEST:
        for (unsigned spins = 0;;) {
            const bool room = ring_mpsc_discard(q, h);
            const enum q_status s = array_mpmc_push(&q->ring, &h->inner, item);
            if (s != Q_FULL)
                return s;
            h->counts.retries++;
            if (!room)
                q_relax(&spins);
        }
    default:
        return Q_FULL;
    }
}

/* ---- push ---------------------------------------------------------------------------------- */

static inline enum q_status ring_mpsc_push(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                           q_item item)
{
    enum q_status s = Q_FULL;
    if (!a_load(&q->spill.spilling, relaxed))
        s = array_mpmc_push(&q->ring, &h->inner, item);
    if (__builtin_expect(s != Q_FULL, 1))
        return s;
    if (q->when_full != Q_SPILL)
        return ring_mpsc_push_when_full(q, h, item);
    ring_spill_append(&q->spill, &q->ring, &h->inner, &item, 1, &s);
    return s;
}

static inline size_t ring_mpsc_push_n(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                      const q_item *items, size_t n)
{
    size_t done = 0;
    if (!a_load(&q->spill.spilling, relaxed))
        done = array_mpmc_push_n(&q->ring, &h->inner, items, n);
    if (done == n || q->when_full == Q_REFUSE || q->when_full == Q_DROP_NEWEST)
        return done;
    if (q->when_full == Q_SPILL) {
        enum q_status why;
        return done +
               ring_spill_append(&q->spill, &q->ring, &h->inner, items + done, n - done, &why);
    }
    while (done < n && ring_mpsc_push(q, h, items[done]) == Q_OK) {
        done++;
        done += array_mpmc_push_n(&q->ring, &h->inner, items + done, n - done);
    }
    return done;
}

static inline enum q_status ring_mpsc_push_wait(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                                q_item item, uint64_t timeout_ns)
{
    if (q->when_full == Q_REFUSE || q->when_full == Q_BLOCK)
        return array_mpmc_push_wait(&q->ring, &h->inner, item, timeout_ns);
    return ring_mpsc_push(q, h, item);
}

/* ---- pop ----------------------------------------------------------------------------------- */

static inline enum q_status ring_mpsc_pop(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                          q_item *item)
{
    size_t got;
    if (q->when_full == Q_DROP_OLDEST)
        return array_mpmc_pop(&q->ring, &h->inner, item);
    if (q->when_full == Q_SPILL)
        return ring_spill_pop_n(&q->spill, &q->ring, &h->inner, item, 1, &got);
    if (__builtin_expect(ring_take(&q->ring, &h->inner, item, 1) != 0, 1))
        return Q_OK;
    return array_mpmc_no_item(&q->ring, a_load(&q->ring.head, relaxed));
}

static inline size_t ring_mpsc_pop_n(struct ring_mpsc *q, struct ring_mpsc_handle *h, q_item *items,
                                     size_t n)
{
    size_t got = 0;
    if (q->when_full == Q_DROP_OLDEST)
        return array_mpmc_pop_n(&q->ring, &h->inner, items, n);
    if (q->when_full == Q_SPILL)
        return ring_spill_pop_n(&q->spill, &q->ring, &h->inner, items, n, &got), got;
    return ring_take(&q->ring, &h->inner, items, n);
}

static inline enum q_status ring_mpsc_pop_wait(struct ring_mpsc *q, struct ring_mpsc_handle *h,
                                               q_item *item, uint64_t timeout_ns)
{
    Q_WAIT_LOOP_(ring_mpsc_pop(q, h, item), Q_EMPTY, &q->ring.items)
}

/* ---- the rest ------------------------------------------------------------------------------ */

static inline void ring_mpsc_close(struct ring_mpsc *q, struct ring_mpsc_handle *h)
{
    if (q->when_full == Q_SPILL)
        pthread_mutex_lock(&q->spill.lock);
    array_mpmc_close(&q->ring, &h->inner);
    if (q->when_full == Q_SPILL)
        pthread_mutex_unlock(&q->spill.lock);
}

static inline size_t ring_mpsc_capacity(const struct ring_mpsc *q)
{
    return array_mpmc_capacity(&q->ring);
}

static inline struct q_bytes ring_mpsc_bytes(const struct ring_mpsc *q)
{
    return q_memory_bytes(&q->ring.memory, sizeof *q);
}

#define ring_mpsc_POLICIES 1 /* _dropped and _spilled below: what the harness counts with */

/* Items discarded by Q_DROP_NEWEST or Q_DROP_OLDEST so far. */
static inline uint64_t ring_mpsc_dropped(const struct ring_mpsc *q)
{
    return a_load(&q->dropped, relaxed);
}

/* Items appended to the log since init. */
static inline uint64_t ring_mpsc_spilled(const struct ring_mpsc *q)
{
    return a_load(&q->spill.appended, relaxed);
}

/* What init found in an existing spill file: all zero when there was none. */
static inline struct spill_recovered ring_mpsc_recovered(const struct ring_mpsc *q)
{
    return q->when_full == Q_SPILL ? q->spill.log.recovered
                                   : (struct spill_recovered){.records = 0};
}

#endif
