/* segment_ring.h: unbounded, linked rings of turn-stamped cells, any producers, any consumers.
 *
 *          head                                          tail
 *           |                                             |
 *           v                                             v
 *     [ . . x x x x x x ]  ------next------>  [ x x x x . . . . ]  --next--> none        spare
 *           ^2      tail 8 | FULL               ^0      ^4                             [........]
 *           no more pushes                      pushes come here, lap after lap
 *
 * Each ring is an array_mpmc: a position is taken by compare-and-swap, the cell's turn alone says
 * whether it may be filled or drained. As long as what is inside fits into one ring nothing else
 * happens: the same cells go round, no segment is ever left behind. When the cell of the next
 * position is still occupied, a push closes the ring (FULL, a bit of its tail that no position
 * reaches) and links another one that begins with its item. When a FULL ring has given its last
 * item, a pop moves the head on. So items leave in order: nothing is put into a ring before the ring
 * in front of it is FULL, nothing is taken from it before that one is drained.
 *
 * A consumer that finds no item reads its own head, the cell and `next`, which is written once per
 * ring: never the producers' line (segment_mpmc must: its segments are used once).
 *
 * Reclamation (reclaim.h): hazard pointers that stay. A thread announces the ring it works in, and
 * leaves the announcement standing until it works in another one: the fence is paid once per ring
 * and not once per operation. A drained ring that nobody announces becomes the spare or is freed. A
 * thread keeps at most the two rings it announced, also when it stops for ever or has nothing to do:
 * so there are at most those in use, two for each attached handle, and one spare. While it is announced a ring
 * cannot come back, so nothing here can be mistaken for its earlier self (no ABA).
 *
 * push is lock-free: a compare-and-swap is lost only to a thread that took a position, and a cell
 * that a stopped thread keeps occupied only makes the ring FULL. pop is blocking: a push stopped
 * between taking a position and filling it holds up the pop of that position. For the same reason
 * Q_EMPTY is not exact (array_mpmc.h shows how).
 *
 * Close makes the last ring FULL and puts an end mark where its successor would be.
 *
 * Vyukov, Bounded MPMC queue, 2010; linked as in LCRQ, Morrison & Afek, 2013.
 *
 * Edges   filled   push -> pop          the cell holds the item of this turn
 *         freed    pop -> push          the cell has been read and may be overwritten
 *         linked   push, close -> any   the ring may be used; the one before is FULL
 *         moved    any -> any           the same, for who finds the ring by head or tail
 *         spare    any -> push          nobody uses this ring any more */
#ifndef QUEUES_SEGMENT_RING_H
#define QUEUES_SEGMENT_RING_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#ifdef Q_WITH_EPOCHS
#error "segment_ring: an announcement stays between operations, an epoch does not"
#endif

#define SEGMENT_RING_FULL    (UINT64_C(1) << 62) /* in ring.tail; bit 63 would be lost in a turn */
#define SEGMENT_RING_DEFAULT 1024                /* cells; 16 KiB with 8-byte items */

struct segment_ring_cell {
    atomic(uint64_t) turn; /* 2t: free for lap t, 2t + 1: filled */
    q_item item;
};
struct segment_ring_ring {
    struct q_retired retired;
    atomic(struct segment_ring_ring *) next; /* written once while in use */
    alignas(Q_LINE) atomic(uint64_t) tail;   /* next position to fill | SEGMENT_RING_FULL */
    alignas(Q_LINE) atomic(uint64_t) head;   /* next position to drain */
    alignas(Q_LINE) struct segment_ring_cell cell[];
};

enum { SEGMENT_RING_TAIL, SEGMENT_RING_HEAD }; /* end[], slots of the guard: of pushes, of pops */

struct segment_ring {
    alignas(Q_LINE) atomic(struct segment_ring_ring *) end[2]; /* written once per ring */
    uint64_t mask;
    unsigned shift;
    struct q_event items, room; /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct segment_ring_ring *) spare;
};
struct segment_ring_handle {
    struct q_counts counts;
    struct q_guard guard;
};
_Static_assert(offsetof(struct segment_ring_ring, retired) == 0, "an object begins with q_retired");

static const struct q_traits segment_ring_traits = {
    .name = "segment_ring",
    .family = "segment",
    .summary = "unbounded, linked rings of turn-stamped cells, announced while used",
    .source = "Vyukov, Bounded MPMC queue, 2010; linked as in LCRQ, Morrison & Afek, 2013",
    .push = Q_LOCK_FREE,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .close_any = true,
    .native = Q_BATCH,
};

/* ---- rings: all of this runs once per ring ------------------------------------------------- */

static inline size_t segment_ring_ring_bytes(const struct segment_ring *q)
{
    return sizeof(struct segment_ring_ring) + (q->mask + 1) * sizeof(struct segment_ring_cell);
}

