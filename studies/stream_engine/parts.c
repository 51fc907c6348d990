/* parts.c: one part of the engine alone: passing a record on, counting it, and who waits behind a lock
 * that is held for a whole batch. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/clock.h"
#include "studies/observation_queue/team.h"
#include "studies/stream_engine/cells.h"

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds and nanoseconds of processor for each of n things that n / threads threads did. */
static void put_times(struct study_sample *sample, double n, double seconds, double cpu_s)
{
    if (seconds < 0) {
        study_fail(sample, "cannot start threads");
        return;
    }
    study_put(sample, "per_s", n / seconds);
    study_put(sample, "cpu_ns", cpu_s * 1e9 / n);
}

/* ---- passing a record on ---------------------------------------------------------------------------- */

enum pass_way { BY_CLONE, BY_OWN_COUNT, BY_SHARED_COUNT, BY_BORROWING };
static const char *const pass_ways[] = {"clone", "count of its own", "count of the batch",
                                        "borrowed"};

struct passing_on {
    enum pass_way way;
    struct stream *stream;
    uint64_t turns;
    unsigned threads;
    alignas(Q_LINE) atomic(uint32_t) shared;
    atomic(uint64_t) sum;
    atomic(bool) no_memory;
};

/* What the query reads of it. */
static inline uint64_t look(const struct record *r) { return r->hash + (uint64_t)r->number; }

static void pass_thread(void *arg, unsigned index)
{
    struct passing_on *const p = arg;
    const size_t n = p->stream->n;
    uint64_t sum = 0;
    size_t at = n / p->threads * index;
    for (uint64_t i = 0; i < p->turns; i++, at = at + 1 == n ? 0 : at + 1) {
        struct record *const r = &p->stream->record[at];
        switch (p->way) {
        case BY_CLONE: {
            struct record *const copy = record_clone(r);
            if (!copy) {
                a_store(&p->no_memory, true, relaxed);
                return;
            }
            sum += look(copy);
            record_drop(copy);
            break;
        }
        case BY_OWN_COUNT:
            a_add(&r->references, 1, relaxed);
            sum += look(r);
            a_sub(&r->references, 1, acq_rel);
            break;
        case BY_SHARED_COUNT:
            a_add(&p->shared, 1, relaxed);
            sum += look(r);
            a_sub(&p->shared, 1, acq_rel);
            break;
        case BY_BORROWING:
            sum += look(r);
            break;
        }
    }
    a_add(&p->sum, sum, relaxed);
}

static void measure_passing(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *sample)
{
    static struct passing_on p;
    struct stream stream;
    if (sample_stream(run, sample, 1000, 0, &stream))
        return;
    if (stream.n > 2000)
        stream.n = 2000; /* of a few batches: they have just come in */
    p.way = (enum pass_way)cell->number[1];
    p.threads = (unsigned)cell->number[0];
    p.stream = &stream;
    p.turns = (uint64_t)study_number(run, "turns") / 10 / p.threads;
    if (p.way != BY_CLONE)
        p.turns *= 10;
    const double before = processor_s(), seconds = team_run(0, p.threads, pass_thread, &p);
    put_times(sample, (double)(p.turns * p.threads), seconds, processor_s() - before);
    size_t bytes = 0; /* of its texts, of which a copy copies each */
    for (size_t i = 0; i < stream.n; i++) {
        bytes += strlen(stream.record[i].key);
        for (unsigned f = 0; f < RECORD_FIELDS; f++)
            bytes += strlen(stream.record[i].field[f]);
    }
    study_put(sample, "text_bytes", (double)bytes / (double)stream.n);
    if (a_load(&p.no_memory, relaxed))
        study_fail(sample, "no memory for copies");
    for (size_t i = 0; i < stream.n; i++)
        if (a_load(&stream.record[i].references, relaxed) != 1)
            study_fail(sample, "a record's count is not what it was");
}

/* ---- counting ----------------------------------------------------------------------------------------- */

static const char *const count_ways[] = {
    [METER_MUTEX] = "mutex", [METER_ATOMIC] = "one atomic", [METER_OWN] = "own line"};

struct counting {
    enum metering way;
    uint64_t turns;
    alignas(Q_LINE) pthread_mutex_t lock;
    uint64_t locked;
    alignas(Q_LINE) atomic(uint64_t) shared;
    alignas(Q_LINE) struct tally tally;
    struct q_memory memory;
    atomic(bool) no_memory;
};

