/* wal.c: admission, groups, and who waits for what. See wal.h. */
#include <stdlib.h>

#include "studies/wal_admission/wal_inside.h"

enum { GATHER_YIELDS = 2 };

/* ---- admission ------------------------------------------------------------------------------- */

static bool fits(const struct wal *log, uint64_t word, uint64_t bytes)
{
    return ENTRIES(word) < log->c.max_queue_size && BYTES(word) + bytes <= log->c.max_queue_bytes;
}

/* One try. EAGAIN: no room. */
static int admit(struct wal_handle *h, uint64_t bytes)
{
    struct wal *const log = h->log;
    uint64_t word = a_load(&log->admission, relaxed);
    for (unsigned step = 0;; q_backoff(&step)) {
        if (word & CLOSED)
            return ESHUTDOWN;
        if (!fits(log, word, bytes))
            return EAGAIN;
        if (a_cas(&log->admission, &word, word + ENTRY + bytes * BYTE, acquire, relaxed))
            return 0;
        h->metrics.admit_failed++;
    }
}

static int admit_later(struct wal_handle *h, uint64_t bytes, uint64_t timeout_ns)
{
    struct wal *const log = h->log;
    const uint64_t begin = q_now_ns(), deadline = q_deadline(timeout_ns);
    int error;
    for (bool in_time = true;;) {
        /* Registered first, then looked again: a wake-up in between is not lost. */
        const struct q_event_ticket ticket = q_event_prepare(&log->room);
        error = admit(h, bytes);
        if (error == EAGAIN && in_time) {
            h->metrics.room_sleeps++;
            in_time = q_event_sleep(&log->room, ticket, deadline);
        }
        q_event_cancel(&log->room);
        if (error != EAGAIN || !in_time)
            break;
    }
    if (error == EAGAIN)
        error = admit(h, bytes);
    if (error == 0) /* as many were woken as entries left: there may be room for one more */
        q_event_notify(&log->room, 1, &h->counts);
    const uint64_t waited = q_now_ns() - begin;
    h->metrics.waited++;
    h->metrics.wait_ns += waited;
    if (waited > h->metrics.wait_most_ns)
        h->metrics.wait_most_ns = waited;
    return error;
}

static void give_back(struct wal *log, uint64_t entries, uint64_t bytes, struct q_counts *counts)
{
    a_sub(&log->admission, entries * ENTRY + bytes * BYTE, release);
    q_event_notify(&log->room, entries, counts);
}

/* `tell` the flusher, if it is not known that a committer will lead. */
static int append(struct wal_handle *h, struct wal_entry *e, uint64_t timeout_ns, bool tell)
{
    struct wal *const log = h->log;
    if (e->length + (uint64_t)WAL_RECORD > log->c.group_bytes || e->length > log->c.max_queue_bytes)
        return EMSGSIZE;
    e->checksum = wal_checksum_begin(e->bytes, e->length);
    e->lsn = 0;
    a_init(&e->group, 0);
    a_init(&e->status, WAL_WAITS);
    int error = admit(h, e->length);
    if (error == EAGAIN && timeout_ns)
        error = admit_later(h, e->length, timeout_ns);
    if (error) {
        h->metrics.refused += error == EAGAIN;
        return error;
    }
    e->admitted_ns = q_now_ns();
    const q_item item = (q_item)(uintptr_t)e;
    enum q_status s;
    /* A bounded queue has room: what was admitted and not popped yet fits in. It may look full while
     * a cell is being emptied. */
    for (unsigned spins = 0; (s = log->driver->push(log->queue, h->producer, &item)) == Q_FULL;)
        q_relax(&spins);
    if (s != Q_OK) {
        give_back(log, 1, e->length, &h->counts);
        return ENOMEM;
    }
    h->metrics.admitted++;
    if (tell)
        q_event_notify(&log->work, 1, &h->counts);
    return 0;
}

