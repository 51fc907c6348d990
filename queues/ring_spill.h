/* ring_spill.h: what ring_mpsc does under Q_SPILL: a ring that overflows into a log on disk.
 *
 *      producers ──► ring [ x ][ x ][ x ][ x ] ─────────────────────────► the consumer
 *          │ full, or `spilling`: under the lock                               ▲
 *          └──────► log | r | r | r | r |  up to the noted end, by chunks ─────┘
 *                                         ^ noted: and only once head has reached the noted tail
 *
 * A full ring starts the log; from then on ALL items go to the log, in the order of its lock, until
 * the consumer has read it to its end and clears `spilling`, under the lock too. Why the order is
 * that of one queue:
 *   1. In the ring before the log. Let P push a into the ring and then append b. The consumer
 *      notes, under the lock, the log's end and then the ring's tail. If b is before that end, P's
 *      append, and before it P's claim of a's position, happened before the note: a is before that
 *      tail. The consumer reads the log up to the noted end only when its head has reached the
 *      noted tail, so a comes first. An unfilled cell on the way makes it answer Q_EMPTY: an empty
 *      answer is not a drained ring, only head at the noted tail is.
 *   2. In the log before the ring. Let P append b and then push c into the ring. P has seen
 *      `spilling` set, so (coherence of one variable) it can see it clear again only by a clear
 *      that came after its append; the consumer clears when it has given out every record, b too.
 *      So whatever is in the ring may always be popped at once, even while records wait.
 *   3. Both arguments hold as well when one thread pushes a, and another, afterwards, b or c: they
 *      use nothing but happens-before.
 *   4. Close takes the lock. An append is before it, and then `spilling` is set for the pop that
 *      has seen the close, or after it and answers Q_CLOSED: pop answers Q_CLOSED only when ring
 *      and log are drained.
 *
 * Given out again after a crash: the records of the last chunk read, at most SPILL_CHUNK. The file
 * learns that a chunk was given out when the next one is read, or when the log is drained.
 *
 * Edges   filled   push -> pop    the cell holds the item of this turn (array_mpmc.h)
 *         the lock carries the rest: the log's end, the noted tail, `spilling` */
#ifndef QUEUES_RING_SPILL_H
#define QUEUES_RING_SPILL_H

#include <pthread.h>

#include "queues/array_mpmc.h"
#include "queues/spill.h"

struct ring_spill {
    alignas(Q_LINE) atomic(bool) spilling; /* written under the lock: every push appends */

    /* the consumer's */
    alignas(Q_LINE) q_item *chunk; /* records read from the log, not yet given out: */
    size_t next, count;            /* chunk[next .. count-1] */
    bool noted;                    /* the log may be read up to noted_end, */
    uint64_t noted_end;            /* once head has reached noted_tail */
    uint64_t noted_tail;

    /* the producers', under the lock */
    alignas(Q_LINE) pthread_mutex_t lock;
    struct spill log;
    atomic(uint64_t) appended;
};

/* What spill_open answers, or ENOMEM. The file comes last: a queue that cannot be made for another
 * reason leaves it alone. */
static inline int ring_spill_init(struct ring_spill *s, struct q_memory *memory,
                                  const struct q_config *cfg)
{
    s->next = s->count = 0;
    s->noted = false;
    a_init(&s->appended, 0);
    s->chunk = q_alloc(memory, Q_LINE, SPILL_CHUNK * sizeof *s->chunk);
    int error = s->chunk ? pthread_mutex_init(&s->lock, NULL) : ENOMEM;
    if (error == 0) {
        error = spill_open(&s->log, cfg->spill_path, cfg->spill_max_bytes, cfg->spill_sync);
        if (error)
            pthread_mutex_destroy(&s->lock);
    }
    if (error)
        q_free(memory, s->chunk, Q_LINE, SPILL_CHUNK * sizeof *s->chunk);
    else
        a_init(&s->spilling, s->log.recovered.records > 0);
    return error;
}

static inline void ring_spill_destroy(struct ring_spill *s, struct q_memory *memory)
{
    spill_close(&s->log, s->log.read - (s->count - s->next) * sizeof(struct spill_record));
    pthread_mutex_destroy(&s->lock);
    q_free(memory, s->chunk, Q_LINE, SPILL_CHUNK * sizeof *s->chunk);
}

/* ---- producers ------------------------------------------------------------------------------ */

