/* segment_ymc_parts.h: what segment_ymc.h is made of: cells in segments, records of its threads, and
 * how segments are given back.
 *
 * A segment is freed when no thread can reach it. Each record has a `pin`, the lowest segment that
 * its thread's operation may touch, and none (YMC_IDLE) between operations. A pop that has come
 * SEGMENT_YMC_GARBAGE segments further cleans up, if nobody else does: it moves the places of
 * threads that do nothing along, and frees what lies below all pins.
 *
 * The ticket is the fence. A thread pins, takes its ticket, then loads the place where it goes on;
 * the cleaner moves that place, takes an empty ticket (adds 0), then looks at the pin. One of the two
 * tickets is first, and so either the cleaner sees the pin, or the thread its place moved. So the
 * fast path pays two stores and no fence of its own.
 *
 * Different from the paper: a pin is a number, so that the cleaner looks into no segment by way of
 * it; a request carries the segment where it begins, and not the record's place, which the cleaner may
 * have moved beyond it; and T is moved to what is kept before anything is freed, as the authors' code
 * does, or a push that comes late would begin in a segment that is gone.
 *
 * Edges   ticket    any -> any            what those with earlier tickets had written, so their pins
 *         linked    any -> any            a segment, made by whoever linked it
 *         joined    attach -> any         a record
 *         left      detach -> attach      a record is free
 *         unpinned  any -> cleaner        what the thread did with the segments below its pin
 *         moved     any -> any            a place, and the first of all segments
 *         cleaned   cleaner -> cleaner    what the last one freed */
#ifndef QUEUES_SEGMENT_YMC_PARTS_H
#define QUEUES_SEGMENT_YMC_PARTS_H

#include "queues/queue.h"

#ifndef SEGMENT_YMC_GARBAGE
#define SEGMENT_YMC_GARBAGE 2 /* segments behind the head that make a pop clean up */
#endif
#define SEGMENT_YMC_DEFAULT 1024 /* cells of a segment */

#define YMC_IDLE    UINT64_MAX          /* a pin: in no operation */
#define YMC_PENDING (UINT64_C(1) << 63) /* a state: PENDING | cell, or the cell alone: answered */
#define YMC_NEVER   (YMC_PENDING - 1)   /* a push's state: answered by no cell */
#define YMC_ID_BITS 48                  /* enq: record number + 1 above, a ticket's low bits */
#define YMC_ID      ((UINT64_C(1) << YMC_ID_BITS) - 1)
#define YMC_SPOILED UINT64_MAX /* enq: no request may use this cell */
#define YMC_FAST    1          /* deq: taken by its ticket; a record: 2 * number + 2 */

#define YMC_NONE 0 /* value: nothing here yet */
#if Q_ITEM_BYTES == 8
#define YMC_TOP UINT64_MAX /* value: spoiled; else the item itself */
#else
#define YMC_TOP  1
#define YMC_HERE 2 /* value: see the cell's item; else a box's address */
#endif

struct ymc_cell {
    atomic(uint64_t) value;
    atomic(uint64_t) enq; /* 0, a slow push's request, or YMC_SPOILED */
    atomic(uint64_t) deq; /* 0, YMC_FAST, or a slow pop's record */
#if Q_ITEM_BYTES > 8
    q_item item; /* written by whoever has the ticket */
#endif
};
struct ymc_segment {
    atomic(struct ymc_segment *) next; /* stored once */
    uint64_t number;                   /* given by who links it */
    struct ymc_cell cell[];            /* mask + 1 of them */
};

/* Where a thread goes on at one of the ends. */
struct ymc_place {
    atomic(struct ymc_segment *) segment; /* by its thread, and by the cleaner */
    uint64_t number;                      /* private: not above the segment's */
};

/* What others need to know of a handle. Never freed, but used again. */
struct ymc_record {
    alignas(Q_LINE) atomic(uint64_t) pin;   /* by its thread: it touches no segment below */
    struct ymc_segment *spare;              /* private, as are these four */
    struct ymc_record *enq_peer, *deq_peer; /* whom to help next */
    uint64_t enq_refused; /* state of enq_peer's request when a cell was not free for it; or 0 */
    uint32_t number;
    alignas(Q_LINE) struct ymc_place tail, head;
    atomic(uint32_t) used;
    struct {
        atomic(uint64_t) state; /* PENDING | its id, then the cell it got, or YMC_NEVER */
        atomic(uint64_t) value;
    } enq;
    struct {
        atomic(struct ymc_segment *) from; /* the segment of id */
        atomic(uint64_t) id;               /* the ticket that failed: it gets a later cell */
        atomic(uint64_t) state; /* PENDING | id, then | the cells announced, then the last alone */
    } deq;
};

