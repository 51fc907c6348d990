/* segment_faa.h: unbounded, linked segments whose slots are given out by fetch-and-add.
 *
 *     q.head                                        q.tail
 *       v                                             v
 *     [ o o - x x x x x ] --next--> [ x x x x ] --next--> [ x . x . . . . . ] --next--> none, CLOSED
 *             ^ head                                                ^ tail
 *     o popped   - given up   x filled   . empty: not pushed yet, or being pushed
 *
 * Ramalhete and Correia, "FAAArrayQueue", 2016 (a simplification of Morrison and Afek's LCRQ, 2013).
 * A push takes the next slot of the last segment, writes its item there and marks the slot filled. A
 * pop takes the next slot of the first segment; where that is not filled after a little patience it
 * marks the slot taken, and both go on to other slots: the push learns of it when it swaps its mark
 * in. So neither waits for the other. Who finds the segment used up links the next one, with its item
 * in it, or moves on; drained segments are retired (reclaim.h).
 *
 * Different here: an item is of any size, since it lies beside the mark and not in it. A slot's item
 * is written by the push that took the slot and read by the pop that took it, and by that only if it
 * found the slot filled: they cannot meet. A pop remembers where it last saw the tail, and reads the
 * producers' line again only when it has come so far.
 *
 * Memory: a drained segment becomes the `spare`, which the next link uses; an older spare is freed.
 * Kept when drained: the spare, and what waits for readers.
 *
 * Progress: push and pop are lock-free. A push and a pop can chase each other through the slots of a
 * segment, but not beyond: who links the next one has its item in it.
 * Q_EMPTY is exact: the head's position is read first, then the tail's, and who moved the head so far
 * had seen the tail as far (claimed).
 * Close puts a mark into the last segment's `next`, so that none is linked, and then one into its
 * tail, so that no slot is given out.
 *
 * Edges   filled    push -> pop                   the slot holds an item
 *         linked    push, close -> push, pop, close   the next segment may be used; none will come
 *         moved     push, pop, close -> push, close   the tail's segment is initialised
 *         taken     pop -> pop                    the head's segment is initialised
 *         claimed   pop -> pop                    the tail has been as far as the head
 *         closed    close -> pop                  no slot is given out any more
 *         spare     any -> any                    nobody uses this segment any more */
#ifndef QUEUES_SEGMENT_FAA_H
#define QUEUES_SEGMENT_FAA_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#define SEGMENT_FAA_CLOSED  (UINT64_C(1) << 63) /* in a segment's tail */
#define SEGMENT_FAA_DEFAULT 1023                /* slots: 16 KiB with 8-byte items */
#define SEGMENT_FAA_RETIRED 2 /* segments that a handle retires before it looks which are free */
#ifndef SEGMENT_FAA_PATIENCE
#define SEGMENT_FAA_PATIENCE 64 /* pauses before a pop gives a slot up */
#endif

enum segment_faa_mark { SEGMENT_FAA_UNUSED, SEGMENT_FAA_FILLED, SEGMENT_FAA_TAKEN };
struct segment_faa_slot {
    atomic(uint64_t) mark;
    q_item item;
};
struct segment_faa_segment {
    struct q_retired retired;
    uint64_t base;                             /* the position of its first slot in the queue */
    atomic(struct segment_faa_segment *) next; /* NULL at first; written once */
    alignas(Q_LINE) atomic(uint64_t) tail;     /* slots given out to pushes; those beyond the last
                                                  went away empty-handed. CLOSED */
    alignas(Q_LINE) atomic(uint64_t) head;     /* ... and to pops */
    alignas(Q_LINE) struct segment_faa_slot slot[];
};
#define SEGMENT_FAA_NO_NEXT ((struct segment_faa_segment *)1) /* in next: closed */

struct segment_faa {
    alignas(Q_LINE) atomic(struct segment_faa_segment *) tail; /* written once per segment */
    alignas(Q_LINE) atomic(struct segment_faa_segment *) head;
    alignas(Q_LINE) uint64_t slots; /* from here on constant, or written rarely */
    struct q_event items, room;     /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct segment_faa_segment *) spare;
};
struct segment_faa_handle {
    struct q_counts counts;
    struct q_guard guard;
    uint64_t seen_tail; /* consumer: positions before this one have been given out to pushes */
};
enum { SEGMENT_FAA_HEAD_SLOT, SEGMENT_FAA_TAIL_SLOT }; /* of the guard */
_Static_assert(offsetof(struct segment_faa_segment, retired) == 0,
               "an object begins with q_retired");

static const struct q_traits segment_faa_traits = {
    .name = "segment_faa",
    .family = "segment",
    .summary = "unbounded, linked arrays, slots by fetch-and-add, lock-free",
    .source = "Ramalhete and Correia, FAAArrayQueue, 2016",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = true,
    .native = 0,
};

/* ---- segments: all of this runs once per segment --------------------------------------------- */

