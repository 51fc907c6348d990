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
 * next, so that a pop takes its item by one exchange of the word alone. Items are any words but 0; an
 * item that is larger than a word lies in a node that push allocates and pop frees.
 *
 * Memory: a drained ring is retired (reclaim.h) and becomes the `spare`, which the next link uses; an
 * older spare is freed.
 *
 * Progress: push and pop are lock-free: a push fails only because others go on, and whoever links a
 * ring has its item in it.
 * Q_EMPTY is exact: all positions before the tail had been taken by pops.
 * Close puts a mark into the last ring's `next`, so that none is linked, and closes the ring.
 *
 * Edges   filled   push -> pop, push        the cell holds the item of the stamp's cycle
 *         passed   pop -> push, pop         the head as it was when the cell was marked or moved on
 *         claimed  pop -> pop               what whoever took the position before had seen of the tail
 *         linked   push, close -> any       the next ring may be used; none will come
 *         moved    push, pop, close -> any  the tail's ring is initialised
 *         taken    pop -> pop               the head's ring is initialised
 *         spare    any -> any               nobody uses this ring any more
 *
 * That a ring is closed hands nothing on: who finds it so goes by `next`, which is linked. */
#ifndef QUEUES_SEGMENT_LCRQ_H
#define QUEUES_SEGMENT_LCRQ_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#ifndef A_HAS_CAS2
#error "segment_lcrq needs a_cas2, which atomics.h has for x86-64 only: take segment_lprq"
#endif

#define SEGMENT_LCRQ_CLOSED  (UINT64_C(1) << 62) /* in a ring's tail */
#define SEGMENT_LCRQ_DEFAULT 1024                /* cells: 16 KiB */
#define SEGMENT_LCRQ_RETIRED 2 /* rings that a handle retires before it looks which are free */
#ifndef SEGMENT_LCRQ_TRIES
#define SEGMENT_LCRQ_TRIES 16 /* failures before a push closes the ring */
#endif
#define SEGMENT_LCRQ_SAFE UINT64_C(1) /* in a cell's stamp */

struct segment_lcrq_cell {
    atomic_pair(stamp, word); /* cycle * 2 | SAFE; an item or 0 */
};
struct segment_lcrq_ring {
    struct q_retired retired;
    atomic(struct segment_lcrq_ring *) next; /* NULL at first; written once */
    alignas(Q_LINE) atomic(uint64_t) tail;   /* next position to fill | CLOSED */
    alignas(Q_LINE) atomic(uint64_t) head;   /* next position to drain */
    alignas(Q_LINE) struct segment_lcrq_cell cell[];
};
#define SEGMENT_LCRQ_NO_NEXT ((struct segment_lcrq_ring *)1) /* in next: closed */

struct segment_lcrq {
    alignas(Q_LINE) atomic(struct segment_lcrq_ring *) tail; /* written once per ring */
    alignas(Q_LINE) atomic(struct segment_lcrq_ring *) head;
    alignas(Q_LINE) uint64_t mask; /* R - 1; from here on constant, or written rarely */
    unsigned shift;                /* log2 of R */
    unsigned spread;               /* positions next to each other lie 1 << spread cells apart */
    struct q_event items, room;    /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct segment_lcrq_ring *) spare;
};
struct segment_lcrq_handle {
    struct q_counts counts;
    struct q_guard guard;
    uint64_t seen_tail; /* consumer: the tail of the head's ring when last read, or too old */
};
enum { SEGMENT_LCRQ_HEAD_SLOT, SEGMENT_LCRQ_TAIL_SLOT }; /* of the guard */
_Static_assert(offsetof(struct segment_lcrq_ring, retired) == 0, "an object begins with q_retired");

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

/* ---- words ---------------------------------------------------------------------------------- */

#if Q_ITEM_BYTES == 8
/* 0: no memory. */
static inline uint64_t segment_lcrq_pack(struct segment_lcrq *q, const q_item *item)
{
    (void)q;
    return *item;
}

static inline void segment_lcrq_unpack(struct segment_lcrq *q, uint64_t word, q_item *item)
{
    (void)q;
    *item = word;
}
#else
static inline uint64_t segment_lcrq_pack(struct segment_lcrq *q, const q_item *item)
{
    q_item *const node = q_alloc(&q->memory, alignof(q_item), sizeof *node);
    if (node)
        *node = *item;
    return (uintptr_t)node;
}

static inline void segment_lcrq_unpack(struct segment_lcrq *q, uint64_t word, q_item *item)
{
    q_item *const node = (q_item *)(uintptr_t)word;
    *item = *node;
    q_free(&q->memory, node, alignof(q_item), sizeof *node);
}
#endif

