/* segment_crq_parts.h: what segment_lcrq.h and segment_lprq.h have in common: the list of their rings,
 * and how push and pop go from one to the next. A ring is a CRQ, a concurrent ring queue.
 *
 *     crq.head                                    crq.tail
 *       v                                           v
 *     [ c d e . . a b ] CLOSED --next--> [ x . x . . . . . ] --next--> none, or CRQ_NO_NEXT
 *                 ^ head                   ^ head  ^ tail
 *
 * Positions are taken by fetch-and-add; position p lives in cell p % R, its cycle is p / R. What is
 * done with a cell is the queue's own, and all in which the two differ: struct crq_cells.
 *
 * A push that fails takes another position; where that is a whole ring beyond the head, or after a few
 * failures, it closes the ring and links one in which its item is already. A pop that finds its ring
 * closed and drained moves the head on.
 *
 * An item that is larger than a word lies in a node that push allocates and pop frees.
 *
 * Memory: a drained ring is retired (reclaim.h) and becomes the `spare`, which the next link uses; an
 * older spare is freed.
 *
 * That a ring is closed hands nothing on: who finds it so goes by `next`, which is linked.
 *
 * Edges   linked   push, close -> any       the next ring may be used; none will come
 *         moved    push, pop, close -> any  the tail's ring is initialised
 *         taken    pop -> pop               the head's ring is initialised
 *         spare    any -> any               nobody uses this ring any more */
#ifndef QUEUES_SEGMENT_CRQ_PARTS_H
#define QUEUES_SEGMENT_CRQ_PARTS_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#define CRQ_CLOSED  (UINT64_C(1) << 62) /* in a ring's tail */
#define CRQ_DEFAULT 1024                /* cells: 16 KiB */
#define CRQ_RETIRED 2 /* rings that a handle retires before it looks which are free */
#ifndef CRQ_TRIES
#define CRQ_TRIES 16 /* failures before a push closes the ring */
#endif
#define CRQ_SAFE  UINT64_C(1) /* in a stamp, which is cycle * 4 | marks */
#define CRQ_MARKS UINT64_C(3) /* the other one is the queue's own */

struct crq_cell {
    alignas(16) atomic(uint64_t) stamp; /* a_cas2 takes both at once */
    atomic(uint64_t) word;
};
struct crq_ring {
    struct q_retired retired;
    atomic(struct crq_ring *) next;        /* NULL at first; written once */
    alignas(Q_LINE) atomic(uint64_t) tail; /* next position to fill | CLOSED */
    alignas(Q_LINE) atomic(uint64_t) head; /* next position to drain */
    alignas(Q_LINE) struct crq_cell cell[];
};
#define CRQ_NO_NEXT ((struct crq_ring *)1) /* in next: closed */

struct crq {
    alignas(Q_LINE) atomic(struct crq_ring *) tail; /* written once per ring */
    alignas(Q_LINE) atomic(struct crq_ring *) head;
    alignas(Q_LINE) uint64_t mask; /* R - 1; from here on constant, or written rarely */
    unsigned shift;                /* log2 of R */
    unsigned spread;               /* positions next to each other lie 1 << spread cells apart */
    struct q_event items;          /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct crq_ring *) spare;
};
struct crq_handle {
    struct q_counts counts;
    struct q_guard guard;
    uint64_t seen_tail; /* consumer: the tail of the head's ring when last read, or too old */
};
enum { CRQ_HEAD_SLOT, CRQ_TAIL_SLOT }; /* of the guard */
_Static_assert(offsetof(struct crq_ring, retired) == 0, "an object begins with q_retired");

/* What a queue does with the cells. Constant, so that all of it is inlined. */
struct crq_cells {
    /* Before the ring is shared: all empty, safe and of cycle 0; with a word, that in the cell of
     * position R. */
    void (*fill)(const struct crq *q, struct crq_ring *r, uint64_t word);
    /* Q_OK; Q_FULL: the position is lost; Q_CLOSED: so is every other one of this ring. */
    enum q_status (*put)(const struct crq *q, struct crq_ring *r, const struct crq_handle *h,
                         uint64_t position, uint64_t word);
    /* Q_OK; or Q_EMPTY; or Q_CLOSED: closed, and all that is inside has been taken by pops. */
    enum q_status (*get)(const struct crq *q, struct crq_ring *r, struct crq_handle *h,
                         uint64_t *word);
};

/* ---- words ---------------------------------------------------------------------------------- */

#if Q_ITEM_BYTES == 8
/* 0: no memory. */
static inline uint64_t crq_pack(struct crq *q, const q_item *item)
{
    (void)q;
    return *item;
}