int wal_append(struct wal_handle *h, struct wal_entry *e, uint64_t timeout_ns)
{
    return append(h, e, timeout_ns, true);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static struct wal_entry *next_entry(struct wal *log)
{
    if (log->next_taken == log->n_taken) {
        log->n_taken = log->driver->pop_n(log->queue, log->consumer, log->taken, WAL_TAKE);
        log->next_taken = 0;
    }
    return log->next_taken < log->n_taken
               ? (struct wal_entry *)(uintptr_t)log->taken[log->next_taken]
               : NULL;
}

/* Fills the group with what is in the queue. */
static unsigned drain(struct wal *log, uint64_t group, uint64_t *bytes)
{
    struct wal_entry *e;
    unsigned n = 0;
    *bytes = 0;
    log->more = false;
    while ((e = next_entry(log)) != NULL) {
        const uint64_t lsn =
            n == WAL_GROUP_ENTRIES ? 0 : wal_file_add(&log->file, e->bytes, e->length, e->checksum);
        log->more = !lsn;
        if (!lsn)
            break; /* into the next one */
        e->lsn = lsn;
        a_store(&e->group, group, relaxed);
        log->member[n++] = e;
        log->next_taken++;
        *bytes += e->length;
    }
    return n;
}

/* By whoever is busy. How many entries went through. */
static unsigned make_group(struct wal *log)
{
    const uint64_t begin = q_now_ns(), group = a_load(&log->group, relaxed) + 1;
    const uint64_t depth = ENTRIES(a_load(&log->admission, relaxed));
    uint64_t bytes, queued_ns = 0;
    const unsigned n = drain(log, group, &bytes);
    if (n == 0)
        return 0;
    a_store(&log->group, group, release); /* now who is not in it knows that it is in a later one */
    const uint64_t drained = q_now_ns();
    if (!log->c.hold) {
        for (unsigned i = 0; i < n; i++)
            queued_ns += drained - log->member[i]->admitted_ns;
        give_back(log, n, bytes, &log->counts);
    }
    const uint64_t prepared = q_now_ns();
    const int error = wal_file_write(&log->file);
    const uint64_t synced = q_now_ns();
    for (unsigned i = 0; i < n; i++) {
        queued_ns += log->c.hold ? synced - log->member[i]->admitted_ns : 0;
        a_store(&log->member[i]->status, error, release); /* now its writer may take it away */
    }
    if (log->c.hold)
        give_back(log, n, bytes, &log->counts);
    q_event_notify(&log->done[group & 1], SIZE_MAX, &log->counts);

    pthread_mutex_lock(&log->lock);
    struct wal_metrics *const m = &log->metrics;
    m->groups++;
    m->entries += n;
    m->bytes += bytes;
    m->failed += error ? n : 0;
    m->prepare_ns += prepared - begin;
    m->sync_ns += synced - prepared;
    m->queued_ns += queued_ns;
    if (depth > m->depth_most)
        m->depth_most = depth;
    pthread_mutex_unlock(&log->lock);
    return n;
}

static bool try_busy(struct wal *log)
{
    bool busy = a_load(&log->busy, relaxed);
    return !busy && a_cas(&log->busy, &busy, true, acquire, relaxed);
}

/* Somebody of the next group, if there is one, takes over. */
static void leave(struct wal *log, struct q_counts *counts)
{
    const uint64_t group = a_load(&log->group, relaxed);
    a_store(&log->busy, false, release);
    if (log->c.who == WAL_COMMITTERS)
        q_event_notify(&log->done[(group + 1) & 1], 1, counts);
}

/* The group will be larger, and syncs fewer, if those who were just woken get a turn first. */
static void gather(struct wal *log)
{
    uint64_t before = ENTRIES(a_load(&log->admission, relaxed));
    for (unsigned i = 0; i < GATHER_YIELDS; i++) {
        sched_yield();
        const uint64_t now = ENTRIES(a_load(&log->admission, relaxed));
        if (now == before)
            break;
        before = now;
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

static unsigned parity_of(struct wal *log, struct wal_entry *e)
{
    const uint64_t drained = a_load(&log->group, acquire); /* before the entry's own */
    const uint64_t group = a_load(&e->group, relaxed);
    return (group ? group : drained + 1) & 1;
}

int wal_wait(struct wal_handle *h, struct wal_entry *e)
{
    struct wal *const log = h->log;
    for (unsigned spins = 0;;) {
        int status = a_load(&e->status, acquire);
        if (status != WAL_WAITS)
            return status;
        if (log->c.who == WAL_COMMITTERS && try_busy(log)) {
            unsigned made = 0;
            if (a_load(&e->status, acquire) == WAL_WAITS) { /* else: the one before us had it */
                gather(log);
                made = make_group(log);
                h->metrics.leads += made > 0;
            }
            leave(log, &h->counts);
            if (!made)
                q_relax(&spins); /* a push before ours is not finished */
            continue;
        }
        struct q_event *const done = &log->done[parity_of(log, e)];
        const struct q_event_ticket ticket = q_event_prepare(done);
        status = a_load(&e->status, acquire);
        if (status == WAL_WAITS && done == &log->done[parity_of(log, e)] &&
            (log->c.who == WAL_FLUSHER || a_load(&log->busy, relaxed))) {
            h->metrics.sleeps++;
            q_event_sleep(done, ticket, Q_FOREVER);
        }
        q_event_cancel(done);
    }
}

int wal_commit(struct wal_handle *h, const void *bytes, uint32_t length)
{
    struct wal_entry e = {.bytes = bytes, .length = length};
    const int error = append(h, &e, Q_FOREVER, h->log->c.who == WAL_FLUSHER);
    return error ? error : wal_wait(h, &e);
}

/* ---- the flusher ----------------------------------------------------------------------------- */

static void sleep_ns(uint64_t ns)
{
    const struct timespec t = q_timespec(ns);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* A committer leads: sleeps like somebody of the next group. */
static void await_turn(struct wal *log)
{
    struct q_event *const done = &log->done[(a_load(&log->group, acquire) + 1) & 1];
    const struct q_event_ticket ticket = q_event_prepare(done);
    if (a_load(&log->busy, relaxed) && done == &log->done[(a_load(&log->group, acquire) + 1) & 1])
        q_event_sleep(done, ticket, Q_FOREVER);
    q_event_cancel(done);
}

void *wal_flusher(void *arg)
{
    struct wal *const log = arg;
    struct q_counts counts = {0};
    bool full = false;
    for (unsigned spins = 0;;) {
        uint64_t word = a_load(&log->admission, acquire);
        if (ENTRIES(word) == 0) {
            const struct q_event_ticket ticket = q_event_prepare(&log->work);
            word = a_load(&log->admission, acquire);
            if (ENTRIES(word) == 0 && !(word & CLOSED))
                q_event_sleep(&log->work, ticket, Q_FOREVER);
            q_event_cancel(&log->work);
            if (ENTRIES(word) == 0 && word & CLOSED)
                return NULL;
            spins = 0;
            continue;
        }
        if (log->c.flush_interval_ns && !full && !(word & CLOSED))
            sleep_ns(log->c.flush_interval_ns);
        if (!try_busy(log)) {
            await_turn(log);
            continue;
        }
        const unsigned made = make_group(log);
        full = log->more;
        leave(log, &counts);
        if (!made)
            q_relax(&spins); /* a push that is not finished */
    }
}