static inline void segment_ring_free(struct segment_ring *q, struct segment_ring_ring *r)
{
    q_free(&q->memory, r, Q_LINE, segment_ring_ring_bytes(q));
}

/* A ring that nobody uses becomes the spare, or is freed if there is one. */
static inline void segment_ring_give(struct segment_ring *q, struct segment_ring_ring *r)
{
    struct segment_ring_ring *none = NULL;
    if (!a_cas(&q->spare, &none, r, release, relaxed)) /* [spare>] */
        segment_ring_free(q, r);
}

Q_GIVE_ALL(segment_ring, segment_ring_ring)

/* An empty ring, or NULL when there is no memory. */
static __attribute__((noinline)) struct segment_ring_ring *segment_ring_take(struct segment_ring *q)
{
    struct segment_ring_ring *r = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    if (r) { /* drained, and no longer FULL */
        a_store(&r->next, NULL, relaxed);
        a_store(&r->tail, a_load(&r->head, relaxed), relaxed);
        r->retired.below = NULL;
        return r;
    }
    r = q_alloc(&q->memory, Q_LINE, segment_ring_ring_bytes(q));
    if (!r)
        return NULL;
    a_init(&r->tail, 0);
    a_init(&r->head, 0);
    a_init(&r->next, NULL);
    for (uint64_t i = 0; i <= q->mask; i++)
        a_init(&r->cell[i].turn, 0);
    return r;
}

/* What stands in `next` of the last ring of a closed queue: no ring has this address. */
static inline struct segment_ring_ring *segment_ring_end(struct segment_ring *q)
{
    return (struct segment_ring_ring *)(void *)q;
}

/* ---- life ---------------------------------------------------------------------------------- */

static inline int segment_ring_init(struct segment_ring *q, const struct q_config *cfg)
{
    const size_t wanted = cfg->segment ? cfg->segment : SEGMENT_RING_DEFAULT;
    const size_t cells = q_round_up(wanted / 2 + 1, 1); /* the largest power of two in `wanted` */
    if (cells == 0 || cells > SIZE_MAX / 2 / sizeof(struct segment_ring_cell) ||
        cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = cells - 1;
    q->shift = (unsigned)__builtin_ctzll(cells);
    a_init(&q->spare, NULL);
    struct segment_ring_ring *const first = segment_ring_take(q);
    if (!first)
        return ENOMEM;
    a_init(&q->end[SEGMENT_RING_TAIL], first);
    a_init(&q->end[SEGMENT_RING_HEAD], first);
    q_event_init(&q->items);
    q_event_init(&q->room);
    q_reclaim_init(&q->reclaim, &q->memory, 1);
    q->reclaim.asymmetric = false; /* announcements are rare: a fence each, and no system call */
    return 0;
}

static inline void segment_ring_destroy(struct segment_ring *q)
{
    struct segment_ring_ring *r = a_load(&q->end[SEGMENT_RING_HEAD], relaxed);
    while (r && r != segment_ring_end(q)) {
        struct segment_ring_ring *const next = a_load(&r->next, relaxed);
        segment_ring_free(q, r);
        r = next;
    }
    segment_ring_give_all(q, q_reclaim_destroy(&q->reclaim));
    segment_ring_free(q, a_load(&q->spare, relaxed));
}

static inline int segment_ring_attach(struct segment_ring *q, struct segment_ring_handle *h,
                                      enum q_role role)
{
    (void)role;
    *h = (struct segment_ring_handle){.counts = {.cas_failed = 0}};
    return q_guard_attach(&h->guard, &q->reclaim);
}

static inline void segment_ring_detach(struct segment_ring *q, struct segment_ring_handle *h)
{
    segment_ring_give_all(q, q_guard_detach(&h->guard, &q->reclaim));
}

/* ---- ends ---------------------------------------------------------------------------------- */

/* The ring at an end of the queue, announced. (The fence of the announcement would do for acquire, so
 * that no scenario needs it; ThreadSanitizer knows no fences.) */
static inline struct segment_ring_ring *segment_ring_at(struct segment_ring *q,
                                                        struct segment_ring_handle *h, unsigned end)
{
    return q_protect(&h->guard, end, a_load(&q->end[end], acquire)); /* [>moved] */
}

static inline struct segment_ring_cell *segment_ring_cell(const struct segment_ring *q,
                                                          struct segment_ring_ring *r, uint64_t p)
{
    return &r->cell[p & q->mask];
}

/* The turn at which position p may be filled; one more: it is filled; two more: it was drained. */
static inline uint64_t segment_ring_turn(const struct segment_ring *q, uint64_t p)
{
    return p >> q->shift << 1;
}

static inline void segment_ring_fill(struct segment_ring *q, struct segment_ring_ring *r,
                                     uint64_t first, const q_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct segment_ring_cell *const cell = segment_ring_cell(q, r, first + i);
        cell->item = items[i];
        a_store(&cell->turn, segment_ring_turn(q, first + i) + 1, release); /* [filled>] */
    }
}

