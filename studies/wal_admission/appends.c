/* appends.c: what an append costs, who contends for what, and what a bound in entries bounds. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/histogram.h"
#include "studies/wal_admission/experiments.h"

enum { APPENDERS_MOST = 32 };

/* ---- latency --------------------------------------------------------------------------------- */

struct appender {
    struct wal *ours;
    struct as_written *written;
    pthread_barrier_t *ready;
    uint32_t payload;
    unsigned n;
    struct histogram ticks;
    struct as_written_counts did;
    double cpu_ns;     /* this thread's processor time in all its appends */
    uint64_t ticks_in; /* and how long they took */
    int error;
};

static double thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static void *append_some(void *arg)
{
    struct appender *const a = arg;
    struct wal_handle *h = NULL;
    struct as_written_handle *w = NULL;
    struct wal_entry *const pool = calloc(a->n, sizeof *pool);
    unsigned char *const bytes = calloc(1, a->payload);
    histogram_clear(&a->ticks);
    a->error = !pool || !bytes ? ENOMEM
               : a->ours       ? wal_attach(a->ours, &h)
                               : as_written_attach(a->written, &w);
    for (unsigned i = 0; pool && i < a->n; i++) /* its memory is there before the clock runs */
        pool[i] = (struct wal_entry){.bytes = bytes, .length = a->payload};
    pthread_barrier_wait(a->ready);
    const double cpu_before = thread_cpu_ns();
    for (unsigned i = 0; !a->error && i < a->n; i++) {
        const uint64_t before = clock_ticks_fenced();
        a->error = h ? wal_append(h, &pool[i], Q_FOREVER) : as_written_append(w, bytes, a->payload);
        const uint64_t took = clock_ticks_fenced() - before;
        histogram_add(&a->ticks, took);
        a->ticks_in += took;
    }
    a->cpu_ns = thread_cpu_ns() - cpu_before;
    for (unsigned i = 0; h && !a->error && i < a->n; i++)
        wal_wait(h, &pool[i]);
    if (w)
        a->did = as_written_counts(w);
    if (h)
        wal_detach(h);
    else if (w)
        as_written_detach(w);
    free(bytes);
    free(pool);
    return NULL;
}

/* number: threads, room, sync ns, appends of each; flags: 1 as written */
static void measure_appends(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    static struct appender a[APPENDERS_MOST];
    static struct histogram all;
    struct commit_setup setup;
    struct device_slow slow;
    struct wal *ours = NULL;
    struct as_written *written = NULL;
    char path[600];
    pthread_t threads[APPENDERS_MOST];
    pthread_barrier_t ready;
    const unsigned n = (unsigned)cell->number[0];
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.appends", setup.path);
    device_slow(&slow, (uint64_t)cell->number[2]);
    clock_calibrate();
    const struct wal_config c = {.path = path,
                                 .io = &slow.io,
                                 .queue = setup.queue,
                                 .max_queue_size = (size_t)cell->number[1],
                                 .who = WAL_FLUSHER};
    const struct as_written_config w = {.log = c, .repaired = true};
    int error =
        cell->flags & 1 ? as_written_open(&written, &w) : wal_open(&ours, &c, NULL, NULL, NULL);
    pthread_barrier_init(&ready, NULL, n);
    for (unsigned i = 0; !error && i < n; i++) {
        a[i].ours = ours;
        a[i].written = written;
        a[i].ready = &ready;
        a[i].payload = setup.payload;
        a[i].n = (unsigned)cell->number[3];
        error = pthread_create(&threads[i], NULL, append_some, &a[i]);
    }
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    double failed = 0, rmw = 0, woken = 0, cpu_ns = 0, inside_ns = 0;
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        histogram_merge(&all, &a[i].ticks);
        failed += (double)a[i].did.cas_failed;
        rmw += (double)a[i].did.shared_rmw;
        woken += (double)a[i].did.woken;
        cpu_ns += a[i].cpu_ns;
        inside_ns += clock_ns(a[i].ticks_in);
        if (a[i].error)
            study_fail(s, "append: %s", strerror(a[i].error));
    }
    if (ours) {
        struct wal_metrics m;
        wal_shutdown(ours);
        wal_metrics(ours, &m);
        failed = (double)m.admit_failed;
        woken = (double)m.room_sleeps;
        wal_close(ours);
    } else {
        as_written_shutdown(written);
        as_written_close(written);
    }
    unlink(path);
    const double appends = (double)all.total;
    uint64_t below = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && clock_ns(histogram_high(i)) <= 1000; i++)
        below += all.bucket[i];
    study_put(s, "p50_ns", clock_ns(histogram_quantile(&all, 0.5)));
    study_put(s, "p99_ns", clock_ns(histogram_quantile(&all, 0.99)));
    study_put(s, "share_below_1us", (double)below / appends);
    study_put(s, "clock_ns", clock_calibrate()->cost_ns);
    study_put(s, "lost_cas_per_append", failed / appends);
    study_put(s, "sleeps_for_room_per_append", woken / appends);
    study_put(s, "processor_us_per_append", cpu_ns / appends / 1e3);
    study_put(s, "processor_share", cpu_ns / inside_ns);
    if (!ours)
        study_put(s, "shared_rmw_per_append", rmw / appends);
}

