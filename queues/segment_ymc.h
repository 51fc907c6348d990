/* segment_ymc.h: unbounded, by tickets, and whoever is in need is helped (wait-free in the paper).
 *
 *   T: the next push's ticket     ------------------------------.
 *   H: the next pop's  ----------.                              |
 *                                v                              v
 *   first --> [x x x x x x x x] --> [x x v v v T v v] --> [v v v . . . . .] --> none
 *              segment 0              cell {value, enq, deq, item}
 *
 * Idea (Yang, Mellor-Crummey 2016): an infinite array. A push takes a ticket by one fetch-and-add on
 * T and puts its item into that cell by compare-and-swap; a pop takes one on H, and gets that cell's
 * item or, where there is none yet, spoils the cell for the push (value T above, "top"). Each that
 * fails SEGMENT_YMC_PATIENCE + 1 times asks for help: it writes a request into its record, where
 * all others look.
 *
 * A slow push may use any cell from its last ticket on that pops have spoiled or nobody has used:
 * it, or a pop that comes to such a cell, reserves the cell (enq), then claims the request for the
 * cell (one compare-and-swap on the request's state decides for which), then moves T beyond the cell
 * and writes the item. Pops help one record after the other, so that in the end all help the same.
 * A slow pop looks, with those that help it, for a cell beyond its ticket that has an item or proves
 * that there is none: they announce one in the state, then try to take it (deq), else go on there.
 *
 * Different here from the paper:
 *   - A reservation names the request and not only its record. A cell that was reserved for an old
 *     request, which then got another cell, could otherwise be claimed for the record's next one
 *     after the pop that owned the cell had given it up: an item that nobody comes for any more.
 *   - A pop of an empty queue (H not behind T) takes no ticket, and so spoils no cell.
 *   - An item of more than 8 bytes lies in the cell; that of a slow push in a box of its own, which
 *     whoever pops it frees. Helpers copy only the address, so that nothing can be torn.
 *   - A request tells where its search begins, and not the record's segment, which may have moved on.
 *   - Reclamation, see Memory.
 *   - A ticket is taken with a segment in hand, so that having no memory is found out before.
 *
 * The traits promise lock-free, which is what the checker finds (it cannot tell retries that are
 * bounded by the number of records from others), and what is left when memory is counted. The
 * paper's argument for wait-free holds while there is memory, as far as malloc is wait-free (glibc's
 * takes a lock) and the records (the most handles ever attached at once) do not grow. Without memory
 * push answers NOMEM; a pop without a segment in hand takes its ticket by compare-and-swap; and one
 * whose ticket lies two unlinked segments ahead waits for memory.
 *
 * Memory   segment_ymc_parts.h says how segments are given back: by a pop that has left several of
 *          them behind, so that a drained queue keeps the last ones of a burst until more is popped.
 *          A thread stopped inside an operation keeps the segment that it works in and all later
 *          ones, however many come, and one stopped while it gives segments back all from there on
 *          (nobody else does it then). So memory is bounded by nothing, and when there is no more of
 *          it push answers NOMEM: no worse than in the paper, and the reason why some do not call
 *          that queue wait-free. Threads that are in no operation keep nothing but a spare segment
 *          in their record, which an attach uses again.
 *
 * One item is reserved: 8-byte items are never UINT64_MAX. At most 65,534 handles at once, and
 * 2^48 tickets may pass while one operation is stopped.
 *
 * Edges   filled    push, helper -> any   the cell's value, and the item behind it
 *         asked     push, pop -> helper   the request: its id first, or what goes with it
 *         reserved  any -> any            the request for which a cell is reserved
 *         answered  any -> any            the state of a request, moved by whoever helped
 *         taken     pop, helper -> pop    an item belongs to this request, or to a fast pop
 *         closed    close -> pop          T will not grow any more
 *
 * Undecided, most of what has to do with help: a helper needs two threads in one request and a third
 * one in its way, and the checker comes to no end of that. Acquire and release are written wherever a
 * value leads to another one. */
#ifndef QUEUES_SEGMENT_YMC_H
#define QUEUES_SEGMENT_YMC_H

#include "queues/segment_ymc_parts.h"