/* Moves an end of the queue from r to the ring after it, unless that has been done. */
static inline bool segment_ring_move(struct segment_ring *q, unsigned end,
                                     struct segment_ring_ring *r, struct segment_ring_ring *next)
{
    return a_cas(&q->end[end], &r, next, release, relaxed); /* [moved>] */
}

/* Puts `mine` behind r, or tells what stands there. Acquire also when another was faster: who moves the
 * tail to that one's ring hands it on to a third, who must find it initialised. */
static inline bool segment_ring_link(struct segment_ring_ring *r, struct segment_ring_ring *mine,
                                     struct segment_ring_ring **next)
{
    *next = NULL;
    return a_cas(&r->next, next, mine, release, acquire); /* [linked>] [>linked] */
}

/* The ring r is FULL. Links a ring with the first of n items in it, and moves the tail to it: how
 * many items. 0: others have linked one (Q_OK in `why`), Q_CLOSED, or Q_NOMEM. (A ring linked empty
 * could be closed before its first push: then the two could go on for ever and neither would end.) */
static __attribute__((noinline)) size_t segment_ring_extend(struct segment_ring *q,
                                                            struct segment_ring_ring *r,
                                                            const q_item *items, size_t n,
                                                            enum q_status *why)
{
    struct segment_ring_ring *next = a_load(&r->next, acquire); /* [>linked] */
    if (n > q->mask + 1)
        n = q->mask + 1;
    if (!next) {
        struct segment_ring_ring *const mine = segment_ring_take(q);
        if (!mine) {
            *why = Q_NOMEM;
            return 0;
        }
        const uint64_t first = a_load(&mine->tail, relaxed);
        segment_ring_fill(q, mine, first, items, n);
        a_store(&mine->tail, first + n, relaxed);
        if (segment_ring_link(r, mine, &next)) {
            segment_ring_move(q, SEGMENT_RING_TAIL, r, mine);
            return n;
        }
        for (size_t i = 0; i < n; i++)
            a_store(&segment_ring_cell(q, mine, first + i)->turn, segment_ring_turn(q, first + i),
                    relaxed);
        a_store(&mine->tail, first, relaxed);
        segment_ring_give(q, mine);
    }
    if (next == segment_ring_end(q))
        *why = Q_CLOSED;
    else
        segment_ring_move(q, SEGMENT_RING_TAIL, r, next);
    return 0;
}

/* The cell of `head` in r is not filled. Q_OK: moved on to another ring, or others were faster. */
static __attribute__((noinline)) enum q_status segment_ring_next(struct segment_ring *q,
                                                                 struct segment_ring_handle *h,
                                                                 struct segment_ring_ring *r,
                                                                 uint64_t head)
{
    struct segment_ring_ring *const next = a_load(&r->next, acquire); /* [>linked] */
    if (!next)
        return Q_EMPTY;
    if (a_load(&r->tail, relaxed) != (head | SEGMENT_RING_FULL))   /* it no longer changes */
        return a_load(&r->head, relaxed) == head ? Q_EMPTY : Q_OK; /* a push has claimed the cell */
    if (next == segment_ring_end(q))
        return Q_CLOSED;
    segment_ring_move(q, SEGMENT_RING_TAIL, r, next); /* first: the tail is never behind the head */
    if (segment_ring_move(q, SEGMENT_RING_HEAD, r, next))
        segment_ring_give_all(q, q_retire(&h->guard, &q->reclaim, &r->retired));
    return Q_OK;
}

/* ---- push and pop -------------------------------------------------------------------------- *
 * As in array_mpmc.h, where the comments are; only what happens at the ends of a ring differs. */