/* ---- a device that stands still --------------------------------------------------------------- */

/* A device whose first sync does not end until it is told to: the queue fills to its bound. */
struct stuck {
    struct wal_io io;
    atomic(bool) go, waits;
};

static int stuck_write(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    (void)io;
    return wal_disk.write(&wal_disk, fd, bytes, n, at);
}

static int stuck_sync(struct wal_io *io, int fd)
{
    struct stuck *const device = (struct stuck *)io;
    (void)fd;
    while (!a_load(&device->go, acquire)) {
        a_store(&device->waits, true, release);
        usleep(1000);
    }
    return 0;
}

static int stuck_cut(struct wal_io *io, int fd, uint64_t size)
{
    (void)io;
    return wal_disk.cut(&wal_disk, fd, size);
}

static struct stuck stuck_device = {
    .io = {stuck_write, stuck_sync, stuck_cut, NULL}, .go = {true}, .waits = {false}};

/* ---- contention ------------------------------------------------------------------------------ */

/* All that the document prints of its rival's write: two fetch-and-adds. And an append of its own log as
 * written, whole: admission, a copy of the bytes, the queue, the permit of a flusher that stands in a
 * sync. Each thread's own processor time, so that waiting for a processor does not count. */
struct contender {
    pthread_barrier_t *ready;
    struct as_written *written; /* NULL: the rival's lines */
    unsigned writes;
    double cpu_ns;
    uint64_t lost; /* compare-and-swaps */
    int error;
};
enum { CONTENDERS_BYTES = 200 };
static struct {
    alignas(Q_LINE) atomic(uint64_t) position;
    alignas(Q_LINE) atomic(uint64_t) state_and_count;
} shared;

static void *contend(void *arg)
{
    static const unsigned char bytes[CONTENDERS_BYTES];
    struct contender *const c = arg;
    struct as_written_handle *h = NULL;
    c->error = c->written ? as_written_attach(c->written, &h) : 0;
    pthread_barrier_wait(c->ready);
    const double begin = thread_cpu_ns();
    for (unsigned i = 0; i < c->writes && !c->error; i++) {
        if (h) {
            c->error = as_written_append(h, bytes, sizeof bytes);
        } else {
            a_add(&shared.position, CONTENDERS_BYTES, acq_rel);
            a_add(&shared.state_and_count, 1, acq_rel);
        }
    }
    c->cpu_ns = thread_cpu_ns() - begin;
    c->lost = h ? as_written_counts(h).cas_failed : 0;
    return NULL;
}

/* A log with room for all, whose flusher stands in the sync of a first entry. */
static int open_stuck(struct as_written **log, const char *path, const char *queue, size_t room)
{
    const struct as_written_config c = {
        .log = {.path = path, .io = &stuck_device.io, .queue = queue, .max_queue_size = room},
        .repaired = true};
    struct as_written_handle *h;
    int error = as_written_open(log, &c);
    a_store(&stuck_device.go, false, release); /* the log has been made */
    if (!error)
        error = as_written_attach(*log, &h);
    if (!error)
        error = as_written_append(h, "", 1);
    while (!error && !a_load(&stuck_device.waits, acquire))
        usleep(1000);
    return error;
}

