/* flow.c: records through one queue: the measured loops of the lab (harness/loops.h) with a team.
 * A sample in which a record is lost, doubled, torn or out of order has no numbers. */
#include <pthread.h>
#include <sys/resource.h>

#include "experiments.h"
#include "harness/clock.h"
#include "harness/run.h"
#include "team.h"

enum { THREADS_MOST = 64 };

struct flow {
    struct plain plain;
    unsigned producers, consumers;
    q_kernel *produce, *consume;
    struct q_worker worker[THREADS_MOST];
    struct histogram push[THREADS_MOST], pop[THREADS_MOST], sojourn[THREADS_MOST];
    uint64_t last[THREADS_MOST][Q_KEY_SOURCES];
    struct q_counts counts;
    pthread_mutex_t lock; /* of counts */
    atomic(unsigned) producers_left;
    atomic(bool) failed;
    bool stop;
};

static void flow_thread(void *arg, unsigned index)
{
    struct flow *const f = arg;
    const bool producer = index < f->producers;
    struct q_worker *const w = &f->worker[index];
    void *const handle = plain_attach(&f->plain, producer ? Q_PRODUCER : Q_CONSUMER);
    w->handle = handle;
    if (!handle) {
        a_store(&f->failed, true, relaxed);
        __atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
    } else if (producer) {
        f->produce(w);
    }
    if (producer && a_sub(&f->producers_left, 1, acq_rel) == 1 && handle)
        f->plain.driver->close(f->plain.queue, handle);
    if (!producer && handle)
        f->consume(w);
    if (handle) {
        pthread_mutex_lock(&f->lock);
        plain_detach(&f->plain, handle, &f->counts);
        pthread_mutex_unlock(&f->lock);
    }
}

/* NULL: the sample has failed. */
static struct flow *flow_new(struct study_sample *s, const char *name,
                             const struct q_config *config, uint64_t records, unsigned producers,
                             unsigned consumers)
{
    struct flow *const f = calloc(1, sizeof *f);
    if (!f || producers + consumers > THREADS_MOST) {
        study_fail(s, f ? "too many threads" : "no memory");
        free(f);
        return NULL;
    }
    if (!plain_init(&f->plain, s, name, sizeof(struct observation), config)) {
        free(f);
        return NULL;
    }
    f->producers = producers;
    f->consumers = consumers;
    f->produce = f->plain.driver->produce;
    f->consume = f->plain.driver->consume;
    pthread_mutex_init(&f->lock, NULL);
    a_init(&f->producers_left, producers);
    a_init(&f->failed, false);
    for (unsigned i = 0; i < producers + consumers; i++) {
        histogram_clear(&f->push[i]);
        histogram_clear(&f->pop[i]);
        histogram_clear(&f->sojourn[i]);
        f->worker[i] = (struct q_worker){.queue = f->plain.queue,
                                         .driver = f->plain.driver,
                                         .n = i < producers ? records / producers : UINT64_MAX,
                                         .batch = 1,
                                         .producer = i,
                                         .sample = 1,
                                         .last = f->last[i],
                                         .push_ticks = &f->push[i],
                                         .pop_ticks = &f->pop[i],
                                         .sojourn_ticks = &f->sojourn[i],
                                         .stop = &f->stop};
    }
    return f;
}

/* Runs it and puts what every flow has; false: the sample has failed. */
static bool flow_run(struct flow *f, struct study_sample *s)
{
    struct rusage before, after;
    uint64_t pushed = 0, popped = 0, sum_pushed = 0, sum_popped = 0, wrong = 0;
    const unsigned n = f->producers + f->consumers;
    clock_calibrate();
    const uint64_t epoch = clock_ticks() + clock_from_ns(2e6); /* paced loops wait for it */
    for (unsigned i = 0; i < n; i++)
        f->worker[i].epoch = f->worker[i].schedule ? epoch : clock_ticks();
    getrusage(RUSAGE_SELF, &before);
    if (team_run(f->producers, f->consumers, flow_thread, f) < 0 || a_load(&f->failed, relaxed)) {
        study_fail(s, "%u threads cannot be had", n);
        return false;
    }
    getrusage(RUSAGE_SELF, &after);
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct q_worker *const w = &f->worker[i];
        pushed += w->pushed, popped += w->popped;
        sum_pushed += w->sum_pushed, sum_popped += w->sum_popped;
        wrong += w->disorder + w->torn + w->other;
        start = w->start < start ? w->start : start;
        end = w->end > end ? w->end : end;
    }
    if (pushed != popped || sum_pushed != sum_popped || wrong || popped == 0) {
        study_fail(s, "%llu records in, %llu out, %llu wrong", (unsigned long long)pushed,
                   (unsigned long long)popped, (unsigned long long)wrong);
        return false;
    }
    const double items = (double)popped;
    study_put(s, "records_per_s", items / (clock_ns(end - start) / 1e9));
    study_put(s, "records", items);
    study_put(s, "contention_events",
              (double)(f->counts.cas_failed + f->counts.retries) +
                  (double)(after.ru_nvcsw - before.ru_nvcsw));
    study_put(s, "cas_failed", (double)f->counts.cas_failed);
    study_put(s, "retries", (double)f->counts.retries);
    study_put(s, "slept", (double)(after.ru_nvcsw - before.ru_nvcsw));
    return true;
}

