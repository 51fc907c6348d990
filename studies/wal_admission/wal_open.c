/* wal_open.c: how a log begins and ends, and what is told about it. See wal.h. */
#include <stdlib.h>

#include "studies/wal_admission/wal_inside.h"

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
        error = pthread_create(&log->flusher, NULL, wal_flusher, log);
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
    m->grew = log->c.ahead && !log->file.ahead;
    pthread_mutex_unlock(&log->lock);
}
