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
 * ring and travels as the first of the next ring, whose stamp says `literal`. An item that is larger
 * than a word lies in a node that push allocates and pop frees.
 *
 * Memory: a drained ring is retired (reclaim.h) and becomes the `spare`, which the next link uses; an
 * older spare is freed.
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
 *         linked   push, close -> any       the next ring may be used; none will come
 *         moved    push, pop, close -> any  the tail's ring is initialised
 *         taken    pop -> pop               the head's ring is initialised
 *         spare    any -> any               nobody uses this ring any more
 *
 * That a ring is closed hands nothing on: who finds it so goes by `next`, which is linked. Orders
 * that only laps of a ring under three or more threads need (filled, freed and passed of a cell, and
 * its [sc:]) are argued below, at `one ring`: the checker does not come to the end of such scenarios. */
#ifndef QUEUES_SEGMENT_LPRQ_H
#define QUEUES_SEGMENT_LPRQ_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#define SEGMENT_LPRQ_CLOSED  (UINT64_C(1) << 62) /* in a ring's tail */
#define SEGMENT_LPRQ_DEFAULT 1024                /* cells: 16 KiB */
#define SEGMENT_LPRQ_RETIRED 2 /* rings that a handle retires before it looks which are free */
#ifndef SEGMENT_LPRQ_TRIES
#define SEGMENT_LPRQ_TRIES 16 /* failures before a push closes the ring */
#endif
enum { SEGMENT_LPRQ_SAFE = 1, SEGMENT_LPRQ_LITERAL = 2, SEGMENT_LPRQ_MARKS = 3 };

struct segment_lprq_cell {
    atomic(uint64_t) stamp; /* cycle * 4 | marks */
    atomic(uint64_t) word;
};
struct segment_lprq_ring {
    struct q_retired retired;
    atomic(struct segment_lprq_ring *) next; /* NULL at first; written once */
    alignas(Q_LINE) atomic(uint64_t) tail;   /* next position to fill | CLOSED */
    alignas(Q_LINE) atomic(uint64_t) head;   /* next position to drain */
    alignas(Q_LINE) struct segment_lprq_cell cell[];
};
#define SEGMENT_LPRQ_NO_NEXT ((struct segment_lprq_ring *)1) /* in next: closed */

struct segment_lprq {
    alignas(Q_LINE) atomic(struct segment_lprq_ring *) tail; /* written once per ring */
    alignas(Q_LINE) atomic(struct segment_lprq_ring *) head;
    alignas(Q_LINE) uint64_t mask; /* R - 1; from here on constant, or written rarely */
    unsigned shift;                /* log2 of R */
    unsigned spread;               /* positions next to each other lie 1 << spread cells apart */
    struct q_event items, room;    /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct segment_lprq_ring *) spare;
};
struct segment_lprq_handle {
    struct q_counts counts;
    struct q_guard guard;
    uint64_t token;
    uint64_t seen_tail; /* consumer: the tail of the head's ring when last read, or too old */
};
enum { SEGMENT_LPRQ_HEAD_SLOT, SEGMENT_LPRQ_TAIL_SLOT }; /* of the guard */
_Static_assert(offsetof(struct segment_lprq_ring, retired) == 0, "an object begins with q_retired");

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

#if Q_ITEM_BYTES == 8
/* 0: no memory. */
static inline uint64_t segment_lprq_pack(struct segment_lprq *q, const q_item *item)
{
    (void)q;
    return *item;
}

static inline void segment_lprq_unpack(struct segment_lprq *q, uint64_t word, q_item *item)
{
    (void)q;
    *item = word;
}
#else
static inline uint64_t segment_lprq_pack(struct segment_lprq *q, const q_item *item)
{
    q_item *const node = q_alloc(&q->memory, alignof(q_item), sizeof *node);
    if (node)
        *node = *item;
    return (uintptr_t)node;
}

