/* array_mpmc.h: bounded array of turn-stamped cells, any producers, any consumers.
 *
 *                 head                  tail           position p lives in cell[p & mask],
 *   item   [   ][ c ][ d ][ e ][   ][ f ][   ][   ]    t = p >> shift is its lap over the array
 *   turn    4    3    3    3    2    3    2    2
 *               filled: 2t+1    |        free: 2t      turn 4: freed, this is 2t of the next lap
 *                          claimed, not yet filled: pops stop here, though f is complete
 *
 * A thread takes a position by one compare-and-swap on its own side's index; the cell's turn alone
 * says whether the position may be filled or drained, so that neither side ever reads the other
 * side's index (reading it when full or empty costs a factor of 2 to 10). Turns are even and odd
 * rather than "position, position + 1", so that one cell is enough.
 * Vyukov, bounded MPMC queue, 2010 (1024cores.net); crossbeam's ArrayQueue is of this family.
 *
 * push and pop are blocking: neither waits inside a call, but a thread stopped between its
 * compare-and-swap and its store of the turn keeps its cell, and when the others come to that cell
 * they answer empty or full until the thread goes on.
 * For the same reason Q_EMPTY and Q_FULL are not exact:
 *   A claims position 0 and is stopped before it stores the item
 *   B pushes into position 1: Q_OK
 *   C pops: cell 0 is not filled, so Q_EMPTY, although B's item is in the queue (Q_FULL: likewise)
 *
 * Close sets a bit in `tail` that no position reaches: a push that reads it finds no cell of that
 * turn, and a push that read the tail before loses its compare-and-swap. Pops look at the
 * flag `closed`, which is stored after the bit, and then at `tail`, which no longer moves.
 *
 * Edges   filled   push  -> pop    the cell holds the item of this turn
 *         freed    pop   -> push   the cell has been read and may be overwritten
 *         closed   close -> pop    what happened before close: also that ring_spill.h's log is in use
 *                                  (that the tail is the last one, its own bit says) */
#ifndef QUEUES_ARRAY_MPMC_H
#define QUEUES_ARRAY_MPMC_H

#include "queues/queue.h"

#define ARRAY_MPMC_CLOSED (UINT64_C(1) << 62) /* in tail; bit 63 would be lost in twice a lap */

struct array_mpmc_cell {
    atomic(uint64_t) turn; /* 2t: free for lap t, 2t+1: filled */
    q_item item;
};

