/* sizing.c: entries that come at a given rate and that nobody waits for: how large must the queue be,
 * and what does a longer interval bring?
 *
 * The flusher sleeps for the interval I, drains, syncs for S. As the document has it, room is given
 * back after the sync. Then what comes in I + S is in the group, and what comes in S is behind it:
 * rate * (I + 2S) at most, on the average. Little's law: entries inside = rate * time inside. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/wal_admission/experiments.h"

struct stream {
    struct wal *log;
    uint64_t begin, end;
    double rate; /* per second; 0: as fast as it is admitted */
    uint64_t seed;
    size_t pool;
    uint32_t payload;
    atomic(bool) over;
    double depth_sum, depth_n, depth_most; /* the sampler's */
    double blocked, sent; /* blocked: it found no room, or was due while an earlier one had none */
    int error;
};

static void sleep_until(uint64_t ns)
{
    const struct timespec t = q_timespec(ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Entries at times of a Poisson process. One that had to wait makes the next ones late, not fewer. */
static void *send(void *arg)
{
    struct stream *const s = arg;
    struct wal_entry *const pool = calloc(s->pool, sizeof *pool);
    unsigned char *const bytes = calloc(1, s->payload);
    struct stats_random random;
    struct wal_handle *h;
    s->error = pool && bytes ? wal_attach(s->log, &h) : ENOMEM;
    if (s->error) {
        a_store(&s->over, true, relaxed);
        free(pool);
        free(bytes);
        return NULL;
    }
    prctl(PR_SET_TIMERSLACK, 1);
    stats_random_seed(&random, s->seed);
    double due = (double)s->begin, room_since = 0;
    uint64_t n = 0;
    for (uint64_t now = q_now_ns(); now < s->end && !s->error; n++) {
        if (s->rate > 0) {
            due += stats_random_exponential(&random, 1e9 / s->rate);
            if (due > (double)now + 20000)
                sleep_until((uint64_t)due);
        }
        struct wal_entry *const e = &pool[n % s->pool];
        if (n >= s->pool)
            s->error = wal_wait(h, e);
        *e = (struct wal_entry){.bytes = bytes, .length = s->payload};
        const int full = s->error ? 0 : wal_append(h, e, 0);
        if (full == EAGAIN) {
            s->error = wal_append(h, e, Q_FOREVER);
            room_since = (double)q_now_ns();
        } else if (full) {
            s->error = full;
        }
        s->blocked += full == EAGAIN || (s->rate > 0 && due < room_since);
        s->sent++;
        now = q_now_ns();
    }
    for (uint64_t i = 0; i < n && i < s->pool; i++)
        wal_wait(h, &pool[i]);
    a_store(&s->over, true, relaxed);
    wal_detach(h);
    free(pool);
    free(bytes);
    return NULL;
}

/* Looks at the depth at instants that have nothing to do with the flusher's. */
static void *look_on(void *arg)
{
    struct stream *const s = arg;
    struct stats_random random;
    stats_random_seed(&random, s->seed + 1);
    prctl(PR_SET_TIMERSLACK, 1);
    while (!a_load(&s->over, relaxed)) {
        sleep_until(q_now_ns() + (uint64_t)stats_random_exponential(&random, 200000));
        const double depth = (double)wal_depth(s->log).entries;
        s->depth_sum += depth;
        s->depth_most = fmax(s->depth_most, depth);
        s->depth_n++;
    }
    return NULL;
}

static double processor_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* number: rate, interval ns, sync ns, max_queue_size; flags: 1 hold */
static void measure(const struct study_run *run, const struct study_cell *cell,
                    struct study_sample *s)
{
    struct commit_setup setup;
    struct device_slow slow;
    struct wal_metrics m;
    pthread_t sender, sampler;
    char path[600];
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.stream", setup.path);
    device_slow(&slow, (uint64_t)cell->number[2]);
    const struct wal_config c = {
        .path = path,
        .io = &slow.io,
        .queue = setup.queue,
        .max_queue_size = (size_t)cell->number[3],
        .flush_interval_ns = (uint64_t)cell->number[1],
        .who = WAL_FLUSHER,
        .hold = cell->flags & 1,
    };
    struct stream stream = {
        .rate = cell->number[0],
        .seed = study_seed(run),
        .payload = setup.payload,
        .pool = c.max_queue_size * 2 + 16384, /* more than are ever inside */
    };
    prctl(PR_SET_TIMERSLACK, 1); /* the flusher inherits it: an interval is an interval */
    int error = wal_open(&stream.log, &c, NULL, NULL, NULL);
    stream.begin = q_now_ns();
    double seconds = study_number(run, "stream-seconds");
    if (stream.rate == 0)
        seconds = fmin(seconds, 0.4); /* hundreds of megabytes per second */
    stream.end = stream.begin + (uint64_t)(seconds * 1e9);
    const double processor = processor_s();
    if (!error)
        error = pthread_create(&sender, NULL, send, &stream);
    if (!error)
        error = pthread_create(&sampler, NULL, look_on, &stream);
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    pthread_join(sender, NULL);
    pthread_join(sampler, NULL);
    const double lasted = (double)(q_now_ns() - stream.begin) / 1e9;
    wal_shutdown(stream.log);
    wal_metrics(stream.log, &m);
    wal_close(stream.log);
    unlink(path);
    if (stream.error || m.entries == 0) {
        study_fail(s, "%s: %s", path, stream.error ? strerror(stream.error) : "no entries");
        return;
    }
    const double n = (double)m.entries, rate = n / lasted;
    const double inside_s = (double)m.queued_ns / n / 1e9;
    study_put(s, "entries_per_s", rate);
    study_put(s, "blocked_share", stream.blocked / stream.sent);
    study_put(s, "wait_mean_us", m.waited ? (double)m.wait_ns / (double)m.waited / 1e3 : 0);
    study_put(s, "wait_most_us", (double)m.wait_most_ns / 1e3);
    study_put(s, "depth_mean", stream.depth_sum / stream.depth_n);
    study_put(s, "depth_little", rate * inside_s);
    /* Who met the bound has seen it full; else the most that flusher or sampler saw. */
    study_put(s, "depth_most",
              stream.blocked > 0 ? (double)c.max_queue_size
                                 : fmax((double)m.depth_most, stream.depth_most));
    study_put(s, "room", (double)c.max_queue_size);
    study_put(s, "syncs_per_s", (double)m.groups / lasted);
    study_put(s, "entries_per_sync", n / (double)m.groups);
    study_put(s, "sync_us", (double)m.sync_ns / (double)m.groups / 1e3);
    study_put(s, "processor_us_per_entry", (processor_s() - processor) * 1e6 / n);
}

/* The document's flusher is told of every append: the interval is how long it sleeps when there is
 * nothing to do. number as above. */
static void measure_written(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    struct commit_setup setup;
    struct device_slow slow;
    struct as_written *log;
    struct as_written_handle *h;
    struct stats_random random;
    uint64_t groups, entries;
    char path[600];
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.stream", setup.path);
    device_slow(&slow, (uint64_t)cell->number[2]);
    const struct as_written_config c = {.log = {.path = path,
                                                .io = &slow.io,
                                                .queue = setup.queue,
                                                .flush_interval_ns = (uint64_t)cell->number[1]}};
    int error = as_written_open(&log, &c);
    if (!error)
        error = as_written_attach(log, &h);
    prctl(PR_SET_TIMERSLACK, 1);
    stats_random_seed(&random, study_seed(run));
    const uint64_t begin = q_now_ns();
    const double lasts = study_number(run, "stream-seconds") * 1e9;
    const unsigned char bytes[4096] = {0};
    for (double due = 0; !error && due < lasts;) {
        due += stats_random_exponential(&random, 1e9 / cell->number[0]);
        sleep_until(begin + (uint64_t)due);
        error = as_written_append(h, bytes, setup.payload);
    }
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    as_written_detach(h);
    as_written_shutdown(log);
    as_written_groups(log, &groups, &entries);
    const double lasted = (double)(q_now_ns() - begin) / 1e9;
    as_written_close(log);
    unlink(path);
    study_put(s, "entries_per_s", (double)entries / lasted);
    study_put(s, "syncs_per_s", (double)groups / lasted);
    study_put(s, "entries_per_sync", groups ? (double)entries / (double)groups : 0);
}

static void add(struct cells *c, unsigned rounds, const char *variant, double rate,
                double interval_ms, double sync_ms, double room, bool hold)
{
    struct study_cell *const cell = cells_add(c, "sizing", variant, measure);
    snprintf(cell->setting, sizeof cell->setting, "%g entries/s, interval %g ms, sync %g ms", rate,
             interval_ms, sync_ms);
    cell->number[0] = rate;
    cell->number[1] = interval_ms * 1e6;
    cell->number[2] = sync_ms * 1e6;
    cell->number[3] = fmax(1, round(room));
    cell->flags = hold;
    cell->rounds = rounds;
}

static void sizing_cells(struct cells *c, const struct study_run *run)
{
    static const struct {
        double rate, interval_ms, sync_ms;
    } load[] = {
        {10000, 10, 0.3}, {1000, 5, 5},   {10000, 10, 20}, /* with --quick these */
        {1000, 5, 0.3},   {10000, 10, 5}, {50000, 10, 20},
    };
    const size_t n = study_quick(run) ? 3 : sizeof load / sizeof *load;
    const unsigned rounds = study_quick(run) ? 3 : 5; /* of what is judged by its worst run */
    for (size_t i = 0; i < n; i++) {
        const double rate = load[i].rate, interval = load[i].interval_ms, sync = load[i].sync_ms;
        const double formula = rate * interval / 1e3 * 2;
        const double peak = rate * (interval + 2 * sync) / 1e3;
        add(c, rounds, "rate x interval x 2", rate, interval, sync, formula, true);
        add(c, rounds, "peak + 4 roots", rate, interval, sync, peak + 4 * sqrt(peak), true);
        if (study_quick(run))
            continue;
        add(c, 3, "half the peak", rate, interval, sync, peak / 2, true);
        add(c, 3, "peak", rate, interval, sync, peak, true);
        add(c, 3, "2 peaks", rate, interval, sync, peak * 2, true);
        add(c, 3, "rate x interval x 2, room back at draining", rate, interval, sync, formula,
            false);
    }
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void measure_committers(const struct study_run *run, const struct study_cell *cell,
                               struct study_sample *s)
{
    struct commit_setup setup;
    setup_make(&setup, run);
    setup.sync_ns = (uint64_t)cell->number[2];
    setup.interval_ns = (uint64_t)cell->number[1];
    commit_closed_loop(cell->subject, &setup, 32, study_number(run, "simulated-seconds"), s);
}

static void interval_cells(struct cells *c, const struct study_run *run)
{
    static const struct {
        const char *variant;
        double interval_ms;
    } kinds[] = {
        {"no interval", 0}, {"20 ms", 20}, {"1 ms", 1}, {"5 ms", 5}, {"10 ms", 10},
    };
    const size_t n = study_quick(run) ? 2 : sizeof kinds / sizeof *kinds;
    for (size_t i = 0; i < n; i++) {
        for (unsigned open = 0; open < 2; open++) {
            struct study_cell *const cell =
                cells_add(c, "interval", kinds[i].variant, open ? measure : measure_committers);
            snprintf(cell->setting, sizeof cell->setting,
                     open ? "an appender that waits for nothing" : "32 committers");
            cell->subject = &commit_flusher;
            cell->number[1] = kinds[i].interval_ms * 1e6;
            cell->number[2] = 300000;
            cell->number[3] = 50000;
            cell->limit_s = 30;
        }
        if (kinds[i].interval_ms != 0 && kinds[i].interval_ms != 20)
            continue;
        struct study_cell *const low = cells_add(c, "interval", kinds[i].variant, measure);
        snprintf(low->setting, sizeof low->setting, "2000 entries/s");
        low->number[0] = 2000;
        low->number[1] = kinds[i].interval_ms * 1e6;
        low->number[2] = 300000;
        low->number[3] = 10000;
    }
    struct study_cell *const low = cells_add(c, "interval", "20 ms, as written", measure_written);
    snprintf(low->setting, sizeof low->setting, "2000 entries/s");
    low->number[0] = 2000;
    low->number[1] = 20e6;
    low->number[2] = 300000;
}

void streams_cells(struct cells *c, const struct study_run *run)
{
    sizing_cells(c, run);
    interval_cells(c, run);
}