static inline void segment_lprq_unpack(struct segment_lprq *q, uint64_t word, q_item *item)
{
    q_item *const node = (q_item *)(uintptr_t)word;
    *item = *node;
    q_free(&q->memory, node, alignof(q_item), sizeof *node);
}
#endif

/* ---- rings: all of this runs once per ring --------------------------------------------------- */

static inline struct segment_lprq_cell *segment_lprq_cell(const struct segment_lprq *q,
                                                          struct segment_lprq_ring *r, uint64_t p)
{
    return &r->cell[(p << q->spread | (p & q->mask) >> (q->shift - q->spread)) & q->mask];
}

/* The cycle of position p, where a stamp has it. */
static inline uint64_t segment_lprq_cycle(const struct segment_lprq *q, uint64_t p)
{
    return p >> q->shift << 2;
}

static inline size_t segment_lprq_ring_bytes(const struct segment_lprq *q)
{
    return sizeof(struct segment_lprq_ring) + (q->mask + 1) * sizeof(struct segment_lprq_cell);
}

static inline void segment_lprq_free(struct segment_lprq *q, struct segment_lprq_ring *r)
{
    q_free(&q->memory, r, Q_LINE, segment_lprq_ring_bytes(q));
}

/* A ring that nobody uses becomes the spare. It may still be warm, so an older spare goes. */
static inline void segment_lprq_give(struct segment_lprq *q, struct segment_lprq_ring *r)
{
    segment_lprq_free(q, a_swap(&q->spare, r, acq_rel)); /* [spare>] [>spare] */
}

Q_GIVE_ALL(segment_lprq, segment_lprq_ring)

/* A ring that is empty, or holds this word, or NULL when there is no memory. Positions begin with R,
 * so that cells of cycle 0 are older. */
