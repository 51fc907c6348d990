/* experiments.h: the experiments of this study, a file each. */
#ifndef STUDIES_WAL_ADMISSION_EXPERIMENTS_H
#define STUDIES_WAL_ADMISSION_EXPERIMENTS_H

#include "studies/wal_admission/systems.h"

struct cells {
    unsigned rounds; /* of most cells; those on which targets rest have all of the run's */
    struct study_cell cell[512];
    size_t n;
};
/* A cell more, to be filled in. */
struct study_cell *cells_add(struct cells *c, const char *experiment, const char *variant,
                             void (*measure)(const struct study_run *, const struct study_cell *,
                                             struct study_sample *));

/* What all logs of this run have in common, in a directory of this sample. */
void setup_make(struct commit_setup *s, const struct study_run *run);
const char *setup_base(const struct study_run *run); /* where those directories are */

void commits_cells(struct cells *c, const struct study_run *run);
void failures_cells(struct cells *c, const struct study_run *run);
void wakeups_cells(struct cells *c, const struct study_run *run);
void streams_cells(struct cells *c, const struct study_run *run); /* sizing.c */
void appends_cells(struct cells *c, const struct study_run *run);

void wal_judge(struct study_judge *j);
void wal_figure(const struct study_judge *j, FILE *table);

#endif
