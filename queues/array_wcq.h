/* array_wcq.h: array_scq, where whoever is in need is helped: bounded and wait-free.
 *
 *   item     [ a ][   ][ c ][ b ]        n places (here 4), each owned by whoever has its index
 *   used     [ . ][ . ][ 0 ][ 3 ][ 2 ][ . ][ . ][ . ]     rings of 2n entries: an index or none, and
 *   free     [ . ][ . ][ . ][ . ][ . ][ 1 ][ . ][ . ]     the cycle in which it was put there
 *
 *   records  [ asks: used, put 2 from position 12 on ][ - ][ - ]     one for each handle
 *
 * Read array_scq.h first: the rings, their two ends, the patience after which a get finds nothing.
 * A put that loses its position, or a get that finds its position empty, takes the next one: in
 * array_scq again and again while others are faster. Here, after ARRAY_WCQ_TRIES positions, it writes
 * a request into its record. Every thread looks at one other record in each ARRAY_WCQ_DELAY
 * operations, and does what is asked there as if it were its own: in the end all do. How they do it
 * together and yet once is in array_wcq_parts.h.
 *
 * Nikolaev, Ravindran, wCQ: A Fast Wait-Free Queue with Bounded Memory Usage, SPAA 2022.
 *
 * Different here from the paper:
 *   - Words of 8 bytes, where the paper swaps 16 at once: it runs on all processors, and is checked, as
 *     any other queue. An end of a ring carries the number of who asks, in place of an address. An
 *     entry has no note of the last cycle that a slow put gave up, but a mark that one did; before it
 *     is used again it is moved to the last cycle that this can have been.
 *   - Handing over a position needs no record of its own: what a request has announced, if it lies
 *     below the end, has been granted. So there is nothing that a helper could write anew while
 *     others still read the old.
 *   - A request has a name: else a helper who comes late would put the old index for the new request.
 *   - Who asked to put winds the patience up itself before it returns: else its next pop could find
 *     nothing while the helper that filled the entry is stopped.
 *   - The first position of a request is taken by its owner alone, and tried by all.
 *
 * push and pop are wait-free, while handles stay: by this argument, not by what the checker finds,
 * which cannot tell retries that are bounded from others and says lock-free. What holds a request up
 * is others being faster: they take the position that it has announced, or make it unfit. But each of
 * them comes to look at its record, and then does nothing else until it is done; from then on each
 * failure is one of the same request's steps. The bound grows with handles, places and
 * ARRAY_WCQ_DELAY. Who attaches for fewer operations than that, again and again, never looks.
 * Attach goes through all records once; waking who sleeps is a system call.
 *
 * At most as many handles at once as the configuration says (producers + consumers; 64 for each that
 * it does not say): attach answers ENOMEM beyond, and init EINVAL if that is more than 1,023. After
 * 2^53 positions the counters are used up: at 50 million a second in five years. Q_FULL is not exact,
 * as in array_scq, nor is Q_EMPTY but where fetch-and-add is a full fence. Close is as there.
 *
 * Edges   (all of them: array_wcq_parts.h) */
#ifndef QUEUES_ARRAY_WCQ_H
#define QUEUES_ARRAY_WCQ_H

#include "queues/array_wcq_parts.h"

#ifndef ARRAY_WCQ_TRIES
#define ARRAY_WCQ_TRIES 16 /* positions before it asks; the paper's figure for put */
#endif
#ifndef ARRAY_WCQ_DELAY
#define ARRAY_WCQ_DELAY 64 /* operations from one look at another's record to the next */
#endif
#ifndef ARRAY_WCQ_AT_ONCE
#define ARRAY_WCQ_AT_ONCE(handles) (handles) /* most of them in an operation at once */
#endif
#define ARRAY_WCQ_SIDE 64 /* producers, consumers: where nobody says how many there will be */

struct array_wcq_handle {
    struct q_counts counts;
    struct wcq_record *record;
    unsigned until_help; /* operations */
    uint32_t peer;       /* the record that it looks at next */
};

static const struct q_traits array_wcq_traits = {
    .name = "array_wcq",
    .family = "array",
    .summary = "bounded and wait-free: array_scq's rings, the slow are helped",
    .source = "Nikolaev, Ravindran, wCQ: A Fast Wait-Free Queue with Bounded Memory Usage, 2022",
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = true,
};

/* ---- life ---------------------------------------------------------------------------------- */