/* Appends what the ring does not take. *why: Q_OK, or why the next item was refused. */
static __attribute__((noinline, unused)) size_t
ring_spill_append(struct ring_spill *s, struct array_mpmc *ring, struct array_mpmc_handle *h,
                  const q_item *items, size_t n, enum q_status *why)
{
    size_t done = 0, logged = 0;
    pthread_mutex_lock(&s->lock);
    if (!a_load(&s->spilling, relaxed)) /* the first to come: there may be room by now */
        done = array_mpmc_push_n(ring, h, items, n);
    *why = done == n ? Q_OK : Q_CLOSED;
    if (done < n && !a_load(&ring->closed, relaxed)) { /* close holds the lock */
        const int error = spill_append(&s->log, items + done, n - done, &logged);
        *why = error ? Q_IO : Q_OK;
        if (error)
            h->counts.error = error;
        if (logged) {
            a_store(&s->spilling, true, relaxed);
            a_add(&s->appended, logged, relaxed);
        }
    }
    pthread_mutex_unlock(&s->lock);
    if (logged)
        q_event_notify(&ring->items, logged, &h->counts);
    return done + logged;
}

/* ---- the consumer ---------------------------------------------------------------------------- */

/* Up to n items from the ring; nobody else moves head. Each cell is free as soon as it is read. */
static inline size_t ring_take(struct array_mpmc *ring, struct array_mpmc_handle *h, q_item *items,
                               size_t n)
{
    const uint64_t head = a_load(&ring->head, relaxed);
    size_t k = 0;
    for (; k < n; k++) {
        const uint64_t turn = array_mpmc_turn(ring, head + k) + 1;
        if (a_load(&array_mpmc_cell(ring, head + k)->turn, acquire) != turn) /* [>filled] */
            break;
        array_mpmc_drain(ring, head + k, &items[k]);
    }
    if (k) {
        a_store(&ring->head, head + k, relaxed);
        q_event_notify(&ring->room, k, &h->counts);
    }
    return k;
}

/* The ring is empty: notes how far the log may be read, or ends spilling when it was read to its
 * end. True: look into the ring again, then read. */
static inline bool ring_spill_note(struct ring_spill *s, struct array_mpmc *ring,
                                   struct array_mpmc_handle *h)
{
    int error = 0;
    pthread_mutex_lock(&s->lock);
    s->noted_end = s->log.end;
    s->noted = s->log.read < s->noted_end;
    if (s->noted) {
        s->noted_tail = a_load(&ring->tail, relaxed) & ~ARRAY_MPMC_CLOSED;
    } else {
        error = spill_reset(&s->log);
        a_store(&s->spilling, false, relaxed);
    }
    pthread_mutex_unlock(&s->lock);
    if (error)
        h->counts.error = error; /* the file stays long; no record is lost or comes twice */
    return s->noted;
}

/* Up to n items from chunk, ring or log. Q_EMPTY, Q_CLOSED and Q_IO come with none. */
static __attribute__((noinline, unused)) enum q_status
ring_spill_pop_n(struct ring_spill *s, struct array_mpmc *ring, struct array_mpmc_handle *h,
                 q_item *items, size_t n, size_t *got)
{
    for (;;) {
        *got = s->count - s->next < n ? s->count - s->next : n;
        memcpy(items, s->chunk + s->next, *got * sizeof *items);
        s->next += *got;
        *got += ring_take(ring, h, items + *got, n - *got);
        if (*got || n == 0)
            return Q_OK;
        const uint64_t head = a_load(&ring->head, relaxed);
        const enum q_status none = array_mpmc_no_item(ring, head);
        if (!a_load(&s->spilling, relaxed)) /* after `closed`: see 4 above */
            return none;
        if (!s->noted) {
            if (!ring_spill_note(s, ring, h))
                return none;
            if (head < s->noted_tail)
                continue;
        }
        if (head < s->noted_tail)
            return Q_EMPTY;
        /* All that was read has been given out. */
        int error = spill_consumed(&s->log, s->log.read);
        if (error)
            h->counts.error = error;
        error = spill_read(&s->log, s->noted_end, s->chunk, SPILL_CHUNK, &s->count);
        s->next = 0;
        s->noted = s->log.read < s->noted_end;
        if (error) {
            h->counts.error = error;
            return Q_IO;
        }
    }
}

#endif
