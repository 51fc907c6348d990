#include "harness/sample.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/backoff.h"
#include "harness/census.h"
#include "harness/clock.h"
#include "harness/stats.h"
#include "harness/waiting.h"
#include "queues/wait.h"

unsigned harness_backoff_max = Q_BACKOFF_MAX;

enum { PLACES = 64 }; /* a queue begins at one of this many cache lines: a page's and more */

static void *aligned_zero(size_t align, size_t bytes)
{
    bytes = (bytes + align - 1) / align * align;
    void *p = aligned_alloc(align, bytes);
    if (p)
        memset(p, 0, bytes);
    return p;
}

/* ---- one thread of the team ---------------------------------------------------------------- */

static void *member_run(void *arg)
{
    struct member *m = arg;
    struct team *t = m->team;
    const struct q_driver *d = t->driver;
    struct q_worker *w = &m->worker;
    m->failed = topology_pin(m->cpu);
    w->handle = aligned_zero(d->align, d->handle_bytes);
    w->back_handle = w->back ? aligned_zero(d->align, d->handle_bytes) : NULL;
    if (!w->handle || (w->back && !w->back_handle))
        m->failed = ENOMEM;
    if (!m->failed)
        m->failed = d->attach(w->queue, w->handle, m->role);
    if (!m->failed && w->back)
        m->failed = d->attach(w->back, w->back_handle, m->back_role);

    a_add(&t->ready, 1, release);
    for (unsigned spins = 0; !a_load(&t->go, acquire);)
        q_relax(&spins);
    if (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED) && !m->failed) {
        w->epoch = t->epoch;
        getrusage(RUSAGE_THREAD, &m->before);
        if (t->stall)
            stall_work(t->stall, m);
        else if (t->held)
            held_work(t->held, m);
        else
            m->kernel(w);
        getrusage(RUSAGE_THREAD, &m->after);
        if (m->closes && a_sub(&t->producers_left, 1, acq_rel) == 1)
            d->close(w->queue, w->handle);
        d->detach(w->queue, w->handle);
        memcpy(&m->counts, w->handle, sizeof m->counts);
        if (w->back)
            d->detach(w->back, w->back_handle);
    }
    free(w->handle);
    free(w->back_handle);
    return NULL;
}

/* ---- lining up ----------------------------------------------------------------------------- */

/* How many items all producers together should push to take about target_ns. */
static uint64_t sample_size(const struct cell *c, uint64_t target_ns)
{
    const double guess = c->ns_per_item > 0 ? c->ns_per_item : 2000; /* the first is a short one */
    const double n = (double)target_ns / guess;
    return n < 64 ? 64 : n > 1e9 ? 1000000000 : (uint64_t)n;
}

static uint64_t *arrivals(const struct cell *c, uint64_t n, uint64_t seed)
{
    uint64_t *times = malloc(n * sizeof *times);
    if (!times)
        return NULL;
    struct stats_random random;
    stats_random_seed(&random, seed);
    const double gap_ns = 1e9 * c->producers * c->workload->burst / c->rate;
    double at = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (i % c->workload->burst == 0)
            at += c->workload->burst > 1 ? gap_ns : stats_random_exponential(&random, gap_ns);
        times[i] = clock_from_ns(at);
    }
    return times;
}

/* One operation in so many is timed. Two readings of the clock cost more than most operations, so
 * at high rates and in closed loops with several threads timing all would measure the clock. */
static uint64_t timed_one_in(const struct cell *c)
{
    if (c->workload->shape == SHAPE_PACED)
        return c->rate > 1e6 ? (uint64_t)(c->rate / 1e6) : 1;
    return c->workload->latency ? 1 : 16;
}

static void rank_error_kernel(struct q_worker *w)
{
    rank_error_pairs(w, &((struct member *)w)->log);
}