/* Puts 1 to n items into one ring: how many. 0: Q_CLOSED or Q_NOMEM in `why`. */
static inline q_hot size_t segment_ring_put(struct segment_ring *q, struct segment_ring_handle *h,
                                            const q_item *items, size_t n, enum q_status *why)
{
    for (unsigned step = 0;;) {
        struct segment_ring_ring *const r = segment_ring_at(q, h, SEGMENT_RING_TAIL);
        uint64_t tail = a_load(&r->tail, relaxed), seen = 0;
        size_t k = 0;
        do {
            seen =
                a_load(&segment_ring_cell(q, r, tail + k)->turn, acquire); /* [>freed] [>filled] */
            if (seen != segment_ring_turn(q, tail + k))
                break;
        } while (++k < n);
        if (k > 0) {
            const uint64_t mine = tail;
            if (a_cas(&r->tail, &tail, mine + k, relaxed, relaxed)) {
                segment_ring_fill(q, r, mine, items, k);
                q_event_notify(&q->items, k, &h->counts);
                return k;
            }
            h->counts.cas_failed++;
            q_backoff(&step);
        } else if (seen > segment_ring_turn(q, tail)) {
            h->counts.retries++;
            q_backoff(&step);
        } else if (!(tail & SEGMENT_RING_FULL)) {
            a_cas(&r->tail, &tail, tail | SEGMENT_RING_FULL, relaxed, relaxed);
        } else if ((k = segment_ring_extend(q, r, items, n, why)) > 0) {
            q_event_notify(&q->items, k, &h->counts);
            return k;
        } else if (*why != Q_OK) {
            return 0;
        }
    }
}

/* Gets 1 to n items from one ring: how many. 0: Q_EMPTY or Q_CLOSED in `why`. */
static inline q_hot size_t segment_ring_get(struct segment_ring *q, struct segment_ring_handle *h,
                                            q_item *items, size_t n, enum q_status *why)
{
    for (unsigned step = 0;;) {
        struct segment_ring_ring *const r = segment_ring_at(q, h, SEGMENT_RING_HEAD);
        uint64_t head = a_load(&r->head, relaxed), seen = 0;
        size_t k = 0;
        do {
            seen =
                a_load(&segment_ring_cell(q, r, head + k)->turn, acquire); /* [>filled] [>freed] */
            if (seen != segment_ring_turn(q, head + k) + 1)
                break;
        } while (++k < n);
        if (k > 0) {
            const uint64_t mine = head;
            if (a_cas(&r->head, &head, mine + k, relaxed, relaxed)) {
                for (size_t i = 0; i < k; i++) {
                    struct segment_ring_cell *const cell = segment_ring_cell(q, r, mine + i);
                    items[i] = cell->item;
                    a_store(&cell->turn, segment_ring_turn(q, mine + i) + 2,
                            release); /* [freed>] */
                }
                return k;
            }
            h->counts.cas_failed++;
            q_backoff(&step);
        } else if (seen > segment_ring_turn(q, head) + 1) {
            h->counts.retries++;
            q_backoff(&step);
        } else if ((*why = segment_ring_next(q, h, r, head)) != Q_OK) {
            return 0;
        }
    }
}

static inline q_hot enum q_status segment_ring_push(struct segment_ring *q,
                                                    struct segment_ring_handle *h, q_item item)
{
    enum q_status why = Q_OK;
    return segment_ring_put(q, h, &item, 1, &why) ? Q_OK : why;
}

static inline q_hot enum q_status segment_ring_pop(struct segment_ring *q,
                                                   struct segment_ring_handle *h, q_item *item)
{
    enum q_status why = Q_OK;
    return segment_ring_get(q, h, item, 1, &why) ? Q_OK : why;
}

/* One compare-and-swap for what goes into, or comes out of, one ring. */
static inline size_t segment_ring_push_n(struct segment_ring *q, struct segment_ring_handle *h,
                                         const q_item *items, size_t n)
{
    enum q_status why = Q_OK;
    size_t done = 0;
    while (done < n && why == Q_OK)
        done += segment_ring_put(q, h, items + done, n - done, &why);
    return done;
}

static inline size_t segment_ring_pop_n(struct segment_ring *q, struct segment_ring_handle *h,
                                        q_item *items, size_t n)
{
    enum q_status why = Q_OK;
    size_t done = 0;
    while (done < n && why == Q_OK)
        done += segment_ring_get(q, h, items + done, n - done, &why);
    return done;
}

Q_WAIT_BY_PARKING(segment_ring)

static inline void segment_ring_close(struct segment_ring *q, struct segment_ring_handle *h)
{
    struct segment_ring_ring *const end = segment_ring_end(q), *r, *next;
    for (;;) {
        r = segment_ring_at(q, h, SEGMENT_RING_TAIL);
        a_or(&r->tail, SEGMENT_RING_FULL, relaxed);
        if (segment_ring_link(r, end, &next) || next == end)
            break;
        segment_ring_move(q, SEGMENT_RING_TAIL, r, next);
    }
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* As in a thread that is stopped in the middle of a pop (harness/driver.h). */
#define segment_ring_STOPS 1
static inline void segment_ring_stop(struct segment_ring *q, struct segment_ring_handle *h)
{
    (void)segment_ring_at(q, h, SEGMENT_RING_HEAD);
}

static inline size_t segment_ring_capacity(const struct segment_ring *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_ring_bytes(const struct segment_ring *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