struct ymc_end {
    atomic(uint64_t) ticket; /* the next */
};

enum { YMC_CHUNKS = 17, YMC_RECORDS_MAX = 65534 };

struct segment_ymc {
    alignas(Q_LINE) struct ymc_end tail; /* T */
    alignas(Q_LINE) struct ymc_end head; /* H */
    alignas(Q_LINE) unsigned shift;      /* from here on constant, or written rarely */
    uint64_t mask;
    atomic(bool) closed;
    struct q_event items, room; /* nobody ever waits for room */
    atomic(uint32_t) records;
    unsigned chunk_shift;                          /* chunk 0: 2^shift of them, from init */
    atomic(struct ymc_record *) chunk[YMC_CHUNKS]; /* chunk k: 2^(shift + k - 1) */
    alignas(Q_LINE) atomic(uint32_t) cleaning;     /* a lock that nobody waits for */
    atomic(struct ymc_segment *) first;            /* written by the cleaner */
    atomic(uint64_t) first_number;
    struct q_memory memory;
};
struct segment_ymc_handle {
    struct q_counts counts;
    struct ymc_record *record;
    uint64_t seen_tail; /* T when last read */
};

/* ---- segments ------------------------------------------------------------------------------ */

static inline size_t ymc_segment_bytes(const struct segment_ymc *q)
{
    return sizeof(struct ymc_segment) + (q->mask + 1) * sizeof(struct ymc_cell);
}

static inline void ymc_free(struct segment_ymc *q, struct ymc_segment *s)
{
    q_free(&q->memory, s, Q_LINE, ymc_segment_bytes(q));
}

static __attribute__((noinline)) struct ymc_segment *ymc_new(struct segment_ymc *q)
{
    struct ymc_segment *const s = q_alloc(&q->memory, Q_LINE, ymc_segment_bytes(q));
    if (!s)
        return NULL;
    memset(s, 0, ymc_segment_bytes(q)); /* no next; every cell YMC_NONE, not reserved, not taken */
    return s;
}

/* A segment in hand. False: there is no memory. */
static inline bool ymc_have_spare(struct segment_ymc *q, struct ymc_record *r)
{
    return __builtin_expect(r->spare != NULL, 1) || (r->spare = ymc_new(q)) != NULL;
}

/* The segment after s, linked if need be. NULL: there is no memory. */
static __attribute__((noinline)) struct ymc_segment *
ymc_next(struct segment_ymc *q, struct ymc_record *r, struct ymc_segment *s)
{
    struct ymc_segment *next = a_load(&s->next, acquire); /* [>linked] */
    if (next)
        return next;
    if (!ymc_have_spare(q, r))
        return NULL;
    r->spare->number = s->number + 1;
    if (!a_cas(&s->next, &next, r->spare, acq_rel, acquire)) /* [linked>] [>linked] */
        return next;
    next = r->spare;
    r->spare = NULL;
    return next;
}

/* Cell i, which is not before *s; *s becomes its segment. NULL: there is no memory, and *s is the
 * last one linked. */
static inline struct ymc_cell *ymc_find(struct segment_ymc *q, struct ymc_record *r,
                                        struct ymc_segment **s, uint64_t i)
{
    while (__builtin_expect((*s)->number != i >> q->shift, 0)) {
        struct ymc_segment *const next = ymc_next(q, r, *s);
        if (!next)
            return NULL;
        *s = next;
    }
    return &(*s)->cell[i & q->mask];
}

/* The end is at least at i. Each failure is another's progress towards i. */
static inline void ymc_advance(struct ymc_end *end, uint64_t i)
{
    uint64_t now = a_load(&end->ticket, acquire);                      /* [>ticket] */
    while (now < i && !a_cas(&end->ticket, &now, i, acq_rel, acquire)) /* [ticket>] [>ticket] */
        ;
}

/* ---- records ------------------------------------------------------------------------------- */

