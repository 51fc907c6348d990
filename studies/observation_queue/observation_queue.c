/* observation_queue.c: see observation_queue.h. */
#include "observation_queue.h"

#include <errno.h>
#include <stdio.h>

#include "queues/lanes_fair.h" /* its rounds */

/* ---- life ------------------------------------------------------------------------------------ */

static int complain(char *message, size_t size, int error, const char *lane, const char *what)
{
    snprintf(message, size, "lanes over '%s': %s", lane, what);
    return error;
}

static void destroy_first(struct observation_queue *q, unsigned n)
{
    while (n-- > 0) {
        q->driver->destroy(q->lane[n]);
        free(q->lane[n]);
    }
}

/* A place for a queue or a handle. */
static void *place(const struct q_driver *d, size_t bytes)
{
    void *const p = aligned_alloc(d->align, (bytes + d->align - 1) / d->align * d->align);
    if (p)
        memset(p, 0, bytes);
    return p;
}

int observation_queue_init(struct observation_queue *q, const struct observation_config *c,
                           char *message, size_t size)
{
    const struct q_driver *d =
        c->by_pointer ? NULL : q_driver_find(c->lane, sizeof(struct observation), "inline");
    if (!d)
        d = q_driver_find(c->lane, sizeof(uint64_t), "inline");
    if (!d)
        return complain(message, size, ENOENT, c->lane,
                        "no such queue in this build (`queuelab list`)");
    if (d->traits->producers || d->traits->consumers || d->traits->floor)
        return complain(message, size, EINVAL, c->lane,
                        "a lane must take any number of producers and consumers");
    *q = (struct observation_queue){.driver = d,
                                    .capacity = c->capacity ? c->capacity : 100000,
                                    .admission = c->admission,
                                    .service = c->service,
                                    .by_pointer = d->item_bytes == sizeof(uint64_t),
                                    .lanes = d->traits->lanes == Q_LANES ? 1 : Q_LANES};
    a_init(&q->depth, 0);
    a_init(&q->attempts, 0);
    const double threshold = (c->signal > 0 ? c->signal : 0.8) * (double)q->capacity;
    q->threshold = threshold < 1 ? 1 : (size_t)threshold;
    /* A lane must hold all that admission lets in: as written that is more than the capacity. */
    const struct q_config config = {.capacity = d->traits->bounded ? q->capacity + c->threads : 0,
                                    .producers = c->threads,
                                    .consumers = c->threads,
                                    .segment = c->segment};
    const struct q_config own = {.capacity = q->capacity,
                                 .producers = c->threads,
                                 .consumers = c->threads,
                                 .segment = c->segment};
    for (unsigned i = 0; i < q->lanes; i++) {
        int error = (q->lane[i] = place(d, d->queue_bytes)) ? 0 : ENOMEM;
        if (!error && (error = d->init(q->lane[i], q->lanes == 1 ? &own : &config)) != 0)
            free(q->lane[i]);
        if (error) {
            destroy_first(q, i);
            return complain(message, size, error, c->lane, strerror(error));
        }
    }
    return 0;
}

void observation_queue_destroy(struct observation_queue *q)
{
    struct observation_handle h;
    struct observation o;
    if (observation_queue_attach(q, &h, Q_CONSUMER) == 0) {
        while (observation_dequeue(q, &h, &o) == Q_OK)
            if (o.episode)
                episode_release(o.episode);
        observation_queue_detach(q, &h);
    }
    destroy_first(q, q->lanes);
}

static void detach_first(struct observation_queue *q, struct observation_handle *h, unsigned n)
{
    while (n-- > 0) {
        q->driver->detach(q->lane[n], h->lane[n]);
        const struct q_counts *const c = h->lane[n]; /* a handle begins with them */
        h->inner.cas_failed += c->cas_failed;
        h->inner.retries += c->retries;
        h->inner.parks += c->parks;
        h->inner.wakes += c->wakes;
        free(h->lane[n]);
    }
}

