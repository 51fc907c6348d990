/* indexing.h: the experiments of this study; each in a file of its own. Internal to indexing/. */
#ifndef STUDIES_INDEXING_INDEXING_H
#define STUDIES_INDEXING_INDEXING_H

#include "studies/indexing/keys.h"
#include "studies/maps/driver.h"
#include "studies/study.h"

enum { THREADS_MOST = 64, CELLS_MOST = 2048 };

/* What all threads of a mix do; made once, before the first sample. */
struct work {
    uint64_t *op[THREADS_MOST];
    size_t n;
};

/* Cells as they are put together, and what is done in them. */
struct plan {
    struct study_cell cell[CELLS_MOST];
    size_t n;
    struct work work[16];
    unsigned works;
};
struct study_cell *plan_add(struct plan *p, const char *experiment, const char *variant,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

/* n threads at once: `body` is called with the index of each. Between the start, in which all are
 * there, and the end; seconds. A negative number: a thread could not be started. */
double together(unsigned n, void (*body)(void *context, unsigned i), void *context);

/* Each fills in its cells (throughput.c, counters.c, ...); 0, or ENOMEM. */
int plan_throughput(struct plan *p, const struct study_run *run);
int plan_growth(struct plan *p, const struct study_run *run);
void plan_counters(struct plan *p, const struct study_run *run);
void plan_tracker(struct plan *p, const struct study_run *run);
void plan_stalled(struct plan *p, const struct study_run *run);
void plan_histories(struct plan *p, const struct study_run *run);
void plan_checker(struct plan *p, const struct study_run *run);

/* judge.c, figure.c */
void indexing_judge(struct study_judge *j);
void indexing_figure(const struct study_judge *j, FILE *table);

#endif
