/* disk.c: cells with files: a log from text to counts, events on the disk, and kill -9. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/stats.h"
#include "studies/telemetry_ring/cells.h"
#include "studies/telemetry_ring/log.h"
#include "studies/telemetry_ring/ring.h"
#include "studies/telemetry_ring/mapped.h"

/* ---- a log from text to counts ------------------------------------------------------------------- */

enum { PARTS_MOST = 8 };

static struct ring_mpsc ring;
static struct part {
    struct log_reader reader;
    pthread_t thread;
    unsigned id;
} part[PARTS_MOST];

static void *push_lines(void *argument)
{
    struct part *const p = argument;
    struct ring_mpsc_handle h;
    struct event e;
    ring_mpsc_attach(&ring, &h, Q_PRODUCER);
    while (log_next(&p->reader, &e)) {
        e.producer = (uint8_t)p->id;
        event_seal(&e);
        ring_mpsc_push(&ring, &h, event_item(&e));
    }
    ring_mpsc_detach(&ring, &h);
    return NULL;
}

/* Counts what comes until all producers have ended; answers how many events were not valid. */
static uint64_t count_levels(struct ring_mpsc_handle *h, unsigned producers, uint64_t *level)
{
    q_item items[256];
    uint64_t bad = 0;
    unsigned joined = 0, spins = 0;
    for (;;) {
        const size_t got = ring_mpsc_pop_n(&ring, h, items, 256);
        for (size_t i = 0; i < got; i++) {
            struct event e;
            memcpy(&e, &items[i], sizeof e);
            level[e.level % EVENT_LEVELS]++;
            bad += !event_valid(&e);
        }
        if (got)
            spins = 0;
        else if (joined == producers)
            return bad; /* they had ended before the ring was found empty */
        else if (pthread_tryjoin_np(part[joined].thread, NULL) == 0)
            joined++;
        else
            q_relax(&spins);
    }
}

/* Producers parse a part of the text each; this thread counts what comes. None: without a ring. */
static void measure_log(const struct study_run *run, const struct study_cell *cell,
                        struct study_sample *s)
{
    const unsigned producers = cell->flags;
    const struct telemetry_input *const in = &telemetry_input;
    const struct q_config config = {.capacity = (size_t)study_number(run, "capacity"),
                                    .when_full = Q_BLOCK};
    uint64_t level[EVENT_LEVELS] = {0}, parsed[EVENT_LEVELS] = {0}, lines = 0, wrong = 0;
    struct ring_mpsc_handle h;
    struct event e;
    if (ring_mpsc_init(&ring, &config) != 0 || ring_mpsc_attach(&ring, &h, Q_BOTH) != 0) {
        study_fail(s, "no memory for the ring");
        return;
    }
    const uint64_t begin = clock_monotonic_ns();
    part[0].reader = log_reader(in->text, in->text_bytes);
    for (unsigned i = 0; i < producers; i++) {
        const char *const from = log_part(in->text, in->text_bytes, i, producers);
        const char *const to = log_part(in->text, in->text_bytes, i + 1, producers);
        part[i] = (struct part){.reader = log_reader(from, (size_t)(to - from)), .id = i};
        if (pthread_create(&part[i].thread, NULL, push_lines, &part[i]) != 0)
            abort();
    }
    if (producers)
        wrong = count_levels(&h, producers, level);
    else
        while (log_next(&part[0].reader, &e))
            level[e.level]++;
    const double took = (double)(clock_monotonic_ns() - begin) * 1e-9;
    for (unsigned i = 0; i < (producers ? producers : 1); i++) {
        lines += part[i].reader.counts.lines;
        for (unsigned k = 0; k < EVENT_LEVELS; k++)
            parsed[k] += part[i].reader.counts.level[k];
    }
    for (unsigned k = 0; k < EVENT_LEVELS; k++)
        wrong += level[k] > parsed[k] ? level[k] - parsed[k] : parsed[k] - level[k];
    study_put(s, "lines_per_s", (double)lines / took);
    study_put(s, "bytes_per_s", (double)in->text_bytes / took);
    study_put(s, "lines", (double)lines);
    study_put(s, "wrong", (double)wrong);
}

/* ---- events on the disk ---------------------------------------------------------------------------- */

enum { KEEP_MAPPED = 0, KEEP_WRITTEN = 1, KEEP_SYNCED = 2, MAPPED_CAPACITY = 1 << 16 };

static const struct event *event_number(uint64_t number, struct event *e, unsigned producer)
{
    *e = telemetry_input.event[number & (telemetry_input.n_events - 1)];
    e->time = number;
    e->producer = (uint8_t)producer;
    event_seal(e);
    return e;
}