static void merged(struct histogram *to, const struct histogram *from, unsigned first, unsigned n)
{
    histogram_clear(to);
    for (unsigned i = first; i < first + n; i++)
        histogram_merge(to, &from[i]);
}

void measure_contended(const struct study_run *run, const struct study_cell *cell,
                       struct study_sample *s)
{
    const struct q_config config = {.capacity = (size_t)cell->number[3]};
    (void)run;
    struct flow *const f = flow_new(s, cell->subject, &config, (uint64_t)cell->number[0],
                                    (unsigned)cell->number[1], (unsigned)cell->number[2]);
    if (f)
        flow_run(f, s);
}

void measure_operations(const struct study_run *run, const struct study_cell *cell,
                        struct study_sample *s)
{
    const struct q_config config = {.capacity = (size_t)cell->number[3]};
    static struct histogram all;
    (void)run;
    struct flow *const f = flow_new(s, cell->subject, &config, (uint64_t)cell->number[0],
                                    (unsigned)cell->number[1], (unsigned)cell->number[2]);
    if (!f)
        return;
    f->produce = f->plain.driver->produce_timed;
    f->consume = f->plain.driver->consume_timed;
    if (!flow_run(f, s))
        return;
    study_put(s, "clock_ns", clock_calibrate()->cost_ns);
    merged(&all, f->push, 0, f->producers);
    put_percentiles(s, "push", &all, 1);
    merged(&all, f->pop, f->producers, f->consumers);
    put_percentiles(s, "pop", &all, 1);
}

/* Open loop: each record has its instant, and nobody waits with it because others are late. */
void measure_open(const struct study_run *run, const struct study_cell *cell,
                  struct study_sample *s)
{
    const struct q_config config = {.capacity = 0};
    static struct histogram all;
    struct stats_random random;
    const double rate = cell->number[3];
    struct flow *const f = flow_new(s, cell->subject, &config, (uint64_t)cell->number[0],
                                    (unsigned)cell->number[1], (unsigned)cell->number[2]);
    if (!f)
        return;
    clock_calibrate();
    stats_random_seed(&random, study_seed(run));
    for (unsigned i = 0; i < f->producers; i++) {
        const uint64_t n = f->worker[i].n;
        uint64_t *const schedule = calloc(n, sizeof *schedule);
        double at = 0;
        if (!schedule) {
            study_fail(s, "no memory");
            return;
        }
        for (uint64_t k = 0; k < n; k++)
            schedule[k] =
                clock_from_ns(at += stats_random_exponential(&random, f->producers / rate * 1e9));
        f->worker[i].schedule = schedule;
    }
    f->produce = f->plain.driver->produce_paced;
    f->consume = f->plain.driver->consume_timed;
    if (!flow_run(f, s))
        return;
    merged(&all, f->sojourn, f->producers, f->consumers);
    put_percentiles(s, "sojourn", &all, 1);
    study_put(s, "offered_per_s", rate);
}

/* ---- blocking hand-off --------------------------------------------------------------------------- */

struct hand_off {
    struct plain plain;
    unsigned producers;
    uint64_t each, taken[THREADS_MOST];
    atomic(unsigned) producers_left;
};

static void hand_off_thread(void *arg, unsigned index)
{
    struct hand_off *const t = arg;
    const struct q_driver *const d = t->plain.driver;
    void *const h = plain_attach(&t->plain, index < t->producers ? Q_PRODUCER : Q_CONSUMER);
    struct observation o = observation_of(Q_NORMAL, 0, NULL);
    if (!h)
        return;
    if (index < t->producers) {
        for (uint64_t i = 0; i < t->each; i++)
            d->push_wait(t->plain.queue, h, &o, Q_FOREVER);
        if (a_sub(&t->producers_left, 1, acq_rel) == 1)
            d->close(t->plain.queue, h);
    } else {
        while (d->pop_wait(t->plain.queue, h, &o, Q_FOREVER) == Q_OK)
            t->taken[index]++;
    }
    plain_detach(&t->plain, h, NULL);
}

