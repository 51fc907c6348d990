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

/* They differ from commit_leaders in what a sync costs the file system. */
static bool on_disk_only(const struct commit_system *s)
{
    return s == &commit_leaders_growing || s == &commit_leaders_reserving;
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
    if (medium != SIMULATED && (system == &commit_leaders || on_disk_only(system) || system->rival))
        cell->rounds = 0; /* targets rest on their ratio, and disks have their moods */
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
    const bool quick = study_quick(run), written = s->number > 0,
               essential = s == &commit_leaders || s == &commit_written_1ms,
               grows = on_disk_only(s),
               unbounded = s == &commit_unbounded || s == &commit_unbounded_drained;
    if (unbounded) /* what the bound does is seen where nothing else is different: on no disk */
        return medium == SIMULATED && (threads >= 128 || (threads == 1 && s == &commit_unbounded));
    if (medium == SIMULATED)
        return !grows &&
               (!quick || (essential && threads != 32) || (threads >= 128 && s == &commit_flusher));
    if (medium == AWAKE)
        return threads == 1 && !written && (!quick || essential || grows);
    return !quick || essential || grows || threads >= 128;
}

static bool wanted_peer(const struct study_run *run, const struct commit_system *s,
                        unsigned threads, enum medium medium)
{
    return threads <= s->threads_most && (medium == DISK || threads == 1) &&
           (!study_quick(run) || s->rival || (medium == DISK && s->threads_most <= 32));
}

/* Which queue? One writer's push and one drain of the group: nothing that a disk would show, so the
 * sync is simulated, and short. */
static void measure_queue(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    struct commit_setup setup;
    setup_make(&setup, run);
    setup.sync_ns = 200000;
    setup.queue = cell->subject;
    commit_closed_loop(&commit_leaders, &setup, 128, cell->number[2], s);
}

static void queue_cells(struct cells *c, const struct study_run *run)
{
    static const char *const queues[] = {"list_mpsc", "array_mpmc", "ring_mpsc", "segment_ring",
                                         "mutex_deque"};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        struct study_cell *const cell = cells_add(c, "queue", queues[i], measure_queue);
        snprintf(cell->setting, sizeof cell->setting, "128 threads, simulated sync, 0.2 ms");
        cell->subject = queues[i];
        cell->number[2] = study_number(run, "seconds");
        if (study_quick(run))
            cell->rounds = 3;
    }
}

void commits_cells(struct cells *c, const struct study_run *run)
{
    queue_cells(c, run);
    static const struct commit_system *const ours[] = {
        &commit_leaders,     &commit_flusher,           &commit_leaders_growing,
        &commit_written_1ms, &commit_written_100us,     &commit_each,
        &commit_unbounded,   &commit_unbounded_drained, &commit_leaders_reserving,
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
            for (enum medium m = DISK; m <= AWAKE; m++)
                if (wanted_peer(run, *p, threads, m))
                    add(c, run, *p, threads, m);
    }
}
