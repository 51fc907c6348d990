/* check.h: every queue in every scenario its traits allow, by the model checker, against the
 * verdicts and numbers of executions that are committed in models/expected.tsv; and what follows
 * from many explorations of each: which orders are needed (models/necessity.tsv), whether a stopped
 * thread stops the others (models/progress.tsv). */
#ifndef HARNESS_CHECK_H
#define HARNESS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum check_mode { CHECK_SCENARIOS, CHECK_WEAKEN, CHECK_PROGRESS };

struct check_options {
    enum check_mode mode;
    const char *queue, *scenario; /* regular expressions that match whole names; NULL: all */
    const char *model;            /* "rc11", "sc" or "tso" */
    const char *expected;         /* the committed table of scenarios */
    const char *table;            /* ... of the mode, if it is another one */
    unsigned jobs;                /* explorations at a time */
    double max_seconds;           /* for each; 0: no limit */
    bool json, update;            /* update: write what was found into the table */
    bool all;                     /* also what is known to be too large to finish */
    uint64_t most;                /* else: what has at most so many executions; 0: any number. Of
                                     --weaken and --progress each exploration ends there, too */
};

/* Exit status: 0 everything as committed (or nothing of a queue, which is said), 1 something differs
 * or is violated, 2 bad request, 3 an exploration ran out of its budget, 4 one met a call that cannot
 * be modelled. */
int check(const struct check_options *o);

/* ---- the committed table (check_expected.c) -------------------------------------------------- */

struct check_row {
    char queue[64], scenario[64], model[8];
    char verdict[32]; /* "ok", "unfinished", or the name of a fault */
    uint64_t complete, blocked;
    uint64_t estimate; /* unfinished: executions in all, about; else 0 */
};
struct check_table {
    size_t n, room;
    struct check_row *row;
};

bool check_unfinished(const struct check_row *row);

/* 0 or an errno; *line is the one that cannot be read (EBADMSG). A missing file is ENOENT. */
int check_table_read(struct check_table *t, const char *path, unsigned *line);
int check_table_write(const struct check_table *t, const char *path); /* at once, or not at all */
const struct check_row *check_table_find(const struct check_table *t, const char *queue,
                                         const char *scenario, const char *model);
/* Replaces the row of the same queue, scenario and model, or adds it. 0 or ENOMEM. */
int check_table_set(struct check_table *t, const struct check_row *row);
void check_table_release(struct check_table *t);

#endif
