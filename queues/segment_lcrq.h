/* segment_lcrq.h: unbounded, lock-free: linked rings whose cells of two words change at once.
 *
 *     q.head                                      q.tail
 *       v                                           v
 *     [ c d e . . a b ] CLOSED --next--> [ x . x z . . . . ] --next--> none
 *                 ^ head                   ^ head  ^ tail
 *
 *   cell   stamp   cycle, safe?     position p lives in cell p % R, its cycle is p / R
 *          word    0 or an item
 *
 * push and pop take positions by fetch-and-add. A push may use the cell of its position if that is
 * empty, of an older cycle, and safe (or the head has not passed): one 16-byte compare-and-swap puts
 * its cycle and its item there. A pop that finds its cycle in the cell takes the item. One that finds
 * the cell empty moves the stamp to its own cycle, so that the push of this position fails; one that
 * finds an older item takes the mark `safe` away. A push that fails takes another position; where
 * that is a whole ring beyond the head, or after a few failures, it closes the ring and links one in
 * which its item is already.
 *
 * Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013. segment_lprq.h is the
 * same without such a compare-and-swap: three steps, and tokens. Only on machines that have it.
 *
 * Different here: a cell keeps the cycle in which it was used last, not the position that may use it
 * next, so that a pop takes its item by one exchange of the word alone. Items are any words but 0.
 *
 * segment_crq_parts.h has what both share: the list of rings, how they are linked, closed and given back,
 * and where a larger item lies.
 *
 * Progress: push and pop are lock-free: a push fails only because others go on, and whoever links a
 * ring has its item in it.
 * Q_EMPTY is exact: all positions before the tail had been taken by pops.
 * Close puts a mark into the last ring's `next`, so that none is linked, and closes the ring.
 *
 * Edges   filled   push -> pop, push        the cell holds the item of the stamp's cycle
 *         passed   pop -> push, pop         the head as it was when the cell was marked or moved on
 *         claimed  pop -> pop               what whoever took the position before had seen of the tail
 * and those of segment_crq_parts.h. */
#ifndef QUEUES_SEGMENT_LCRQ_H
#define QUEUES_SEGMENT_LCRQ_H

#include "queues/segment_crq_parts.h"

#ifndef A_HAS_CAS2
#error "segment_lcrq needs a_cas2, which atomics.h has for x86-64 only: take segment_lprq"
#endif

struct segment_lcrq {
    struct crq rings;
};
struct segment_lcrq_handle {
    union {
        struct q_counts counts;
        struct crq_handle rings; /* begins with them */
    };
};

static const struct q_traits segment_lcrq_traits = {
    .name = "segment_lcrq",
    .family = "segment",
    .summary =
        "unbounded and lock-free, linked rings of two-word cells by 16-byte compare-and-swap",
    .source = "Morrison and Afek, Fast Concurrent Queues for x86 Processors (LCRQ), 2013",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = true,
};

/* ---- cells ----------------------------------------------------------------------------------- *
 * All changes of a cell are read-modify-writes of one place (atomics.h), so that a look at it knows
 * of all that was released there before. That is why a pop changes a cell even where it finds an older
 * item already marked and all stays as it is: a push that finds the cell empty afterwards then knows
 * that the head has passed. */

static inline void segment_lcrq_fill(const struct crq *q, struct crq_ring *r, uint64_t word)
{
    const uint64_t first = q->mask + 1;
    for (uint64_t i = 0; i < first; i++)
        a_init2(&r->cell[i], CRQ_SAFE, 0);
    if (word)
        a_init2(crq_cell(q, r, first), crq_cycle(q, first) | CRQ_SAFE, word);
}

static inline q_hot enum q_status segment_lcrq_put(const struct crq *q, struct crq_ring *r,
                                                   const struct crq_handle *h, uint64_t position,
                                                   uint64_t word)
{
    (void)h;
    struct crq_cell *const cell = crq_cell(q, r, position);
    const uint64_t cycle = crq_cycle(q, position);
    uint64_t seen[2] = {a_load(&cell->stamp, relaxed), 0};
    if (seen[0] >= cycle || a_load(&cell->word, acquire) != 0) /* [>passed] [>filled] */
        return Q_FULL;
    if (!(seen[0] & CRQ_SAFE) && a_load(&r->head, relaxed) > position)
        return Q_FULL;
    return a_cas2(cell, seen, cycle | CRQ_SAFE, word, release, relaxed) /* [filled>] */
               ? Q_OK
               : Q_FULL;
}

/* The item's word, or 0: this position will not be filled. */
static inline q_hot uint64_t segment_lcrq_take(const struct crq *q, struct crq_ring *r,
                                               uint64_t position)
{
    struct crq_cell *const cell = crq_cell(q, r, position);
    const uint64_t cycle = crq_cycle(q, position);
    uint64_t seen[2] = {a_load(&cell->stamp, relaxed), 0};
    if ((seen[0] & ~CRQ_SAFE) < cycle)
        seen[1] = a_load(&cell->word, relaxed);
    for (;;) {
        const uint64_t of = seen[0] & ~CRQ_SAFE;
        if (of > cycle)
            return 0;
        if (of == cycle)                            /* nobody else takes it */
            return a_swap(&cell->word, 0, acquire); /* [>filled] [>passed] */
        const uint64_t stamp = seen[1] ? of : cycle | (seen[0] & CRQ_SAFE);
        if (a_cas2(cell, seen, stamp, seen[1], release, relaxed)) /* [passed>] */
            return 0;
    }
}

static inline q_hot enum q_status segment_lcrq_get(const struct crq *q, struct crq_ring *r,
                                                   struct crq_handle *h, uint64_t *word)
{
    enum q_status s = crq_look(r, h, a_load(&r->head, acquire)); /* [>claimed] */
    if (s != Q_OK)
        return s;
    for (;; h->counts.retries++) {
        const uint64_t head = a_add(&r->head, 1, acq_rel); /* [claimed>] [>claimed] */
        *word = segment_lcrq_take(q, r, head);
        if (__builtin_expect(*word != 0, 1))
            return Q_OK;
        if ((s = crq_look_on(r, h, head)) != Q_OK)
            return s;
    }
}

static const struct crq_cells segment_lcrq_cells = {segment_lcrq_fill, segment_lcrq_put,
                                                    segment_lcrq_get};

CRQ_OPERATIONS(segment_lcrq)
#define segment_lcrq_STOPS 1 /* as all of these do */

#endif
