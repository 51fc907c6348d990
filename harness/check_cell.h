/* check_cell.h: one queue in one scenario: one process of the model checker, and what it said. */
#ifndef HARNESS_CHECK_CELL_H
#define HARNESS_CHECK_CELL_H

#include <stdio.h>
#include <sys/types.h>

#include "harness/check.h"
#include "harness/driver.h"
#include "models/scenarios/table.h"

enum { PATH_ROOM = 4096, EXIT_DIFFERS = 1, EXIT_USAGE = 2, EXIT_BUDGET = 3, EXIT_UNSUPPORTED = 4 };

struct check_cell {
    const struct q_driver *driver;
    const struct scenario *scenario;
    struct check_row found;
    double seconds;
    enum { AS_COMMITTED, DIFFERS, NOT_COMMITTED, NO_VERDICT } compared;
    char said[256]; /* why there is no "ok": the checker's own first line */
    int exit;       /* the checker's exit status */
    pid_t pid;
    FILE *out, *err;
    bool done;
};

/* Paths in the build tree, PATH_ROOM characters: of the checker, and of a queue's scenarios. */
void check_checker(const char *build, char *path);
void check_subject(const char *build, const struct q_driver *d, char *path);

/* Starts the checker: 0 or an errno. Then waitpid(cell->pid) gives the status to collect with. */
int check_start(struct check_cell *cell, const char *build, const struct check_options *o);
void check_collect(struct check_cell *cell, int status, const char *model);

#endif
