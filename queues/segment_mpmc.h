/* segment_mpmc.h: unbounded, linked segments, any producers, any consumers.
 *
 *   head {position, segment}                tail {position, segment}      spare
 *          |                                   |                            |
 *          v                                   v                            v
 *     [. . x x x x x|>] --next--> [x x x x . . .|>] --next--> none      [. . . . . . .|>]
 *            ^ 2                           ^ 11                          drained, kept
 *
 * Segment number L holds positions (L << shift) ... : `mask` slots and then one position that is no
 * slot (|> above): while an end stands on it, one thread is moving that end to the next segment.
 *
 * A thread takes a position by compare-and-swap on its end and only then touches the segment, so
 * that a segment can neither be drained nor reused under its feet: no hazard pointers, no epochs.
 * The push that takes the last slot links the next segment, which it had in its hand before it
 * took the slot; the pop that takes the last slot moves the head. Slots carry turns as in
 * array_mpmc: 2L + 1 filled, 2L + 2 read; a segment comes back with another L, so that nothing has
 * to be reset. When every slot of a drained segment has been read it becomes the `spare`, or is
 * freed if there is one already; if a slow reader is still in it, it waits in the list `retired`
 * for the next drained segment, or for a detach. A push past the middle of a segment sees to it
 * that there is a spare: memory is asked for long before it is needed.
 *
 * The protocol of the two ends is that of crossbeam's SegQueue (2019). Different here: turns
 * instead of state bits, which saves both operations one locked instruction (there a bit hands the
 * reclaiming over to the slow reader); the spare; a consumer remembers the tail it last saw, and
 * reads the producers' cache line again only when it has come so far.
 *
 * push and pop are blocking, though SegQueue is often called lock-free: a thread stopped between
 * taking a position and filling it holds up the pop of that position, one stopped while it links
 * or moves to the next segment all pushes or all pops.
 *
 * Q_EMPTY is exact. A pop reads the head's position h, then the tail's; EMPTY if that is h too. Who
 * moved the head to h had seen the tail there or beyond, and hands that on with the head (claimed,
 * moved; into the next segment by linked): the tail that is read next is never behind the head, or
 * the pop would take a position that no push has taken. EMPTY stands between the last pop before h,
 * which happened before it, and the push at h, later in the one order of all changes of the tail.
 * No other operation contradicts that: it would have happened after a push at h or beyond and before
 * the EMPTY, and then the pop would have read a tail beyond h. So the two ends need no common order
 * and nothing here is seq_cst. (One queue's answers, that is: who pushes to one queue and finds
 * another empty needs a fence in between to conclude that nobody does the reverse.) The price:
 * consumers that have caught up read the line that the producers write (array_mpmc looks into the
 * slot, but here the slot may be gone).
 *
 * Close sets the highest bit of the tail: a push that reads it answers Q_CLOSED, one that read the
 * tail before loses its compare-and-swap. The thread that links a segment ADDS to the tail, or it
 * could wipe the bit out.
 *
 * Edges   filled    push -> pop           the slot holds the item of this turn
 *         read      pop -> pop            the slot has been read; pop that drains the segment
 *         linked    push -> push, pop     the next segment may be used, and the tail is in it
 *         claimed   push, pop -> any      what whoever took the position before had read by then
 *         closed    close -> push, pop    no position beyond this one will be filled
 *         moved     pop -> pop            the head's segment belongs to its position
 *         retired   pop -> pop, detach    a drained segment and its place in the list
 *         spare     any -> any            nobody uses this segment any more */
#ifndef QUEUES_SEGMENT_MPMC_H
#define QUEUES_SEGMENT_MPMC_H

#include "queues/queue.h"

#define SEGMENT_MPMC_CLOSED  (UINT64_C(1) << 63) /* in tail.position */
#define SEGMENT_MPMC_DEFAULT 1023 /* slots; 16 KiB with 8-byte items. Shorter: measured slower */

struct segment_mpmc_slot {
    atomic(uint64_t) turn; /* 2L + 1: filled, 2L + 2: read, less: neither, in segment number L */
    q_item item;
};
struct segment_mpmc_segment {
    atomic(struct segment_mpmc_segment *) next; /* number L + 1; stored once, by its linker */
    struct segment_mpmc_segment *below;         /* in the list of retired segments */
    struct segment_mpmc_slot slot[];            /* mask of them */
};
struct segment_mpmc_end {
    atomic(uint64_t) position;
    atomic(struct segment_mpmc_segment *) segment;
};

