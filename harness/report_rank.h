/* report_rank.h: the queues of a class in one cell, the best first. Internal to harness/report*.c
 * and bench.c.
 *
 * Each is compared, pair by pair within one round and one state of the machine, with the cell's base:
 * the best queue of others that competes there; where none was measured, the best member. A queue of
 * which a sample failed has no rank and cannot be the base. */
#ifndef HARNESS_REPORT_RANK_H
#define HARNESS_REPORT_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/class.h"
#include "harness/report_book.h"

enum { RANKED_MOST = 128 };

struct contender {
    const struct series *q;
    enum standing standing;
    struct interval
        r; /* times the base's throughput; 1 for the base; n is 0 where nothing is known */
    struct interval absolute; /* M items/s in the setting's state */
};

struct ranking {
    const struct setting *setting;
    const struct series *base; /* NULL: nobody has a number */
    size_t n;
    struct contender c[RANKED_MOST]; /* members first, then guests; best first; failed ones last */
};

/* False, and nobody in it: the class is not ranked in this setting, or no member was measured. */
bool ranking_make(struct ranking *r, const struct setting *s, enum q_class c);

/* NULL: this queue is not in it. */
const struct contender *ranking_find(const struct ranking *r, const char *queue);

/* The best of ours, or of theirs, that has a number and is a member (or any standing). */
const struct contender *ranking_best(const struct ranking *r, bool peer, enum standing least);

/* The best of ours: a member, or in the classes of few threads whoever may compete. */
const struct contender *ranking_ours(const struct ranking *r, enum q_class c);

/* "mpmc 4:4 †", "spsc 1:1, batch 32". */
void ranking_title(const struct ranking *r, unsigned cpus, char *text, size_t size);

/* All cells of all classes (or of one) as plain text. How many cells. */
size_t ranking_print(FILE *f, const struct book *b, enum q_class only);

/* report_ranking.c: a line for each class in which queues of others were measured. */
void put_ranking_verdict(FILE *f, const struct book *b);
/* Where there are too many for one figure: the reference; of each class the best two of ours and the
 * best of others. */
size_t ranking_heads(const struct book *b, const char **names, size_t most);
void ranking_data(FILE *f, const struct book *b, enum q_class c); /* rank_CLASS.tsv */

#endif
