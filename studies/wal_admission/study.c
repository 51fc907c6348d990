/* study.c: the write-ahead log with bounded admission (source 001): parameters and cells. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "studies/proof.h"
#include "studies/wal_admission/experiments.h"

enum { THREADS_MOST = 8 }; /* of --threads */

static const struct study_parameter parameters[] = {
    {"directory", "where logs are written: a disk, not a tmpfs; none: the results' directory", "",
     NULL, 0, 0},
    {"threads", "numbers of committing threads", "1,8,32,128", "1,32,128", 0, 0},
    {"seconds", "that threads commit, on the disk", "0.4", "0.1", 0.01, 600},
    {"simulated-seconds", "and on the simulated one", "0.4", "0.2", 0.01, 600},
    {"sync-ms", "how long a simulated sync takes", "5", NULL, 0.01, 1000},
    {"stream-seconds", "that entries come in at a given rate", "1", "0.3", 0.05, 600},
    {"kill-points", "crashes of each kind", "500", NULL, 1, 1e6},
    {"payload", "bytes of an entry", "200", NULL, 8, 4096},
    {"ahead-mib", "that our log goes ahead at a time, MiB", "4", "1", 1, 1024},
    {"queue", "of our log: a FIFO queue of the registry", "list_mpsc", NULL, 0, 0},
    {0},
};

struct study_cell *cells_add(struct cells *c, const char *experiment, const char *variant,
                             void (*measure)(const struct study_run *, const struct study_cell *,
                                             struct study_sample *))
{
    if (c->n == sizeof c->cell / sizeof *c->cell)
        abort(); /* a mistake of this study */
    struct study_cell *const cell = &c->cell[c->n++];
    *cell = (struct study_cell){
        .experiment = experiment,
        .variant = variant,
        .measure = measure,
        .rounds = c->rounds,
    };
    return cell;
}

const char *setup_base(const struct study_run *run)
{
    const char *const directory = study_text(run, "directory");
    return directory[0] ? directory : study_directory(run);
}

void setup_make(struct commit_setup *s, const struct study_run *run)
{
    *s = (struct commit_setup){
        .ahead = (uint64_t)study_number(run, "ahead-mib") << 20,
        .queue = study_text(run, "queue"),
        .payload = (uint32_t)study_number(run, "payload"),
    };
    snprintf(s->path, sizeof s->path, "%s/wal-%d", setup_base(run), (int)getpid());
}

/* The directory and the queue must do before anything is measured. */
static int check(const struct study_run *run)
{
    const char *const base = setup_base(run), *const queue = study_text(run, "queue");
    if (access(base, W_OK | X_OK) != 0) {
        fprintf(stderr, "queuelab: wal_admission: cannot write into --directory %s\n", base);
        return 2;
    }
    const struct q_driver *const d = q_driver_find(queue, sizeof(q_item), "inline");
    if (!d || d->traits->order != Q_FIFO || d->traits->one_thread || d->traits->floor ||
        d->traits->producers == 1) {
        fprintf(stderr,
                "queuelab: wal_admission: --queue %s is no FIFO queue for any number of "
                "producers (`queuelab list`)\n",
                queue);
        return 2;
    }
    const char *text = study_text(run, "threads");
    unsigned numbers = 0;
    for (char *end; *text; text = *end ? end + 1 : end) {
        const unsigned long n = strtoul(text, &end, 10);
        if (end == text || (*end && *end != ',') || n < 1 || n > 1000 || ++numbers > THREADS_MOST) {
            fprintf(stderr,
                    "queuelab: wal_admission: --threads %s: at most %d numbers from 1 to 1000, "
                    "with commas\n",
                    study_text(run, "threads"), THREADS_MOST);
            return 2;
        }
    }
    if (strcmp(commit_filesystem(base), "tmpfs") == 0)
        fprintf(stderr,
                "queuelab: note: %s is a tmpfs, where a sync does nothing: no commit of this "
                "run is durable\n",
                base);
    if (commit_peers_absent[0])
        fprintf(stderr, "queuelab: note: %s\n", commit_peers_absent);
    return 0;
}

static const struct study_program programs[] = {
    {"lost_wakeup_notify", "lost wake-up"},
    {"shutdown_loses_entry", "assertion"},
    {"flush_error_keeps_capacity", "lost wake-up"},
    {"flush_waits_for_others", "livelock"},
};

static int run_all(struct study_run *run)
{
    static struct cells cells;
    const int status = check(run);
    if (status)
        return status;
    cells.n = 0;
    cells.rounds = study_quick(run) ? 6 : 7;
    commits_cells(&cells, run);
    failures_cells(&cells, run);
    wakeups_cells(&cells, run);
    streams_cells(&cells, run);
    appends_cells(&cells, run);
    if (cells.n + sizeof programs / sizeof *programs > sizeof cells.cell / sizeof *cells.cell)
        abort(); /* a mistake of this study */
    cells.n += study_proofs(cells.cell + cells.n, programs, sizeof programs / sizeof *programs);
    return study_measure(run, cells.cell, cells.n);
}

const struct study study_wal_admission = {
    .name = "wal_admission",
    .source = "001",
    .title = "a write-ahead log with bounded admission and group commit",
    .parameters = parameters,
    .rounds = 14,
    .quick_rounds = 13,
    .run = run_all,
    .judge = wal_judge,
    .figure = wal_figure,
};
