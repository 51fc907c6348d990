/* ledger.h: studies/claims.tsv: every claim of the documents, and its verdict.
 *
 *   id  source  claim  figure  conditions  command     written by people, in our words
 *   verdict  measured  evidence                        written by judges (study.h), never by hand
 *
 * A claim that no judge has seen yet has "-" in the last three. Ids: S1-C3 a claim of document 001,
 * S1-B2 a promise that its code breaks; WAL-T1, a T, is a target that this project set itself for the
 * system, and is counted apart. */
#ifndef STUDIES_LEDGER_H
#define STUDIES_LEDGER_H

#include "studies/study_file.h"

/* Puts what was found into the file's last three columns, whole or not at all. Each verdict that is
 * not what it was is said on `say` (NULL: nowhere), and counted in *flips. 0, or an errno and a
 * message: ENOKEY, a judged claim is not in the ledger, or one of this source was not judged. */
int ledger_update(const char *path, const struct study_judge *j, FILE *say, unsigned *flips,
                  char *message, size_t size);

/* Two lines for each finding: what is claimed, in the words of this ledger, and its verdict with the
 * figures. A ledger that cannot be read leaves the words out. */
void ledger_say(const char *path, const struct study_judge *j, FILE *to);

/* The same as ledger_update without writing: EILSEQ, and a message, when the file says something else. */
int ledger_check(const char *path, const struct study_judge *j, char *message, size_t size);

#endif
