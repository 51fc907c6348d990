/* report_table.h: the steps as text: a column for each thread, time downwards. */
#ifndef MODELS_CHECKER_REPORT_TABLE_H
#define MODELS_CHECKER_REPORT_TABLE_H

#include "models/checker/report/story.h"

enum { TABLE_WIDTH = 100 };

struct paint { /* escape sequences, or "" */
    const char *bad, *head, *dim, *end;
};

void table_print(FILE *to, const struct story *s, const struct paint *paint);

/* How much of the text fits into `width`, cut behind a space or a comma. */
size_t table_fitting(const char *text, size_t width);

/* The text in lines of at most `width`, cut between words; what the lines begin with. */
void table_wrap(FILE *to, const char *first, const char *rest, const char *text, unsigned width);

#endif