/* ---- rings: all of this runs once per ring --------------------------------------------------- */

static inline struct segment_lcrq_cell *segment_lcrq_cell(const struct segment_lcrq *q,
                                                          struct segment_lcrq_ring *r, uint64_t p)
{
    return &r->cell[(p << q->spread | (p & q->mask) >> (q->shift - q->spread)) & q->mask];
}

/* The cycle of position p, where a stamp has it. */
static inline uint64_t segment_lcrq_cycle(const struct segment_lcrq *q, uint64_t p)
{
    return p >> q->shift << 1;
}

static inline size_t segment_lcrq_ring_bytes(const struct segment_lcrq *q)
{
    return sizeof(struct segment_lcrq_ring) + (q->mask + 1) * sizeof(struct segment_lcrq_cell);
}

static inline void segment_lcrq_free(struct segment_lcrq *q, struct segment_lcrq_ring *r)
{
    q_free(&q->memory, r, Q_LINE, segment_lcrq_ring_bytes(q));
}

/* A ring that nobody uses becomes the spare. It may still be warm, so an older spare goes. */
static inline void segment_lcrq_give(struct segment_lcrq *q, struct segment_lcrq_ring *r)
{
    segment_lcrq_free(q, a_swap(&q->spare, r, acq_rel)); /* [spare>] [>spare] */
}

Q_GIVE_ALL(segment_lcrq, segment_lcrq_ring)

/* A ring that is empty, or holds this word, or NULL when there is no memory. Positions begin with R,
 * so that cells of cycle 0 are older. */
