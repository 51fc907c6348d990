/* closed_loop.c: threads that commit, each the next one as soon as the last is durable. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "harness/clock.h"
#include "harness/histogram.h"
#include "studies/wal_admission/systems.h"

struct crew {
    const struct commit_system *system;
    void *opened;
    pthread_barrier_t ready;
    uint64_t begin, end; /* ns */
    uint32_t payload;
};
struct committer {
    struct crew *crew;
    unsigned number;
    uint64_t commits; /* that were answered before the end */
    int error;
    struct histogram latency; /* ns */
};

static void *commit_until_the_end(void *arg)
{
    struct committer *const c = arg;
    struct crew *const crew = c->crew;
    unsigned char bytes[4096];
    void *handle = NULL;
    histogram_clear(&c->latency);
    memset(bytes, (int)c->number, sizeof bytes);
    c->error = crew->system->attach(crew->opened, c->number, &handle);
    pthread_barrier_wait(&crew->ready); /* all are there: the time is set */
    pthread_barrier_wait(&crew->ready);
    uint64_t now = clock_monotonic_ns();
    while (!c->error && (now < crew->end || c->latency.total == 0)) { /* one at least */
        const uint64_t before = now;
        memcpy(bytes, &c->latency.total, sizeof c->latency.total);
        c->error = crew->system->commit(handle, bytes, crew->payload);
        now = clock_monotonic_ns();
        histogram_add(&c->latency, now - before);
        c->commits += !c->error && now <= crew->end;
    }
    if (handle)
        crew->system->detach(handle);
    return NULL;
}

static double processor_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void put_results(const struct committer *c, unsigned threads, double seconds,
                        const struct commit_counts *counts, struct study_sample *s)
{
    struct histogram *const all = malloc(sizeof *all);
    double commits = 0, least = 0, most = 0;
    if (!all) {
        study_fail(s, "no memory");
        return;
    }
    histogram_clear(all);
    for (unsigned i = 0; i < threads; i++) {
        const double n = (double)c[i].commits;
        histogram_merge(all, &c[i].latency);
        commits += n;
        least = i == 0 || n < least ? n : least;
        most = n > most ? n : most;
        if (c[i].error)
            study_fail(s, "thread %u: %s", i, strerror(c[i].error));
    }
    study_put(s, "commits_per_s", commits / seconds);
    study_put(s, "commits", commits);
    study_put(s, "p50_ns", (double)histogram_quantile(all, 0.5));
    if (histogram_supports(all, 0.99))
        study_put(s, "p99_ns", (double)histogram_quantile(all, 0.99));
    study_put(s, "most_ns", (double)all->max);
    study_put(s, "least_of_a_thread", least);
    study_put(s, "most_of_a_thread", most);
    if (counts->groups > 0)
        study_put(s, "entries_per_sync", counts->entries / counts->groups);
    if (counts->sync_ns > 0) {
        study_put(s, "sync_us", counts->sync_ns / counts->groups / 1e3);
        study_put(s, "prepare_us", counts->prepare_ns / counts->groups / 1e3);
    }
    free(all);
}

void commit_closed_loop(const struct commit_system *system, const struct commit_setup *setup,
                        unsigned threads, double seconds, struct study_sample *s)
{
    struct crew crew = {.system = system, .payload = setup->payload};
    struct committer *const c = calloc(threads, sizeof *c);
    pthread_t *const t = calloc(threads, sizeof *t);
    struct commit_counts counts = {0};
    int error = c && t ? commit_make_directory(setup->path) : ENOMEM;
    if (!error)
        error = system->open(&crew.opened, system, setup);
    if (error) {
        study_fail(s, "cannot make a log in %.80s: %s", setup->path, strerror(error));
        commit_remove_directory(setup->path);
        free(c);
        free(t);
        return;
    }
    pthread_barrier_init(&crew.ready, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        c[i] = (struct committer){.crew = &crew, .number = i};
        error = pthread_create(&t[i], NULL, commit_until_the_end, &c[i]);
        if (error) {
            study_fail(s, "no thread %u of %u: %s", i, threads, strerror(error));
            commit_remove_directory(setup->path);
            return; /* the others wait for it: they end with the process */
        }
    }
    pthread_barrier_wait(&crew.ready);
    crew.begin = clock_monotonic_ns();
    crew.end = crew.begin + (uint64_t)(seconds * 1e9);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const double processor_before = processor_s();
    pthread_barrier_wait(&crew.ready);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    const double lasted = (double)(clock_monotonic_ns() - crew.begin) / 1e9;
    const double processor = processor_s() - processor_before;
    getrusage(RUSAGE_SELF, &after);
    system->close(crew.opened, &counts);
    if (counts.grew)
        study_fail(s, "the file system cannot go ahead of the log: no zeroes, no reserved space");
    put_results(c, threads, seconds, &counts, s);
    study_put(s, "processors_busy", processor / lasted);
    study_put(s, "switches_per_s", (double)(after.ru_nvcsw - before.ru_nvcsw) / lasted);
    pthread_barrier_destroy(&crew.ready);
    commit_remove_directory(setup->path);
    free(c);
    free(t);
}