void measure_hand_off(const struct study_run *run, const struct study_cell *cell,
                      struct study_sample *s)
{
    const struct q_config config = {.capacity = 1};
    static struct hand_off t;
    struct rusage before, after;
    uint64_t taken = 0;
    (void)run;
    t.producers = (unsigned)cell->number[1];
    t.each = (uint64_t)cell->number[0] / t.producers;
    const uint64_t all = t.each * t.producers;
    a_init(&t.producers_left, t.producers);
    if (!plain_init(&t.plain, s, cell->subject, sizeof(struct observation), &config))
        return;
    getrusage(RUSAGE_SELF, &before);
    const double seconds = team_run(t.producers, (unsigned)cell->number[2], hand_off_thread, &t);
    getrusage(RUSAGE_SELF, &after);
    for (unsigned i = 0; i < THREADS_MOST; i++)
        taken += t.taken[i];
    if (seconds < 0 || taken != all) {
        study_fail(s, "%llu of %llu records came through", (unsigned long long)taken,
                   (unsigned long long)all);
        return;
    }
    study_put(s, "records_per_s", (double)taken / seconds);
    study_put(s, "slept_per_record", (double)(after.ru_nvcsw - before.ru_nvcsw) / (double)taken);
}

/* ---- do the two ends meet? -------------------------------------------------------------------------- */

/* A producer and a consumer on one queue: deep, so that they are never in the same segment, or nearly
 * empty, so that the consumer is at the producer's heels. What it is compared with is the same deep queue
 * that nobody takes from. */
struct ends_team {
    struct plain plain;
    uint64_t n;
    uint64_t ticks[2], got;
};

static void ends_thread(void *arg, unsigned index)
{
    struct ends_team *const t = arg;
    const struct plain *const p = &t->plain;
    void *const h = plain_attach(p, index == 0 ? Q_PRODUCER : Q_CONSUMER);
    static uint64_t last[Q_KEY_SOURCES];
    static const bool stop;
    struct q_worker w = {.queue = p->queue,
                         .handle = h,
                         .driver = p->driver,
                         .n = t->n,
                         .batch = 1,
                         .producer = index,
                         .last = last,
                         .stop = &stop};
    if (!h)
        return;
    (index == 0 ? p->driver->produce : p->driver->consume)(&w);
    t->ticks[index] = w.end - w.start;
    if (index == 1)
        t->got = w.popped;
    plain_detach(p, h, NULL);
}

static bool fill(const struct plain *p, uint64_t n)
{
    void *const h = plain_attach(p, Q_PRODUCER);
    struct observation o;
    bool all = h != NULL;
    for (uint64_t i = 0; all && i < n; i++) {
        p->driver->make(&o, i + 1);
        all = p->driver->push(p->queue, h, &o) == Q_OK;
    }
    if (h)
        plain_detach(p, h, NULL);
    return all;
}

void measure_ends(const struct study_run *run, const struct study_cell *cell,
                  struct study_sample *s)
{
    static struct ends_team t;
    const enum ends how = (enum ends)cell->number[1];
    const struct q_config config = {.capacity = 0};
    (void)run;
    t.n = (uint64_t)cell->number[0];
    clock_calibrate();
    if (!plain_init(&t.plain, s, cell->subject, sizeof(struct observation), &config))
        return;
    const uint64_t taken = how == ENDS_ALONE ? 0 : t.n;
    if ((how != ENDS_NEAR && !fill(&t.plain, t.n)) ||
        team_run(1, how != ENDS_ALONE, ends_thread, &t) < 0 || t.got != taken || !t.ticks[0]) {
        study_fail(s, "%llu of %llu records came through", (unsigned long long)t.got,
                   (unsigned long long)taken);
        return;
    }
    study_put(s, "push_ns", clock_ns(t.ticks[0]) / (double)t.n);
    if (taken)
        study_put(s, "pop_ns", clock_ns(t.ticks[1]) / (double)t.n);
}

/* ---- one thread stops --------------------------------------------------------------------------------- */

/* Three threads push and pop; one of them is stopped for 4 ms at random points, again and again
 * (harness/stall.h). How often do the others come to rest? In a lock-free queue never. */
void measure_stopped(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s)
{
    static struct topology topology;
    struct cell c = {.driver = q_driver_find(cell->subject, 8, "inline"),
                     .workload = workload_find("stalled"),
                     .producers = 3,
                     .batch = 1,
                     .capacity = 1024,
                     .pin = "spread"};
    const struct run_options o = {.topology = &topology,
                                  .target_ns = (uint64_t)(cell->number[0] * 1e9),
                                  .seed = study_seed(run)};
    struct record r;
    int error = topology_load(&topology);
    if (!error)
        error = run_sample(&c, &o, &r);
    if (error || !r.ok) {
        study_fail(s, "%s", error ? strerror(error) : r.error);
        return;
    }
    study_put(s, "rest_share", r.stops ? (double)r.rests / (double)r.stops : 0);
    study_put(s, "stops", (double)r.stops);
    study_put(s, "rests", (double)r.rests);
    study_put(s, "rests_free", (double)r.rests_free); /* with nobody stopped: the noise */
    run_release(&r);
}
