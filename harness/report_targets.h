/* report_targets.h: how a target is judged, and the targets of the classes. Internal to
 * harness/report*.c. */
#ifndef HARNESS_REPORT_TARGETS_H
#define HARNESS_REPORT_TARGETS_H

#include "harness/report_book.h"

enum outcome { HOLDS, MISSED, UNSURE, ABSENT, OUTCOMES };

/* Whether the whole interval is on the good side. */
enum outcome outcome_at_most(const struct interval *i, double limit);
enum outcome outcome_at_least(const struct interval *i, double limit);

struct target {
    const char *what;
    enum outcome (*judge)(FILE *f, const struct book *b); /* writes the figure */
    bool source;                                          /* of the source of ring_mpsc */
};

/* report_goals.c: what the best queues of each class are meant to reach. */
extern const struct target goals[];
extern const size_t goals_count;

#endif
