/* array_wcq_parts.h: what array_wcq.h is made of: rings of indices, and requests that all help with.
 *
 *   an end      closed | position | owner                          tail or head of a ring
 *   an entry    cycle | marked | slow | safe | taken | none | index
 *   `at`        position | done | announced                        how far a request is
 *
 * A request to put or get goes from position to position, as its owner would alone, but by the hands
 * of all that help. Three things happen once for all of them, each by one compare-and-swap:
 *
 *   Which position is next: it is announced in `at`; then the end is moved beyond it, and gets the
 *     owner's number. Whoever finds a number there first takes the "announced" from its owner's
 *     `at`, if that lies below the end, and then the number away: only then may the end be moved for
 *     another request. Fast operations add to the end and leave the number; where one was faster, a
 *     later position is announced.
 *   What becomes of it: its entry says so. A put fills it, or makes it unfit for good: moves the
 *     entry to this cycle if it is empty, and marks it if an older index is inside. Who takes the
 *     index out of a marked entry, or finds one empty, moves it to the last cycle that the tail has
 *     begun: so a helper who comes late cannot fill it for a put that went on. A get makes it unfit
 *     as it does alone.
 *   How the request ends: "done" in `at`. What a put filled is called slow until then, and who takes
 *     it out sees to that first. A get is done where there is an index, which its owner takes, or
 *     where there can be none.
 *
 * `at` never has the same value twice, since positions only grow, nor has `asks`, the request's name:
 * the position where it begins and the end. It is there before `at` is this request's, and taken
 * back before `index` is another's: who finds it unchanged has read both of this request.
 *
 * Moving a marked entry on may skip a position that a put has already taken, as the older index would
 * have: whoever has that index sees to the entry before it gives the index away, and so this position
 * is not beyond those that array_scq.h counts.
 *
 * Edges   filled    put -> get         the index in this entry: of a place that holds an item (used),
 *                                      or has been read (free)
 *         passed    get -> put         the head as it was, and that the put of what was taken is done
 *         marked    put -> any         the tail is beyond the position that was given up
 *         in_vain   get -> put         what has been counted down by those who passed the tail
 *         asked     owner -> helper    the request; that it is over
 *         moved     any -> any         how far the request is, and what led to it
 *         granted   any -> any         the end was moved for what is announced in `at`
 *         closed    close -> any       no position beyond this one will be filled
 *         joined    attach -> any      there is one more record
 *         left      detach -> attach   nobody uses the record */
#ifndef QUEUES_ARRAY_WCQ_PARTS_H
#define QUEUES_ARRAY_WCQ_PARTS_H

#include "queues/queue.h"

#define WCQ_OWNER  UINT64_C(1023)      /* of an end: number of a record + 1, or 0 */
#define WCQ_TICKET (WCQ_OWNER + 1)     /* one position */
#define WCQ_CLOSED (UINT64_C(1) << 63) /* in the tail of `used` */

#define WCQ_ANNOUNCED UINT64_C(1) /* of `at`: not granted yet; with DONE: closed, nothing was put */
#define WCQ_DONE      UINT64_C(2)

enum { WCQ_USED, WCQ_FREE, WCQ_RINGS };
enum { WCQ_TAIL, WCQ_HEAD, WCQ_ENDS = 4 }; /* an end's number: 2 * ring + this */

struct wcq_end {
    alignas(Q_LINE) atomic(uint64_t) word;
};
struct wcq_entry {
    atomic(uint64_t) word;
};
struct wcq_ring {
    struct wcq_end end[2];                   /* next position to fill, next to drain */
    alignas(Q_LINE) atomic(int64_t) left;    /* of the patience; less than 0: nothing inside */
    alignas(Q_LINE) struct wcq_entry *entry; /* constant */
};

/* What others need to know of a handle. */
struct wcq_record {
    alignas(Q_LINE) atomic(uint64_t) asks; /* 0, or position * 4 + end: by its owner */
    atomic(uint64_t) index;                /* to put: by its owner */
    atomic(uint64_t) at[WCQ_ENDS];         /* by its owner first, then by all */
    atomic(uint32_t) used;
};

struct array_wcq {
    struct wcq_ring ring[WCQ_RINGS];
    alignas(Q_LINE) uint64_t mask; /* 2n - 1; from here on constant, or written rarely */
    unsigned shift;                /* log2 of 2n */
    unsigned spread;               /* positions next to each other lie 1 << spread entries apart */
    int64_t patience;
    q_item *item;
    struct wcq_record *record;
    uint32_t most;            /* records */
    atomic(uint32_t) records; /* that were ever used */
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};

