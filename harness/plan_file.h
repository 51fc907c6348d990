/* plan_file.h: plan.json, what a run was asked to do, so that it can be resumed and repeated. */
#ifndef HARNESS_PLAN_FILE_H
#define HARNESS_PLAN_FILE_H

#include "harness/plan.h"

struct plan_file {
    char name[16], only[256], class_name[16], queue[256], workload[256], pin[16], command[512];
    uint64_t seed;
    double budget_s, sample_ms;
    unsigned rounds, keep_below;
    size_t cells, dropped;
    bool peers;
};

/* The file appears whole or not at all (whole_file.h). 0 or an errno. */
int plan_file_write(const char *path, const struct plan *p, const struct plan_options *o,
                    const char *command);

/* 0, or an errno with a sentence; ENOTSUP: built without jansson. */
int plan_file_read(const char *path, struct plan_file *f, char *message, size_t size);

/* The options that make the same plan again; they point into *f. */
void plan_file_options(const struct plan_file *f, struct plan_options *o);

#endif
