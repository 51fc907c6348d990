/* combining_ring.h: bounded, any producers and consumers: a ring that one thread at a time serves for
 * all.
 *
 *      records ──> [ asks: push d ] ──> [ nothing ] ──> [ asks: pop ] ──> NULL   one for each handle
 *                        │                                   │
 *      whoever has the lock does its own, then looks at all: ┴──> [ ][ a ][ b ][ c ][ ] the ring
 *
 * A thread that finds the lock taken writes what it wants into its record and waits, for the answer or
 * for the lock. So the ring stays in the cache of the one who combines, and each of the others
 * costs one line to and fro, not the lock, the indices and a slot. It also keeps its speed when there
 * are more threads than processors: one that gets the processor serves all that do not run. Who
 * waits pauses a while, then gives the processor away.
 *
 * Flat combining: Hendler, Incze, Shavit & Tzafrir, SPAA 2010. Different here: a record stays in the
 * list until the queue is destroyed and goes to the next handle that attaches (there, records that
 * were idle for long are cut out); who finds the lock free does its own operation without
 * asking; a batch is one request.
 *
 * push and pop are blocking: a thread stopped inside the lock stops all. FULL and EMPTY are exact:
 * each was answered under the lock. Sleepers (push_wait, pop_wait) sleep on the event counts of
 * wait.h; each thread tells them of its own operations, not the combiner.
 *
 * Edges   unlocked   any -> any         everything under the lock, by whoever held it before
 *         asked      push, pop -> any   the request in this record, and what happened before it
 *         answered   any -> push, pop   the answer, and what happened before it
 *         listed     attach -> any      a record in the list, and all older ones
 *         left       detach -> attach   nobody uses this record any more */
#ifndef QUEUES_COMBINING_RING_H
#define QUEUES_COMBINING_RING_H

#include "queues/plain_ring.h"

enum combining_ring_request { COMBINING_RING_NONE, COMBINING_RING_PUSH, COMBINING_RING_POP };

struct combining_ring_record {
    /* What its owner asks for; whoever has the lock stores NONE when it is done. */
    alignas(Q_LINE) atomic(enum combining_ring_request) request;
    bool closed;                         /* answer: the queue was closed */
    size_t n;                            /* items to push or pop; answer: items that were */
    const q_item *from;                  /* push: the first of them */
    q_item *to;                          /* pop: where they go */
    q_item item;                         /* from or to, of an operation with one item */
    atomic(bool) taken;                  /* some handle has it */
    struct combining_ring_record *older; /* constant once listed */
};

struct combining_ring {
    alignas(Q_LINE) atomic(bool) locked;
    alignas(Q_LINE) struct plain_ring ring; /* under the lock */
    bool closed;                            /* likewise */
    alignas(Q_LINE) atomic(struct combining_ring_record *) records;
    struct q_event items, room;
    struct q_memory memory;
};
struct combining_ring_handle {
    struct q_counts counts;
    struct combining_ring_record *record;
};

static const struct q_traits combining_ring_traits = {
    .name = "combining_ring",
    .family = "combining",
    .summary = "bounded ring, one thread at a time serves the requests of all",
    .source = "Hendler, Incze, Shavit & Tzafrir, Flat combining ..., 2010",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH,
};

