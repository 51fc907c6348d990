/* cells.h: what the study measures, in three files: flows.c (events through a carrier, flow.h),
 * parts.c (one part alone: memory, validation, prefetch, the document's own property test), disk.c
 * (logs, files, kill -9) and proof.c (the model checker). */
#ifndef TELEMETRY_CELLS_H
#define TELEMETRY_CELLS_H

#include "studies/study.h"
#include "studies/telemetry_ring/event.h"

/* What every sample starts from: made once, before the first one; samples inherit it. */
struct telemetry_input {
    struct event event[16384]; /* parsed from the log; n_events is a power of two */
    size_t n_events;
    char *text; /* the log itself */
    size_t text_bytes;
    char name[64];
};
extern struct telemetry_input telemetry_input;

/* 0, or 2 and a line on stderr. */
int telemetry_load(const struct study_run *run);

/* Each appends its cells to cell[0..*n), of which there is room for CELLS_MOST. */
enum { CELLS_MOST = 160 };
void add_flows(const struct study_run *run, struct study_cell *cell, size_t *n);
void add_parts(const struct study_run *run, struct study_cell *cell, size_t *n);
void add_disk(const struct study_run *run, struct study_cell *cell, size_t *n);
void add_proof(const struct study_run *run, struct study_cell *cell, size_t *n);

/* A file of this sample's own in the study's directory. */
void telemetry_path(char *path, size_t size, const struct study_run *run, const char *suffix);

void telemetry_judge(struct study_judge *j);
void telemetry_figure(const struct study_judge *j, FILE *table);

#endif