static inline void crq_unpack(struct crq *q, uint64_t word, q_item *item)
{
    (void)q;
    *item = word;
}
#else
static inline uint64_t crq_pack(struct crq *q, const q_item *item)
{
    q_item *const node = q_alloc(&q->memory, alignof(q_item), sizeof *node);
    if (node)
        *node = *item;
    return (uintptr_t)node;
}

static inline void crq_unpack(struct crq *q, uint64_t word, q_item *item)
{
    q_item *const node = (q_item *)(uintptr_t)word;
    *item = *node;
    q_free(&q->memory, node, alignof(q_item), sizeof *node);
}
#endif

/* ---- one ring -------------------------------------------------------------------------------- */

static inline struct crq_cell *crq_cell(const struct crq *q, struct crq_ring *r, uint64_t p)
{
    return &r->cell[(p << q->spread | (p & q->mask) >> (q->shift - q->spread)) & q->mask];
}

/* The cycle of position p, where a stamp has it. */
static inline uint64_t crq_cycle(const struct crq *q, uint64_t p) { return p >> q->shift << 2; }

/* The tail, which has been seen: is there anything at this position or behind it? Else Q_EMPTY or
 * Q_CLOSED. */
static inline enum q_status crq_seen(struct crq_handle *h, uint64_t tail, uint64_t position)
{
    h->seen_tail = tail & ~CRQ_CLOSED;
    if (h->seen_tail > position)
        return Q_OK;
    return tail & CRQ_CLOSED ? Q_CLOSED : Q_EMPTY;
}

/* Before a pop takes the position at which the head is: is it worth it? */
static inline enum q_status crq_look(struct crq_ring *r, struct crq_handle *h, uint64_t head)
{
    return __builtin_expect(head < h->seen_tail, 1) ? Q_OK
                                                    : crq_seen(h, a_load(&r->tail, relaxed), head);
}

/* After a pop has taken a position in vain: is it worth to take the one behind it? */
static inline enum q_status crq_look_on(struct crq_ring *r, struct crq_handle *h, uint64_t head)
{
    uint64_t tail = a_load(&r->tail, relaxed);
    const enum q_status s = crq_seen(h, tail, head + 1);
    while (tail < head + 1 && !a_cas(&r->tail, &tail, head + 1, relaxed, relaxed))
        ; /* the tail, left behind, follows; a closed one is ahead of every head */
    return s;
}

/* ---- rings: all of this runs once per ring --------------------------------------------------- */

static inline size_t crq_ring_bytes(const struct crq *q)
{
    return sizeof(struct crq_ring) + (q->mask + 1) * sizeof(struct crq_cell);
}

static inline void crq_free(struct crq *q, struct crq_ring *r)
{
    q_free(&q->memory, r, Q_LINE, crq_ring_bytes(q));
}

/* A ring that nobody uses becomes the spare. It may still be warm, so an older spare goes. */
static inline void crq_give(struct crq *q, struct crq_ring *r)
{
    crq_free(q, a_swap(&q->spare, r, acq_rel)); /* [spare>] [>spare] */
}

Q_GIVE_ALL(crq, crq_ring)

/* A ring that is empty, or holds this word, or NULL when there is no memory. Positions begin with R,
 * so that cells of cycle 0 are older. */
static inline struct crq_ring *crq_take(struct crq *q, const struct crq_cells *cells, uint64_t word)
{
    struct crq_ring *r = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    if (!r)
        r = q_alloc(&q->memory, Q_LINE, crq_ring_bytes(q));
    if (!r)
        return NULL;
    a_init(&r->next, NULL);
    a_init(&r->tail, q->mask + 1 + (word != 0));
    a_init(&r->head, q->mask + 1);
    cells->fill(q, r, word);
    return r;
}

/* ---- life ----------------------------------------------------------------------------------- */