#ifndef SEGMENT_YMC_PATIENCE
#define SEGMENT_YMC_PATIENCE 10 /* fast tries after the first; the paper's figure */
#endif
static const struct q_traits segment_ymc_traits = {
    .name = "segment_ymc",
    .family = "segment",
    .summary = "unbounded, fetch-and-add tickets, the slow are helped",
    .source = "Yang, Mellor-Crummey, A wait-free queue as fast as fetch-and-add, 2016",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = false,
};

/* ---- push ---------------------------------------------------------------------------------- */

/* What reserves a cell for a request, and which request that is, seen from cell i. */
static inline uint64_t ymc_reservation(const struct ymc_record *r, uint64_t id)
{
    return (uint64_t)(r->number + 1) << YMC_ID_BITS | (id & YMC_ID);
}
static inline uint64_t ymc_reserved_id(uint64_t enq, uint64_t i)
{
    return i - ((i - enq) & YMC_ID);
}

/* The item goes into a cell from the ticket `id` on: Q_OK, or Q_NOMEM. */
static __attribute__((noinline)) enum q_status ymc_push_slow(struct segment_ymc *q,
                                                             struct ymc_record *r,
                                                             struct ymc_segment **segment,
                                                             uint64_t id, uint64_t value)
{
    struct ymc_segment *at = *segment; /* the cell that it gets may be before the last one tried */
    uint64_t state = YMC_PENDING | id;
    a_store(&r->enq.value, value, release); /* [asked>] */
    a_store(&r->enq.state, state, release); /* [asked>] */
    do {
        struct ymc_cell *cell = NULL;
        uint64_t i = 0, none = 0;
        if (ymc_have_spare(q, r)) {
            i = a_add(&q->tail.ticket, 1, acq_rel); /* [ticket>] [>ticket] */
            cell = ymc_find(q, r, &at, i);
        }
        if (!cell) { /* unless somebody has given it a cell */
            if (a_cas(&r->enq.state, &state, YMC_NEVER, acq_rel, /* [answered>] */
                      acquire))                                  /* [>answered] */
                return Q_NOMEM;
        } else if (a_cas(&cell->enq, &none, ymc_reservation(r, id), acq_rel, /* [reserved>] */
                         acquire) &&                                         /* [>reserved] */
                   a_load(&cell->value, acquire) == YMC_NONE) {              /* [>filled] */
            if (a_cas(&r->enq.state, &state, i, acq_rel, acquire)) /* [answered>] [>answered] */
                state = i;
        } else {
            state = a_load(&r->enq.state, acquire); /* [>answered] */
        }
    } while (state & YMC_PENDING);
    struct ymc_cell *const cell = ymc_find(q, r, segment, state);
    ymc_advance(&q->tail, state + 1);
    a_store(&cell->value, value, release); /* [filled>] */
    return Q_OK;
}

/* What a pop finds in cell i: an item's value, YMC_TOP if there never will be one, YMC_NONE if
 * moreover no push has got a later cell. Helps slow pushes. */
static inline uint64_t ymc_help_push(struct segment_ymc *q, struct ymc_record *r,
                                     struct ymc_cell *cell, uint64_t i)
{
    uint64_t value = a_load(&cell->value, acquire); /* [>filled] */
    for (unsigned spins = 0; value == YMC_NONE && spins < Q_SPINS_MAX;) {
        q_relax(&spins);                       /* its push may be about to fill it */
        value = a_load(&cell->value, acquire); /* [>filled] */
    }
    if (value == YMC_NONE &&
        a_cas(&cell->value, &value, YMC_TOP, acq_rel, acquire)) /* [filled>] [>filled] */
        value = YMC_TOP;
    if (__builtin_expect(value != YMC_TOP, 1))
        return value;

