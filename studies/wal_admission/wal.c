/* wal.c: admission, groups, and who waits for what. See wal.h. */
#include "studies/wal_admission/wal.h"

#include <pthread.h>
#include <stdlib.h>

enum { TAKE = 256, GROUP_ENTRIES = 8192, GATHER_YIELDS = 2 };

/* The admission word: bytes | entries | closed. */
#define CLOSED       UINT64_C(1)
#define ENTRY        UINT64_C(2)
#define ENTRIES_MOST ((UINT64_C(1) << 24) - 1)
#define BYTE         (UINT64_C(1) << 25)
#define BYTES_MOST   ((UINT64_C(1) << 38) - 1)
#define ENTRIES(w)   ((w) >> 1 & ENTRIES_MOST)
#define BYTES(w)     ((w) >> 25)

struct wal {
    alignas(Q_LINE) atomic(uint64_t) admission;
    alignas(Q_LINE) atomic(uint64_t) group; /* the newest that was drained */
    atomic(bool) busy;                      /* somebody makes a group */
    struct q_event done[2];                 /* of groups by parity */
    alignas(Q_LINE) struct q_event room;
    struct q_event work; /* for the flusher */
    alignas(Q_LINE) struct wal_config c;
    const struct q_driver *driver;
    void *queue;
    pthread_t flusher;

    /* of whoever is busy */
    struct wal_file file;
    void *consumer;     /* handle of the queue */
    q_item taken[TAKE]; /* entries */
    size_t next_taken, n_taken;
    struct wal_entry *member[GROUP_ENTRIES];
    bool more; /* the last group was full: what was left over need not gather */
    struct q_counts counts;

    pthread_mutex_t lock; /* of the metrics */
    struct wal_metrics metrics;
};

struct wal_handle {
    struct wal *log;
    void *producer; /* handle of the queue */
    struct q_counts counts;
    struct wal_metrics metrics;
};

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
        log->n_taken = log->driver->pop_n(log->queue, log->consumer, log->taken, TAKE);
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
            n == GROUP_ENTRIES ? 0 : wal_file_add(&log->file, e->bytes, e->length, e->checksum);
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

static void *flusher(void *arg)
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

/* ---- life ------------------------------------------------------------------------------------ */

static int start(struct wal *log)
{
    const struct q_driver *const d = log->driver;
    const struct q_config q = {.capacity = log->c.max_queue_size, .consumers = 1};
    log->queue = aligned_alloc(d->align, q_round_up(d->queue_bytes, d->align));
    log->consumer = aligned_alloc(d->align, q_round_up(d->handle_bytes, d->align));
    if (!log->queue || !log->consumer)
        return ENOMEM;
    int error = d->init(log->queue, &q);
    if (error)
        return error;
    error = d->attach(log->queue, log->consumer, Q_CONSUMER);
    if (!error) {
        error = pthread_create(&log->flusher, NULL, flusher, log);
        if (error)
            d->detach(log->queue, log->consumer);
    }
    if (error)
        d->destroy(log->queue);
    return error;
}

int wal_open(struct wal **result, const struct wal_config *c, struct wal_found *found,
             wal_reader *reader, void *arg)
{
    struct wal *const log = aligned_alloc(Q_LINE, q_round_up(sizeof *log, Q_LINE));
    if (!log)
        return ENOMEM;
    memset(log, 0, sizeof *log);
    log->c = *c;
    log->c.io = c->io ? c->io : &wal_disk;
    log->c.max_queue_size = c->max_queue_size ? c->max_queue_size : 10000;
    log->c.max_queue_bytes = c->max_queue_bytes ? c->max_queue_bytes : BYTES_MOST;
    log->c.group_bytes = c->group_bytes ? c->group_bytes : 1 << 20;
    log->driver = q_driver_find(c->queue ? c->queue : "list_mpsc", sizeof(q_item), "inline");
    int error = 0;
    if (!log->driver || log->driver->traits->order != Q_FIFO || log->driver->traits->one_thread ||
        log->driver->traits->producers == 1 || log->c.max_queue_size > ENTRIES_MOST ||
        log->c.max_queue_bytes > BYTES_MOST)
        error = EINVAL;
    pthread_mutex_init(&log->lock, NULL);
    q_event_init(&log->room);
    q_event_init(&log->work);
    for (unsigned i = 0; i < 2; i++) {
        q_event_init(&log->done[i]);
        log->done[i].asymmetric = false; /* here sleeping is usual, so its fence is to be cheap */
    }
    if (!error)
        error = wal_file_open(&log->file, c->path, log->c.io, log->c.ahead, log->c.group_bytes,
                              found, reader, arg);
    if (!error) {
        error = start(log);
        if (error)
            wal_file_close(&log->file);
    }
    if (error) {
        free(log->queue);
        free(log->consumer);
        free(log);
        return error;
    }
    *result = log;
    return 0;
}

int wal_attach(struct wal *log, struct wal_handle **handle)
{
    const struct q_driver *const d = log->driver;
    struct wal_handle *const h = calloc(1, sizeof *h);
    *handle = h;
    if (!h)
        return ENOMEM;
    h->log = log;
    h->producer = aligned_alloc(d->align, q_round_up(d->handle_bytes, d->align));
    const int error = h->producer ? d->attach(log->queue, h->producer, Q_PRODUCER) : ENOMEM;
    if (error) {
        free(h->producer);
        free(h);
    }
    return error;
}

void wal_detach(struct wal_handle *h)
{
    struct wal *const log = h->log;
    log->driver->detach(log->queue, h->producer);
    pthread_mutex_lock(&log->lock);
    struct wal_metrics *const m = &log->metrics;
    m->admitted += h->metrics.admitted;
    m->refused += h->metrics.refused;
    m->waited += h->metrics.waited;
    m->wait_ns += h->metrics.wait_ns;
    if (h->metrics.wait_most_ns > m->wait_most_ns)
        m->wait_most_ns = h->metrics.wait_most_ns;
    m->room_sleeps += h->metrics.room_sleeps;
    m->admit_failed += h->metrics.admit_failed;
    m->sleeps += h->metrics.sleeps;
    m->leads += h->metrics.leads;
    pthread_mutex_unlock(&log->lock);
    free(h->producer);
    free(h);
}

void wal_shutdown(struct wal *log)
{
    struct q_counts counts = {0};
    if (a_or(&log->admission, CLOSED, acq_rel) & CLOSED)
        return; /* the one that closed it waits */
    q_event_notify(&log->room, SIZE_MAX, &counts);
    q_event_notify(&log->work, 1, &counts);
    pthread_join(log->flusher, NULL);
    for (unsigned spins = 0; a_load(&log->busy, acquire);)
        q_relax(&spins); /* a committer leads the last group */
}

void wal_close(struct wal *log)
{
    log->driver->detach(log->queue, log->consumer);
    log->driver->destroy(log->queue);
    wal_file_close(&log->file);
    pthread_mutex_destroy(&log->lock);
    free(log->queue);
    free(log->consumer);
    free(log);
}

struct wal_depth wal_depth(const struct wal *log)
{
    const uint64_t word = a_load(&log->admission, acquire);
    return (struct wal_depth){ENTRIES(word), BYTES(word), word & CLOSED};
}

void wal_metrics(struct wal *log, struct wal_metrics *m)
{
    pthread_mutex_lock(&log->lock);
    *m = log->metrics;
    pthread_mutex_unlock(&log->lock);
}
