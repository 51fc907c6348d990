/* report_page.h: one class on the ranking page. Internal to report_ranking.c and report_beside.c. */
#ifndef HARNESS_REPORT_PAGE_H
#define HARNESS_REPORT_PAGE_H

#include "harness/report_rank.h"

enum { CELLS_MOST = 16, GUESTS_SHOWN = 6 };

/* One class: its cells, and its queues in the order of the tables. */
struct page {
    const struct book *b;
    enum q_class class;
    size_t n, queues, left_out; /* guests that are behind those that are shown */
    struct ranking *cell[CELLS_MOST];
    struct place {
        const struct record *key;
        enum standing standing;
        double sum; /* of the logarithms of its ratios */
        unsigned cells;
    } queue[RANKED_MOST];
};

void page_put_name(FILE *f, const struct place *q); /* the first column of a table */
void page_put_beside(FILE *f,
                     const struct page *p); /* what a queue costs or promises beside time */

#endif