static void count_thread(void *arg, unsigned index)
{
    struct counting *const c = arg;
    struct tally_part *const part = tally_attach(&c->tally, &c->memory);
    (void)index;
    if (!part) {
        a_store(&c->no_memory, true, relaxed);
        return;
    }
    switch (c->way) {
    case METER_MUTEX:
        for (uint64_t i = 0; i < c->turns; i++) {
            pthread_mutex_lock(&c->lock);
            c->locked++;
            pthread_mutex_unlock(&c->lock);
        }
        break;
    case METER_ATOMIC:
        for (uint64_t i = 0; i < c->turns; i++)
            a_add(&c->shared, 1, relaxed);
        break;
    case METER_OWN:
        for (uint64_t i = 0; i < c->turns; i++) {
            tally_add(part, 1);
            a_fence_light(); /* a turn is a turn */
        }
        break;
    }
}

static void measure_counters(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *sample)
{
    static struct counting c;
    const unsigned threads = (unsigned)cell->number[0];
    c.way = (enum metering)cell->number[1];
    c.turns = (uint64_t)study_number(run, "turns") / threads;
    pthread_mutex_init(&c.lock, NULL);
    tally_init(&c.tally);
    q_memory_init(&c.memory, &(struct q_config){0});
    const double before = processor_s(), seconds = team_run(0, threads, count_thread, &c);
    put_times(sample, (double)(c.turns * threads), seconds, processor_s() - before);
    if (c.locked + a_load(&c.shared, relaxed) + tally_sum(&c.tally) != c.turns * threads)
        study_fail(sample, a_load(&c.no_memory, relaxed) ? "no memory" : "it has miscounted");
}

/* ---- another query behind the lock --------------------------------------------------------------------- */

enum { WAITS_MOST = 512, WAIT_RECORDS = 1000, WAIT_WORK_NS = 2000 };

struct bystander {
    struct guard guard;
    bool per_batch;
    uint64_t turns;
    atomic(bool) over;
    double wait_us[WAITS_MOST];
    unsigned waits, most;
    uint64_t junk;
};

static void bystander_thread(void *arg, unsigned index)
{
    static struct guard_waiter waiter[2];
    struct bystander *const b = arg;
    if (index == 0) { /* batches without end */
        while (!a_load(&b->over, relaxed)) {
            if (b->per_batch)
                guard_lock(&b->guard, &waiter[0]);
            for (unsigned i = 0; i < WAIT_RECORDS; i++) {
                if (!b->per_batch)
                    guard_lock(&b->guard, &waiter[0]);
                b->junk = engine_work(b->turns, b->junk);
                if (!b->per_batch)
                    guard_unlock(&b->guard);
            }
            if (b->per_batch)
                guard_unlock(&b->guard);
        }
        return;
    }
    for (unsigned i = 0; i < b->most; i++) { /* the other query: one record now and then */
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        const uint64_t begin = clock_monotonic_ns();
        guard_lock(&b->guard, &waiter[1]);
        b->wait_us[i] = (double)(clock_monotonic_ns() - begin) / 1e3;
        guard_unlock(&b->guard);
        b->waits = i + 1;
    }
    a_store(&b->over, true, relaxed);
}

static void measure_bystander(const struct study_run *run, const struct study_cell *cell,
                              struct study_sample *sample)
{
    static struct bystander b;
    guard_init(&b.guard, GUARD_FAIR);
    b.per_batch = cell->number[0] != 0;
    b.turns = (uint64_t)(WAIT_WORK_NS * engine_calibrate());
    b.most = study_quick(run) ? 15 : 50;
    if (team_run(1, 1, bystander_thread, &b) < 0) {
        study_fail(sample, "cannot start threads");
        return;
    }
    study_put(sample, "wait_us", stats_median(b.wait_us, b.waits));
    study_put(sample, "longest_us", stats_quantile(b.wait_us, b.waits, 1));
    study_put(sample, "batch_us", WAIT_RECORDS * WAIT_WORK_NS / 1e3);
}

/* ---- cells ---------------------------------------------------------------------------------------------- */

void stream_engine_parts(struct cells *c, const struct study_run *run)
{
    static const unsigned counters[] = {1, 2, 8};
    const bool quick = study_quick(run);
    for (unsigned way = 0; way < 4; way++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            struct study_cell *const cell =
                cell_add(c, "passing", pass_ways[way], "%u threads", threads);
            cell->measure = measure_passing;
            cell->number[0] = threads;
            cell->number[1] = way;
        }
    for (unsigned t = 0; t < 3; t++)
        for (unsigned way = 0; way < 3 && !(quick && counters[t] == 2); way++) {
            struct study_cell *const cell =
                cell_add(c, "counters", count_ways[way], "%u threads", counters[t]);
            cell->measure = measure_counters;
            cell->number[0] = counters[t];
            cell->number[1] = way;
        }
    for (unsigned per_batch = 0; per_batch < 2; per_batch++) {
        struct study_cell *const cell =
            cell_add(c, "another query", per_batch ? "lock per batch" : "lock per record",
                     "%u records of %u ns", WAIT_RECORDS, WAIT_WORK_NS);
        cell->measure = measure_bystander;
        cell->number[0] = per_batch;
    }
}