/* Fills in member i's part in the cell. 0 or an errno. */
static int assign(struct member *m, unsigned i, const struct cell *c, const struct run_options *o,
                  uint64_t items, void *back)
{
    const struct q_driver *d = c->driver;
    struct q_worker *w = &m->worker;
    const bool producer = i < c->producers;
    const enum shape shape = cell_shape(c);
    const uint64_t share = c->producers && items > c->producers ? items / c->producers : 1;
    w->queue = m->team->queue;
    w->driver = d;
    w->batch = c->batch;
    w->depth = d->capacity(w->queue) ? d->capacity(w->queue) : c->capacity;
    w->producer = producer ? i : 0;
    w->stop = &m->team->stop;
    w->last = m->last;
    w->sample = timed_one_in(c);
    w->n = producer ? share : UINT64_MAX;
    m->role = c->consumers == 0 ? Q_BOTH : producer ? Q_PRODUCER : Q_CONSUMER;
    if (c->latency) {
        histogram_clear(&m->push);
        histogram_clear(&m->pop);
        histogram_clear(&m->sojourn);
        w->push_ticks = &m->push;
        w->pop_ticks = &m->pop;
        w->sojourn_ticks = shape == SHAPE_PAIRS ? NULL : &m->sojourn;
    }
    switch (shape) {
    case SHAPE_SWEEP:  /* is one of the others */
    case SHAPE_CENSUS: /* has no team */
    case SHAPE_STALL:
    case SHAPE_HELD:
        m->kernel = d->pairs;
        break;
    case SHAPE_PAIRS:
        m->kernel = c->latency ? d->pairs_timed : d->pairs;
        break;
    case SHAPE_FILL:
        m->kernel = d->fill_drain;
        break;
    case SHAPE_RANK:
        w->n = share < RANK_ERROR_MOST ? share : RANK_ERROR_MOST;
        m->kernel = rank_error_kernel;
        return rank_error_open(&m->log, w->n + RANK_ERROR_INSIDE);
    case SHAPE_PING: /* the way back is a queue of its own, with the roles exchanged */
        m->kernel = producer ? d->ping : d->pong;
        m->back_role = producer ? Q_CONSUMER : Q_PRODUCER;
        w->back = back;
        w->n = items;
        break;
    case SHAPE_PACED:
        m->closes = producer;
        m->kernel = producer ? d->produce_paced : d->consume_timed;
        if (producer && !(w->schedule = arrivals(c, share, o->seed + i)))
            return ENOMEM;
        break;
    case SHAPE_OVER:
        m->closes = producer;
        m->kernel = producer ? d->produce_offered : d->consume_slow;
        w->work = clock_from_ns(2e9 * c->consumers / c->rate);
        if (producer && !(w->schedule = arrivals(c, share, o->seed + i)))
            return ENOMEM;
        break;
    case SHAPE_WAIT:
        m->closes = producer;
        m->kernel = producer ? waiting_produce : waiting_consume;
        break;
    case SHAPE_FLOW:
        m->closes = producer;
        m->kernel = producer ? (c->latency ? d->produce_timed : d->produce)
                             : (c->latency ? d->consume_timed : d->consume);
        break;
    }
    return 0;
}

/* One fill and drain by this thread, so that page faults and first allocations are not measured. */
static void warm_up(const struct q_driver *d, void *q, uint64_t items)
{
    if (d->traits->floor)
        return;
    void *h = aligned_zero(d->align, d->handle_bytes), *item = malloc(d->item_bytes);
    if (h && item && d->attach(q, h, Q_BOTH) == 0) {
        uint64_t n = 0;
        for (; n < items; n++) {
            d->make(item, n % d->traits->lanes << 62 | (n + 1)); /* each lane in turn (queue.h) */
            if (d->push(q, h, item) != Q_OK)
                break;
        }
        while (n-- > 0 && d->pop(q, h, item) == Q_OK)
            ;
        d->detach(q, h);
    }
    free(item);
    free(h);
}

/* A log for Q_SPILL lies in TMPDIR, or in /var/tmp, which is more often on a disk than /tmp is. It
 * loses its name as soon as it is open: nothing is left behind, however the sample ends. */
static const char *log_place(void)
{
    const char *const place = getenv("TMPDIR");
    return place && *place ? place : "/var/tmp";
}

