/* segment_lprq.h: unbounded, lock-free: linked rings of two-word cells, no 128-bit compare-and-swap.
 *
 *     q.head                                      q.tail
 *       v                                           v
 *     [ c d e . . a b ] CLOSED --next--> [ x . x t . . . . ] --next--> none
 *                 ^ head                   ^ head  ^ tail        t: a token, a push is at work here
 *
 *   cell   stamp   cycle, safe?, literal?     position p lives in cell p % R, its cycle is p / R
 *          word    0, an item, or a token
 *
 * push and pop take positions by fetch-and-add. A push may use the cell of its position if that
 * holds no item, is of an older cycle, and is safe (or the head has not passed). It needs both words
 * to change at once, as LCRQ does with a 128-bit compare-and-swap. Here it takes three steps: its
 * token into the word, its cycle into the stamp, its item in place of its token. A pop that comes
 * meanwhile, or another push, removes the token, and the last step fails. A pop that finds nothing in
 * its cell moves the stamp to its own cycle, so that the push of this position fails; if the cell
 * still holds an older item it takes the mark `safe` away. A push that fails takes another position;
 * where that is a whole ring beyond the head, or after a few failures, it closes the ring and links
 * one in which its item is already.
 *
 * Romanov and Koval, "The State-of-the-Art LCRQ Concurrent Queue Algorithm Does NOT Require CAS2",
 * PPoPP 2023 (LPRQ); Morrison and Afek, "Fast Concurrent Queues for x86 Processors", PPoPP 2013.
 *
 * Different here: items are any words but 0, where the paper has pointers with a bit to spare for
 * tokens. A token is 14 odd bits and the number of a handle; an item that looks like one closes the
 * ring and travels as the first of the next ring, whose stamp says `literal`.
 *
 * segment_crq_parts.h has what both share: the list of rings, how they are linked, closed and given back,
 * and where a larger item lies.
 *
 * Progress: push and pop are lock-free: a push fails only because others go on, and whoever links a
 * ring has its item in it.
 * Q_EMPTY is exact: all positions before the tail had been taken by pops.
 * Close puts a mark into the last ring's `next`, so that none is linked, and closes the ring.
 *
 * Edges   filled   push -> pop, push        the word holds the item of the stamp's cycle, or a token
 *         freed    pop -> push              the word has been read
 *         passed   pop -> push              the head as it was when the cell was marked or moved on
 *         claimed  pop -> pop               what whoever took the position before had seen of the tail
 * and those of segment_crq_parts.h.
 *
 * Orders that only laps of a ring under three or more threads need (filled, freed and passed of a cell,
 * and its [sc:]) are argued below, at `cells`: the checker does not come to the end of such scenarios. */
#ifndef QUEUES_SEGMENT_LPRQ_H
#define QUEUES_SEGMENT_LPRQ_H

#include "queues/segment_crq_parts.h"

#define SEGMENT_LPRQ_LITERAL UINT64_C(2) /* in a stamp: the word is an item, whatever it is like */

struct segment_lprq {
    struct crq rings;
};
struct segment_lprq_handle {
    union {
        struct q_counts counts;
        struct crq_handle rings; /* begins with them */
    };
};

static const struct q_traits segment_lprq_traits = {
    .name = "segment_lprq",
    .family = "segment",
    .summary = "unbounded and lock-free, linked rings reused, tickets by fetch-and-add",
    .source = "Romanov and Koval, LPRQ, 2023; Morrison and Afek, LCRQ, 2013",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = true,
};

/* ---- words ---------------------------------------------------------------------------------- */

#define SEGMENT_LPRQ_ODD UINT64_C(0x3a5d) /* high bits of a token: of no lane */

/* Records are never freed while the queue lives, and no two handles have the same one. */
static inline uint64_t segment_lprq_token(const struct q_guard *g)
{
    _Static_assert(Q_LINE >= 128, "an address without 7 bits leaves 14");
    return SEGMENT_LPRQ_ODD << 50 | (uintptr_t)g->record / 128;
}

static inline bool segment_lprq_odd(uint64_t word) { return word >> 50 == SEGMENT_LPRQ_ODD; }

static inline bool segment_lprq_holds_item(uint64_t stamp, uint64_t word)
{
    return word != 0 && (!segment_lprq_odd(word) || stamp & SEGMENT_LPRQ_LITERAL);
}

/* ---- cells ----------------------------------------------------------------------------------- *
 * The word of a cell is read between two looks at its stamp: an item that a pop takes must be of the
 * stamp's cycle. Where the stamp is swapped afterwards, the swap is the second look.
 *
 * A pop that finds an older item in a cell already marked changes nothing that tells the push of
 * this position not to use the cell, once that item has gone. What tells it is the head, and it must
 * read that as new as the word: hence seq_cst for both, on both sides (a pop's fetch-and-add and its
 * look at the word; a push's look at the word and at the head). */