static __attribute__((noinline)) struct segment_lprq_ring *segment_lprq_take(struct segment_lprq *q,
                                                                             uint64_t word)
{
    struct segment_lprq_ring *r = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    if (!r)
        r = q_alloc(&q->memory, Q_LINE, segment_lprq_ring_bytes(q));
    if (!r)
        return NULL;
    const uint64_t first = q->mask + 1;
    a_init(&r->next, NULL);
    a_init(&r->tail, first + (word != 0));
    a_init(&r->head, first);
    for (uint64_t i = 0; i < first; i++) {
        a_init(&r->cell[i].stamp, SEGMENT_LPRQ_SAFE);
        a_init(&r->cell[i].word, 0);
    }
    if (word) {
        struct segment_lprq_cell *const cell = segment_lprq_cell(q, r, first);
        a_init(&cell->stamp,
               segment_lprq_cycle(q, first) | SEGMENT_LPRQ_SAFE | SEGMENT_LPRQ_LITERAL);
        a_init(&cell->word, word);
    }
    return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static inline int segment_lprq_init(struct segment_lprq *q, const struct q_config *cfg)
{
    const size_t cells = q_round_up(cfg->segment ? cfg->segment : SEGMENT_LPRQ_DEFAULT, 1);
    if (cells == 0 || cells > SIZE_MAX / 4 / sizeof(struct segment_lprq_cell) ||
        cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = cells - 1;
    q->shift = (unsigned)__builtin_ctzll(cells);
    const size_t line = Q_LINE / sizeof(struct segment_lprq_cell);
    q->spread = cells > line ? (unsigned)__builtin_ctzll(line) : 0;
    a_init(&q->spare, NULL);
    struct segment_lprq_ring *const first = segment_lprq_take(q, 0);
    if (!first)
        return ENOMEM;
    a_init(&q->tail, first);
    a_init(&q->head, first);
    q_event_init(&q->items);
    q_event_init(&q->room);
    q_reclaim_init(&q->reclaim, &q->memory, SEGMENT_LPRQ_RETIRED);
    return 0;
}

static inline int segment_lprq_attach(struct segment_lprq *q, struct segment_lprq_handle *h,
                                      enum q_role role)
{
    (void)role;
    *h = (struct segment_lprq_handle){.seen_tail = 0};
    const int error = q_guard_attach(&h->guard, &q->reclaim);
    if (!error)
        h->token = segment_lprq_token(&h->guard);
    return error;
}

static inline void segment_lprq_detach(struct segment_lprq *q, struct segment_lprq_handle *h)
{
    segment_lprq_give_all(q, q_guard_detach(&h->guard, &q->reclaim));
}

/* ---- one ring -------------------------------------------------------------------------------- *
 * The word of a cell is read between two looks at its stamp: an item that a pop takes must be of the
 * stamp's cycle. Where the stamp is swapped afterwards, the swap is the second look.
 *
 * A pop that finds an older item in a cell already marked changes nothing that tells the push of
 * this position not to use the cell, once that item has gone. What tells it is the head, and it must
 * read that as new as the word: hence seq_cst for both, on both sides (a pop's fetch-and-add and its
 * look at the word; a push's look at the word and at the head). */

/* False: the position is lost. */
static inline q_hot bool segment_lprq_put(const struct segment_lprq *q, struct segment_lprq_ring *r,
                                          uint64_t token, uint64_t position, uint64_t word)
{
    struct segment_lprq_cell *const cell = segment_lprq_cell(q, r, position);
    const uint64_t cycle = segment_lprq_cycle(q, position);
    uint64_t stamp = a_load(&cell->stamp, acquire); /* [>passed] [>filled] */
    uint64_t seen = a_load(&cell->word, seq_cst);   /* [>freed] [>filled] [sc: see above] */
    if (stamp >= cycle || segment_lprq_holds_item(stamp, seen))
        return false;
    if (!(stamp & SEGMENT_LPRQ_SAFE) && a_load(&r->head, seq_cst) > position) /* [sc: see above] */
        return false;
    if (!a_cas(&cell->word, &seen, token, relaxed, relaxed))
        return false;
    seen = token;
    if (!a_cas(&cell->stamp, &stamp, cycle | SEGMENT_LPRQ_SAFE, release, relaxed)) { /* [filled>] */
        a_cas(&cell->word, &seen, 0, relaxed, relaxed);
        return false;
    }
    return a_cas(&cell->word, &seen, word, release, relaxed); /* [filled>] */
}

/* The item's word, or 0: this position will not be filled. */
static inline q_hot uint64_t segment_lprq_take_word(const struct segment_lprq *q,
                                                    struct segment_lprq_ring *r, uint64_t position)
{
    struct segment_lprq_cell *const cell = segment_lprq_cell(q, r, position);
    const uint64_t cycle = segment_lprq_cycle(q, position);
    for (;;) {
        uint64_t stamp = a_load(&cell->stamp, acquire); /* [>filled] [>passed] */
        uint64_t word = a_load(&cell->word, seq_cst);   /* [>filled] [>freed] [sc: see above] */
        const uint64_t of = stamp & ~(uint64_t)SEGMENT_LPRQ_MARKS;
        if (of > cycle)
            return 0;
        if (segment_lprq_holds_item(stamp, word)) {
            if (of == cycle) {
                if (a_load(&cell->stamp, relaxed) != stamp)
                    continue;
                a_store(&cell->word, 0, release); /* [freed>] */
                return word;
            }
            const uint64_t unsafe = stamp & ~(uint64_t)SEGMENT_LPRQ_SAFE;
            if (stamp == unsafe ||
                a_cas(&cell->stamp, &stamp, unsafe, release, relaxed)) /* [passed>] */
                return 0;
        } else {
            if (word && !a_cas(&cell->word, &word, 0, relaxed, relaxed))
                continue;
            if (of == cycle || a_cas(&cell->stamp, &stamp, cycle | (stamp & SEGMENT_LPRQ_SAFE),
                                     release, relaxed)) /* [passed>] */
                return 0;
        }
    }
}

/* Q_OK; or Q_EMPTY; or Q_CLOSED: closed, and all that is inside has been taken by pops. */
static inline q_hot enum q_status segment_lprq_get(const struct segment_lprq *q,
                                                   struct segment_lprq_ring *r,
                                                   struct segment_lprq_handle *h, uint64_t *word)
{
    const uint64_t at = a_load(&r->head, acquire); /* [>claimed] */
    if (at >= h->seen_tail) {
        const uint64_t tail = a_load(&r->tail, relaxed);
        h->seen_tail = tail & ~SEGMENT_LPRQ_CLOSED;
        if (at >= h->seen_tail)
            return tail & SEGMENT_LPRQ_CLOSED ? Q_CLOSED : Q_EMPTY;
    }
    for (;; h->counts.retries++) {
        const uint64_t head =
            a_add(&r->head, 1, seq_cst); /* [claimed>] [>claimed] [sc: see above] */
        *word = segment_lprq_take_word(q, r, head);
        if (*word)
            return Q_OK;
        uint64_t tail = a_load(&r->tail, relaxed);
        h->seen_tail = tail & ~SEGMENT_LPRQ_CLOSED;
        if (h->seen_tail > head + 1)
            continue;
        const bool closed = tail & SEGMENT_LPRQ_CLOSED;
        while (tail < head + 1 && !a_cas(&r->tail, &tail, head + 1, relaxed, relaxed))
            ; /* the tail, left behind, follows; a closed one is ahead of every head */
        return closed ? Q_CLOSED : Q_EMPTY;
    }
}

/* ---- push and pop ---------------------------------------------------------------------------- */

static inline struct segment_lprq_ring *segment_lprq_last(struct segment_lprq *q,
                                                          struct segment_lprq_handle *h)
{
    return q_protect(&h->guard, SEGMENT_LPRQ_TAIL_SLOT, a_load(&q->tail, acquire)); /* [>moved] */
}

/* The ring is closed: links one with the word in it, Q_OK; or finds the next one and moves the tail
 * there, Q_FULL: try again. Else Q_CLOSED or Q_NOMEM. */
static __attribute__((noinline)) enum q_status
segment_lprq_link(struct segment_lprq *q, struct segment_lprq_ring *r, uint64_t word)
{
    struct segment_lprq_ring *next = a_load(&r->next, acquire); /* [>linked] */
    bool mine = false;
    if (!next) {
        struct segment_lprq_ring *const fresh = segment_lprq_take(q, word);
        if (!fresh)
            return Q_NOMEM;
        mine = a_cas(&r->next, &next, fresh, release, acquire); /* [linked>] [>linked] */
        if (mine)
            next = fresh;
        else
            segment_lprq_give(q, fresh);
    }
    if (next == SEGMENT_LPRQ_NO_NEXT)
        return Q_CLOSED;
    a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    return mine ? Q_OK : Q_FULL;
}

static inline q_hot enum q_status segment_lprq_push(struct segment_lprq *q,
                                                    struct segment_lprq_handle *h, q_item item)
{
    const uint64_t word = segment_lprq_pack(q, &item);
    if (!word)
        return Q_NOMEM;
    enum q_status s;
    q_enter(&h->guard, &q->reclaim);
    for (unsigned tries = 1;; tries++, h->counts.retries++) {
        struct segment_lprq_ring *const r = segment_lprq_last(q, h);
        const uint64_t tail = a_add(&r->tail, 1, relaxed);
        if (__builtin_expect((tail & SEGMENT_LPRQ_CLOSED) != 0, 0)) {
            a_sub(&r->tail, 1, relaxed); /* or pops would have ever more positions to look at */
        } else if (__builtin_expect(!segment_lprq_odd(word), 1)) {
            if (__builtin_expect(segment_lprq_put(q, r, h->token, tail, word), 1)) {
                s = Q_OK;
                break;
            }
            if (tries < SEGMENT_LPRQ_TRIES && tail <= a_load(&r->head, relaxed) + q->mask)
                continue;
        }
        a_or(&r->tail, SEGMENT_LPRQ_CLOSED, relaxed);
        if ((s = segment_lprq_link(q, r, word)) != Q_FULL)
            break;
        tries = 0;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        q_event_notify(&q->items, 1, &h->counts);
    else if (sizeof item > sizeof word)
        segment_lprq_unpack(q, word, &item);
    return s;
}

/* The head's ring is closed and drained: on to the next one, Q_OK; or Q_EMPTY or Q_CLOSED. */
static __attribute__((noinline)) enum q_status segment_lprq_leave(struct segment_lprq *q,
                                                                  struct segment_lprq_handle *h,
                                                                  struct segment_lprq_ring *r)
{
    struct segment_lprq_ring *const next = a_load(&r->next, acquire); /* [>linked] */
    if (!next || next == SEGMENT_LPRQ_NO_NEXT)
        return next ? Q_CLOSED : Q_EMPTY;
    struct segment_lprq_ring *seen = r;
    if (a_load(&q->tail, relaxed) == r) /* not retired before the tail has left it, too */
        a_cas(&q->tail, &seen, next, release, relaxed); /* [moved>] */
    seen = r;
    if (a_cas(&q->head, &seen, next, release, relaxed)) /* [taken>] */
        segment_lprq_give_all(q, q_retire(&h->guard, &q->reclaim, &r->retired));
    h->seen_tail = 0;
    return Q_OK;
}

static inline q_hot enum q_status segment_lprq_pop(struct segment_lprq *q,
                                                   struct segment_lprq_handle *h, q_item *item)
{
    enum q_status s;
    uint64_t word;
    q_enter(&h->guard, &q->reclaim);
    for (;; h->counts.retries++) {
        struct segment_lprq_ring *const r =
            q_protect(&h->guard, SEGMENT_LPRQ_HEAD_SLOT, a_load(&q->head, acquire)); /* [>taken] */
        s = segment_lprq_get(q, r, h, &word);
        if (__builtin_expect(s != Q_CLOSED, 1))
            break;
        if ((s = segment_lprq_leave(q, h, r)) != Q_OK)
            break;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        segment_lprq_unpack(q, word, item);
    return s;
}

Q_BATCH_BY_LOOP(segment_lprq)
Q_WAIT_BY_PARKING(segment_lprq)

static inline void segment_lprq_close(struct segment_lprq *q, struct segment_lprq_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct segment_lprq_ring *r = segment_lprq_last(q, h), *next = NULL;
        if (a_cas(&r->next, &next, SEGMENT_LPRQ_NO_NEXT, release, acquire) || /* [linked>] */
            next == SEGMENT_LPRQ_NO_NEXT) {                                   /* [>linked] */
            a_or(&r->tail, SEGMENT_LPRQ_CLOSED, relaxed);
            break;
        }
        a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    }
    q_leave(&h->guard);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* After all have detached: what is left inside goes, then the rings. */
static inline void segment_lprq_destroy(struct segment_lprq *q)
{
    for (struct segment_lprq_ring *r = a_load(&q->head, relaxed), *next;
         r && r != SEGMENT_LPRQ_NO_NEXT; r = next) {
        next = a_load(&r->next, relaxed);
        for (uint64_t i = 0; sizeof(q_item) > sizeof(uint64_t) && i <= q->mask; i++) {
            q_item left;
            const uint64_t word = a_load(&r->cell[i].word, relaxed);
            if (segment_lprq_holds_item(a_load(&r->cell[i].stamp, relaxed), word))
                segment_lprq_unpack(q, word, &left);
        }
        segment_lprq_free(q, r);
    }
    segment_lprq_give_all(q, q_reclaim_destroy(&q->reclaim));
    segment_lprq_free(q, a_load(&q->spare, relaxed));
}

static inline size_t segment_lprq_capacity(const struct segment_lprq *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_lprq_bytes(const struct segment_lprq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