/* number: threads; flags: 1 an append as written */
static void measure_contention(const struct study_run *run, const struct study_cell *cell,
                               struct study_sample *s)
{
    struct contender c[APPENDERS_MOST];
    struct commit_setup setup;
    struct as_written *written = NULL;
    char path[600];
    pthread_t threads[APPENDERS_MOST];
    pthread_barrier_t ready;
    const unsigned n = (unsigned)cell->number[0], writes = (cell->flags ? 200000 : 4000000) / n;
    double ns = 0, all = 0, lost = 0;
    if (cell->flags) {
        setup_make(&setup, run);
        snprintf(path, sizeof path, "%s.contention", setup.path);
        const int error = open_stuck(&written, path, setup.queue, (size_t)writes * n + 2);
        unlink(path); /* the process ends with the sample, and the flusher with the process */
        if (error) {
            study_fail(s, "%s: %s", path, strerror(error));
            return;
        }
    }
    pthread_barrier_init(&ready, NULL, n + 1);
    for (unsigned i = 0; i < n; i++) {
        c[i] = (struct contender){.ready = &ready, .written = written, .writes = writes};
        if (pthread_create(&threads[i], NULL, contend, &c[i]) != 0) {
            study_fail(s, "no thread");
            return;
        }
    }
    pthread_barrier_wait(&ready);
    const uint64_t begin = clock_monotonic_ns();
    for (unsigned i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        ns += c[i].cpu_ns;
        all += c[i].writes;
        lost += (double)c[i].lost;
        if (c[i].error)
            study_fail(s, "append: %s", strerror(c[i].error));
    }
    study_put(s, "writes_per_s", 1e9 * all / (double)(clock_monotonic_ns() - begin));
    study_put(s, "ns_per_write", ns / all);
    study_put(s, "processors", (double)sysconf(_SC_NPROCESSORS_ONLN));
    if (written)
        study_put(s, "lost_cas_per_write", lost / all);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* number: room in entries, payload, room in bytes (0: none) */
static void measure_memory(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    struct commit_setup setup;
    struct wal *log;
    struct wal_handle *h;
    char path[600];
    const size_t most = (size_t)cell->number[0] * 4;
    struct wal_entry *const pool = calloc(most, sizeof *pool);
    unsigned char *const bytes = calloc(1, (size_t)cell->number[1]);
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.memory", setup.path);
    const struct wal_config c = {.path = path,
                                 .io = &stuck_device.io,
                                 .max_queue_size = (size_t)cell->number[0],
                                 .max_queue_bytes = (uint64_t)cell->number[2],
                                 .who = WAL_FLUSHER,
                                 .hold = true};
    int error = pool && bytes ? wal_open(&log, &c, NULL, NULL, NULL) : ENOMEM;
    if (!error && (error = wal_attach(log, &h)) != 0)
        wal_shutdown(log), wal_close(log);
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        free(pool);
        free(bytes);
        return;
    }
    a_store(&stuck_device.go, false, release); /* the log has been made */
    size_t n = 0;
    for (; !error && n < most; n++) {
        pool[n] = (struct wal_entry){.bytes = bytes, .length = (uint32_t)cell->number[1]};
        error = wal_append(h, &pool[n], 0);
    }
    if (error && error != EAGAIN)
        study_fail(s, "append: %s", strerror(error));
    n -= error != 0;
    const struct wal_depth depth = wal_depth(log);
    a_store(&stuck_device.go, true, release);
    for (size_t i = 0; i < n; i++)
        wal_wait(h, &pool[i]);
    wal_detach(h);
    wal_shutdown(log);
    wal_close(log);
    unlink(path);
    free(pool);
    free(bytes);
    study_put(s, "entries", (double)depth.entries);
    study_put(s, "bytes", (double)depth.bytes);
}

/* ---- cells ----------------------------------------------------------------------------------- */

static void add_appends(struct cells *c, const struct study_run *run, bool written, bool full,
                        unsigned threads)
{
    const double each = round((study_quick(run) ? 20000.0 : 100000.0) / threads);
    struct study_cell *const cell =
        cells_add(c, "append", written ? "as written" : "ours", measure_appends);
    const unsigned room = threads > 4 ? 8 : 64;
    if (full)
        snprintf(cell->setting, sizeof cell->setting, "%u thread%s, room for %u, sync 1 ms",
                 threads, threads == 1 ? "" : "s", room);
    else
        snprintf(cell->setting, sizeof cell->setting, "%u thread%s, room for all", threads,
                 threads == 1 ? "" : "s");
    cell->number[0] = threads;
    cell->number[1] = full ? room : each * threads + 1;
    cell->number[2] = full ? 1e6 : 3e5;
    cell->number[3] = full ? 2000.0 / threads : each;
    cell->flags = written;
}

void appends_cells(struct cells *c, const struct study_run *run)
{
    for (unsigned written = 0; written < 2; written++)
        for (unsigned full = 0; full < 2; full++)
            for (unsigned threads = study_quick(run) ? 4 : 1; threads <= 4; threads *= 4)
                add_appends(c, run, written, full, threads);
    for (unsigned written = 0; written < 2; written++)
        add_appends(c, run, written, true, 32);
    for (unsigned threads = 1; threads <= 8; threads *= study_quick(run) && threads > 1 ? 4 : 2)
        for (unsigned kind = 0; kind < 2; kind++) {
            struct study_cell *const cell =
                cells_add(c, "contention",
                          kind ? "append as written, no flush" : "two fetch-and-adds (the rival)",
                          measure_contention);
            snprintf(cell->setting, sizeof cell->setting, "%u thread%s", threads,
                     threads == 1 ? "" : "s");
            cell->number[0] = threads;
            cell->flags = kind;
        }
    static const struct {
        const char *variant;
        double entries, payload, bytes;
    } memory[] = {
        {"10,000 entries of 200 bytes", 10000, 200, 0},
        {"10,000 entries of 4096 bytes", 10000, 4096, 0},
        {"2 MB, entries of 4096 bytes", 10000, 4096, 2e6},
    };
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
        struct study_cell *const cell = cells_add(c, "memory", memory[i].variant, measure_memory);
        snprintf(cell->setting, sizeof cell->setting, "a sync that does not end");
        cell->number[0] = memory[i].entries;
        cell->number[1] = memory[i].payload;
        cell->number[2] = memory[i].bytes;
        cell->rounds = 1;
    }
}
