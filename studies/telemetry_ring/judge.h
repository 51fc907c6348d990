/* judge.h: what the parts of the judge share: judge.c (the targets), judge_parts.c (what is to make the
 * ring faster, what it may become), judge_bugs.c (correctness). */
#ifndef TELEMETRY_JUDGE_H
#define TELEMETRY_JUDGE_H

#include <math.h>

#include "studies/telemetry_ring/cells.h"

void telemetry_judge_parts(struct study_judge *j);
void telemetry_judge_bugs(struct study_judge *j);

static inline struct interval figure(const struct study_judge *j, const char *experiment,
                                     const char *variant, const char *setting, const char *metric)
{
    return study_median(j, experiment, variant, setting, metric);
}

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
