/* throughput.c: every map in every mix: how many operations in a second. */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/indexing/indexing.h"

/* ---- threads ---------------------------------------------------------------------------------- */

struct team {
    pthread_barrier_t start;
    void (*body)(void *context, unsigned i);
    void *context;
};
struct member {
    struct team *team;
    unsigned i;
    pthread_t thread;
    uint64_t begin, end;
};

static void *member_main(void *arg)
{
    struct member *const m = arg;
    pthread_barrier_wait(&m->team->start);
    m->begin = clock_monotonic_ns();
    m->team->body(m->team->context, m->i);
    m->end = clock_monotonic_ns();
    return NULL;
}

double together(unsigned n, void (*body)(void *context, unsigned i), void *context)
{
    struct team team = {.body = body, .context = context};
    struct member member[THREADS_MOST];
    uint64_t begin = UINT64_MAX, end = 0;
    pthread_barrier_init(&team.start, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        member[i] = (struct member){.team = &team, .i = i};
        if (pthread_create(&member[i].thread, NULL, member_main, &member[i]) != 0)
            return -1; /* the others wait for ever: the sample's process ends them */
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(member[i].thread, NULL);
        begin = member[i].begin < begin ? member[i].begin : begin;
        end = member[i].end > end ? member[i].end : end;
    }
    pthread_barrier_destroy(&team.start);
    return (double)(end - begin) / 1e9;
}

struct study_cell *plan_add(struct plan *p, const char *experiment, const char *variant,
                            const char *format, ...)
{
    if (p->n == CELLS_MOST) {
        fprintf(stderr, "queuelab: study indexing: more than %d cells\n", CELLS_MOST);
        abort();
    }
    struct study_cell *const c = &p->cell[p->n++];
    *c = (struct study_cell){.experiment = experiment, .variant = variant};
    va_list args;
    va_start(args, format);
    vsnprintf(c->setting, sizeof c->setting, format, args);
    va_end(args);
    return c;
}

/* ---- one cell ------------------------------------------------------------------------------- */

struct scene {
    const struct map_driver *driver;
    void *map;
    struct map_work work[THREADS_MOST];
    struct map_done done[THREADS_MOST];
    bool stop, no_handle, begun;
    double limit_s;
};

static void work_thread(void *context, unsigned i)
{
    struct scene *const s = context;
    void *const handle = s->driver->attach(s->map);
    if (!handle) {
        __atomic_store_n(&s->no_handle, true, __ATOMIC_RELAXED);
        __atomic_store_n(&s->begun, true, __ATOMIC_RELAXED);
        return;
    }
    __atomic_store_n(&s->begun, true, __ATOMIC_RELAXED);
    s->driver->run(s->map, handle, &s->work[i], &s->done[i]);
    s->driver->detach(s->map, handle);
}

/* So long after the first has begun. */
static void *stop_later(void *arg)
{
    struct scene *const s = arg;
    while (!__atomic_load_n(&s->begun, __ATOMIC_RELAXED))
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    const struct timespec t = {(time_t)s->limit_s,
                               (long)((s->limit_s - (double)(time_t)s->limit_s) * 1e9)};
    nanosleep(&t, NULL);
    __atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
    return NULL;
}