    uint64_t enq = a_load(&cell->enq, acquire); /* [>reserved] */
    if (enq == 0) {
        uint64_t state = a_load(&r->enq_peer->enq.state, acquire); /* [>asked] [>answered] */
        if (r->enq_refused && r->enq_refused != state) {           /* it has got another cell */
            r->enq_peer = ymc_after(q, r->enq_peer);
            state = a_load(&r->enq_peer->enq.state, acquire); /* [>asked] [>answered] */
        }
        r->enq_refused = 0;
        const uint64_t id = state & ~YMC_PENDING;
        if (state & YMC_PENDING && id <= i) {
            const uint64_t mine = ymc_reservation(r->enq_peer, id);
            if (a_cas(&cell->enq, &enq, mine, acq_rel, acquire)) /* [reserved>] [>reserved] */
                enq = mine;
            if (enq != mine)
                r->enq_refused = state;
        }
        if (r->enq_refused == 0)
            r->enq_peer = ymc_after(q, r->enq_peer);
        if (enq == 0 &&
            a_cas(&cell->enq, &enq, YMC_SPOILED, acq_rel, acquire)) /* [reserved>] [>reserved] */
            enq = YMC_SPOILED;
    }
    if (enq != YMC_SPOILED) {
        struct ymc_record *const peer = ymc_record_at(q, (uint32_t)(enq >> YMC_ID_BITS) - 1);
        uint64_t state = YMC_PENDING | ymc_reserved_id(enq, i);
        value = a_load(&peer->enq.value, acquire);                /* [>asked] */
        if (a_cas(&peer->enq.state, &state, i, acq_rel, acquire)) /* [answered>] [>answered] */
            state = i;
        /* If the cell is still empty the request is not over, and the value was its own. */
        if (state == i && a_load(&cell->value, acquire) == YMC_TOP) { /* [>filled] */
            ymc_advance(&q->tail, i + 1);
            a_store(&cell->value, value, release); /* [filled>] */
            return value;
        }
        value = a_load(&cell->value, acquire); /* [>filled] */
        if (value != YMC_TOP)
            return value;
    }
    return a_load(&q->tail.ticket, acquire) <= i ? YMC_NONE : YMC_TOP; /* [>ticket] */
}

/* ---- pop ----------------------------------------------------------------------------------- */

static inline uint64_t ymc_taker(const struct ymc_record *r)
{
    return 2u * (uint64_t)r->number + 2;
}

/* Brings the request of `peer` to its end: the announced cell has an item of its own, or proves
 * that there is none. */
static __attribute__((noinline)) void ymc_help_pop_slow(struct segment_ymc *q, struct ymc_record *r,
                                                        struct ymc_record *peer)
{
    const uint64_t id = a_load(&peer->deq.id, acquire);               /* [>asked] */
    struct ymc_segment *announced = a_load(&peer->deq.from, acquire); /* [>asked] */
    if (peer != r) {
        /* From here on our pin keeps what the peer's has kept so far. */
        if (id >> q->shift < a_load(&r->pin, relaxed))
            a_store(&r->pin, id >> q->shift, release); /* [unpinned>] */
        a_add(&q->head.ticket, 0, acq_rel);            /* [ticket>] [>ticket] */
    }
    uint64_t state = a_load(&peer->deq.state, acquire); /* [>asked] [>answered] */
    uint64_t prior = state & ~YMC_PENDING, visited = id, candidate = 0;
    if (!(state & YMC_PENDING) || prior < id || a_load(&peer->deq.id, relaxed) != id)
        return;
    prior = id;
    for (;;) {
        struct ymc_segment *at = announced;
        while (candidate == 0 && state == (YMC_PENDING | prior)) {
            struct ymc_cell *const cell = ymc_find(q, r, &at, visited + 1);
            if (!cell) {
                /* No memory: who asked takes its request back, unless it has an answer. */
                if (peer == r)
                    a_cas(&peer->deq.state, &state, prior, acq_rel, /* [answered>] */
                          acquire);                                 /* [>answered] */
                return;
            }
            const uint64_t value = ymc_help_push(q, r, cell, ++visited);
            if (value == YMC_NONE ||
                (value != YMC_TOP && a_load(&cell->deq, acquire) == 0)) /* [>taken] */
                candidate = visited;
            else
                state = a_load(&peer->deq.state, acquire); /* [>answered] */
        }
        if (candidate) {
            state = YMC_PENDING | prior;
            if (a_cas(&peer->deq.state, &state, YMC_PENDING | candidate, acq_rel, /* [answered>] */
                      acquire))                                                   /* [>answered] */
                state = YMC_PENDING | candidate;
        }
        if (!(state & YMC_PENDING) || a_load(&peer->deq.id, relaxed) != id)
            return;
        prior = state & ~YMC_PENDING;
        struct ymc_cell *const cell = ymc_find(q, r, &announced, prior);
        uint64_t taker = 0;
        if (a_load(&cell->value, acquire) == YMC_TOP ||                     /* [>filled] */
            a_cas(&cell->deq, &taker, ymc_taker(peer), acq_rel, acquire) || /* [taken>] */
            taker == ymc_taker(peer)) {                                     /* [>taken] */
            a_cas(&peer->deq.state, &state, prior, acq_rel, acquire); /* [answered>] [>answered] */
            return;
        }
        if (prior >= visited) {
            candidate = 0;
            visited = prior;
        }
    }
}