struct segment_mpmc {
    alignas(Q_LINE) struct segment_mpmc_end tail;
    alignas(Q_LINE) struct segment_mpmc_end head;
    alignas(Q_LINE) uint64_t mask; /* from here on constant, or written rarely */
    unsigned shift;
    struct q_event items, room;                                  /* nobody ever waits for room */
    alignas(Q_LINE) atomic(struct segment_mpmc_segment *) spare; /* written once per segment */
    atomic(struct segment_mpmc_segment *) retired;
    struct q_memory memory;
};
struct segment_mpmc_handle {
    struct q_counts counts;
    uint64_t seen_tail; /* consumer: the tail's position when last read */
};
_Static_assert(offsetof(struct segment_mpmc, head) >= Q_LINE, "both ends on one cache line");

static const struct q_traits segment_mpmc_traits = {
    .name = "segment_mpmc",
    .family = "segment",
    .summary = "unbounded, linked segments, drained ones reused",
    .source = "the protocol of crossbeam's SegQueue, 2019; turns as in Vyukov's MPMC queue, 2010",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH,
};

/* ---- segments: all of this runs once per segment ------------------------------------------- */

static inline size_t segment_mpmc_segment_bytes(const struct segment_mpmc *q)
{
    return sizeof(struct segment_mpmc_segment) + q->mask * sizeof(struct segment_mpmc_slot);
}

static inline void segment_mpmc_free(struct segment_mpmc *q, struct segment_mpmc_segment *s)
{
    q_free(&q->memory, s, Q_LINE, segment_mpmc_segment_bytes(q));
}

/* A segment that nobody uses becomes the spare. It may still be warm, so an older spare goes. */
static inline void segment_mpmc_give(struct segment_mpmc *q, struct segment_mpmc_segment *s)
{
    segment_mpmc_free(q, a_swap(&q->spare, s, acq_rel)); /* [spare>] [>spare] */
}

static inline struct segment_mpmc_segment *segment_mpmc_new(struct segment_mpmc *q)
{
    struct segment_mpmc_segment *s = q_alloc(&q->memory, Q_LINE, segment_mpmc_segment_bytes(q));
    if (!s)
        return NULL;
    a_init(&s->next, NULL);
    s->below = NULL;
    for (uint64_t i = 0; i < q->mask; i++)
        a_init(&s->slot[i].turn, 0);
    return s;
}

/* A segment to link, or NULL when there is no memory. */
static __attribute__((noinline)) struct segment_mpmc_segment *
segment_mpmc_take(struct segment_mpmc *q)
{
    struct segment_mpmc_segment *s = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    return s ? s : segment_mpmc_new(q);
}

/* No memory here is no error yet: the push that needs the segment asks again. */
static __attribute__((noinline)) void segment_mpmc_have_spare(struct segment_mpmc *q)
{
    if (a_load(&q->spare, relaxed))
        return;
    struct segment_mpmc_segment *s = segment_mpmc_new(q);
    if (s)
        segment_mpmc_give(q, s);
}

/* The last slot was read by the thread that drained the segment, so its turn is the one of all. */
static inline bool segment_mpmc_all_read(struct segment_mpmc *q, struct segment_mpmc_segment *s)
{
    const uint64_t read = a_load(&s->slot[q->mask - 1].turn, relaxed);
    for (uint64_t i = 0; i < q->mask; i++)
        if (a_load(&s->slot[i].turn, acquire) != read) /* [>read] */
            return false;
    return true;
}

static inline void segment_mpmc_reclaim(struct segment_mpmc *q, struct segment_mpmc_segment *s)
{
    if (segment_mpmc_all_read(q, s)) {
        a_store(&s->next, NULL, relaxed);
        segment_mpmc_give(q, s);
        return;
    }
    s->below = a_load(&q->retired, relaxed);
    while (!a_cas_weak(&q->retired, &s->below, s, release, relaxed)) /* [retired>] */
        ;
}

/* Looks again at all that were retired; takes the whole list, so that nobody else has it. */
static __attribute__((noinline)) void segment_mpmc_reclaim_retired(struct segment_mpmc *q)
{
    if (!a_load(&q->retired, relaxed))
        return;
    struct segment_mpmc_segment *s = a_swap(&q->retired, NULL, acquire); /* [>retired] */
    while (s) {
        struct segment_mpmc_segment *const below = s->below;
        segment_mpmc_reclaim(q, s);
        s = below;
    }
}

static __attribute__((noinline)) void segment_mpmc_drained(struct segment_mpmc *q,
                                                           struct segment_mpmc_segment *s)
{
    segment_mpmc_reclaim_retired(q);
    segment_mpmc_reclaim(q, s);
}