static double cpu_s(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

/* Do the books balance? What was there, came and went is what is there: all keys are looked up. */
static void settle(struct scene *s, unsigned threads, uint64_t keys, uint64_t filled,
                   struct study_sample *sample)
{
    uint64_t expected = filled, there = 0, value, wrong = 0, nomem = 0;
    for (unsigned i = 0; i < threads; i++) {
        expected += s->done[i].inserted - s->done[i].removed;
        wrong += s->done[i].wrong;
        nomem += s->done[i].nomem;
    }
    void *const handle = s->driver->attach(s->map);
    for (uint64_t rank = 1; handle && rank <= keys; rank++)
        if (s->driver->find(s->map, handle, key_of(rank), &value) == MAP_OK) {
            there++;
            wrong += value != key_of(rank);
        }
    if (!handle || s->no_handle || nomem)
        study_fail(sample, "no memory");
    else if (wrong)
        study_fail(sample, "%llu finds gave a value that was never there",
                   (unsigned long long)wrong);
    else if (there != expected)
        study_fail(sample, "%llu keys should be there, but %llu are", (unsigned long long)expected,
                   (unsigned long long)there);
    if (handle)
        s->driver->detach(s->map, handle);
}

static void measure_throughput(const struct study_run *run, const struct study_cell *cell,
                               struct study_sample *sample)
{
    static struct scene s;
    const struct map_driver *const driver = map_driver_named(cell->variant);
    const struct work *const work = cell->subject;
    const unsigned threads = (unsigned)cell->number[0];
    const uint64_t keys = (uint64_t)study_number(run, "keys");
    int error;
    s.driver = driver;
    s.limit_s = study_number(run, "ms") / 1e3 * (threads > 4 ? 2 : 1); /* all get their turns */
    s.map = driver->create(&(struct map_config){.capacity = keys}, &error);
    void *const handle = s.map ? driver->attach(s.map) : NULL;
    if (!handle) {
        study_fail(sample, "cannot make the map: %s", strerror(s.map ? ENOMEM : error));
        return;
    }
    uint64_t filled = 0;
    for (uint64_t rank = 1; rank <= keys; rank += 2)
        filled += driver->insert(s.map, handle, key_of(rank), key_of(rank)) == MAP_OK;
    driver->detach(s.map, handle);
    for (unsigned i = 0; i < threads; i++)
        s.work[i] = (struct map_work){.op = work->op[i], .mask = work->n - 1, .stop = &s.stop};

    struct rusage before, after;
    pthread_t clock;
    getrusage(RUSAGE_SELF, &before);
    double seconds = -1;
    if (pthread_create(&clock, NULL, stop_later, &s) == 0) {
        seconds = together(threads, work_thread, &s);
        if (seconds >= 0)
            pthread_join(clock, NULL);
    }
    if (seconds < 0) {
        study_fail(sample, "cannot start threads");
        return;
    }
    getrusage(RUSAGE_SELF, &after);
    double operations = 0;
    for (unsigned i = 0; i < threads; i++)
        operations += (double)s.done[i].operations;
    settle(&s, threads, keys, filled, sample);
    if (sample->error[0])
        return;
    study_put(sample, "ops_per_s", operations / seconds);
    study_put(sample, "ops_per_cpu_s", operations / (cpu_s(&after) - cpu_s(&before)));
    study_put(sample, "switches_per_s",
              (double)(after.ru_nvcsw - before.ru_nvcsw + after.ru_nivcsw - before.ru_nivcsw) /
                  seconds);
    study_put(sample, "processors", (double)sysconf(_SC_NPROCESSORS_ONLN));
    if (driver->bytes)
        study_put(sample, "bytes", (double)driver->bytes(s.map).now);
}

/* ---- inserts into a map that begins empty --------------------------------------------------- */

static void measure_growth(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *sample)
{
    static struct scene s;
    const struct map_driver *const driver = map_driver_named(cell->variant);
    const unsigned threads = (unsigned)cell->number[0];
    const uint64_t keys = (uint64_t)study_number(run, "inserts"), each = keys / threads;
    int error;
    s.driver = driver;
    s.map = driver->create(&(struct map_config){.capacity = (size_t)cell->number[1]}, &error);
    if (!s.map) {
        study_fail(sample, "cannot make the map: %s", strerror(error));
        return;
    }
    const struct work *const work = cell->subject;
    for (unsigned i = 0; i < threads; i++)
        s.work[i] = (struct map_work){.op = work->op[0] + i * each,
                                      .mask = SIZE_MAX,
                                      .stop = &s.stop,
                                      .most = each / MAP_STOP_EVERY * MAP_STOP_EVERY};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const double seconds = together(threads, work_thread, &s);
    getrusage(RUSAGE_SELF, &after);
    if (seconds < 0)
        study_fail(sample, "cannot start threads");
    settle(&s, threads, keys, 0, sample);
    if (sample->error[0])
        return;
    const double inserts = (double)(threads * (each - each % MAP_STOP_EVERY));
    study_put(sample, "inserts_per_s", inserts / seconds);
    study_put(sample, "inserts_per_cpu_s", inserts / (cpu_s(&after) - cpu_s(&before)));
    if (driver->bytes) {
        study_put(sample, "bytes_per_key", (double)driver->bytes(s.map).now / (double)keys);
        study_put(sample, "peak_bytes_per_key", (double)driver->bytes(s.map).peak / (double)keys);
    }
}

/* ---- which cells ---------------------------------------------------------------------------- */

static const unsigned thread_counts[] = {1, 2, 4, 8};

/* Variants that are compared for speed: all but those that are wrong, or there for one thing. */
static bool races(const struct map_driver *d)
{
    return !d->traits->wrong && strcmp(d->id, "map_list_pool") != 0;
}

int plan_throughput(struct plan *p, const struct study_run *run)
{
    const bool quick = study_quick(run);
    const uint64_t keys = (uint64_t)study_number(run, "keys");
    const double exponent = study_number(run, "zipf");
    for (const struct mix *mix = mixes; mix->name; mix++)
        for (unsigned skewed = 0; skewed < 2; skewed++) {
            if (!skewed && (quick || mix->changes == 0 || mix->changes == 50))
                continue;
            if (quick && mix->changes == 50)
                continue;
            struct work *const w = &p->work[p->works++];
            struct zipf zipf;
            zipf_init(&zipf, keys, skewed ? exponent : 0);
            w->n = (size_t)1 << (quick ? 15 : 17);
            for (unsigned t = 0; t < 4; t++) {
                const unsigned threads = thread_counts[t];
                if (quick && mix->changes != 5 && threads != 8 &&
                    !(mix->changes == 90 && threads == 1))
                    continue;
                for (unsigned i = 0; i < threads; i++)
                    if (!w->op[i] &&
                        !(w->op[i] = work_draw(mix, &zipf, w->n, study_seed(run) + 100 * i + t)))
                        return ENOMEM;
                for (const struct map_driver *const *d = map_drivers; *d; d++) {
                    const bool list = strncmp((*d)->id, "map_list", 8) == 0;
                    if (!races(*d) && !(mix->changes == 90 && !(*d)->traits->wrong))
                        continue;
                    if (quick && mix->changes == 90 && threads == 1 && !list)
                        continue; /* there for the pool alone */
                    struct study_cell *const c =
                        plan_add(p, "throughput", (*d)->id, "%s, %s, %u threads", mix->name,
                                 skewed ? "zipf" : "uniform", threads);
                    c->measure = measure_throughput;
                    c->subject = w;
                    c->number[0] = threads;
                }
            }
        }
    return 0;
}

int plan_growth(struct plan *p, const struct study_run *run)
{
    const uint64_t keys = (uint64_t)study_number(run, "inserts");
    struct work *const w = &p->work[p->works++];
    if (!(w->op[0] = malloc(keys * sizeof *w->op[0])))
        return ENOMEM;
    struct stats_random random;
    stats_random_seed(&random, study_seed(run));
    for (uint64_t i = 0; i < keys; i++)
        w->op[0][i] = (uint64_t)MAP_INSERT << MAP_OP_SHIFT | key_of(i + 1);
    stats_shuffle(&random, w->op[0], keys, sizeof *w->op[0]);
    for (unsigned t = 0; t < 4; t++)
        for (unsigned sized = 0; sized < 2; sized++)
            for (const struct map_driver *const *d = map_drivers; *d; d++) {
                if (!races(*d) || (!sized && !(*d)->traits->grows) ||
                    (study_quick(run) && (thread_counts[t] == 2 || thread_counts[t] == 4)) ||
                    (study_quick(run) && !sized))
                    continue;
                struct study_cell *const c =
                    plan_add(p, "inserts", (*d)->id, "%s, %u threads",
                             sized ? "room for all" : "grows from nothing", thread_counts[t]);
                c->measure = measure_growth;
                c->subject = w;
                c->number[0] = thread_counts[t];
                c->number[1] = sized ? (double)keys : 0;
            }
    return 0;
}