static inline unsigned ymc_chunk_of(const struct segment_ymc *q, uint32_t number)
{
    const uint32_t chunks = number >> q->chunk_shift;
    return chunks ? 32u - (unsigned)__builtin_clz(chunks) : 0;
}

/* The number of a chunk's first record. */
static inline uint32_t ymc_chunk_first(const struct segment_ymc *q, unsigned k)
{
    return k ? UINT32_C(1) << (q->chunk_shift + k - 1) : 0;
}

static inline size_t ymc_chunk_bytes(const struct segment_ymc *q, unsigned k)
{
    return sizeof(struct ymc_record) << (q->chunk_shift + (k ? k - 1 : 0));
}

static inline struct ymc_record *ymc_record_at(const struct segment_ymc *q, uint32_t number)
{
    const unsigned k = ymc_chunk_of(q, number);
    return &a_load(&q->chunk[k], acquire)[number - ymc_chunk_first(q, k)]; /* [>joined] */
}

static inline struct ymc_record *ymc_after(const struct segment_ymc *q, const struct ymc_record *r)
{
    const uint32_t next = r->number + 1;
    return ymc_record_at(q, next < a_load(&q->records, acquire) ? next : 0); /* [>joined] */
}

/* The operation is over: the place moves on, unless the cleaner has moved it. */
static inline void ymc_settle(struct ymc_place *place, struct ymc_segment *start,
                              struct ymc_segment *now)
{
    if (__builtin_expect(now != start, 0) &&
        a_cas(&place->segment, &start, now, acq_rel, acquire)) /* [moved>] [>moved] */
        start = now;
    if (__builtin_expect(place->number != start->number, 0))
        place->number = start->number;
}

static inline void ymc_unpin(struct ymc_record *r)
{
    a_store(&r->pin, YMC_IDLE, release); /* [unpinned>] */
}

/* Chunk k of the records. Those that count have been taken by an attach, which lifts the pin: until
 * then it keeps all segments. */
static __attribute__((noinline)) bool ymc_new_chunk(struct segment_ymc *q, unsigned k)
{
    const size_t bytes = ymc_chunk_bytes(q, k);
    struct ymc_record *const chunk = q_alloc(&q->memory, Q_LINE, bytes);
    if (!chunk)
        return false;
    memset(chunk, 0, bytes); /* pins of 0, no requests */
    for (uint32_t i = 0; i < bytes / sizeof *chunk; i++)
        chunk[i].number = ymc_chunk_first(q, k) + i;
    struct ymc_record *seen = NULL;
    if (!a_cas(&q->chunk[k], &seen, chunk, release, relaxed)) /* [joined>] */
        q_free(&q->memory, chunk, Q_LINE, bytes);
    return true;
}

/* A record that nobody uses, or the next new one; NULL: there is no memory. */
static inline struct ymc_record *ymc_join(struct segment_ymc *q)
{
    for (uint32_t number = 0; number < YMC_RECORDS_MAX; number++) {
        const unsigned k = ymc_chunk_of(q, number);
        if (!a_load(&q->chunk[k], relaxed) && !ymc_new_chunk(q, k))
            return NULL;
        struct ymc_record *const r = ymc_record_at(q, number);
        uint32_t no = 0, records = number;
        const bool ours = a_cas(&r->used, &no, 1, acquire, relaxed);    /* [>left] */
        if (number == a_load(&q->records, acquire))                     /* [>joined] */
            a_cas(&q->records, &records, number + 1, acq_rel, acquire); /* [joined>] [>joined] */
        if (!ours)
            continue;
        if (!r->enq_peer) { /* it is new */
            /* Either the cleaner sees our pin, or we what it has done. */
            a_add(&q->head.ticket, 0, acq_rel);                           /* [ticket>] [>ticket] */
            struct ymc_segment *const first = a_load(&q->first, acquire); /* [>moved] */
            a_store(&r->tail.segment, first, release);                    /* [moved>] */
            a_store(&r->head.segment, first, release);                    /* [moved>] */
            r->tail.number = r->head.number = first->number;
            r->enq_peer = r->deq_peer = ymc_record_at(q, number ? number - 1 : 0);
            a_store(&r->pin, YMC_IDLE, release); /* [unpinned>] */
        }
        return r;
    }
    return NULL;
}

/* It keeps its place and its spare segment for whoever comes next. */
static inline void ymc_go(struct ymc_record *r) { a_store(&r->used, 0, release); /* [left>] */ }