int observation_queue_attach(struct observation_queue *q, struct observation_handle *h,
                             enum q_role role)
{
    *h = (struct observation_handle){0};
    for (unsigned i = 0; i < q->lanes; i++) {
        int error = (h->lane[i] = place(q->driver, q->driver->handle_bytes)) ? 0 : ENOMEM;
        if (!error && (error = q->driver->attach(q->lane[i], h->lane[i], role)) != 0)
            free(h->lane[i]);
        if (error) {
            detach_first(q, h, i);
            return error;
        }
    }
    return 0;
}

void observation_queue_detach(struct observation_queue *q, struct observation_handle *h)
{
    detach_first(q, h, q->lanes);
}

void observation_queue_close(struct observation_queue *q, struct observation_handle *h)
{
    for (unsigned i = 0; i < q->lanes; i++)
        q->driver->close(q->lane[i], h->lane[i]);
}

struct q_bytes observation_queue_bytes(const struct observation_queue *q)
{
    struct q_bytes sum = {.now = sizeof *q, .peak = sizeof *q};
    for (unsigned i = 0; i < q->lanes; i++) {
        const struct q_bytes lane = q->driver->bytes(q->lane[i]);
        sum.now += lane.now;
        sum.peak += lane.peak;
    }
    return sum;
}

/* ---- one lane ---------------------------------------------------------------------------------- */

/* By pointer an item is where its record lies. Where one queue has all lanes (lanes_fair) its top two
 * bits say which, as in a record's key; else they are free, as some people's queues want them. */
#define POINTER_BITS 62

static enum q_status push(struct observation_queue *q, struct observation_handle *h, unsigned lane,
                          const struct observation *o)
{
    assert(o->priority < Q_LANES);
    if (q->lanes == 1)
        lane = 0;
    if (!q->by_pointer)
        return q->driver->push(q->lane[lane], h->lane[lane], o);
    struct observation *const copy = malloc(sizeof *copy);
    if (!copy)
        return Q_NOMEM;
    *copy = *o;
    const uint64_t route = q->lanes == 1 ? o->priority : 0;
    const uint64_t item = (uint64_t)(uintptr_t)copy | route << POINTER_BITS;
    const enum q_status s = q->driver->push(q->lane[lane], h->lane[lane], &item);
    if (s != Q_OK)
        free(copy);
    return s; /* NOLINT(clang-analyzer-unix.Malloc): it lies in the queue, as a number */
}

static void unpack(uint64_t item, struct observation *o)
{
    struct observation *const copy =
        (struct observation *)(uintptr_t)(item & ((UINT64_C(1) << POINTER_BITS) - 1));
    *o = *copy;
    free(copy);
}

static enum q_status pop(struct observation_queue *q, struct observation_handle *h, unsigned lane,
                         struct observation *o)
{
    uint64_t item;
    const enum q_status s =
        q->driver->pop(q->lane[lane], h->lane[lane], q->by_pointer ? (void *)&item : o);
    if (s == Q_OK && q->by_pointer)
        unpack(item, o);
    return s;
}

/* Up to n of one lane. */
static size_t pop_n(struct observation_queue *q, struct observation_handle *h, unsigned lane,
                    struct observation *o, size_t n)
{
    enum { SOME = 64 };
    uint64_t item[SOME];
    size_t done = 0, got = n;
    while (done < n && got > 0) {
        const size_t left = n - done, most = q->by_pointer && left > SOME ? SOME : left;
        got = q->driver->pop_n(q->lane[lane], h->lane[lane],
                               q->by_pointer ? (void *)item : o + done, most);
        for (size_t i = 0; q->by_pointer && i < got; i++)
            unpack(item[i], o + done + i);
        done += got;
    }
    return done;
}

/* ---- enqueue --------------------------------------------------------------------------------- */

/* Edges  room   dequeue -> enqueue   the reserved unit's last record has left (queues/lanes.h) */
static bool reserve(struct observation_queue *q, struct observation_handle *h)
{
    size_t depth = a_load(&q->depth, relaxed);
    for (unsigned step = 0; depth < q->capacity;) {
        if (a_cas_weak(&q->depth, &depth, depth + 1, acquire, relaxed)) { /* [>room] */
            h->last_depth = depth;
            return true;
        }
        h->cas_failed++;
        q_backoff(&step);
    }
    h->last_depth = depth;
    return false;
}