static inline int crq_init(struct crq *q, const struct crq_cells *cells, const struct q_config *cfg)
{
    const size_t n = q_round_up(cfg->segment ? cfg->segment : CRQ_DEFAULT, 1);
    if (n == 0 || n > SIZE_MAX / 4 / sizeof(struct crq_cell) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = n - 1;
    q->shift = (unsigned)__builtin_ctzll(n);
    const size_t line = Q_LINE / sizeof(struct crq_cell);
    q->spread = n > line ? (unsigned)__builtin_ctzll(line) : 0;
    a_init(&q->spare, NULL);
    struct crq_ring *const first = crq_take(q, cells, 0);
    if (!first)
        return ENOMEM;
    a_init(&q->tail, first);
    a_init(&q->head, first);
    q_event_init(&q->items);
    q_reclaim_init(&q->reclaim, &q->memory, CRQ_RETIRED);
    return 0;
}

/* After all have detached, so that a word is 0 or an item: what is left inside goes, then the rings. */
static inline void crq_destroy(struct crq *q)
{
    for (struct crq_ring *r = a_load(&q->head, relaxed), *next; r && r != CRQ_NO_NEXT; r = next) {
        next = a_load(&r->next, relaxed);
        for (uint64_t i = 0; sizeof(q_item) > sizeof(uint64_t) && i <= q->mask; i++) {
            q_item left;
            const uint64_t word = a_load(&r->cell[i].word, relaxed);
            if (word)
                crq_unpack(q, word, &left);
        }
        crq_free(q, r);
    }
    crq_give_all(q, q_reclaim_destroy(&q->reclaim));
    crq_free(q, a_load(&q->spare, relaxed));
}

/* ---- push and pop ---------------------------------------------------------------------------- */

static inline struct crq_ring *crq_last(struct crq *q, struct crq_handle *h)
{
    return q_protect(&h->guard, CRQ_TAIL_SLOT, a_load(&q->tail, acquire)); /* [>moved] */
}

/* The ring is closed: links one with the word in it, Q_OK; or finds the next one and moves the tail
 * there, Q_FULL: try again. Else Q_CLOSED or Q_NOMEM. */
static __attribute__((noinline)) enum q_status
crq_link(struct crq *q, const struct crq_cells *cells, struct crq_ring *r, uint64_t word)
{
    struct crq_ring *next = a_load(&r->next, acquire); /* [>linked] */
    bool mine = false;
    if (!next) {
        struct crq_ring *const fresh = crq_take(q, cells, word);
        if (!fresh)
            return Q_NOMEM;
        mine = a_cas(&r->next, &next, fresh, release, acquire); /* [linked>] [>linked] */
        if (mine)
            next = fresh;
        else
            crq_give(q, fresh);
    }
    if (next == CRQ_NO_NEXT)
        return Q_CLOSED;
    a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    return mine ? Q_OK : Q_FULL;
}

static inline q_hot enum q_status crq_push(struct crq *q, const struct crq_cells *cells,
                                           struct crq_handle *h, q_item item)
{
    const uint64_t word = crq_pack(q, &item);
    if (!word)
        return Q_NOMEM;
    enum q_status s;
    q_enter(&h->guard, &q->reclaim);
    for (unsigned tries = 1;; tries++, h->counts.retries++) {
        struct crq_ring *const r = crq_last(q, h);
        const uint64_t tail = a_add(&r->tail, 1, relaxed);
        if (__builtin_expect((tail & CRQ_CLOSED) != 0, 0)) {
            a_sub(&r->tail, 1, relaxed); /* or pops would have ever more positions to look at */
        } else {
            s = cells->put(q, r, h, tail, word);
            if (__builtin_expect(s == Q_OK, 1))
                break;
            if (s == Q_FULL && tries < CRQ_TRIES && tail <= a_load(&r->head, relaxed) + q->mask)
                continue;
        }
        a_or(&r->tail, CRQ_CLOSED, relaxed);
        if ((s = crq_link(q, cells, r, word)) != Q_FULL)
            break;
        tries = 0;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        q_event_notify(&q->items, 1, &h->counts);
    else if (sizeof item > sizeof word)
        crq_unpack(q, word, &item);
    return s;
}

/* The head's ring is closed and drained: on to the next one, Q_OK; or Q_EMPTY or Q_CLOSED. */
static __attribute__((noinline)) enum q_status crq_leave(struct crq *q, struct crq_handle *h,
                                                         struct crq_ring *r)
{
    struct crq_ring *const next = a_load(&r->next, acquire); /* [>linked] */
    if (!next || next == CRQ_NO_NEXT)
        return next ? Q_CLOSED : Q_EMPTY;
    struct crq_ring *seen = r;
    if (a_load(&q->tail, relaxed) == r) /* not retired before the tail has left it, too */
        a_cas(&q->tail, &seen, next, release, relaxed); /* [moved>] */
    seen = r;
    if (a_cas(&q->head, &seen, next, release, relaxed)) /* [taken>] */
        crq_give_all(q, q_retire(&h->guard, &q->reclaim, &r->retired));
    h->seen_tail = 0;
    return Q_OK;
}

static inline q_hot enum q_status crq_pop(struct crq *q, const struct crq_cells *cells,
                                          struct crq_handle *h, q_item *item)
{
    enum q_status s;
    uint64_t word;
    q_enter(&h->guard, &q->reclaim);
    for (;; h->counts.retries++) {
        struct crq_ring *const r =
            q_protect(&h->guard, CRQ_HEAD_SLOT, a_load(&q->head, acquire)); /* [>taken] */
        s = cells->get(q, r, h, &word);
        if (__builtin_expect(s != Q_CLOSED, 1))
            break;
        if ((s = crq_leave(q, h, r)) != Q_OK)
            break;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        crq_unpack(q, word, item);
    return s;
}

/* A mark in the last ring's `next`, so that none is linked; then that ring is closed. */
static inline void crq_close(struct crq *q, struct crq_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct crq_ring *r = crq_last(q, h), *next = NULL;
        if (a_cas(&r->next, &next, CRQ_NO_NEXT, release, acquire) || /* [linked>] */
            next == CRQ_NO_NEXT) {                                   /* [>linked] */
            a_or(&r->tail, CRQ_CLOSED, relaxed);
            break;
        }
        a_cas(&q->tail, &r, next, release, relaxed); /* [moved>] */
    }
    q_leave(&h->guard);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
}

/* As in a thread that is stopped in the middle of a pop (harness/driver.h). */
static inline void crq_stop(struct crq *q, struct crq_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    (void)q_protect(&h->guard, CRQ_HEAD_SLOT, a_load(&q->head, relaxed));
}

/* ---- a queue of rings ------------------------------------------------------------------------ */

/* All operations of the queue N. Its struct has `struct crq rings`, its handle a `struct crq_handle rings`
 * in a union with the counts; N_cells is what it does with a cell. Push is never full. */
#define CRQ_OPERATIONS(N)                                                                          \
    static inline int N##_init(struct N *q, const struct q_config *cfg)                            \
    {                                                                                              \
        return crq_init(&q->rings, &N##_cells, cfg);                                               \
    }                                                                                              \
    static inline void N##_destroy(struct N *q) { crq_destroy(&q->rings); }                        \
    static inline int N##_attach(struct N *q, struct N##_handle *h, enum q_role role)              \
    {                                                                                              \
        (void)role;                                                                                \
        *h = (struct N##_handle){.rings.seen_tail = 0};                                            \
        return q_guard_attach(&h->rings.guard, &q->rings.reclaim);                                 \
    }                                                                                              \
    static inline void N##_detach(struct N *q, struct N##_handle *h)                               \
    {                                                                                              \
        crq_give_all(&q->rings, q_guard_detach(&h->rings.guard, &q->rings.reclaim));               \
    }                                                                                              \
    static inline q_hot enum q_status N##_push(struct N *q, struct N##_handle *h, q_item item)     \
    {                                                                                              \
        return crq_push(&q->rings, &N##_cells, &h->rings, item);                                   \
    }                                                                                              \
    static inline q_hot enum q_status N##_pop(struct N *q, struct N##_handle *h, q_item *item)     \
    {                                                                                              \
        return crq_pop(&q->rings, &N##_cells, &h->rings, item);                                    \
    }                                                                                              \
    Q_BATCH_BY_LOOP(N)                                                                             \
    static inline enum q_status N##_push_wait(struct N *q, struct N##_handle *h, q_item item,      \
                                              uint64_t timeout_ns)                                 \
    {                                                                                              \
        (void)timeout_ns;                                                                          \
        return N##_push(q, h, item);                                                               \
    }                                                                                              \
    static inline enum q_status N##_pop_wait(struct N *q, struct N##_handle *h, q_item *item,      \
                                             uint64_t timeout_ns)                                  \
    {                                                                                              \
        Q_WAIT_LOOP_(N##_pop(q, h, item), Q_EMPTY, &q->rings.items)                                \
    }                                                                                              \
    static inline void N##_close(struct N *q, struct N##_handle *h)                                \
    {                                                                                              \
        crq_close(&q->rings, &h->rings);                                                           \
    }                                                                                              \
    static inline void N##_stop(struct N *q, struct N##_handle *h)                                 \
    {                                                                                              \
        crq_stop(&q->rings, &h->rings);                                                            \
    }                                                                                              \
    static inline size_t N##_capacity(const struct N *q)                                           \
    {                                                                                              \
        (void)q;                                                                                   \
        return 0;                                                                                  \
    }                                                                                              \
    static inline struct q_bytes N##_bytes(const struct N *q)                                      \
    {                                                                                              \
        return q_memory_bytes(&q->rings.memory, sizeof *q);                                        \
    }

#endif