/* 4096 events in, 4096 events out, until time is up. */
static void keep_mapped(struct study_sample *s, const char *path, unsigned batch, bool sync,
                        uint64_t end, uint64_t *events)
{
    static struct event out[4096];
    struct mapped m;
    struct event e;
    int error = mapped_open(&m, path, MAPPED_CAPACITY);
    if (error) {
        study_fail(s, "cannot map %s: %s", path, strerror(error));
        return;
    }
    while (!error && clock_monotonic_ns() < end) {
        for (unsigned i = 0; i < 4096 && !error; i += batch) {
            for (unsigned k = 0; k < batch && !error; k++)
                error = mapped_push(&m, event_number(*events + i + k + 1, &e, 0));
            if (sync && !error)
                error = mapped_sync(&m);
        }
        for (size_t left = 4096; left && !error;) {
            const size_t got = mapped_take(&m, out, left);
            left -= got;
            error = got ? 0 : EIO;
        }
        *events += 4096;
    }
    mapped_close(&m);
    if (error)
        study_fail(s, "the mapped ring stopped: %s", strerror(error));
}

static void keep_written(struct study_sample *s, const char *path, unsigned batch, bool sync,
                         uint64_t end, uint64_t *events)
{
    q_item items[256];
    struct spill log;
    struct event e;
    size_t n;
    int error = spill_open(&log, path, 0, sync);
    if (error) {
        study_fail(s, "cannot open %s: %s", path, strerror(error));
        return;
    }
    while (!error && clock_monotonic_ns() < end) {
        for (unsigned i = 0; i < 4096 && !error; i += batch) {
            for (unsigned k = 0; k < batch; k++)
                items[k] = event_item(event_number(*events + i + k + 1, &e, 0));
            error = spill_append(&log, items, batch, &n);
        }
        for (size_t left = 4096; left && !error; left -= n)
            error = spill_read(&log, log.end, items, 256, &n);
        if (!error)
            error = spill_reset(&log);
        *events += 4096;
    }
    spill_close(&log, log.read);
    if (error)
        study_fail(s, "the log stopped: %s", strerror(error));
}

static void measure_keeping(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    char path[512];
    uint64_t events = 0;
    const unsigned batch = (unsigned)cell->number[0];
    const uint64_t begin = clock_monotonic_ns(),
                   end = begin + (uint64_t)(1e9 * study_number(run, "seconds"));
    telemetry_path(path, sizeof path, run, "events");
    (cell->flags & KEEP_WRITTEN ? keep_written : keep_mapped)(
        s, path, batch, cell->flags & KEEP_SYNCED, end, &events);
    study_put(s, "events_per_s", (double)events / ((double)(clock_monotonic_ns() - begin) * 1e-9));
    unlink(path);
}

/* ---- kill -9 ----------------------------------------------------------------------------------- */

enum { WRITERS = 2 };
/* What the victim said it had done; in memory that outlives it. */
struct said {
    alignas(Q_LINE) atomic(uint64_t) pushed[WRITERS]; /* numbers up to this were acknowledged */
    alignas(Q_LINE) atomic(uint64_t) taken[WRITERS];  /* and up to this given out */
};
struct victim {
    struct said *said;
    struct mapped mapped;
    struct spill log;
    unsigned id;
};

static void *push_for_ever(void *argument)
{
    struct victim *const v = argument;
    const unsigned id = __atomic_fetch_add(&v->id, 1, __ATOMIC_RELAXED);
    struct event e;
    for (uint64_t number = 1;; number++) {
        unsigned spins = 0;
        event_number(number, &e, id);
        while (mapped_push(&v->mapped, &e) != 0)
            q_relax(&spins);
        a_store(&v->said->pushed[id], number, relaxed);
    }
    return NULL;
}

static _Noreturn void live_mapped(struct victim *v, const char *path)
{
    pthread_t thread;
    struct event e[64];
    unsigned spins = 0;
    if (mapped_open(&v->mapped, path, MAPPED_CAPACITY) != 0)
        _exit(1);
    for (unsigned i = 0; i < WRITERS; i++)
        if (pthread_create(&thread, NULL, push_for_ever, v) != 0)
            _exit(1);
    for (;;) {
        const size_t n = mapped_take(&v->mapped, e, 64);
        for (size_t i = 0; i < n; i++)
            a_store(&v->said->taken[e[i].producer], e[i].time, relaxed);
        if (n == 0)
            q_relax(&spins);
    }
}

static _Noreturn void live_written(struct victim *v, const char *path)
{
    q_item items[64];
    struct event e;
    size_t done;
    if (spill_open(&v->log, path, 0, false) != 0)
        _exit(1);
    for (uint64_t number = 1;;) {
        for (unsigned i = 0; i < 64; i++)
            items[i] = event_item(event_number(number + i, &e, 0));
        if (spill_append(&v->log, items, 64, &done) != 0)
            _exit(1);
        number += done;
        a_store(&v->said->pushed[0], number - 1, relaxed);
    }
}

struct found {
    uint64_t last[WRITERS], recovered, torn, missing, invalid;
};