static int init(const struct q_driver *d, void *queue, struct q_config config)
{
    char directory[4000], path[4032];
    if (config.when_full != Q_SPILL)
        return d->init(queue, &config);
    if ((size_t)snprintf(directory, sizeof directory, "%s/queuelab-spill.XXXXXX", log_place()) >=
        sizeof directory)
        return ENAMETOOLONG;
    if (!mkdtemp(directory))
        return errno;
    snprintf(path, sizeof path, "%s/log", directory);
    config.spill_path = path;
    const int error = d->init(queue, &config);
    unlink(path);
    rmdir(directory);
    return error;
}

/* The first processor of the team that is not its first thread's; cpu[0] when there is none. */
static int other_cpu(const int *cpu, unsigned size)
{
    for (unsigned i = 1; i < size; i++)
        if (cpu[i] != cpu[0])
            return cpu[i];
    return cpu[0];
}

/* ---- the sample ---------------------------------------------------------------------------- */

uint64_t sample_timeout_ns(const struct run_options *o)
{
    return o->timeout_ns ? o->timeout_ns : 100 * o->target_ns + 2000000000u;
}

/* Waits for the team; sets stop when the time is over. */
static void watch(struct team *t, const struct member *members, uint64_t timeout_ns)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += (time_t)(timeout_ns / 1000000000u);
    until.tv_nsec += (long)(timeout_ns % 1000000000u);
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    for (unsigned i = 0; i < t->size; i++)
        if (pthread_timedjoin_np(members[i].thread, NULL, &until) != 0) {
            __atomic_store_n(&t->stop, true, __ATOMIC_RELAXED);
            pthread_join(members[i].thread, NULL);
        }
}

static void sample_queue(const struct cell *c, const struct run_options *o, struct result *result)
{
    const struct q_driver *d = c->driver;
    struct record *r = &result->record;
    const unsigned size = c->producers + c->consumers;
    int *cpu = calloc(size, sizeof *cpu);
    struct member *members = aligned_zero(Q_LINE, size * sizeof *members);
    struct stats_random random;
    stats_random_seed(&random, o->seed);
    const size_t shift = stats_random_below(&random, PLACES) * Q_LINE;
    void *const heap_shift = malloc(1 + stats_random_below(&random, PLACES) * Q_LINE);
    char *const queue_block = aligned_zero(Q_LINE, d->queue_bytes + PLACES * Q_LINE);
    char *const back_block = aligned_zero(Q_LINE, d->queue_bytes + PLACES * Q_LINE);
    void *const queue = queue_block + shift, *const back = back_block + shift;
    if (!cpu || !members || !queue_block || !back_block || !heap_shift) {
        judge_fail(r, "no memory for %u threads", size);
        goto free_all;
    }
    int error = topology_plan(o->topology, c->pin, c->producers, c->consumers, cpu);
    if (error) {
        judge_fail(r, "pinning plan '%s': %s", c->pin, strerror(error));
        goto free_all;
    }
    const bool ping = c->workload->shape == SHAPE_PING;
    const struct q_config config = {.capacity = c->capacity,
                                    .producers = c->producers + 1,
                                    .consumers = (c->consumers ? c->consumers : c->producers) + 1,
                                    .when_full = c->when_full,
                                    .segment = c->segment};
    if ((error = init(d, queue, config)) != 0) {
        if (config.when_full == Q_SPILL)
            judge_fail(r, "spill file in %s: %s", log_place(), strerror(error));
        judge_fail(r, "init: %s", strerror(error));
        goto free_all;
    }
    if (ping && (error = d->init(back, &config)) != 0) {
        judge_fail(r, "init: %s", strerror(error));
        d->destroy(queue);
        goto free_all;
    }
    warm_up(d, queue, c->capacity);
    if (ping)
        warm_up(d, back, c->capacity);

    struct stall stall = {.members = members, .size = size};
    const bool stalls = c->workload->shape == SHAPE_STALL;
    struct held held = {.arrived = 0};
    struct team team = {.driver = d,
                        .queue = queue,
                        .size = size,
                        .members = members,
                        .stall = stalls ? &stall : NULL,
                        .held = c->workload->shape == SHAPE_HELD ? &held : NULL};
    a_init(&team.producers_left, c->producers);
    uint64_t items = sample_size(c, o->target_ns);
    if (cell_paced(c))
        items = (uint64_t)(c->rate * (double)o->target_ns / 1e9);
    for (unsigned i = 0; i < size && r->ok; i++) {
        members[i].team = &team;
        members[i].cpu = cpu[i];
        if ((error = assign(&members[i], i, c, o, items, ping ? back : NULL)) != 0)
            judge_fail(r, "thread %u: %s", i, strerror(error));
    }
    const int a = cpu[0], b = other_cpu(cpu, size);
    r->rtt_before_ns = topology_round_trip_ns(a, b);
    unsigned started = 0;
    for (; started < size && r->ok; started++)
        if ((error = pthread_create(&members[started].thread, NULL, member_run,
                                    &members[started])) != 0) {
            judge_fail(r, "thread %u of %u: %s", started + 1, size, strerror(error));
            break;
        }
    team.size = started;
    for (unsigned spins = 0; a_load(&team.ready, acquire) < started;)
        q_relax(&spins);
    team.stop = !r->ok;
    team.epoch = clock_ticks() + clock_from_ns(cell_paced(c) ? 200e3 : 0);
    a_store(&team.go, true, release);
    if (stalls && r->ok)
        stall_direct(&stall, o->target_ns, o->seed);
    watch(&team, members, sample_timeout_ns(o));
    if (r->ok)
        judge_verify(c, members, &team, r);
    if (r->ok) {
        judge_collect(c, members, &team, result);
        r->rtt_after_ns = topology_round_trip_ns(a, b);
        r->bytes_peak = d->bytes(queue).peak;
        r->bytes_left = d->bytes(queue).now;
        if (c->workload->shape == SHAPE_FILL)
            r->bytes_per_item = (double)r->bytes_peak / (double)members[0].worker.depth;
    }
    if (ping)
        d->destroy(back);
    d->destroy(queue);
    for (unsigned i = 0; i < size; i++) {
        free((void *)members[i].worker.schedule);
        rank_error_close(&members[i].log);
    }
free_all:
    free(back_block);
    free(queue_block);
    free(heap_shift);
    free(members);
    free(cpu);
}