/* Positions begin at 2n, so that entries of cycle 0 are older; the first ones are filled. */
static inline bool array_wcq_ring_init(struct array_wcq *q, unsigned ring, uint64_t filled)
{
    struct wcq_ring *const r = &q->ring[ring];
    const uint64_t first = q->mask + 1;
    r->entry = q_alloc(&q->memory, Q_LINE, first * sizeof *r->entry);
    if (!r->entry)
        return false;
    for (uint64_t p = first; p < 2 * first; p++)
        a_init(&wcq_entry(q, 2 * ring, p)->word, p - first < filled
                                                     ? wcq_cycle(q, p) | wcq_safe(q) | (p - first)
                                                     : wcq_safe(q) | wcq_none(q));
    a_init(&r->end[WCQ_TAIL].word, (first + filled) * WCQ_TICKET);
    a_init(&r->end[WCQ_HEAD].word, first * WCQ_TICKET);
    a_init(&r->left, filled ? q->patience : -1);
    return true;
}

static inline void array_wcq_destroy(struct array_wcq *q)
{
    for (unsigned ring = 0; ring < WCQ_RINGS; ring++)
        q_free(&q->memory, q->ring[ring].entry, Q_LINE, (q->mask + 1) * sizeof(struct wcq_entry));
    q_free(&q->memory, q->item, Q_LINE, (q->mask + 1) / 2 * sizeof(q_item));
    q_free(&q->memory, q->record, Q_LINE, q->most * sizeof *q->record);
}