static void look_at(struct found *f, const struct event *e)
{
    f->recovered++;
    if (!event_valid(e) || e->producer >= WRITERS) {
        f->invalid++;
        return;
    }
    uint64_t *const last = &f->last[e->producer];
    if (e->time > *last + 1)
        f->missing += e->time - *last - 1;
    *last = e->time;
}

/* Everything that is in the file now; 0 or an errno. */
static int reread(struct found *f, const char *path, bool written)
{
    struct mapped m;
    struct spill log;
    int error = written ? spill_open(&log, path, 0, false) : mapped_open(&m, path, MAPPED_CAPACITY);
    if (error)
        return error;
    for (size_t got = 1; got && !error;) {
        struct event e[64];
        q_item items[64];
        if (written) {
            error = spill_read(&log, log.end, items, 64, &got);
            memcpy(e, items, got * sizeof *e);
        } else {
            got = mapped_take(&m, e, 64);
        }
        for (size_t i = 0; i < got; i++)
            look_at(f, &e[i]);
    }
    f->torn += written ? log.recovered.lost_records : m.torn;
    if (written)
        spill_close(&log, log.read);
    else
        mapped_close(&m);
    return error;
}

/* Starts a writer, lets it live for a moment, kills it. 0, or why it did not come to life. */
static int one_life(struct said *said, const char *path, bool written, uint64_t moment_us)
{
    for (unsigned k = 0; k < WRITERS; k++) {
        a_store(&said->pushed[k], 0, relaxed);
        a_store(&said->taken[k], 0, relaxed);
    }
    const pid_t pid = fork();
    if (pid == 0) {
        struct victim v = {.said = said};
        written ? live_written(&v, path) : live_mapped(&v, path);
    }
    if (pid < 0)
        return errno;
    while (a_load(&said->pushed[0], relaxed) == 0) {
        usleep(100);
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return EIO; /* it gave up */
    }
    usleep((useconds_t)moment_us);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}

static void measure_kills(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    struct said *const said =
        mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const unsigned kills = (unsigned)study_number(run, "kills");
    const bool written = cell->flags & KEEP_WRITTEN;
    struct found all = {.recovered = 0};
    struct stats_random random;
    uint64_t lost = 0, acknowledged = 0;
    char path[512];
    int error = said == MAP_FAILED ? ENOMEM : 0;
    telemetry_path(path, sizeof path, run, "kill");
    stats_random_seed(&random, study_seed(run));
    for (unsigned i = 0; i < kills && !error; i++) {
        struct found f = {.recovered = 0};
        unlink(path);
        error = one_life(said, path, written, stats_random_below(&random, 10000));
        for (unsigned k = 0; k < WRITERS; k++)
            f.last[k] = a_load(&said->taken[k], relaxed);
        if (!error)
            error = reread(&f, path, written);
        for (unsigned k = 0; k < WRITERS; k++) {
            const uint64_t pushed = a_load(&said->pushed[k], relaxed),
                           taken = a_load(&said->taken[k], relaxed);
            lost += pushed > f.last[k] ? pushed - f.last[k] : 0;
            acknowledged += pushed > taken ? pushed - taken : 0;
        }
        lost += f.missing;
        all.recovered += f.recovered, all.torn += f.torn, all.invalid += f.invalid;
    }
    unlink(path);
    if (error)
        study_fail(s, "cannot write and read %s again: %s", path, strerror(error));
    study_put(s, "kills", kills);
    study_put(s, "acknowledged", (double)acknowledged);
    study_put(s, "recovered", (double)all.recovered);
    study_put(s, "lost", (double)lost);
    study_put(s, "torn", (double)all.torn);
    study_put(s, "invalid", (double)all.invalid);
}

void add_disk(const struct study_run *run, struct study_cell *cell, size_t *n)
{
    const struct study_cell cells[] = {
        {"log", "no ring", "", measure_log, .flags = 0},
        {"log", "1 producer", "", measure_log, .flags = 1},
        {"log", "2 producers", "", measure_log, .flags = 2},
        {"keeping", "mapped", "", measure_keeping, .number = {64}},
        {"keeping", "written, 1 at a time", "", measure_keeping, .flags = KEEP_WRITTEN,
         .number = {1}},
        {"keeping", "written, 64 at a time", "", measure_keeping, .flags = KEEP_WRITTEN,
         .number = {64}},
        {"keeping", "mapped", "synced every 64", measure_keeping, .flags = KEEP_SYNCED,
         .number = {64}},
        {"keeping", "written, 64 at a time", "synced every 64", measure_keeping,
         .flags = KEEP_WRITTEN | KEEP_SYNCED, .number = {64}},
        {"kill", "mapped", "", measure_kills, .flags = KEEP_MAPPED},
        {"kill", "written", "", measure_kills, .flags = KEEP_WRITTEN},
    };
    (void)run;
    memcpy(cell + *n, cells, sizeof cells);
    *n += sizeof cells / sizeof *cells;
}