static __attribute__((noinline)) struct segment_lcrq_ring *segment_lcrq_take(struct segment_lcrq *q,
                                                                             uint64_t word)
{
    struct segment_lcrq_ring *r = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    if (!r)
        r = q_alloc(&q->memory, Q_LINE, segment_lcrq_ring_bytes(q));
    if (!r)
        return NULL;
    const uint64_t first = q->mask + 1;
    a_init(&r->next, NULL);
    a_init(&r->tail, first + (word != 0));
    a_init(&r->head, first);
    for (uint64_t i = 0; i < first; i++)
        a_init2(&r->cell[i], SEGMENT_LCRQ_SAFE, 0);
    if (word)
        a_init2(segment_lcrq_cell(q, r, first), segment_lcrq_cycle(q, first) | SEGMENT_LCRQ_SAFE,
                word);
    return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static inline int segment_lcrq_init(struct segment_lcrq *q, const struct q_config *cfg)
{
    const size_t cells = q_round_up(cfg->segment ? cfg->segment : SEGMENT_LCRQ_DEFAULT, 1);
    if (cells == 0 || cells > SIZE_MAX / 4 / sizeof(struct segment_lcrq_cell) ||
        cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = cells - 1;
    q->shift = (unsigned)__builtin_ctzll(cells);
    const size_t line = Q_LINE / sizeof(struct segment_lcrq_cell);
    q->spread = cells > line ? (unsigned)__builtin_ctzll(line) : 0;
    a_init(&q->spare, NULL);
    struct segment_lcrq_ring *const first = segment_lcrq_take(q, 0);
    if (!first)
        return ENOMEM;
    a_init(&q->tail, first);
    a_init(&q->head, first);
    q_event_init(&q->items);
    q_event_init(&q->room);
    q_reclaim_init(&q->reclaim, &q->memory, SEGMENT_LCRQ_RETIRED);
    return 0;
}

static inline int segment_lcrq_attach(struct segment_lcrq *q, struct segment_lcrq_handle *h,
                                      enum q_role role)
{
    (void)role;
    *h = (struct segment_lcrq_handle){.seen_tail = 0};
    return q_guard_attach(&h->guard, &q->reclaim);
}

static inline void segment_lcrq_detach(struct segment_lcrq *q, struct segment_lcrq_handle *h)
{
    segment_lcrq_give_all(q, q_guard_detach(&h->guard, &q->reclaim));
}

/* ---- one ring -------------------------------------------------------------------------------- *
 * All changes of a cell are read-modify-writes of one place (atomics.h), so that a look at it knows
 * of all that was released there before. That is why a pop changes a cell even where it finds an older
 * item already marked and all stays as it is: a push that finds the cell empty afterwards then knows
 * that the head has passed. */

/* False: the position is lost. */
static inline q_hot bool segment_lcrq_put(const struct segment_lcrq *q, struct segment_lcrq_ring *r,
                                          uint64_t position, uint64_t word)
{
    struct segment_lcrq_cell *const cell = segment_lcrq_cell(q, r, position);
    const uint64_t cycle = segment_lcrq_cycle(q, position);
    uint64_t seen[2] = {a_load(&cell->stamp, relaxed), 0};
    if (seen[0] >= cycle || a_load(&cell->word, acquire) != 0) /* [>passed] [>filled] */
        return false;
    if (!(seen[0] & SEGMENT_LCRQ_SAFE) && a_load(&r->head, relaxed) > position)
        return false;
    return a_cas2(cell, seen, cycle | SEGMENT_LCRQ_SAFE, word, release, relaxed); /* [filled>] */
}

/* The item's word, or 0: this position will not be filled. */
static inline q_hot uint64_t segment_lcrq_take_word(const struct segment_lcrq *q,
                                                    struct segment_lcrq_ring *r, uint64_t position)
{
    struct segment_lcrq_cell *const cell = segment_lcrq_cell(q, r, position);
    const uint64_t cycle = segment_lcrq_cycle(q, position);
    uint64_t seen[2] = {a_load(&cell->stamp, relaxed), 0};
    if ((seen[0] & ~SEGMENT_LCRQ_SAFE) < cycle)
        seen[1] = a_load(&cell->word, relaxed);
    for (;;) {
        const uint64_t of = seen[0] & ~SEGMENT_LCRQ_SAFE;
        if (of > cycle)
            return 0;
        if (of == cycle)                            /* nobody else takes it */
            return a_swap(&cell->word, 0, acquire); /* [>filled] [>passed] */
        const uint64_t stamp = seen[1] ? of : cycle | (seen[0] & SEGMENT_LCRQ_SAFE);
        if (a_cas2(cell, seen, stamp, seen[1], release, relaxed)) /* [passed>] */
            return 0;
    }
}

/* Q_OK; or Q_EMPTY; or Q_CLOSED: closed, and all that is inside has been taken by pops. */
static inline q_hot enum q_status segment_lcrq_get(const struct segment_lcrq *q,
                                                   struct segment_lcrq_ring *r,
                                                   struct segment_lcrq_handle *h, uint64_t *word)
{
    const uint64_t at = a_load(&r->head, acquire); /* [>claimed] */
    if (at >= h->seen_tail) {
        const uint64_t tail = a_load(&r->tail, relaxed);
        h->seen_tail = tail & ~SEGMENT_LCRQ_CLOSED;
        if (at >= h->seen_tail)
            return tail & SEGMENT_LCRQ_CLOSED ? Q_CLOSED : Q_EMPTY;
    }
    for (;; h->counts.retries++) {
        const uint64_t head = a_add(&r->head, 1, acq_rel); /* [claimed>] [>claimed] */
        *word = segment_lcrq_take_word(q, r, head);
        if (*word)
            return Q_OK;
        uint64_t tail = a_load(&r->tail, relaxed);
        h->seen_tail = tail & ~SEGMENT_LCRQ_CLOSED;
        if (h->seen_tail > head + 1)
            continue;
        const bool closed = tail & SEGMENT_LCRQ_CLOSED;
        while (tail < head + 1 && !a_cas(&r->tail, &tail, head + 1, relaxed, relaxed))
            ; /* the tail, left behind, follows; a closed one is ahead of every head */
        return closed ? Q_CLOSED : Q_EMPTY;
    }
}

/* ---- push and pop ---------------------------------------------------------------------------- */

static inline struct segment_lcrq_ring *segment_lcrq_last(struct segment_lcrq *q,
                                                          struct segment_lcrq_handle *h)
{
    return q_protect(&h->guard, SEGMENT_LCRQ_TAIL_SLOT, a_load(&q->tail, acquire)); /* [>moved] */
}

/* The ring is closed: links one with the word in it, Q_OK; or finds the next one and moves the tail
 * there, Q_FULL: try again. Else Q_CLOSED or Q_NOMEM. */
static __attribute__((noinline)) enum q_status
segment_lcrq_link(struct segment_lcrq *q, struct segment_lcrq_ring *r, uint64_t word)
{
    struct segment_lcrq_ring *next = a_load(&r->next, acquire); /* [>linked] */
    bool mine = false;
    if (!next) {
        struct segment_lcrq_ring *const fresh = segment_lcrq_take(q, word);
        if (!fresh)
            return Q_NOMEM;
        mine = a_cas(&r->next, &next, fresh, release, acquire); /* [linked>] [>linked] */
        if (mine)
            next = fresh;
        else
            segment_lcrq_give(q, fresh);
    }
    if (next == SEGMENT_LCRQ_NO_NEXT)
        return Q_CLOSED;
    a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    return mine ? Q_OK : Q_FULL;
}

static inline q_hot enum q_status segment_lcrq_push(struct segment_lcrq *q,
                                                    struct segment_lcrq_handle *h, q_item item)
{
    const uint64_t word = segment_lcrq_pack(q, &item);
    if (!word)
        return Q_NOMEM;
    enum q_status s;
    q_enter(&h->guard, &q->reclaim);
    for (unsigned tries = 1;; tries++, h->counts.retries++) {
        struct segment_lcrq_ring *const r = segment_lcrq_last(q, h);
        const uint64_t tail = a_add(&r->tail, 1, relaxed);
        if (__builtin_expect((tail & SEGMENT_LCRQ_CLOSED) != 0, 0)) {
            a_sub(&r->tail, 1, relaxed); /* or pops would have ever more positions to look at */
        } else if (__builtin_expect(segment_lcrq_put(q, r, tail, word), 1)) {
            s = Q_OK;
            break;
        } else if (tries < SEGMENT_LCRQ_TRIES && tail <= a_load(&r->head, relaxed) + q->mask) {
            continue;
        }
        a_or(&r->tail, SEGMENT_LCRQ_CLOSED, relaxed);
        if ((s = segment_lcrq_link(q, r, word)) != Q_FULL)
            break;
        tries = 0;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        q_event_notify(&q->items, 1, &h->counts);
    else if (sizeof item > sizeof word)
        segment_lcrq_unpack(q, word, &item);
    return s;
}

/* The head's ring is closed and drained: on to the next one, Q_OK; or Q_EMPTY or Q_CLOSED. */
static __attribute__((noinline)) enum q_status segment_lcrq_leave(struct segment_lcrq *q,
                                                                  struct segment_lcrq_handle *h,
                                                                  struct segment_lcrq_ring *r)
{
    struct segment_lcrq_ring *const next = a_load(&r->next, acquire); /* [>linked] */
    if (!next || next == SEGMENT_LCRQ_NO_NEXT)
        return next ? Q_CLOSED : Q_EMPTY;
    struct segment_lcrq_ring *seen = r;
    if (a_load(&q->tail, relaxed) == r) /* not retired before the tail has left it, too */
        a_cas(&q->tail, &seen, next, release, relaxed); /* [moved>] */
    seen = r;
    if (a_cas(&q->head, &seen, next, release, relaxed)) /* [taken>] */
        segment_lcrq_give_all(q, q_retire(&h->guard, &q->reclaim, &r->retired));
    h->seen_tail = 0;
    return Q_OK;
}

static inline q_hot enum q_status segment_lcrq_pop(struct segment_lcrq *q,
                                                   struct segment_lcrq_handle *h, q_item *item)
{
    enum q_status s;
    uint64_t word;
    q_enter(&h->guard, &q->reclaim);
    for (;; h->counts.retries++) {
        struct segment_lcrq_ring *const r =
            q_protect(&h->guard, SEGMENT_LCRQ_HEAD_SLOT, a_load(&q->head, acquire)); /* [>taken] */
        s = segment_lcrq_get(q, r, h, &word);
        if (__builtin_expect(s != Q_CLOSED, 1))
            break;
        if ((s = segment_lcrq_leave(q, h, r)) != Q_OK)
            break;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        segment_lcrq_unpack(q, word, item);
    return s;
}

Q_BATCH_BY_LOOP(segment_lcrq)
Q_WAIT_BY_PARKING(segment_lcrq)

static inline void segment_lcrq_close(struct segment_lcrq *q, struct segment_lcrq_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct segment_lcrq_ring *r = segment_lcrq_last(q, h), *next = NULL;
        if (a_cas(&r->next, &next, SEGMENT_LCRQ_NO_NEXT, release, acquire) || /* [linked>] */
            next == SEGMENT_LCRQ_NO_NEXT) {                                   /* [>linked] */
            a_or(&r->tail, SEGMENT_LCRQ_CLOSED, relaxed);
            break;
        }
        a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    }
    q_leave(&h->guard);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* After all have detached: what is left inside goes, then the rings. */
static inline void segment_lcrq_destroy(struct segment_lcrq *q)
{
    for (struct segment_lcrq_ring *r = a_load(&q->head, relaxed), *next;
         r && r != SEGMENT_LCRQ_NO_NEXT; r = next) {
        next = a_load(&r->next, relaxed);
        for (uint64_t i = 0; sizeof(q_item) > sizeof(uint64_t) && i <= q->mask; i++) {
            q_item left;
            const uint64_t word = a_load(&r->cell[i].word, relaxed);
            if (word)
                segment_lcrq_unpack(q, word, &left);
        }
        segment_lcrq_free(q, r);
    }
    segment_lcrq_give_all(q, q_reclaim_destroy(&q->reclaim));
    segment_lcrq_free(q, a_load(&q->spare, relaxed));
}

static inline size_t segment_lcrq_capacity(const struct segment_lcrq *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_lcrq_bytes(const struct segment_lcrq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