struct array_mpmc {
    alignas(Q_LINE) atomic(uint64_t) tail; /* next position to fill | ARRAY_MPMC_CLOSED */
    alignas(Q_LINE) atomic(uint64_t) head; /* next position to drain */
    alignas(Q_LINE) uint64_t mask;         /* from here on constant, or written rarely */
    unsigned shift;                        /* log2 of the number of cells */
    struct array_mpmc_cell *cell;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
struct array_mpmc_handle {
    struct q_counts counts;
};
_Static_assert(offsetof(struct array_mpmc, head) >= Q_LINE, "both ends on one cache line");
_Static_assert(offsetof(struct array_mpmc, mask) >= 2 * Q_LINE, "head shares a line");
_Static_assert(sizeof(struct array_mpmc_cell) == 8 + sizeof(q_item), "cells are not padded");

static const struct q_traits array_mpmc_traits = {
    .name = "array_mpmc",
    .family = "array",
    .summary = "bounded array of turn-stamped cells, tickets by compare-and-swap",
    .source = "Vyukov, Bounded MPMC queue, 2010; the family of crossbeam's ArrayQueue",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = true,
    .native = Q_BATCH,
};

static inline int array_mpmc_init(struct array_mpmc *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    if (capacity == 0 || capacity > SIZE_MAX / 2 / sizeof *q->cell || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->cell = q_alloc(&q->memory, Q_LINE, capacity * sizeof *q->cell);
    if (!q->cell)
        return ENOMEM;
    for (size_t i = 0; i < capacity; i++)
        a_init(&q->cell[i].turn, 0);
    q->mask = capacity - 1;
    q->shift = (unsigned)__builtin_ctzll(capacity);
    a_init(&q->tail, 0);
    a_init(&q->head, 0);
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void array_mpmc_destroy(struct array_mpmc *q)
{
    q_free(&q->memory, q->cell, Q_LINE, (q->mask + 1) * sizeof *q->cell);
}

static inline int array_mpmc_attach(struct array_mpmc *q, struct array_mpmc_handle *h,
                                    enum q_role role)
{
    (void)q, (void)role;
    *h = (struct array_mpmc_handle){.counts = {.cas_failed = 0}};
    return 0;
}

static inline void array_mpmc_detach(struct array_mpmc *q, struct array_mpmc_handle *h)
{
    (void)q, (void)h;
}

/* ---- cells --------------------------------------------------------------------------------- */

static inline struct array_mpmc_cell *array_mpmc_cell(const struct array_mpmc *q, uint64_t p)
{
    return &q->cell[p & q->mask];
}

/* The turn at which position p may be filled; one more: it is filled; two more: it was drained. */
static inline uint64_t array_mpmc_turn(const struct array_mpmc *q, uint64_t p)
{
    return p >> q->shift << 1;
}

static inline void array_mpmc_fill(struct array_mpmc *q, uint64_t p, q_item item)
{
    struct array_mpmc_cell *const cell = array_mpmc_cell(q, p);
    cell->item = item;
    a_store(&cell->turn, array_mpmc_turn(q, p) + 1, release); /* [filled>] */
}

static inline void array_mpmc_drain(struct array_mpmc *q, uint64_t p, q_item *item)
{
    struct array_mpmc_cell *const cell = array_mpmc_cell(q, p);
    *item = cell->item;
    a_store(&cell->turn, array_mpmc_turn(q, p) + 2, release); /* [freed>] */
}

/* What a pop answers when the cell of `head` is not filled. */
static inline enum q_status array_mpmc_no_item(const struct array_mpmc *q, uint64_t head)
{
    if (!a_load(&q->closed, acquire)) /* [>closed] */
        return Q_EMPTY;
    /* Behind the last tail there is only a push that has claimed this cell and will fill it. */
    return a_load(&q->tail, relaxed) == (head | ARRAY_MPMC_CLOSED) ? Q_CLOSED : Q_EMPTY;
}

/* ---- push and pop -------------------------------------------------------------------------- *
 * The turn of the cell at a stale index is beyond the one we look for: others were faster, look again
 * after a pause. At the true index it can only be that one, or an earlier one: nobody passes this
 * cell before it changes. */

static inline q_hot enum q_status array_mpmc_push(struct array_mpmc *q, struct array_mpmc_handle *h,
                                                  q_item item)
{
    for (unsigned step = 0;;) {
        uint64_t tail = a_load(&q->tail, relaxed);
        const uint64_t turn = array_mpmc_turn(q, tail);
        const uint64_t seen =
            a_load(&array_mpmc_cell(q, tail)->turn, acquire); /* [>freed] [>filled] */
        if (seen < turn)
            return tail & ARRAY_MPMC_CLOSED ? Q_CLOSED : Q_FULL;
        if (seen > turn) {
            h->counts.retries++;
            q_backoff(&step);
            continue;
        }
        const uint64_t mine = tail;
        if (a_cas(&q->tail, &tail, mine + 1, relaxed, relaxed)) {
            array_mpmc_fill(q, mine, item);
            q_event_notify(&q->items, 1, &h->counts);
            return Q_OK;
        }
        h->counts.cas_failed++;
        q_backoff(&step);
    }
}

static inline q_hot enum q_status array_mpmc_pop(struct array_mpmc *q, struct array_mpmc_handle *h,
                                                 q_item *item)
{
    for (unsigned step = 0;;) {
        uint64_t head = a_load(&q->head, relaxed);
        const uint64_t turn = array_mpmc_turn(q, head) + 1;
        const uint64_t seen =
            a_load(&array_mpmc_cell(q, head)->turn, acquire); /* [>filled] [>freed] */
        if (seen < turn)
            return array_mpmc_no_item(q, head);
        if (seen > turn) {
            h->counts.retries++;
            q_backoff(&step);
            continue;
        }
        const uint64_t mine = head;
        if (a_cas(&q->head, &head, mine + 1, relaxed, relaxed)) {
            array_mpmc_drain(q, mine, item);
            q_event_notify(&q->room, 1, &h->counts);
            return Q_OK;
        }
        h->counts.cas_failed++;
        q_backoff(&step);
    }
}

/* ---- batches: one compare-and-swap takes all the positions --------------------------------- *
 * A cell found ready stays ready until its position is taken, and the index has not moved when
 * the compare-and-swap succeeds. The scan cannot lap the array: a lap later the turn differs. */

static inline size_t array_mpmc_push_n(struct array_mpmc *q, struct array_mpmc_handle *h,
                                       const q_item *items, size_t n)
{
    for (unsigned step = 0; n > 0;) {
        uint64_t tail = a_load(&q->tail, relaxed), seen = 0;
        size_t k = 0;
        while (k < n) {
            seen = a_load(&array_mpmc_cell(q, tail + k)->turn, acquire); /* [>freed] [>filled] */
            if (seen != array_mpmc_turn(q, tail + k))
                break;
            k++;
        }
        if (k == 0) {
            if (seen < array_mpmc_turn(q, tail))
                return 0;
            h->counts.retries++;
            q_backoff(&step);
            continue;
        }
        const uint64_t mine = tail;
        if (a_cas(&q->tail, &tail, mine + k, relaxed, relaxed)) {
            for (size_t i = 0; i < k; i++)
                array_mpmc_fill(q, mine + i, items[i]);
            q_event_notify(&q->items, k, &h->counts);
            return k;
        }
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    return 0;
}

static inline size_t array_mpmc_pop_n(struct array_mpmc *q, struct array_mpmc_handle *h,
                                      q_item *items, size_t n)
{
    for (unsigned step = 0; n > 0;) {
        uint64_t head = a_load(&q->head, relaxed), seen = 0;
        size_t k = 0;
        while (k < n) {
            seen = a_load(&array_mpmc_cell(q, head + k)->turn, acquire); /* [>filled] [>freed] */
            if (seen != array_mpmc_turn(q, head + k) + 1)
                break;
            k++;
        }
        if (k == 0) {
            if (seen < array_mpmc_turn(q, head) + 1)
                return 0;
            h->counts.retries++;
            q_backoff(&step);
            continue;
        }
        const uint64_t mine = head;
        if (a_cas(&q->head, &head, mine + k, relaxed, relaxed)) {
            for (size_t i = 0; i < k; i++)
                array_mpmc_drain(q, mine + i, &items[i]);
            q_event_notify(&q->room, k, &h->counts);
            return k;
        }
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    return 0;
}

Q_WAIT_BY_PARKING(array_mpmc)

static inline void array_mpmc_close(struct array_mpmc *q, struct array_mpmc_handle *h)
{
    a_or(&q->tail, ARRAY_MPMC_CLOSED, relaxed); /* the instant of closing, for pushes */
    a_store(&q->closed, true, release);         /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t array_mpmc_capacity(const struct array_mpmc *q) { return q->mask + 1; }

static inline struct q_bytes array_mpmc_bytes(const struct array_mpmc *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
