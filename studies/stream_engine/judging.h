/* judging.h: what the parts of the judge share: judge.c (each step), judge_whole.c (all of them, the
 * targets), judge_bugs.c (correctness). */
#ifndef STUDIES_STREAM_ENGINE_JUDGING_H
#define STUDIES_STREAM_ENGINE_JUDGING_H

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "studies/stream_engine/cells.h"

/* A sentence that is put together. */
struct text {
    char text[1600];
    size_t n;
};
static inline void say(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static inline void say(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(t->text + t->n, sizeof t->text - t->n, format, args);
    va_end(args);
    if (n > 0)
        t->n += (size_t)n < sizeof t->text - t->n ? (size_t)n : sizeof t->text - t->n - 1;
}

/* A sum over samples; 0 where there are none. */
static inline double total(const struct study_judge *j, const char *experiment, const char *variant,
                           const char *setting, const char *metric)
{
    const double sum = study_sum(j, experiment, variant, setting, metric);
    return isnan(sum) ? 0 : sum;
}

/* The setting of a flow (flows.c); the shape of groups is whatever a given file has, if there was one.
 * NULL: there is none. */
static inline const char *flow_setting(const struct study_judge *j, const char *experiment,
                                       const char *scenario, unsigned threads, const char *shape,
                                       unsigned work_ns)
{
    char drawn[STUDY_SETTING], given[STUDY_SETTING];
    snprintf(drawn, sizeof drawn, "%s, %u threads, %s, %u ns", scenario, threads, shape, work_ns);
    snprintf(given, sizeof given, "%s, %u threads, groups as given, %u ns", scenario, threads,
             work_ns);
    for (size_t i = 0; study_setting(j, experiment, i); i++) {
        const char *const s = study_setting(j, experiment, i);
        if (strcmp(s, drawn) == 0 || strcmp(s, given) == 0)
            return s;
    }
    return NULL;
}

static const char *const group_by = "group by", *const k_groups = "1 K groups";
static inline const char *steps(const struct study_judge *j, unsigned threads)
{
    return flow_setting(j, "steps", group_by, threads, k_groups, 0);
}

/* One part of a claim of at least so much. */
void part_least(struct study_parts *p, struct interval v, double least, const char *unit,
                const char *format, ...) __attribute__((format(printf, 5, 6)));
/* How many times `a` is `b` in this setting; what was not measured is an open part. `alone`: one worker
 * does it, who waits for nobody but the source; where other work on the machine blurs that, the
 * processor's time for a record decides. Several workers sleep behind locks and queues, so that the
 * processor's time says nothing of their throughput. */
void part_ratio(struct study_parts *p, const struct study_judge *j, const char *experiment,
                const char *setting, const char *metric, const char *a, const char *b, double least,
                bool alone, const char *words);
void parts_verdict(struct study_judge *j, const char *claim, const struct study_parts *p,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Who had the lock: said in each verdict that rests on it. */
#define STAND_IN "a fair lock of threads stands for the document's asynchronous one"

#endif
