/* study.c: the document on lock-free indexing: concurrent maps, trackers, statistics, pools. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "studies/indexing/indexing.h"

static const struct study_parameter parameters[] = {
    {"keys", "how many there are; about half of them in the map", "262144", "65536", 1024, 1e8},
    {"zipf", "exponent of the skewed keys", "0.99", NULL, 0.01, 4},
    {"inserts", "into a map that begins empty", "1048576", "262144", 1024, 1e8},
    {"counts", "turns of one sample of counters", "4000000", "1000000", 1000, 1e9},
    {"history", "operations that the monitor sees at once", "200000", "40000", 100, 1e7},
    {"changes", "of a map whose reader stands still", "1000000", "100000", 1000, 1e9},
    {"ms", "how long one sample of throughput lasts", "40", "20", 1, 1e5},
    {0},
};

static void plan_free(struct plan *p)
{
    for (unsigned w = 0; p && w < p->works; w++)
        for (unsigned i = 0; i < THREADS_MOST; i++)
            free(p->work[w].op[i]);
    free(p);
}

static int indexing_run(struct study_run *run)
{
    struct plan *const p = calloc(1, sizeof *p);
    int error = p ? 0 : ENOMEM;
    if (!error)
        error = plan_throughput(p, run);
    if (!error)
        error = plan_growth(p, run);
    if (error) {
        fprintf(stderr, "queuelab: study indexing: no memory for its operations: fewer --keys\n");
        plan_free(p);
        return 3;
    }
    plan_counters(p, run);
    plan_tracker(p, run);
    plan_stalled(p, run);
    plan_histories(p, run);
    plan_checker(p, run);
    for (const struct map_absent *a = map_peers_absent; a->name; a++)
        fprintf(stderr, "queuelab: study indexing: without %s: %s\n", a->name, a->why);
    const int status = study_measure(run, p->cell, p->n);
    plan_free(p);
    return status;
}

const struct study study_indexing = {
    .name = "indexing",
    .source = "002",
    .title = "concurrent hash maps, access tracking and statistics without locks",
    .parameters = parameters,
    .rounds = 9,
    .quick_rounds = 6,
    .run = indexing_run,
    .judge = indexing_judge,
    .figure = indexing_figure,
};
