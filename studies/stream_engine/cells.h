/* cells.h: what the study measures: flows.c (the engine in all its ways), parts.c (one part alone),
 * bugs.c and bugs_guards.c (what goes wrong). Internal to stream_engine/. */
#ifndef STUDIES_STREAM_ENGINE_CELLS_H
#define STUDIES_STREAM_ENGINE_CELLS_H

#include "studies/stream_engine/engine.h"
#include "studies/study.h"

/* How the error of a sample begins whose results are wrong: the judge tells it from other failures. */
#define WRONG "wrong: "

enum { CELLS_MOST = 512 };

/* The records of --input; n is 0: they are drawn for each sample. */
extern struct stream given_stream;

struct cells {
    struct study_cell cell[CELLS_MOST];
    size_t n;
};
struct study_cell *cell_add(struct cells *c, const char *experiment, const char *variant,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

void stream_engine_flows(struct cells *c, const struct study_run *run);
void stream_engine_parts(struct cells *c, const struct study_run *run);
void stream_engine_bugs(struct cells *c, const struct study_run *run);

/* bugs.c */
enum { AS_PRINTED, IN_TWO, AS_IT_SHOULD_BE };
typedef void measure(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *sample);
struct study_cell *bug_add(struct cells *c, const char *experiment, const char *variant,
                           measure *how, double a, double b, const char *setting);
void stream_engine_guard_bugs(struct cells *c);

/* The records of a sample: drawn, or those given. 0, or it has failed the sample. */
int sample_stream(const struct study_run *run, struct study_sample *sample, size_t groups,
                  double zipf, struct stream *s);

/* judge.c, judge_whole.c, judge_bugs.c, figure.c */
void stream_engine_judge(struct study_judge *j);
void stream_engine_judge_whole(struct study_judge *j);
void stream_engine_judge_bugs(struct study_judge *j);
void stream_engine_figure(const struct study_judge *j, FILE *table);

#endif