/* ---- life ---------------------------------------------------------------------------------- */

static inline int segment_mpmc_init(struct segment_mpmc *q, const struct q_config *cfg)
{
    const size_t wanted = cfg->segment ? cfg->segment : SEGMENT_MPMC_DEFAULT;
    const size_t positions = wanted == SIZE_MAX ? 0 : q_round_up(wanted + 1, 2);
    if (positions == 0 || positions > SIZE_MAX / 2 / sizeof(struct segment_mpmc_slot) ||
        cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = positions - 1;
    q->shift = (unsigned)__builtin_ctzll(positions);
    struct segment_mpmc_segment *const first = segment_mpmc_new(q);
    if (!first)
        return ENOMEM;
    a_init(&q->tail.position, 0);
    a_init(&q->tail.segment, first);
    a_init(&q->head.position, 0);
    a_init(&q->head.segment, first);
    a_init(&q->spare, NULL);
    a_init(&q->retired, NULL);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void segment_mpmc_destroy(struct segment_mpmc *q)
{
    struct segment_mpmc_segment *s = a_load(&q->head.segment, relaxed);
    while (s) {
        struct segment_mpmc_segment *const next = a_load(&s->next, relaxed);
        segment_mpmc_free(q, s);
        s = next;
    }
    for (s = a_load(&q->retired, relaxed); s;) {
        struct segment_mpmc_segment *const below = s->below;
        segment_mpmc_free(q, s);
        s = below;
    }
    segment_mpmc_free(q, a_load(&q->spare, relaxed));
}

static inline int segment_mpmc_attach(struct segment_mpmc *q, struct segment_mpmc_handle *h,
                                      enum q_role role)
{
    (void)q, (void)role;
    *h = (struct segment_mpmc_handle){.seen_tail = 0};
    return 0;
}

static inline void segment_mpmc_detach(struct segment_mpmc *q, struct segment_mpmc_handle *h)
{
    (void)h;
    segment_mpmc_reclaim_retired(q);
}

/* ---- push and pop -------------------------------------------------------------------------- *
 * A compare-and-swap that succeeds proves that the position has not moved since it was read, and
 * with it that the segment read in between is the position's own: a position only grows, and its
 * segment changes before it enters the segment. The pair may be torn, but then the swap fails.
 *
 * So an end's segment can be stored and loaded relaxed: what is read is not older than the position,
 * which was released after it (linked, moved), nor newer: whoever changes it has read the position
 * from our swap or a later one, and our swap (claimed) came after our load. */

/* Puts 1 to n items into the slots of one segment: how many. 0: Q_CLOSED or Q_NOMEM in `why`. */
static inline q_hot size_t segment_mpmc_put(struct segment_mpmc *q, struct segment_mpmc_handle *h,
                                            const q_item *items, size_t n, enum q_status *why)
{
    const uint64_t slots = q->mask;
    struct segment_mpmc_segment *next = NULL, *segment;
    uint64_t tail, first;
    size_t k;
    for (unsigned step = 0, spins = 0;;) {
        tail = a_load(&q->tail.position, acquire); /* [>linked] [>claimed] [>closed] */
        segment = a_load(&q->tail.segment, relaxed);
        first = tail & slots;
        if (__builtin_expect((tail & SEGMENT_MPMC_CLOSED) != 0, 0)) {
            *why = Q_CLOSED;
            k = 0;
            break;
        }
        if (__builtin_expect(first == slots, 0)) { /* the next segment is being linked */
            h->counts.retries++;
            q_relax(&spins);
            continue;
        }
        k = n == 1 || n < slots - first ? n : slots - first;
        if (__builtin_expect(first + k == slots, 0) && !next && !(next = segment_mpmc_take(q))) {
            *why = Q_NOMEM;
            k = 0;
            break;
        }
        /* Release, or Arm may swap before it loads the segment. That is load buffering, which RC11
         * leaves out: here no scenario of the checker can show that it is needed. */
        uint64_t seen = tail;
        if (a_cas(&q->tail.position, &seen, tail + k, release, relaxed)) /* [claimed>] */
            break;
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    if (k > 0) {
        if (__builtin_expect(first + k == slots, 0)) {
            a_store(&q->tail.segment, next, relaxed);
            a_add(&q->tail.position, 1, release);   /* [linked>] */
            a_store(&segment->next, next, release); /* [linked>] */
            next = NULL;
        }
        const uint64_t filled = (tail >> q->shift << 1) + 1;
        for (size_t i = 0; i < k; i++) {
            segment->slot[first + i].item = items[i];
            a_store(&segment->slot[first + i].turn, filled, release); /* [filled>] */
        }
        q_event_notify(&q->items, k, &h->counts);
        const uint64_t middle = slots / 2;
        if (__builtin_expect(middle - first < k, 0))
            segment_mpmc_have_spare(q);
    }
    if (__builtin_expect(next != NULL, 0)) /* the last slot went to another thread, or closed */
        segment_mpmc_give(q, next);
    return k;
}

/* Gets 1 to n items from the slots of one segment: how many. 0: Q_EMPTY or Q_CLOSED in `why`. */
static inline q_hot size_t segment_mpmc_get(struct segment_mpmc *q, struct segment_mpmc_handle *h,
                                            q_item *items, size_t n, enum q_status *why)
{
    const uint64_t slots = q->mask;
    struct segment_mpmc_segment *segment;
    uint64_t head, first;
    size_t k;
    for (unsigned step = 0, spins = 0;;) {
        head = a_load(&q->head.position, acquire); /* [>moved] [>claimed] */
        segment = a_load(&q->head.segment, relaxed);
        first = head & slots;
        if (head + n > h->seen_tail) {
            const uint64_t tail =
                a_load(&q->tail.position, acquire); /* [>linked] [>claimed] [>closed] */
            h->seen_tail = tail & ~SEGMENT_MPMC_CLOSED;
            if (head == h->seen_tail) {
                *why = tail & SEGMENT_MPMC_CLOSED ? Q_CLOSED : Q_EMPTY;
                return 0;
            }
        }
        if (__builtin_expect(first == slots, 0)) { /* the head is being moved */
            h->counts.retries++;
            q_relax(&spins);
            continue;
        }
        k = n == 1 || n < slots - first ? n : slots - first;
        if (n > 1 && k > h->seen_tail - head)
            k = h->seen_tail - head;
        uint64_t seen = head;
        if (a_cas(&q->head.position, &seen, head + k, release, relaxed)) /* [claimed>] */
            break;
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    const bool last = first + k == slots;
    if (__builtin_expect(last, 0)) {
        struct segment_mpmc_segment *next;
        unsigned spins = 0;
        await_while ((next = a_load(&segment->next, acquire)) == NULL) /* [>linked] */
            q_relax(&spins);
        a_store(&q->head.segment, next, relaxed);
        a_store(&q->head.position, head + k + 1, release); /* [moved>] */
    }
    const uint64_t filled = (head >> q->shift << 1) + 1;
    size_t i = 0;
    do {
        struct segment_mpmc_slot *const slot = &segment->slot[first + i];
        unsigned spins = 0;
        await_while (a_load(&slot->turn, acquire) != filled) /* [>filled] */
            q_relax(&spins);
        items[i] = slot->item;
        a_store(&slot->turn, filled + 1, release); /* [read>] */
    } while (++i < k);
    if (__builtin_expect(last, 0))
        segment_mpmc_drained(q, segment);
    return k;
}

static inline q_hot enum q_status segment_mpmc_push(struct segment_mpmc *q,
                                                    struct segment_mpmc_handle *h, q_item item)
{
    enum q_status why = Q_OK;
    segment_mpmc_put(q, h, &item, 1, &why);
    return why;
}

static inline q_hot enum q_status segment_mpmc_pop(struct segment_mpmc *q,
                                                   struct segment_mpmc_handle *h, q_item *item)
{
    enum q_status why = Q_OK;
    segment_mpmc_get(q, h, item, 1, &why);
    return why;
}

/* One compare-and-swap for what goes into, or comes out of, one segment. */
static inline size_t segment_mpmc_push_n(struct segment_mpmc *q, struct segment_mpmc_handle *h,
                                         const q_item *items, size_t n)
{
    enum q_status why = Q_OK;
    size_t done = 0;
    while (done < n && why == Q_OK)
        done += segment_mpmc_put(q, h, items + done, n - done, &why);
    return done;
}

static inline size_t segment_mpmc_pop_n(struct segment_mpmc *q, struct segment_mpmc_handle *h,
                                        q_item *items, size_t n)
{
    enum q_status why = Q_OK;
    size_t done = 0;
    while (done < n && why == Q_OK)
        done += segment_mpmc_get(q, h, items + done, n - done, &why);
    return done;
}

Q_WAIT_BY_PARKING(segment_mpmc)

static inline void segment_mpmc_close(struct segment_mpmc *q, struct segment_mpmc_handle *h)
{
    a_or(&q->tail.position, SEGMENT_MPMC_CLOSED, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t segment_mpmc_capacity(const struct segment_mpmc *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_mpmc_bytes(const struct segment_mpmc *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