/* ---- words --------------------------------------------------------------------------------- */

static inline struct wcq_end *wcq_end(struct array_wcq *q, unsigned end)
{
    return &q->ring[end / 2].end[end % 2];
}

static inline uint64_t wcq_position(uint64_t end) { return (end & ~WCQ_CLOSED) / WCQ_TICKET; }

static inline struct wcq_entry *wcq_entry(const struct array_wcq *q, unsigned end, uint64_t p)
{
    return &q->ring[end / 2]
                .entry[(p << q->spread | (p & q->mask) >> (q->shift - q->spread)) & q->mask];
}

/* Of an entry, above the index and below the cycle. None: no index yet, or (taken) not any more in
 * this cycle. */
static inline uint64_t wcq_none(const struct array_wcq *q) { return (q->mask + 1) >> 1; }
static inline uint64_t wcq_taken(const struct array_wcq *q) { return q->mask + 1; }
static inline uint64_t wcq_safe(const struct array_wcq *q) { return (q->mask + 1) << 1; }
static inline uint64_t wcq_slow(const struct array_wcq *q) { return (q->mask + 1) << 2; }
static inline uint64_t wcq_marked(const struct array_wcq *q) { return (q->mask + 1) << 3; }

/* The cycle of position p, where an entry has it: an entry of an older one is less. */
static inline uint64_t wcq_cycle(const struct array_wcq *q, uint64_t p)
{
    return (p & ~q->mask) << 4;
}

/* Was it filled in this cycle? */
static inline bool wcq_filled(const struct array_wcq *q, uint64_t entry, uint64_t cycle)
{
    return (entry ^ cycle) < (q->mask + 1) << 4 &&
           (entry & (wcq_none(q) | wcq_taken(q))) != wcq_none(q);
}

/* ---- entries ------------------------------------------------------------------------------- */

/* A marked entry that is empty, that of position p: no position that the tail has passed is filled
 * in it any more. */
static __attribute__((noinline)) void wcq_clean(struct array_wcq *q, unsigned end, uint64_t p)
{
    struct wcq_entry *const entry = wcq_entry(q, end, p);
    uint64_t seen = a_load(&entry->word, acquire); /* [>marked] */
    if (!(seen & wcq_marked(q)) || !(seen & wcq_none(q)))
        return;
    const uint64_t tail = wcq_position(a_load(&q->ring[end / 2].end[WCQ_TAIL].word, relaxed));
    const uint64_t last = p + ((tail - 1 - p) & ~q->mask);
    a_cas(&entry->word, &seen, wcq_cycle(q, last) | (seen & wcq_safe(q)) | wcq_none(q), release,
          relaxed); /* [passed>] */
}

/* Position p of a get cannot be filled any more: true. It is filled, or has been: false. */
static inline bool wcq_spoil(struct array_wcq *q, unsigned end, uint64_t p, uint64_t *seen,
                             struct q_counts *counts)
{
    struct wcq_entry *const entry = wcq_entry(q, end, p);
    const uint64_t cycle = wcq_cycle(q, p), none = wcq_none(q);
    *seen = a_load(&entry->word, acquire); /* [>filled] [>passed] */
    while (*seen < cycle) {
        /* Also where it is unsafe already: whoever fills the entry then knows our head. */
        const uint64_t next =
            *seen & none ? cycle | (*seen & wcq_safe(q)) | none : *seen & ~wcq_safe(q);
        if (__builtin_expect((*seen & none) && (*seen & wcq_marked(q)), 0)) {
            wcq_clean(q, end, p);
            *seen = a_load(&entry->word, acquire); /* [>filled] [>passed] */
        } else if (a_cas(&entry->word, seen, next, release,
                         acquire)) { /* [passed>] [>filled] [>passed] */
            return true;
        } else {
            counts->cas_failed++;
        }
    }
    return !wcq_filled(q, *seen, cycle);
}

/* The slow put that filled position p is done. */
static __attribute__((noinline)) void wcq_settle(struct array_wcq *q, unsigned end, uint64_t p)
{
    const uint32_t n = a_load(&q->records, acquire); /* [>joined] */
    for (uint32_t i = 0; i < n; i++) {
        struct wcq_record *const r = &q->record[i];
        uint64_t at = p << 2;
        if (a_load(&r->at[end], relaxed) == at &&
            a_cas(&r->at[end], &at, at | WCQ_DONE, release, relaxed)) /* [moved>] */
            return;
    }
}