static void sample_census(const struct cell *c, const struct run_options *o, struct result *result)
{
    struct record *r = &result->record;
    struct census census = {.operations = 0};
    int cpu[2] = {-1, -1}, error = topology_plan(o->topology, c->pin, 1, 1, cpu);
    if (!error)
        error = topology_pin(cpu[0]); /* both processes: they take turns at every step */
    if (!error)
        error = census_take(c->driver, c->capacity, &census);
    if (error)
        judge_fail(r, "census: %s", strerror(error));
    const double n = census.operations ? (double)census.operations : 1;
    r->items = census.operations;
    r->instructions_push = (double)census.push.instructions / n;
    r->instructions_pop = (double)census.pop.instructions / n;
    r->locked_push = (double)census.push.locked / n;
    r->locked_pop = (double)census.pop.locked / n;
    r->fences_push = (double)census.push.fences / n;
    r->fences_pop = (double)census.pop.fences / n;
}

static void sample_limit(const struct cell *c, const struct run_options *o, struct result *result)
{
    struct record *r = &result->record;
    int cpu[2] = {-1, -1};
    int error = topology_plan(o->topology, c->pin, 1, 1, cpu);
    if (error) {
        judge_fail(r, "pinning plan '%s': %s", c->pin, strerror(error));
        return;
    }
    r->rtt_before_ns = c->limit->threads > 1 ? topology_round_trip_ns(cpu[0], cpu[1]) : 0;
    if ((error = limit_run(c->limit, cpu, o->target_ns, r)) != 0)
        judge_fail(r, "%s", strerror(error));
    r->rtt_after_ns = c->limit->threads > 1 ? topology_round_trip_ns(cpu[0], cpu[1]) : 0;
}

void sample_take(const struct cell *c, const struct run_options *o, struct result *result)
{
    struct record *r = &result->record;
    harness_backoff_max = cell_backoff(c);
    if (c->workload->shape == SHAPE_CENSUS)
        sample_census(c, o, result);
    else if (c->driver)
        sample_queue(c, o, result);
    else
        sample_limit(c, o, result);
    if (r->ok)
        snprintf(r->state, sizeof r->state, "%s",
                 topology_state(r->rtt_before_ns, r->rtt_after_ns));
    a_store(&result->done, true, release);
}