static inline int combining_ring_init(struct combining_ring *q, const struct q_config *cfg)
{
    q_memory_init(&q->memory, cfg);
    const int error = plain_ring_init(&q->ring, &q->memory, cfg);
    if (error)
        return error;
    q->closed = false;
    a_init(&q->locked, false);
    a_init(&q->records, NULL);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void combining_ring_destroy(struct combining_ring *q)
{
    for (struct combining_ring_record *r = a_load(&q->records, relaxed), *older; r; r = older) {
        older = r->older;
        q_free(&q->memory, r, alignof(struct combining_ring_record), sizeof *r);
    }
    plain_ring_destroy(&q->ring, &q->memory);
}

/* ---- records ------------------------------------------------------------------------------- */

static inline int combining_ring_attach(struct combining_ring *q, struct combining_ring_handle *h,
                                        enum q_role role)
{
    (void)role;
    *h = (struct combining_ring_handle){.record = NULL};
    struct combining_ring_record *r = a_load(&q->records, acquire); /* [>listed] */
    for (; r; r = r->older)
        if (!a_load(&r->taken, relaxed) && !a_swap(&r->taken, true, acquire)) { /* [>left] */
            h->record = r;
            return 0;
        }
    r = q_alloc(&q->memory, alignof(struct combining_ring_record), sizeof *r);
    if (!r)
        return ENOMEM;
    r->from = NULL;
    r->to = NULL;
    a_init(&r->request, COMBINING_RING_NONE);
    a_init(&r->taken, true);
    r->older = a_load(&q->records, relaxed);
    while (!a_cas_weak(&q->records, &r->older, r, release, relaxed)) /* [listed>] */
        ;
    h->record = r;
    return 0;
}

static inline void combining_ring_detach(struct combining_ring *q, struct combining_ring_handle *h)
{
    (void)q;
    a_store(&h->record->taken, false, release); /* [left>] */
}

/* ---- the lock ------------------------------------------------------------------------------ */

static inline bool combining_ring_try_lock(struct combining_ring *q)
{
    return !a_load(&q->locked, relaxed) && !a_swap(&q->locked, true, acquire); /* [>unlocked] */
}

static inline void combining_ring_unlock(struct combining_ring *q)
{
    a_store(&q->locked, false, release); /* [unlocked>] */
}

/* How many of n items; *closed: whether the queue is. Under the lock. */
static inline size_t combining_ring_apply(struct combining_ring *q,
                                          enum combining_ring_request request, const q_item *from,
                                          q_item *to, size_t n, bool *closed)
{
    *closed = q->closed;
    if (request == COMBINING_RING_POP)
        return n == 1 ? plain_ring_get(&q->ring, to) : plain_ring_get_n(&q->ring, to, n);
    if (q->closed)
        return 0;
    return n == 1 ? plain_ring_put(&q->ring, *from) : plain_ring_put_n(&q->ring, from, n);
}

/* Serves all who have asked. Under the lock. */
static inline void combining_ring_combine(struct combining_ring *q)
{
    struct combining_ring_record *r = a_load(&q->records, acquire); /* [>listed] */
    for (; r; r = r->older) {
        const enum combining_ring_request request = a_load(&r->request, acquire); /* [>asked] */
        if (request == COMBINING_RING_NONE)
            continue;
        r->n = combining_ring_apply(q, request, r->from, r->to, r->n, &r->closed);
        a_store(&r->request, COMBINING_RING_NONE, release); /* [answered>] */
    }
}

/* Asks, and waits until somebody, who may be we, has answered in the record. */
static __attribute__((noinline)) void combining_ring_ask(struct combining_ring *q,
                                                         struct combining_ring_handle *h,
                                                         enum combining_ring_request request)
{
    struct combining_ring_record *const mine = h->record;
    h->counts.retries++;
    a_store(&mine->request, request, release); /* [asked>] */
    unsigned spins = 0;
    await_while (a_load(&mine->request, acquire) != COMBINING_RING_NONE) { /* [>answered] */
        if (combining_ring_try_lock(q)) {
            combining_ring_combine(q);
            combining_ring_unlock(q);
        } else {
            q_relax(&spins);
        }
    }
}

/* ---- the operations ------------------------------------------------------------------------ */

static inline q_hot enum q_status combining_ring_push(struct combining_ring *q,
                                                      struct combining_ring_handle *h, q_item item)
{
    size_t done;
    bool closed;
    if (combining_ring_try_lock(q)) {
        done = combining_ring_apply(q, COMBINING_RING_PUSH, &item, NULL, 1, &closed);
        combining_ring_combine(q);
        combining_ring_unlock(q);
    } else {
        struct combining_ring_record *const mine = h->record;
        mine->item = item;
        mine->from = &mine->item;
        mine->n = 1;
        combining_ring_ask(q, h, COMBINING_RING_PUSH);
        done = mine->n;
        closed = mine->closed;
    }
    if (__builtin_expect(done == 0, 0))
        return closed ? Q_CLOSED : Q_FULL;
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status combining_ring_pop(struct combining_ring *q,
                                                     struct combining_ring_handle *h, q_item *item)
{
    size_t done;
    bool closed;
    if (combining_ring_try_lock(q)) {
        done = combining_ring_apply(q, COMBINING_RING_POP, NULL, item, 1, &closed);
        combining_ring_combine(q);
        combining_ring_unlock(q);
    } else {
        struct combining_ring_record *const mine = h->record;
        mine->to = &mine->item;
        mine->n = 1;
        combining_ring_ask(q, h, COMBINING_RING_POP);
        done = mine->n;
        closed = mine->closed;
        if (done)
            *item = mine->item;
    }
    if (__builtin_expect(done == 0, 0))
        return closed ? Q_CLOSED : Q_EMPTY;
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

/* A batch is one request for all who come after it, so it always asks: whoever answers. */
static inline size_t combining_ring_push_n(struct combining_ring *q,
                                           struct combining_ring_handle *h, const q_item *items,
                                           size_t n)
{
    h->record->from = items;
    h->record->n = n;
    combining_ring_ask(q, h, COMBINING_RING_PUSH);
    const size_t done = h->record->n;
    if (done > 0)
        q_event_notify(&q->items, done, &h->counts);
    return done;
}

static inline size_t combining_ring_pop_n(struct combining_ring *q, struct combining_ring_handle *h,
                                          q_item *items, size_t n)
{
    h->record->to = items;
    h->record->n = n;
    combining_ring_ask(q, h, COMBINING_RING_POP);
    const size_t done = h->record->n;
    if (done > 0)
        q_event_notify(&q->room, done, &h->counts);
    return done;
}

Q_WAIT_BY_PARKING(combining_ring)

static inline void combining_ring_close(struct combining_ring *q, struct combining_ring_handle *h)
{
    unsigned spins = 0;
    await_while (!combining_ring_try_lock(q))
        q_relax(&spins);
    q->closed = true;
    combining_ring_unlock(q);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t combining_ring_capacity(const struct combining_ring *q)
{
    return q->ring.mask + 1;
}

static inline struct q_bytes combining_ring_bytes(const struct combining_ring *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