static inline void ymc_help_pop(struct segment_ymc *q, struct ymc_record *r,
                                struct ymc_record *peer)
{
    const uint64_t state = a_load(&peer->deq.state, acquire); /* [>asked] [>answered] */
    if (__builtin_expect((state & YMC_PENDING) != 0, 0))
        ymc_help_pop_slow(q, r, peer);
}

/* An item from a cell behind the ticket `id`: its value, or YMC_NONE. YMC_TOP: there was no memory
 * to look further. */
static __attribute__((noinline)) uint64_t ymc_pop_slow(struct segment_ymc *q, struct ymc_record *r,
                                                       struct ymc_segment **segment, uint64_t id,
                                                       struct ymc_cell **cell)
{
    a_store(&r->deq.from, *segment, release);          /* [asked>] */
    a_store(&r->deq.id, id, release);                  /* [asked>] */
    a_store(&r->deq.state, YMC_PENDING | id, release); /* [asked>] */
    ymc_help_pop_slow(q, r, r);
    const uint64_t i = a_load(&r->deq.state, acquire); /* [>answered] */
    *cell = ymc_find(q, r, segment, i);
    ymc_advance(&q->head, i + 1);
    const uint64_t value = a_load(&(*cell)->value, acquire); /* [>filled] */
    if (i > id && value == YMC_TOP)
        return YMC_NONE;
    return a_load(&(*cell)->deq, acquire) == ymc_taker(r) ? value : YMC_TOP; /* [>taken] */
}

/* The item that was taken, given its cell's value. */
static inline void ymc_item(struct segment_ymc *q, struct ymc_cell *cell, uint64_t value,
                            q_item *item)
{
#if Q_ITEM_BYTES == 8
    (void)q, (void)cell;
    *item = value;
#else
    if (value == YMC_HERE) {
        *item = cell->item;
    } else {
        q_item *const box = (q_item *)(uintptr_t)value;
        *item = *box;
        q_free(&q->memory, box, alignof(q_item), sizeof *box);
    }
#endif
}

/* Takes tickets by compare-and-swap, and only those of cells that there are. */
static __attribute__((noinline)) uint64_t ymc_pop_poor(struct segment_ymc *q, struct ymc_record *r,
                                                       struct ymc_segment **segment,
                                                       struct ymc_cell **cell)
{
    for (;;) {
        uint64_t i = a_load(&q->head.ticket, acquire); /* [>ticket] */
        if (i >= a_load(&q->tail.ticket, acquire))     /* [>ticket] */
            return YMC_NONE;
        *cell = ymc_find(q, r, segment, i);
        if (!*cell)
            return YMC_TOP;
        if (!a_cas(&q->head.ticket, &i, i + 1, acq_rel, relaxed)) /* [ticket>] [>ticket] */
            continue;
        const uint64_t value = ymc_help_push(q, r, *cell, i);
        uint64_t none = 0;
        if (value != YMC_NONE && value != YMC_TOP &&
            a_cas(&(*cell)->deq, &none, YMC_FAST, acq_rel, acquire)) /* [taken>] [>taken] */
            return value;
    }
}