static inline size_t segment_faa_segment_bytes(const struct segment_faa *q)
{
    return sizeof(struct segment_faa_segment) + q->slots * sizeof(struct segment_faa_slot);
}

static inline void segment_faa_free(struct segment_faa *q, struct segment_faa_segment *s)
{
    q_free(&q->memory, s, Q_LINE, segment_faa_segment_bytes(q));
}

/* A segment that nobody uses becomes the spare. It may still be warm, so an older spare goes. */
static inline void segment_faa_give(struct segment_faa *q, struct segment_faa_segment *s)
{
    segment_faa_free(q, a_swap(&q->spare, s, acq_rel)); /* [spare>] [>spare] */
}

Q_GIVE_ALL(segment_faa, segment_faa_segment)

/* An empty segment, or NULL when there is no memory. */
static __attribute__((noinline)) struct segment_faa_segment *segment_faa_take(struct segment_faa *q)
{
    struct segment_faa_segment *s = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    if (!s)
        s = q_alloc(&q->memory, Q_LINE, segment_faa_segment_bytes(q));
    if (!s)
        return NULL;
    s->base = 0;
    a_init(&s->next, NULL);
    a_init(&s->tail, 0);
    a_init(&s->head, 0);
    for (uint64_t i = 0; i < q->slots; i++)
        a_init(&s->slot[i].mark, SEGMENT_FAA_UNUSED);
    return s;
}

/* ---- life ----------------------------------------------------------------------------------- */

static inline int segment_faa_init(struct segment_faa *q, const struct q_config *cfg)
{
    q->slots = cfg->segment ? cfg->segment : SEGMENT_FAA_DEFAULT;
    if (q->slots > SIZE_MAX / 2 / sizeof(struct segment_faa_slot) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    a_init(&q->spare, NULL);
    struct segment_faa_segment *const first = segment_faa_take(q);
    if (!first)
        return ENOMEM;
    a_init(&q->tail, first);
    a_init(&q->head, first);
    q_event_init(&q->items);
    q_event_init(&q->room);
    q_reclaim_init(&q->reclaim, &q->memory, SEGMENT_FAA_RETIRED);
    return 0;
}

static inline void segment_faa_destroy(struct segment_faa *q)
{
    struct segment_faa_segment *s = a_load(&q->head, relaxed);
    while (s && s != SEGMENT_FAA_NO_NEXT) {
        struct segment_faa_segment *const next = a_load(&s->next, relaxed);
        segment_faa_free(q, s);
        s = next;
    }
    segment_faa_give_all(q, q_reclaim_destroy(&q->reclaim));
    segment_faa_free(q, a_load(&q->spare, relaxed));
}

static inline int segment_faa_attach(struct segment_faa *q, struct segment_faa_handle *h,
                                     enum q_role role)
{
    (void)role;
    *h = (struct segment_faa_handle){.seen_tail = 0};
    return q_guard_attach(&h->guard, &q->reclaim);
}

static inline void segment_faa_detach(struct segment_faa *q, struct segment_faa_handle *h)
{
    segment_faa_give_all(q, q_guard_detach(&h->guard, &q->reclaim));
}

/* ---- push and pop --------------------------------------------------------------------------- */

static inline struct segment_faa_segment *segment_faa_last(struct segment_faa *q,
                                                           struct segment_faa_handle *h)
{
    return q_protect(&h->guard, SEGMENT_FAA_TAIL_SLOT, a_load(&q->tail, acquire)); /* [>moved] */
}

/* The segment is used up: links one with the item in it, Q_OK; or finds the next one and moves the
 * tail there, Q_FULL: try again. Else Q_CLOSED or Q_NOMEM. */
static __attribute__((noinline)) enum q_status
segment_faa_link(struct segment_faa *q, struct segment_faa_segment *segment, const q_item *item)
{
    struct segment_faa_segment *next = a_load(&segment->next, acquire); /* [>linked] */
    bool mine = false;
    if (!next) {
        struct segment_faa_segment *const fresh = segment_faa_take(q);
        if (!fresh)
            return Q_NOMEM;
        fresh->base = segment->base + q->slots;
        fresh->slot[0].item = *item;
        a_init(&fresh->slot[0].mark, SEGMENT_FAA_FILLED);
        a_init(&fresh->tail, 1);
        mine = a_cas(&segment->next, &next, fresh, release, acquire); /* [linked>] [>linked] */
        if (mine)
            next = fresh;
        else
            segment_faa_give(q, fresh);
    }
    if (next == SEGMENT_FAA_NO_NEXT)
        return Q_CLOSED;
    a_cas(&q->tail, &segment, next, release, relaxed); /* [moved>] */
    return mine ? Q_OK : Q_FULL;
}

static inline q_hot enum q_status segment_faa_push(struct segment_faa *q,
                                                   struct segment_faa_handle *h, q_item item)
{
    enum q_status s;
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct segment_faa_segment *const segment = segment_faa_last(q, h);
        const uint64_t i = a_add(&segment->tail, 1, relaxed);
        if (__builtin_expect(i < q->slots, 1)) {
            struct segment_faa_slot *const slot = &segment->slot[i];
            slot->item = item;
            if (__builtin_expect(a_swap(&slot->mark, SEGMENT_FAA_FILLED, release) == /* [filled>] */
                                     SEGMENT_FAA_UNUSED,
                                 1)) {
                s = Q_OK;
                break;
            }
        } else if ((s = segment_faa_link(q, segment, &item)) != Q_FULL) {
            break;
        }
        h->counts.retries++;
    }
    q_leave(&h->guard);
    if (__builtin_expect(s == Q_OK, 1))
        q_event_notify(&q->items, 1, &h->counts);
    return s;
}

