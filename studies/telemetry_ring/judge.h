/* judge.h: what the two halves of the judge share: judge.c (figures), judge_bugs.c (correctness). */
#ifndef TELEMETRY_JUDGE_H
#define TELEMETRY_JUDGE_H

#include <math.h>

#include "studies/telemetry_ring/cells.h"

void telemetry_judge_bugs(struct study_judge *j);

/* A sum over samples; 0 where there are none. */
static inline double total(const struct study_judge *j, const char *experiment, const char *variant,
                           const char *setting, const char *metric)
{
    const double sum = study_sum(j, experiment, variant, setting, metric);
    return isnan(sum) ? 0 : sum;
}

/* Samples that have numbers. */
static inline unsigned good(const struct study_judge *j, const char *experiment,
                            const char *variant, const char *setting)
{
    unsigned errors = 0;
    const unsigned all = study_count(j, experiment, variant, setting, &errors);
    return all - errors;
}

#endif
