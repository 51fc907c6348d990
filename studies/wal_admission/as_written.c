/* as_written.c: see as_written.h. */
#include "studies/wal_admission/as_written.h"

#include <pthread.h>
#include <stdlib.h>

/* tokio's Notify, as far as it matters here: notify_waiters wakes those who have registered, and is
 * not kept for those who come later. */
struct waves {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned n;
};

static unsigned waves_register(struct waves *w)
{
    pthread_mutex_lock(&w->lock);
    const unsigned n = w->n;
    pthread_mutex_unlock(&w->lock);
    return n;
}

static void waves_await(struct waves *w, unsigned registered)
{
    pthread_mutex_lock(&w->lock);
    while (w->n == registered)
        pthread_cond_wait(&w->moved, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void waves_notify(struct waves *w)
{
    pthread_mutex_lock(&w->lock);
    w->n++;
    pthread_cond_broadcast(&w->moved);
    pthread_mutex_unlock(&w->lock);
}

struct copy { /* an entry in the queue owns its bytes */
    uint32_t length;
    unsigned char bytes[];
};

struct as_written {
    alignas(Q_LINE) atomic(uint64_t) pending_count;
    struct waves space_available;
    atomic(bool) flush_permit; /* flush_notify: notify_one is kept */
    struct q_event flush_notify;
    atomic(bool) stop, rescued;
    struct as_written_config c;
    const struct q_driver *driver;
    void *pending, *consumer;
    struct wal_file file;
    pthread_t flusher;
    atomic(uint64_t) groups, entries;
};
struct as_written_handle {
    struct as_written *log;
    void *producer;
    struct as_written_counts did;
    struct q_counts counts;
};

/* ---- writers --------------------------------------------------------------------------------- */

static void notify_one(struct as_written_handle *h)
{
    h->did.shared_rmw++;
    if (!a_swap(&h->log->flush_permit, true, acq_rel))
        q_event_notify(&h->log->flush_notify, 1, &h->counts);
}

static int push(struct as_written_handle *h, const void *bytes, uint32_t length)
{
    struct as_written *const log = h->log;
    struct copy *const copy = malloc(sizeof *copy + length);
    if (!copy)
        return ENOMEM;
    copy->length = length;
    memcpy(copy->bytes, bytes, length);
    const q_item item = (q_item)(uintptr_t)copy;
    for (unsigned spins = 0; log->driver->push(log->pending, h->producer, &item) == Q_FULL;)
        q_relax(&spins);
    h->did.shared_rmw++; /* at least: list_mpsc's exchange */
    notify_one(h);
    return 0;
}

int as_written_append(struct as_written_handle *h, const void *bytes, uint32_t length)
{
    struct as_written *const log = h->log;
    for (;;) {
        const unsigned early = log->c.repaired ? waves_register(&log->space_available) : 0;
        uint64_t current = a_load(&log->pending_count, acquire);
        if (current >= log->c.log.max_queue_size && !log->c.unbounded) {
            if (a_load(&log->rescued, relaxed))
                return ECANCELED;
            for (unsigned i = 0; i < log->c.pauses; i++)
                a_pause();
            waves_await(&log->space_available,
                        log->c.repaired ? early : waves_register(&log->space_available));
            h->did.woken++;
            continue;
        }
        h->did.shared_rmw++;
        if (a_cas(&log->pending_count, &current, current + 1, acq_rel, acquire))
            return push(h, bytes, length);
        h->did.cas_failed++;
    }
}

static void sleep_ns(uint64_t ns)
{
    const struct timespec t = q_timespec(ns);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

int as_written_flush(struct as_written_handle *h)
{
    struct as_written *const log = h->log;
    while (a_load(&log->pending_count, acquire) > 0) {
        if (a_load(&log->rescued, relaxed))
            return ECANCELED;
        sleep_ns(log->c.poll_ns);
    }
    return 0;
}

/* ---- the flusher ----------------------------------------------------------------------------- */

static int drain_and_flush(struct as_written *log)
{
    uint64_t batch_size = 0;
    q_item item;
    int error = 0;
    while (log->driver->pop(log->pending, log->consumer, &item) == Q_OK) {
        struct copy *const copy = (struct copy *)(uintptr_t)item;
        const uint32_t checksum = wal_checksum_begin(copy->bytes, copy->length);
        if (!wal_file_add(&log->file, copy->bytes, copy->length, checksum)) {
            error = wal_file_write(&log->file); /* our group has an end: two writes */
            wal_file_add(&log->file, copy->bytes, copy->length, checksum);
        }
        free(copy);
        batch_size++;
    }
    if (batch_size == 0)
        return 0;
    if (log->c.drained)
        a_sub(&log->pending_count, batch_size, release);
    const int last = wal_file_write(&log->file);
    if (error || last)
        return error ? error : last; /* write_all(...)? */
    if (!log->c.drained)
        a_sub(&log->pending_count, batch_size, release);
    waves_notify(&log->space_available);
    a_add(&log->groups, 1, relaxed);
    a_add(&log->entries, batch_size, relaxed);
    return 0;
}

/* select! { flush_notify.notified(), sleep(flush_interval) } */
static void *flusher(void *arg)
{
    struct as_written *const log = arg;
    while (!a_load(&log->stop, acquire)) {
        const uint64_t deadline = q_deadline(log->c.log.flush_interval_ns);
        const struct q_event_ticket ticket = q_event_prepare(&log->flush_notify);
        if (!a_load(&log->flush_permit, relaxed) && !a_load(&log->stop, acquire))
            q_event_sleep(&log->flush_notify, ticket, deadline);
        q_event_cancel(&log->flush_notify);
        a_store(&log->flush_permit, false, seq_cst); /* [sc: a push after this leaves a permit] */
        drain_and_flush(log);
    }
    drain_and_flush(log);
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

int as_written_open(struct as_written **result, const struct as_written_config *c)
{
    struct as_written *const log = aligned_alloc(Q_LINE, q_round_up(sizeof *log, Q_LINE));
    if (!log)
        return ENOMEM;
    memset(log, 0, sizeof *log);
    log->c = *c;
    if (!log->c.log.max_queue_size)
        log->c.log.max_queue_size = 10000;
    if (!log->c.log.flush_interval_ns)
        log->c.log.flush_interval_ns = 10000000;
    if (!log->c.poll_ns)
        log->c.poll_ns = 100000;
    pthread_mutex_init(&log->space_available.lock, NULL);
    pthread_cond_init(&log->space_available.moved, NULL);
    q_event_init(&log->flush_notify);
    const struct q_driver *const d =
        q_driver_find(c->log.queue ? c->log.queue : "list_mpsc", sizeof(q_item), "inline");
    const struct q_config q = {.capacity = log->c.log.max_queue_size, .consumers = 1};
    int error = d ? wal_file_open(&log->file, c->log.path, c->log.io ? c->log.io : &wal_disk,
                                  c->log.ahead, 8 << 20, NULL, NULL, NULL)
                  : EINVAL;
    if (error) {
        free(log);
        return error;
    }
    log->driver = d;
    log->pending = aligned_alloc(d->align, q_round_up(d->queue_bytes, d->align));
    log->consumer = aligned_alloc(d->align, q_round_up(d->handle_bytes, d->align));
    error = log->pending && log->consumer ? d->init(log->pending, &q) : ENOMEM;
    if (!error) {
        error = d->attach(log->pending, log->consumer, Q_CONSUMER);
        if (!error)
            error = pthread_create(&log->flusher, NULL, flusher, log);
        if (error)
            d->destroy(log->pending);
    }
    if (error) {
        wal_file_close(&log->file);
        free(log->pending);
        free(log->consumer);
        free(log);
        return error;
    }
    *result = log;
    return 0;
}

int as_written_attach(struct as_written *log, struct as_written_handle **handle)
{
    const struct q_driver *const d = log->driver;
    struct as_written_handle *const h = calloc(1, sizeof *h);
    if (!h)
        return ENOMEM;
    h->log = log;
    h->producer = aligned_alloc(d->align, q_round_up(d->handle_bytes, d->align));
    const int error = h->producer ? d->attach(log->pending, h->producer, Q_PRODUCER) : ENOMEM;
    if (error) {
        free(h->producer);
        free(h);
        return error;
    }
    *handle = h;
    return 0;
}

void as_written_detach(struct as_written_handle *h)
{
    h->log->driver->detach(h->log->pending, h->producer);
    free(h->producer);
    free(h);
}

void as_written_shutdown(struct as_written *log)
{
    struct q_counts counts = {0};
    a_store(&log->stop, true, release);
    q_event_notify(&log->flush_notify, 1, &counts);
    pthread_join(log->flusher, NULL);
}

void as_written_close(struct as_written *log)
{
    q_item item;
    while (log->driver->pop(log->pending, log->consumer, &item) == Q_OK)
        free((void *)(uintptr_t)item); /* what nobody wrote */
    log->driver->detach(log->pending, log->consumer);
    log->driver->destroy(log->pending);
    wal_file_close(&log->file);
    pthread_mutex_destroy(&log->space_available.lock);
    pthread_cond_destroy(&log->space_available.moved);
    free(log->pending);
    free(log->consumer);
    free(log);
}

uint64_t as_written_pending(const struct as_written *log)
{
    return a_load(&log->pending_count, acquire);
}

struct as_written_counts as_written_counts(const struct as_written_handle *h) { return h->did; }

void as_written_groups(const struct as_written *log, uint64_t *groups, uint64_t *entries)
{
    *groups = a_load(&log->groups, relaxed);
    *entries = a_load(&log->entries, relaxed);
}

void as_written_rescue(struct as_written *log, bool end_flushes)
{
    a_store(&log->rescued, end_flushes, relaxed);
    waves_notify(&log->space_available);
}
