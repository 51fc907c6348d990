/* bench.h: carries out a plan: samples in order, records on disk as they come, progress, summary. */
#ifndef HARNESS_BENCH_H
#define HARNESS_BENCH_H

#include <stdbool.h>

#include "harness/plan.h"

struct bench_options {
    struct plan_options plan;
    const char *out;     /* directory for env.json, plan.json, runs.jsonl; NULL: none */
    const char *json;    /* also, or only, append records to this file; "-": standard output */
    const char *command; /* as typed, for plan.json */
    bool resume;         /* `out` holds a killed run of the same plan: take what is missing */
    bool dry_run;        /* print the plan, measure nothing */
    bool quiet;          /* no summary table */
    bool compare;        /* at the end, who is best in each cell of each class */
};

/* Exit status: 0 measured, 1 some samples failed (they are in the records, named), 2 bad request,
 * 3 could not be carried out (disk full, no memory): what was measured before is kept, 130 interrupted. */
int bench(const struct bench_options *o);

#endif