/* ---- reclaiming ---------------------------------------------------------------------------- */

/* The lowest of `low` and all pins. */
static inline uint64_t ymc_lowest_pin(const struct segment_ymc *q, uint64_t low)
{
    const uint32_t n = a_load(&q->records, acquire); /* [>joined] */
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t pin = a_load(&ymc_record_at(q, i)->pin, acquire); /* [>unpinned] */
        low = pin < low ? pin : low;
    }
    return low;
}

/* Segment number `number`, which is not before s and is linked. */
static inline struct ymc_segment *ymc_forward(struct ymc_segment *s, uint64_t number)
{
    while (s->number < number)
        s = a_load(&s->next, acquire); /* [>linked] */
    return s;
}

/* The place is not before `to`. Answers `low`, or less if it stays: where its thread moves it at
 * this moment, or 0 if its thread is about to find its first place. */
static inline uint64_t ymc_raise(struct ymc_place *place, struct ymc_segment *to, uint64_t low)
{
    struct ymc_segment *s = a_load(&place->segment, acquire); /* [>moved] */
    if (!s)
        return 0;
    if (s->number >= to->number ||
        a_cas(&place->segment, &s, to, acq_rel, acquire)) /* [moved>] [>moved] */
        return low;
    return s->number < low ? s->number : low;
}

/* Frees what nobody can reach. `own` is the segment of our last ticket, and our pin. Tickets for
 * cells before it have all been taken: by pops, or our ticket would not be behind them, and by
 * pushes as soon as T is there. Whoever holds one of these had pinned before. */
static __attribute__((noinline)) void ymc_clean(struct segment_ymc *q, struct ymc_segment *own)
{
    uint32_t nobody = 0;
    if (!a_cas(&q->cleaning, &nobody, 1, acquire, relaxed)) /* [>cleaned] */
        return;
    ymc_advance(&q->tail, own->number << q->shift);
    a_add(&q->tail.ticket, 0, acq_rel); /* [ticket>] [>ticket] */
    struct ymc_segment *old = a_load(&q->first, relaxed);
    uint64_t low = ymc_lowest_pin(q, own->number);
    if (low > old->number) {
        struct ymc_segment *to = ymc_forward(old, low);
        /* A thread that attaches from here on begins at `to`; we see the records of all others. */
        a_store(&q->first, to, release);                 /* [moved>] */
        a_add(&q->head.ticket, 0, acq_rel);              /* [ticket>] [>ticket] */
        const uint32_t n = a_load(&q->records, acquire); /* [>joined] */
        for (uint32_t i = 0; i < n; i++) {
            struct ymc_record *const r = ymc_record_at(q, i);
            low = ymc_raise(&r->tail, to, low);
            low = ymc_raise(&r->head, to, low);
        }
        /* Whoever takes a ticket from here on begins at `to` or later; all others have a pin. */
        a_add(&q->tail.ticket, 0, acq_rel); /* [ticket>] [>ticket] */
        a_add(&q->head.ticket, 0, acq_rel); /* [ticket>] [>ticket] */
        low = ymc_lowest_pin(q, low);
        /* A helper's pin was another's before (ymc_help_pop): who had it when we looked above has
         * either still had it, or the helper's is there by now. */
        a_add(&q->head.ticket, 0, acq_rel); /* [ticket>] [>ticket] */
        low = ymc_lowest_pin(q, low);
        if (low < to->number) {
            to = ymc_forward(old, low);
            a_store(&q->first, to, release); /* [moved>] */
        }
        a_store(&q->first_number, to->number, relaxed);
        while (old != to) {
            struct ymc_segment *const next = a_load(&old->next, relaxed);
            ymc_free(q, old);
            old = next;
        }
    }
    a_store(&q->cleaning, 0, release); /* [cleaned>] */
}

/* A pop is over; if it has come to another segment it sees to those that it left behind. */
static inline void ymc_leave_head(struct segment_ymc *q, struct ymc_record *r,
                                  struct ymc_segment *start, struct ymc_segment *now)
{
    ymc_settle(&r->head, start, now);
    if (__builtin_expect(now != start, 0) &&
        now->number - a_load(&q->first_number, relaxed) >= SEGMENT_YMC_GARBAGE) {
        a_store(&r->pin, now->number, release); /* [unpinned>] */
        ymc_clean(q, now);
    }
    ymc_unpin(r);
}

#endif