static void leave(struct observation_queue *q, size_t n)
{
    if (q->lanes > 1)
        a_sub(&q->depth, n, release); /* [room>] */
}

enum q_status observation_enqueue(struct observation_queue *q, struct observation_handle *h,
                                  const struct observation *o)
{
    if (q->lanes == 1)
        return push(q, h, o->priority, o);
    if (q->admission == OBSERVATION_AS_WRITTEN) {
        h->last_depth = a_load(&q->depth, relaxed);
        if (h->last_depth >= q->capacity)
            return Q_FULL;
        const enum q_status s = push(q, h, o->priority, o);
        if (s == Q_OK)
            a_add(&q->depth, 1, relaxed); /* too late: that is the bug */
        return s;
    }
    if (!reserve(q, h))
        return Q_FULL;
    const enum q_status s = push(q, h, o->priority, o);
    if (s != Q_OK)
        leave(q, 1);
    return s;
}

/* ---- dequeue --------------------------------------------------------------------------------- */

static void promote(struct observation_queue *q, struct observation_handle *h)
{
    struct observation o;
    if (pop(q, h, Q_LOW, &o) != Q_OK)
        return;
    /* Here the record is in no lane. */
    if (push(q, h, Q_NORMAL, &o) == Q_OK)
        return;
    if (o.episode) /* closed, or no memory: as written it is lost */
        episode_release(o.episode);
    leave(q, 1);
}

/* The lane that is asked as the i-th one, when `first` is asked first and then the others in turn. */
static unsigned lane_asked(unsigned first, unsigned i)
{
    return i == 0 ? first : i <= first ? i - 1 : i;
}

enum q_status observation_dequeue(struct observation_queue *q, struct observation_handle *h,
                                  struct observation *o)
{
    if (q->lanes == 1)
        return pop(q, h, 0, o);
    if (q->service == OBSERVATION_PROMOTING &&
        a_add(&q->attempts, 1, relaxed) % OBSERVATION_PROMOTE_EVERY == 0)
        promote(q, h);
    const unsigned first = q->service == OBSERVATION_FAIR ? lanes_fair_first(h->turn) : Q_HIGH;
    unsigned closed = 0;
    for (unsigned i = 0; i < Q_LANES; i++) {
        const enum q_status s = pop(q, h, lane_asked(first, i), o);
        if (s == Q_OK) {
            h->turn = (h->turn + 1) % LANES_FAIR_ROUND;
            leave(q, 1);
            return Q_OK;
        }
        closed += s == Q_CLOSED;
    }
    return closed == Q_LANES ? Q_CLOSED : Q_EMPTY;
}

/* FAIR: every lane is asked for as many as the next n turns ask it first, and what is missing then
 * comes from the lanes that gave all they were asked for. Else: each lane for all, highest first. */
size_t observation_dequeue_batch(struct observation_queue *q, struct observation_handle *h,
                                 struct observation *o, size_t n)
{
    if (q->lanes == 1)
        return pop_n(q, h, 0, o, n);
    if (q->service == OBSERVATION_PROMOTING &&
        a_add(&q->attempts, 1, relaxed) % OBSERVATION_PROMOTE_EVERY == 0)
        promote(q, h);
    size_t share[Q_LANES] = {0}, done = 0;
    bool more[Q_LANES] = {true, true, true};
    if (q->service == OBSERVATION_FAIR) {
        for (size_t i = 0; i < n; i++)
            share[lanes_fair_first((unsigned)((h->turn + i) % LANES_FAIR_ROUND))]++;
        for (unsigned lane = 0; lane < Q_LANES; lane++) {
            const size_t got = pop_n(q, h, lane, o + done, share[lane]);
            more[lane] = got == share[lane];
            done += got;
        }
    }
    for (unsigned lane = 0; lane < Q_LANES && done < n; lane++)
        if (more[lane])
            done += pop_n(q, h, lane, o + done, n - done);
    if (done) {
        h->turn = (unsigned)((h->turn + done) % LANES_FAIR_ROUND);
        leave(q, done);
    }
    return done;
}
