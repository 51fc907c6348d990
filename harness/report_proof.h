/* report_proof.h: what the model checker's committed tables say, for the report. Internal to
 * harness/report*.c.
 *
 *   models/expected.tsv, progress.tsv, necessity.tsv, mutants/kills.tsv, litmus/counts.tsv,
 *   models/golden/NAME.txt ─► sections of the report, and models/TABLES.md with every row
 *   studies/claims.tsv ─► a section
 *
 * `models` and `studies` are the directories of these names beside the report. A table that is not there is no error:
 * the section says which command makes it. */
#ifndef HARNESS_REPORT_PROOF_H
#define HARNESS_REPORT_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/table.h"

enum { PROOF_EXPECTED, PROOF_PROGRESS, PROOF_NECESSITY, PROOF_KILLS, PROOF_COUNTS, PROOF_TABLES };
enum { COUNTEREXAMPLES = 2 };

struct proof {
    char models[4096]; /* the directory */
    struct table table[PROOF_TABLES];
    struct table claims; /* studies/claims.tsv, the ledger of the studies */
    char *mutants;       /* models/mutants/queues.tsv, as it is; NULL: not there */
    size_t n_golden;     /* how many there are, and the ones that are shown */
    struct counterexample {
        char *name, *text;
    } golden[COUNTEREXAMPLES];
};

/* 0, or an errno and a message: a table that cannot be read, or is none. */
int proof_read(struct proof *p, const char *report_path, char *message, size_t message_size);
void proof_free(struct proof *p);

/* False, and one line that names the command that makes it: the table is not there. */
bool proof_has(FILE *f, const struct proof *p, unsigned table);

/* ---- words --------------------------------------------------------------------------------- */

bool verdict_ok(const char *verdict);
bool verdict_unfinished(const char *verdict); /* or a loop that has no bound: nothing is known */

void put_list_head(FILE *f, const char *const *titles, size_t n); /* of words; all to the left */

void put_count(FILE *f, uint64_t n);        /* 13,355,784 */
void put_words(FILE *f, const char *text);  /* in a cell: data_race is "data race" */
void put_source(FILE *f, const char *text); /* in a cell, as code; nothing for nothing */
void put_place(FILE *f, const struct table *t, size_t row); /* `queues/wait.h:81` */

/* ---- models/TABLES.md ---------------------------------------------------------------------- */

/* The whole file; to be freed. *text is NULL when no table is there. 0 or ENOMEM. */
int proof_tables(const struct proof *p, char **text, size_t *size);

#endif
