/* report_words.h: words that the text and the picture of a counterexample share. */
#ifndef MODELS_CHECKER_REPORT_WORDS_H
#define MODELS_CHECKER_REPORT_WORDS_H

#include "models/checker/report/story.h"

/* "DATA RACE" */
void report_title(enum fault_kind kind, char *text, size_t size);

/* "Why RC11 allows it", or "Why" where no memory order is to blame. */
void report_why_heading(const struct story *s, enum fault_kind kind,
                        const struct report_about *about, char *text, size_t size);

/* Was each of the repairs tried, and none works? */
bool report_no_repair(const struct report_about *about);

/* "mp.c:15  relaxed -> release  repairs it (3 executions)" */
void report_repair_line(const struct repair *r, char *text, size_t size);

/* What is said when no single order repairs it; empty when nothing is known. The orders that do it
 * together follow, a line each (report_repair_line). */
void report_together(const struct report_about *about, char *text, size_t size);

#endif