/* Q_OK or Q_EMPTY; Q_NOMEM: there may be an item, but no memory to look for it. */
static inline q_hot enum q_status ymc_pop(struct segment_ymc *q, struct segment_ymc_handle *h,
                                          q_item *item)
{
    __builtin_prefetch(&q->head, 1);
    struct ymc_record *const r = h->record;
    const uint64_t head = a_load(&q->head.ticket, acquire); /* [>ticket] */
    if (head >= h->seen_tail) {
        h->seen_tail = a_load(&q->tail.ticket, acquire); /* [>ticket] */
        if (head >= h->seen_tail)
            return Q_EMPTY;
    }
    const bool rich = ymc_have_spare(q, r);
    a_store(&r->pin, r->head.number, release);                           /* [unpinned>] */
    uint64_t i = a_add(&q->head.ticket, rich ? 1 : 0, acq_rel);          /* [ticket>] [>ticket] */
    struct ymc_segment *const start = a_load(&r->head.segment, acquire); /* [>moved] */
    struct ymc_segment *segment = start;
    struct ymc_cell *cell = NULL;
    uint64_t value;
    if (__builtin_expect(!rich, 0)) {
        value = ymc_pop_poor(q, r, &segment, &cell);
    } else {
        for (unsigned tries = 0, spins = 0;; tries++) {
            /* No memory for two segments at once: the ticket cannot be given back. */
            while (!(cell = ymc_find(q, r, &segment, i)))
                q_relax(&spins);
            value = ymc_help_push(q, r, cell, i);
            uint64_t none = 0;
            if (value == YMC_NONE ||
                (value != YMC_TOP &&
                 a_cas(&cell->deq, &none, YMC_FAST, acq_rel, acquire))) /* [taken>] [>taken] */
                break;
            h->counts.retries++;
            if (tries == SEGMENT_YMC_PATIENCE || !ymc_have_spare(q, r)) {
                value = ymc_pop_slow(q, r, &segment, i, &cell);
                break;
            }
            i = a_add(&q->head.ticket, 1, acq_rel); /* [ticket>] [>ticket] */
        }
    }
    if (value == YMC_NONE || value == YMC_TOP) {
        ymc_leave_head(q, r, start, segment);
        return value == YMC_NONE ? Q_EMPTY : Q_NOMEM;
    }
    ymc_item(q, cell, value, item);
    ymc_help_pop(q, r, r->deq_peer);
    r->deq_peer = ymc_after(q, r->deq_peer);
    ymc_leave_head(q, r, start, segment);
    return Q_OK;
}

static inline q_hot enum q_status segment_ymc_pop(struct segment_ymc *q,
                                                  struct segment_ymc_handle *h, q_item *item)
{
    enum q_status s = ymc_pop(q, h, item);
    if (__builtin_expect(s == Q_OK, 1))
        return s;
    if (a_load(&q->closed, acquire)) { /* [>closed] */
        s = ymc_pop(q, h, item);       /* T is final now */
        return s == Q_EMPTY ? Q_CLOSED : s == Q_NOMEM ? Q_EMPTY : s;
    }
    return Q_EMPTY;
}

static inline q_hot enum q_status segment_ymc_push(struct segment_ymc *q,
                                                   struct segment_ymc_handle *h, q_item item)
{
    struct ymc_record *const r = h->record;
#if Q_ITEM_BYTES == 8
    const uint64_t value = item;
    assert(value != YMC_NONE && value != YMC_TOP);
#else
    const uint64_t value = YMC_HERE;
#endif
    if (!ymc_have_spare(q, r))
        return Q_NOMEM;
    a_store(&r->pin, r->tail.number, release);                           /* [unpinned>] */
    uint64_t i = a_add(&q->tail.ticket, 1, acq_rel);                     /* [ticket>] [>ticket] */
    struct ymc_segment *const start = a_load(&r->tail.segment, acquire); /* [>moved] */
    struct ymc_segment *segment = start;
    enum q_status s = Q_NOMEM;
    for (unsigned tries = 0;; tries++) {
        struct ymc_cell *const cell = ymc_find(q, r, &segment, i);
        if (!cell)
            break;
#if Q_ITEM_BYTES > 8
        cell->item = item;
#endif
        uint64_t none = YMC_NONE;
        if (a_cas(&cell->value, &none, value, release, relaxed)) { /* [filled>] */
            s = Q_OK;
            break;
        }
        h->counts.retries++;
        if (tries == SEGMENT_YMC_PATIENCE) {
#if Q_ITEM_BYTES == 8
            s = ymc_push_slow(q, r, &segment, i, value);
#else
            q_item *const box = q_alloc(&q->memory, alignof(q_item), sizeof *box);
            if (!box)
                break;
            *box = item;
            s = ymc_push_slow(q, r, &segment, i, (uint64_t)(uintptr_t)box);
            if (s != Q_OK)
                q_free(&q->memory, box, alignof(q_item), sizeof *box);
#endif
            break;
        }
        if (!ymc_have_spare(q, r))
            break;
        i = a_add(&q->tail.ticket, 1, acq_rel); /* [ticket>] [>ticket] */
    }
    ymc_settle(&r->tail, start, segment);
    ymc_unpin(r);
    if (s == Q_OK)
        q_event_notify(&q->items, 1, &h->counts);
    return s;
}