static inline void segment_lprq_fill(const struct crq *q, struct crq_ring *r, uint64_t word)
{
    const uint64_t first = q->mask + 1;
    for (uint64_t i = 0; i < first; i++) {
        a_init(&r->cell[i].stamp, CRQ_SAFE);
        a_init(&r->cell[i].word, 0);
    }
    if (word) {
        struct crq_cell *const cell = crq_cell(q, r, first);
        a_init(&cell->stamp, crq_cycle(q, first) | CRQ_SAFE | SEGMENT_LPRQ_LITERAL);
        a_init(&cell->word, word);
    }
}

static inline q_hot enum q_status segment_lprq_put(const struct crq *q, struct crq_ring *r,
                                                   const struct crq_handle *h, uint64_t position,
                                                   uint64_t word)
{
    if (__builtin_expect(segment_lprq_odd(word), 0))
        return Q_CLOSED;
    const uint64_t token = segment_lprq_token(&h->guard);
    struct crq_cell *const cell = crq_cell(q, r, position);
    const uint64_t cycle = crq_cycle(q, position);
    uint64_t stamp = a_load(&cell->stamp, acquire); /* [>passed] [>filled] */
    uint64_t seen = a_load(&cell->word, seq_cst);   /* [>freed] [>filled] [sc: see above] */
    if (stamp >= cycle || segment_lprq_holds_item(stamp, seen))
        return Q_FULL;
    if (!(stamp & CRQ_SAFE) && a_load(&r->head, seq_cst) > position) /* [sc: see above] */
        return Q_FULL;
    if (!a_cas(&cell->word, &seen, token, relaxed, relaxed))
        return Q_FULL;
    seen = token;
    if (!a_cas(&cell->stamp, &stamp, cycle | CRQ_SAFE, release, relaxed)) { /* [filled>] */
        a_cas(&cell->word, &seen, 0, relaxed, relaxed);
        return Q_FULL;
    }
    return a_cas(&cell->word, &seen, word, release, relaxed) ? Q_OK : Q_FULL; /* [filled>] */
}

/* The item's word, or 0: this position will not be filled. */
static inline q_hot uint64_t segment_lprq_take(const struct crq *q, struct crq_ring *r,
                                               uint64_t position)
{
    struct crq_cell *const cell = crq_cell(q, r, position);
    const uint64_t cycle = crq_cycle(q, position);
    for (;;) {
        uint64_t stamp = a_load(&cell->stamp, acquire); /* [>filled] [>passed] */
        uint64_t word = a_load(&cell->word, seq_cst);   /* [>filled] [>freed] [sc: see above] */
        const uint64_t of = stamp & ~CRQ_MARKS;
        if (of > cycle)
            return 0;
        if (segment_lprq_holds_item(stamp, word)) {
            if (of == cycle) {
                if (a_load(&cell->stamp, relaxed) != stamp)
                    continue;
                a_store(&cell->word, 0, release); /* [freed>] */
                return word;
            }
            const uint64_t unsafe = stamp & ~CRQ_SAFE;
            if (stamp == unsafe ||
                a_cas(&cell->stamp, &stamp, unsafe, release, relaxed)) /* [passed>] */
                return 0;
        } else {
            if (word && !a_cas(&cell->word, &word, 0, relaxed, relaxed))
                continue;
            if (of == cycle || a_cas(&cell->stamp, &stamp, cycle | (stamp & CRQ_SAFE), release,
                                     relaxed)) /* [passed>] */
                return 0;
        }
    }
}

static inline q_hot enum q_status segment_lprq_get(const struct crq *q, struct crq_ring *r,
                                                   struct crq_handle *h, uint64_t *word)
{
    enum q_status s = crq_look(r, h, a_load(&r->head, acquire)); /* [>claimed] */
    if (s != Q_OK)
        return s;
    for (;; h->counts.retries++) {
        const uint64_t head =
            a_add(&r->head, 1, seq_cst); /* [claimed>] [>claimed] [sc: see above] */
        *word = segment_lprq_take(q, r, head);
        if (__builtin_expect(*word != 0, 1))
            return Q_OK;
        if ((s = crq_look_on(r, h, head)) != Q_OK)
            return s;
    }
}

static const struct crq_cells segment_lprq_cells = {segment_lprq_fill, segment_lprq_put,
                                                    segment_lprq_get};

CRQ_OPERATIONS(segment_lprq)
#define segment_lprq_STOPS 1 /* as all of these do */

#endif