/* All slots of the head's segment have been given out to pops: on to the next one, Q_OK; or Q_EMPTY
 * or Q_CLOSED. */
static __attribute__((noinline)) enum q_status
segment_faa_leave(struct segment_faa *q, struct segment_faa_handle *h,
                  struct segment_faa_segment *segment)
{
    struct segment_faa_segment *const next = a_load(&segment->next, acquire); /* [>linked] */
    if (!next || next == SEGMENT_FAA_NO_NEXT)
        return next ? Q_CLOSED : Q_EMPTY;
    struct segment_faa_segment *seen = segment;
    if (a_load(&q->tail, relaxed) == segment) /* not retired before the tail has left it, too */
        a_cas(&q->tail, &seen, next, release, relaxed); /* [moved>] */
    seen = segment;
    if (a_cas(&q->head, &seen, next, release, relaxed)) /* [taken>] */
        segment_faa_give_all(q, q_retire(&h->guard, &q->reclaim, &segment->retired));
    return Q_OK;
}

static inline q_hot enum q_status segment_faa_pop(struct segment_faa *q,
                                                  struct segment_faa_handle *h, q_item *item)
{
    const uint64_t slots = q->slots;
    enum q_status s;
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct segment_faa_segment *const segment =
            q_protect(&h->guard, SEGMENT_FAA_HEAD_SLOT, a_load(&q->head, acquire)); /* [>taken] */
        uint64_t i = a_load(&segment->head, acquire);                               /* [>claimed] */
        if (i < slots && segment->base + i >= h->seen_tail) {
            const uint64_t tail = a_load(&segment->tail, acquire); /* [>closed] */
            const uint64_t given = tail & ~SEGMENT_FAA_CLOSED;
            if (i >= given) {
                s = tail & SEGMENT_FAA_CLOSED ? Q_CLOSED : Q_EMPTY;
                break;
            }
            h->seen_tail = segment->base + (given < slots ? given : slots);
        }
        if (__builtin_expect(i < slots, 1))
            i = a_add(&segment->head, 1, acq_rel); /* [claimed>] [>claimed] */
        if (__builtin_expect(i < slots, 1)) {
            struct segment_faa_slot *const slot = &segment->slot[i];
            uint64_t mark = a_load(&slot->mark, acquire); /* [>filled] */
            for (unsigned n = 0; mark == SEGMENT_FAA_UNUSED && n < SEGMENT_FAA_PATIENCE; n++) {
                a_pause();
                mark = a_load(&slot->mark, acquire); /* [>filled] */
            }
            if (mark == SEGMENT_FAA_UNUSED)
                mark = a_swap(&slot->mark, SEGMENT_FAA_TAKEN, acquire); /* [>filled] */
            if (__builtin_expect(mark == SEGMENT_FAA_FILLED, 1)) {
                *item = slot->item;
                s = Q_OK;
                break;
            }
        } else if ((s = segment_faa_leave(q, h, segment)) != Q_OK) {
            break;
        }
        h->counts.retries++;
    }
    q_leave(&h->guard);
    return s;
}

Q_BATCH_BY_LOOP(segment_faa)
Q_WAIT_BY_PARKING(segment_faa)

static inline void segment_faa_close(struct segment_faa *q, struct segment_faa_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    for (;;) {
        struct segment_faa_segment *segment = segment_faa_last(q, h), *next = NULL;
        if (a_cas(&segment->next, &next, SEGMENT_FAA_NO_NEXT, release, acquire) || /* [linked>] */
            next == SEGMENT_FAA_NO_NEXT) {                                         /* [>linked] */
            a_or(&segment->tail, SEGMENT_FAA_CLOSED, release);                     /* [closed>] */
            break;
        }
        a_cas(&q->tail, &segment, next, release, relaxed); /* [moved>] */
    }
    q_leave(&h->guard);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* As in a thread that is stopped in the middle of a pop (harness/driver.h). */
#define segment_faa_STOPS 1
static inline void segment_faa_stop(struct segment_faa *q, struct segment_faa_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    (void)q_protect(&h->guard, SEGMENT_FAA_HEAD_SLOT, a_load(&q->head, relaxed));
}

static inline size_t segment_faa_capacity(const struct segment_faa *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_faa_bytes(const struct segment_faa *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