Q_BATCH_BY_LOOP(segment_ymc)
Q_WAIT_BY_PARKING(segment_ymc)

static inline void segment_ymc_close(struct segment_ymc *q, struct segment_ymc_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* ---- life ---------------------------------------------------------------------------------- */

static inline int segment_ymc_init(struct segment_ymc *q, const struct q_config *cfg)
{
    const size_t cells = q_round_up(cfg->segment ? cfg->segment : SEGMENT_YMC_DEFAULT, 1);
    const size_t records = q_round_up((size_t)cfg->producers + cfg->consumers, 8);
    if (records == 0 || records > YMC_RECORDS_MAX || cells == 0 ||
        cells > SIZE_MAX / 2 / sizeof(struct ymc_cell) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->mask = cells - 1;
    q->shift = (unsigned)__builtin_ctzll(cells);
    struct ymc_segment *const first = ymc_new(q);
    q->chunk_shift = (unsigned)__builtin_ctzll(records);
    for (unsigned k = 0; k < YMC_CHUNKS; k++)
        a_init(&q->chunk[k], NULL);
    if (!first || !ymc_new_chunk(q, 0)) {
        ymc_free(q, first);
        return ENOMEM;
    }
    a_init(&q->tail.ticket, 0);
    a_init(&q->head.ticket, 0);
    a_init(&q->closed, false);
    a_init(&q->records, 0);
    a_init(&q->cleaning, 0);
    a_init(&q->first, first);
    a_init(&q->first_number, 0);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void segment_ymc_destroy(struct segment_ymc *q)
{
    struct ymc_segment *s = a_load(&q->first, relaxed);
    while (s) {
        struct ymc_segment *const next = a_load(&s->next, relaxed);
#if Q_ITEM_BYTES > 8
        for (uint64_t i = 0; i <= q->mask; i++) {
            const uint64_t value = a_load(&s->cell[i].value, relaxed);
            if (value > YMC_HERE && a_load(&s->cell[i].deq, relaxed) == 0)
                q_free(&q->memory, (void *)(uintptr_t)value, alignof(q_item), sizeof(q_item));
        }
#endif
        ymc_free(q, s);
        s = next;
    }
    for (uint32_t i = 0; i < a_load(&q->records, relaxed); i++)
        ymc_free(q, ymc_record_at(q, i)->spare);
    for (unsigned k = 0; k < YMC_CHUNKS; k++)
        q_free(&q->memory, a_load(&q->chunk[k], relaxed), Q_LINE, ymc_chunk_bytes(q, k));
}

static inline int segment_ymc_attach(struct segment_ymc *q, struct segment_ymc_handle *h,
                                     enum q_role role)
{
    (void)role;
    *h = (struct segment_ymc_handle){.seen_tail = 0};
    if (!(h->record = ymc_join(q)))
        return ENOMEM;
    ymc_have_spare(q, h->record); /* else the first operation asks again */
    return 0;
}

static inline void segment_ymc_detach(struct segment_ymc *q, struct segment_ymc_handle *h)
{
    (void)q;                               /* its record keeps its spare segment for the next one */
    a_store(&h->record->used, 0, release); /* [left>] */
}

/* As in a thread that is stopped in the middle of a pop, just before its ticket (harness/driver.h): a
 * ticket that is taken is gone. */
#define segment_ymc_STOPS 1
static inline void segment_ymc_stop(struct segment_ymc *q, struct segment_ymc_handle *h)
{
    (void)q;
    a_store(&h->record->pin, h->record->head.number, relaxed); /* it has touched nothing since */
}

static inline size_t segment_ymc_capacity(const struct segment_ymc *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_ymc_bytes(const struct segment_ymc *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
