/* check_cell.h: one queue in one scenario: one process of the model checker, and what it said.
 * Internal to harness/check*.c. */
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
    char *answer;   /* all that it wrote, until check_forget */
    int exit;       /* the checker's exit status */
    pid_t pid;
    FILE *out, *err;
    char known[64]; /* --weaken: a file of what need not be tried, or "" */
    bool started, done;
};

struct check_cells {
    const struct check_options *o;
    char build[PATH_ROOM]; /* the directory of this program */
    struct check_cell *cell;
    size_t n;
};

/* ---- which (check_cell.c) -------------------------------------------------------------------- */

/* Finds the checker, and the cells that --queue and --scenario name. 0, or an exit status: it was
 * said why. */
int check_plan(struct check_cells *c, const struct check_options *o);
void check_keep(struct check_cells *c, bool (*wanted)(const struct check_cell *cell, void *arg),
                void *arg);
void check_forget(struct check_cells *c);

/* The committed rows; a missing file is an empty table if `may_begin`. Said why if not 0. */
int check_expected(struct check_table *t, const struct check_options *o, bool may_begin);

/* The model checker, beside this program or in the directory of models/: PATH_ROOM characters.
 * False: there is none, and that was said. */
bool check_find(const char *build, char *path);

/* Path in the build tree, PATH_ROOM characters: of a queue's scenarios. */
void check_subject(const char *build, const struct q_driver *d, char *path);

/* As a person would type it here: short, and runnable. */
const char *check_from_here(const char *path, char *text);

/* ---- running them (check_run.c) -------------------------------------------------------------- */

/* Runs all, `jobs` at a time; each() is told of every one, in their order. 0 or EXIT_DIFFERS. */
int check_run(struct check_cells *c, void (*each)(struct check_cell *cell, void *arg), void *arg);

/* ---- what the checker said (check_answer.c) -------------------------------------------------- */

/* A queue of which the table has nothing yet: that is no difference. How to make a beginning is
 * said on stderr, after all that is on stdout; `mode` is "" or "--weaken ", "--progress ". */
void check_say_new(const char *queue, const char *mode, const char *table);

/* What to do about a queue's differences from the table, once for all of them. `more`: further
 * options of the command. */
void check_say_update(const char *queue, const char *mode, const char *more, const char *table);

void check_collect(struct check_cell *cell, int status, const struct check_options *o);

/* What follows "key": in the checker's JSON, or NULL; its text, as far as there is room; its
 * number, 0 without one. */
const char *check_value(const char *json, const char *key);
void check_text(const char *json, const char *key, char *text, size_t size);
uint64_t check_number(const char *json, const char *key);

/* The objects of its list, a line each: *json moves on; false: there is no more. */
bool check_next_line(const char **json, char *line, size_t size);

/* ---- the modes (check_weaken.c, check_progress.c) --------------------------------------------- */

int check_weaken(const struct check_options *o);
int check_progress(const struct check_options *o);

#endif