static inline int array_wcq_init(struct array_wcq *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    const size_t largest = sizeof(q_item) > 16 ? sizeof(q_item) : 16;
    const size_t handles = (size_t)(cfg->producers ? cfg->producers : ARRAY_WCQ_SIDE) +
                           (cfg->consumers ? cfg->consumers : ARRAY_WCQ_SIDE);
    if (capacity == 0 || capacity > SIZE_MAX / 4 / largest || capacity > UINT32_MAX ||
        handles > WCQ_OWNER || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = 2 * capacity - 1;
    q->shift = (unsigned)__builtin_ctzll(2 * capacity);
    q->spread = 2 * capacity > Q_LINE / sizeof(struct wcq_entry)
                    ? (unsigned)__builtin_ctzll(Q_LINE / sizeof(struct wcq_entry))
                    : 0;
    const size_t threads = ARRAY_WCQ_AT_ONCE(handles);
    q->patience = (int64_t)(q->mask + (threads > capacity ? threads : capacity));
    q->most = (uint32_t)handles;
    q->ring[WCQ_USED].entry = q->ring[WCQ_FREE].entry = NULL;
    q->item = q_alloc(&q->memory, Q_LINE, capacity * sizeof(q_item));
    q->record = q_alloc(&q->memory, Q_LINE, handles * sizeof *q->record);
    if (!q->item || !q->record || !array_wcq_ring_init(q, WCQ_USED, 0) ||
        !array_wcq_ring_init(q, WCQ_FREE, capacity)) {
        array_wcq_destroy(q);
        return ENOMEM;
    }
    for (uint32_t i = 0; i < q->most; i++) {
        a_init(&q->record[i].asks, 0);
        a_init(&q->record[i].index, 0);
        for (unsigned end = 0; end < WCQ_ENDS; end++)
            a_init(&q->record[i].at[end], WCQ_DONE);
        a_init(&q->record[i].used, 0);
    }
    a_init(&q->records, 0);
    q_event_init(&q->items);
    q_event_init(&q->room);
    a_init(&q->closed, false);
    return 0;
}

static inline int array_wcq_attach(struct array_wcq *q, struct array_wcq_handle *h,
                                   enum q_role role)
{
    (void)role;
    *h = (struct array_wcq_handle){.until_help = ARRAY_WCQ_DELAY};
    h->record = wcq_join(q);
    if (!h->record)
        return ENOMEM;
    h->peer = (uint32_t)(h->record - q->record);
    return 0;
}

static inline void array_wcq_detach(struct array_wcq *q, struct array_wcq_handle *h)
{
    (void)q;
    wcq_leave(h->record);
}

/* ---- rings of indices ---------------------------------------------------------------------- */

static __attribute__((noinline)) void array_wcq_help(struct array_wcq *q,
                                                     struct array_wcq_handle *h)
{
    h->until_help = ARRAY_WCQ_DELAY;
    h->peer = h->peer + 1 < a_load(&q->records, acquire) ? h->peer + 1 : 0; /* [>joined] */
    if (&q->record[h->peer] != h->record)
        wcq_help(q, h->peer, &h->counts);
}

/* False: closed. */
static inline q_hot bool array_wcq_put(struct array_wcq *q, unsigned ring,
                                       struct array_wcq_handle *h, uint64_t index)
{
    struct wcq_ring *const r = &q->ring[ring];
    const uint64_t safe = wcq_safe(q), none = wcq_none(q);
    for (unsigned tries = ARRAY_WCQ_TRIES;; h->counts.retries++) {
        const uint64_t word =
            a_add(&r->end[WCQ_TAIL].word, WCQ_TICKET, acquire); /* [>in_vain] [>closed] */
        const uint64_t tail = wcq_position(word), cycle = wcq_cycle(q, tail);
        if (__builtin_expect((word & WCQ_CLOSED) != 0, 0)) {
            /* or pops would have ever more positions to look at */
            a_sub(&r->end[WCQ_TAIL].word, WCQ_TICKET, relaxed);
            return false;
        }
        if (__builtin_expect(tries-- == 0, 0)) {
            const uint64_t at = wcq_ask(q, h->record, 2 * ring + WCQ_TAIL, tail, index, &h->counts);
            if (at & WCQ_ANNOUNCED)
                return false;
            break;
        }
        struct wcq_entry *const entry = wcq_entry(q, 2 * ring, tail);
        uint64_t seen = a_load(&entry->word, acquire); /* [>passed] [>filled] [>marked] */
        bool filled = false;
        while (!filled && seen < cycle && (seen & none) &&
               (seen & safe || wcq_position(a_load(&r->end[WCQ_HEAD].word, relaxed)) <= tail)) {
            if (__builtin_expect((seen & wcq_marked(q)) != 0, 0)) {
                wcq_clean(q, 2 * ring, tail);
                break;
            }
            filled = a_cas(&entry->word, &seen, cycle | safe | index, release, /* [filled>] */
                           acquire); /* [>passed] [>filled] [>marked] */
            h->counts.cas_failed += !filled;
        }
        if (filled)
            break;
    }
    if (a_load(&r->left, relaxed) != q->patience)
        a_store(&r->left, q->patience, relaxed);
    return true;
}

/* Q_EMPTY also of `free`: for the push that asks, the queue is full. */
static inline q_hot enum q_status array_wcq_get(struct array_wcq *q, unsigned ring,
                                                struct array_wcq_handle *h, uint64_t *index)
{
    struct wcq_ring *const r = &q->ring[ring];
    const unsigned end = 2 * ring + WCQ_HEAD;
    if (a_load(&r->left, relaxed) < 0 && !a_load(&q->closed, relaxed))
        return Q_EMPTY;
    for (unsigned tries = ARRAY_WCQ_TRIES;; h->counts.retries++) {
        uint64_t seen, head = wcq_position(a_add(&r->end[WCQ_HEAD].word, WCQ_TICKET, relaxed));
        const bool asked = tries == 0;
        tries -= !asked;
        if (__builtin_expect(asked, 0)) {
            a_sub(&r->left, 1, relaxed);
            head = wcq_ask(q, h->record, end, head, 0, &h->counts) >> 2;
        }
        if (!wcq_spoil(q, end, head, &seen, &h->counts)) {
            *index = wcq_take(q, end, head, seen);
            return Q_OK;
        }
        const uint64_t tail =
            a_load(&r->end[WCQ_TAIL].word, acquire); /* [>closed] [>in_vain] [>granted] */
        const int64_t left = asked ? -1 : a_sub(&r->left, 1, relaxed) - 1;
        if (wcq_position(tail) <= head + 1) {
            wcq_catch_up(q, end, tail, head + 1);
            return tail & WCQ_CLOSED ? Q_CLOSED : Q_EMPTY;
        }
        /* Of a closed ring all positions are looked at. */
        if (left < 0 && !(tail & WCQ_CLOSED))
            return Q_EMPTY;
    }
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status array_wcq_push(struct array_wcq *q, struct array_wcq_handle *h,
                                                 q_item item)
{
    uint64_t index;
    if (__builtin_expect(--h->until_help == 0, 0))
        array_wcq_help(q, h);
    if (array_wcq_get(q, WCQ_FREE, h, &index) != Q_OK) {
        const bool closed =
            a_load(&q->closed, relaxed) &&
            a_load(&q->ring[WCQ_USED].end[WCQ_TAIL].word, acquire) & WCQ_CLOSED; /* [>closed] */
        return closed ? Q_CLOSED : Q_FULL;
    }
    q->item[index] = item;
    if (__builtin_expect(!array_wcq_put(q, WCQ_USED, h, index), 0)) {
        array_wcq_put(q, WCQ_FREE, h, index);
        return Q_CLOSED;
    }
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status array_wcq_pop(struct array_wcq *q, struct array_wcq_handle *h,
                                                q_item *item)
{
    uint64_t index;
    if (__builtin_expect(--h->until_help == 0, 0))
        array_wcq_help(q, h);
    const enum q_status s = array_wcq_get(q, WCQ_USED, h, &index);
    if (s != Q_OK)
        return s;
    *item = q->item[index];
    array_wcq_put(q, WCQ_FREE, h, index);
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

Q_BATCH_BY_LOOP(array_wcq)
Q_WAIT_BY_PARKING(array_wcq)

static inline void array_wcq_close(struct array_wcq *q, struct array_wcq_handle *h)
{
    a_store(&q->closed, true, relaxed);
    wcq_close(q, 2 * WCQ_USED + WCQ_TAIL);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t array_wcq_capacity(const struct array_wcq *q) { return (q->mask + 1) / 2; }

static inline struct q_bytes array_wcq_bytes(const struct array_wcq *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