/* The index in the entry of position p, which is ours and filled, as seen. */
static inline uint64_t wcq_take(struct array_wcq *q, unsigned end, uint64_t p, uint64_t seen)
{
    if (__builtin_expect((seen & wcq_slow(q)) != 0, 0))
        wcq_settle(q, end - WCQ_HEAD + WCQ_TAIL, p);
    seen = a_or(&wcq_entry(q, end, p)->word, wcq_none(q) | wcq_taken(q), release); /* [passed>] */
    if (__builtin_expect((seen & wcq_marked(q)) != 0, 0))
        wcq_clean(q, end, p);
    return seen & (wcq_none(q) - 1);
}

/* The tail, left behind, follows; a closed one is ahead of every head. Not if another moves it just
 * now: it only saves puts the way. */
static inline void wcq_catch_up(struct array_wcq *q, unsigned end, uint64_t tail, uint64_t head)
{
    if (!(tail & WCQ_CLOSED) && wcq_position(tail) < head)
        a_cas(&q->ring[end / 2].end[WCQ_TAIL].word, &tail, head * WCQ_TICKET | (tail & WCQ_OWNER),
              release, relaxed); /* [in_vain>] */
}

/* No position from here on is given to a put. */
static inline void wcq_close(struct array_wcq *q, unsigned end)
{
    a_or(&wcq_end(q, end)->word, WCQ_CLOSED, release); /* [closed>] */
}

/* ---- requests ------------------------------------------------------------------------------ */

/* The end carries a number: hands the position over. True if *word is the end without. */
static inline bool wcq_hand_over(struct array_wcq *q, unsigned end, uint64_t *word)
{
    struct wcq_record *const r = &q->record[(*word & WCQ_OWNER) - 1];
    uint64_t at = a_load(&r->at[end], acquire); /* [>moved] */
    if ((at & (WCQ_ANNOUNCED | WCQ_DONE)) == WCQ_ANNOUNCED && at >> 2 < wcq_position(*word))
        a_cas(&r->at[end], &at, at & ~WCQ_ANNOUNCED, release, relaxed);   /* [moved>] */
    if (!a_cas(&wcq_end(q, end)->word, word, *word & ~WCQ_OWNER, release, /* [granted>] */
               acquire))                                                  /* [>granted] [>closed] */
        return false;
    *word &= ~WCQ_OWNER;
    return true;
}

/* The request goes on from *at, which was in vain or is announced: *at is its next position. False:
 * it is done. */
static inline bool wcq_next(struct array_wcq *q, struct wcq_record *r, uint64_t asks, uint64_t *at)
{
    const unsigned end = asks % WCQ_ENDS;
    const uint64_t ticket = WCQ_TICKET + (uint64_t)(r - q->record) + 1;
    for (;;) {
        uint64_t word = a_load(&wcq_end(q, end)->word, acquire); /* [>granted] [>closed] */
        while (word & WCQ_OWNER && !wcq_hand_over(q, end, &word))
            ;
        const uint64_t next =
            (word & WCQ_CLOSED ? *at | WCQ_DONE : wcq_position(word) << 2) | WCQ_ANNOUNCED;
        if (a_cas(&r->at[end], at, next, acq_rel, acquire)) /* [moved>] [>moved] */
            *at = next;
        else if (a_load(&r->asks, acquire) != asks) /* [>asked] */
            return false;
        if (*at & WCQ_DONE)
            return false;
        if (!(*at & WCQ_ANNOUNCED))
            return true;
        if (*at == next && a_cas(&wcq_end(q, end)->word, &word, word + ticket, acq_rel,
                                 relaxed)) { /* [granted>] [>granted] */
            if (end % 2 == WCQ_HEAD)
                a_sub(&q->ring[end / 2].left, 1, relaxed);
            word += ticket;
            wcq_hand_over(q, end, &word);
            *at &= ~WCQ_ANNOUNCED;
            return true;
        }
    }
}

/* The request is done at this position. False: another has done it, or gone on. */
static inline bool wcq_done(struct wcq_record *r, unsigned end, uint64_t at)
{
    return a_cas(&r->at[end], &at, at | WCQ_DONE, release, relaxed); /* [moved>] */
}

