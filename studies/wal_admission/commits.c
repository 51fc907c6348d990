/* commits.c: durable commits per second: how a committer waits, and other people's logs. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "queues/pause.h"
#include "studies/wal_admission/experiments.h"

enum medium { DISK, AWAKE, SIMULATED };

/* A virtual machine whose processors have nothing to do may learn of a disk's answer only at its next
 * timer tick: then a single committer measures that. These threads run only when nobody else does. */
static void *stay_awake(void *arg)
{
    static const struct sched_param lowest;
    (void)arg;
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &lowest) == 0)
        for (;;)
            a_pause();
    return NULL;
}

static void measure(const struct study_run *run, const struct study_cell *cell,
                    struct study_sample *s)
{
    struct commit_setup setup;
    setup_make(&setup, run);
    setup.sync_ns = (uint64_t)cell->number[1];
    for (long i = 0; cell->flags == AWAKE && i < sysconf(_SC_NPROCESSORS_ONLN); i++) {
        pthread_t t;
        if (pthread_create(&t, NULL, stay_awake, NULL) != 0)
            study_fail(s, "no thread");
    }
    commit_closed_loop(cell->subject, &setup, (unsigned)cell->number[0], cell->number[2], s);
}

static void add(struct cells *c, const struct study_run *run, const struct commit_system *system,
                unsigned threads, enum medium medium)
{
    struct study_cell *const cell = cells_add(c, "commits", system->name, measure);
    const double sync_ms = study_number(run, "sync-ms");
    cell->subject = system;
    cell->flags = medium;
    cell->number[0] = threads;
    cell->number[1] = medium == SIMULATED ? sync_ms * 1e6 : 0;
    cell->number[2] = study_number(run, medium == SIMULATED ? "simulated-seconds" : "seconds");
    cell->limit_s = 60 + cell->number[2];
    const int n = snprintf(cell->setting, sizeof cell->setting, "%u thread%s, ", threads,
                           threads == 1 ? "" : "s");
    char *const rest = cell->setting + n;
    const size_t size = sizeof cell->setting - (size_t)n;
    if (medium == SIMULATED)
        snprintf(rest, size, "simulated sync, %g ms", sync_ms);
    else
        snprintf(rest, size, "%s%s", commit_filesystem(setup_base(run)),
                 medium == AWAKE ? ", processors kept awake" : "");
}

/* What --quick leaves out is in no verdict. */
static bool wanted(const struct study_run *run, const struct commit_system *s, unsigned threads,
                   enum medium medium)
{
    const bool written = s == &commit_written_100us || s == &commit_written_1ms;
    if (medium == SIMULATED && s == &commit_leaders_growing)
        return false;
    if (medium == AWAKE)
        return threads == 1 && !written;
    if (!study_quick(run) || s == &commit_leaders || s == &commit_written_1ms)
        return true;
    return medium == SIMULATED ? threads >= 128 && s != &commit_each : threads >= 128;
}

void commits_cells(struct cells *c, const struct study_run *run)
{
    static const struct commit_system *const ours[] = {
        &commit_leaders,       &commit_flusher,     &commit_leaders_growing,
        &commit_written_100us, &commit_written_1ms, &commit_each,
    };
    char list[128], *rest = list;
    snprintf(list, sizeof list, "%s", study_text(run, "threads"));
    for (const char *word; (word = strsep(&rest, ",")) != NULL;) {
        const unsigned threads = (unsigned)strtoul(word, NULL, 10);
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            for (enum medium m = DISK; m <= SIMULATED; m++)
                if (wanted(run, ours[i], threads, m))
                    add(c, run, ours[i], threads, m);
        for (const struct commit_system *const *p = commit_peers; *p; p++)
            if (threads <= (*p)->threads_most) {
                add(c, run, *p, threads, DISK);
                if (threads == 1)
                    add(c, run, *p, threads, AWAKE);
            }
    }
}