/* False: the position is unfit. */
static inline bool wcq_put_at(struct array_wcq *q, struct wcq_record *r, unsigned end, uint64_t at,
                              uint64_t index)
{
    const uint64_t p = at >> 2, cycle = wcq_cycle(q, p), none = wcq_none(q);
    uint64_t filled = cycle | wcq_safe(q) | wcq_slow(q) | index;
    struct wcq_entry *const entry = wcq_entry(q, end, p);
    uint64_t seen = a_load(&entry->word, acquire); /* [>filled] [>passed] [>marked] */
    for (;;) {
        uint64_t next = filled;
        if (seen >= cycle) {
            if (!wcq_filled(q, seen, cycle))
                return false;
            break;
        }
        if (!(seen & none)) {
            next = seen | wcq_marked(q);
        } else if (seen & wcq_marked(q)) {
            wcq_clean(q, end, p);
            seen = a_load(&entry->word, acquire); /* [>filled] [>passed] [>marked] */
            continue;
        } else if (!(seen & wcq_safe(q)) &&
                   wcq_position(a_load(&wcq_end(q, end + 1)->word, relaxed)) > p) {
            next = cycle | none;
        }
        if (a_cas(&entry->word, &seen, next, release, /* [filled>] [marked>] [passed>] */
                  acquire)) {                         /* [>filled] [>passed] [>marked] */
            if (next != filled)
                return false;
            break;
        }
    }
    if (wcq_done(r, end, at))
        a_cas(&entry->word, &filled, filled & ~wcq_slow(q), release, relaxed); /* [filled>] */
    return true;
}

/* False: there may be an index at a later position. */
static inline bool wcq_get_at(struct array_wcq *q, struct wcq_record *r, unsigned end, uint64_t at,
                              struct q_counts *counts)
{
    const uint64_t p = at >> 2;
    uint64_t seen;
    if (wcq_spoil(q, end, p, &seen, counts)) {
        const uint64_t tail =
            a_load(&wcq_end(q, end - 1)->word, acquire); /* [>closed] [>in_vain] [>granted] */
        if (wcq_position(tail) <= p + 1)
            wcq_catch_up(q, end, tail, p + 1);
        else if (tail & WCQ_CLOSED || a_load(&q->ring[end / 2].left, relaxed) >= 0)
            return false;
    }
    return wcq_done(r, end, at); /* else another saw that there may be an index, and went on */
}

/* Brings a request to its end. The name says where it began, and the position there is its own. */
static inline void wcq_serve(struct array_wcq *q, struct wcq_record *r, uint64_t asks,
                             uint64_t index, struct q_counts *counts)
{
    const unsigned end = asks % WCQ_ENDS;
    uint64_t at = asks & ~UINT64_C(3);
    do {
        if (end % 2 == WCQ_TAIL ? wcq_put_at(q, r, end, at, index)
                                : wcq_get_at(q, r, end, at, counts))
            break;
    } while (wcq_next(q, r, asks, &at));
}

/* The request of record i, if it has one. */
static __attribute__((noinline)) void wcq_help(struct array_wcq *q, uint32_t i,
                                               struct q_counts *counts)
{
    struct wcq_record *const r = &q->record[i];
    const uint64_t asks = a_load(&r->asks, acquire); /* [>asked] */
    if (asks == 0)
        return;
    const uint64_t at = a_load(&r->at[asks % WCQ_ENDS], acquire); /* [>moved] */
    const uint64_t index = a_load(&r->index, acquire);            /* [>asked] */
    if (!(at & WCQ_DONE) && a_load(&r->asks, acquire) == asks)    /* [>asked] */
        wcq_serve(q, r, asks, index, counts);
}

/* Asks, from position p on, which is taken and not looked at. Returns where the request ended: its
 * `at`. */
static __attribute__((noinline)) uint64_t wcq_ask(struct array_wcq *q, struct wcq_record *r,
                                                  unsigned end, uint64_t p, uint64_t index,
                                                  struct q_counts *counts)
{
    const uint64_t asks = p << 2 | end;
    a_store(&r->index, index, release);    /* [asked>] */
    a_store(&r->asks, asks, release);      /* [asked>] */
    a_store(&r->at[end], p << 2, release); /* [moved>] */
    wcq_serve(q, r, asks, index, counts);
    const uint64_t at = a_load(&r->at[end], acquire); /* [>moved] */
    a_store(&r->asks, 0, release);                    /* [asked>] */
    return at;
}

/* ---- records ------------------------------------------------------------------------------- */

/* A record that nobody uses; NULL: there is none left. */
static inline struct wcq_record *wcq_join(struct array_wcq *q)
{
    for (uint32_t i = 0; i < q->most; i++) {
        uint32_t no = 0, records = i;
        const bool ours = a_cas(&q->record[i].used, &no, 1, acquire, relaxed); /* [>left] */
        if (i == a_load(&q->records, acquire))                                 /* [>joined] */
            a_cas(&q->records, &records, i + 1, acq_rel, acquire); /* [joined>] [>joined] */
        if (ours)
            return &q->record[i];
    }
    return NULL;
}

static inline void wcq_leave(struct wcq_record *r) { a_store(&r->used, 0, release); /* [left>] */ }

#endif
