/* plan.h: which cells are measured, how often and in which order, for a budget of time.
 *
 * A plan is a list of cells and a number of rounds. Every round takes one sample of every cell:
 * cells that are compared with each other (same workload, threads, batch, ... : a group) stand
 * next to each other in random order, the groups in random order too, all drawn from one seed, so
 * that a plan with the same seed takes the same samples in the same order, also when resumed. */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/workload.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLAN_ROUNDS_LEAST = 7, PLAN_ROUNDS_QUICK = 25, PLAN_ROUNDS_FULL = 61 }; /* least, most */

struct plan_options {
    const char *name; /* quick or full */
    const char *only, *queue,
        *workload;          /* regular expressions or NULL: cell name, queue, workload */
    const char *class_name; /* only the cells of this class, or NULL; its peers take part */
    bool peers;             /* queues of others too */
    const char *pin;
    uint64_t seed;
    double budget_s;     /* for measuring; 0: the plan's own (quick 150 s, full 1200 s) */
    unsigned rounds;     /* 0: as the budget allows */
    double sample_ms;    /* 0: as the budget allows */
    unsigned keep_below; /* only cells of a priority below this; 0: all that fit */
};

struct plan {
    struct cell *cells;
    size_t *group; /* group[i]: number of the group of cells[i] */
    size_t n, groups;
    unsigned rounds;
    double sample_ms, round_s, budget_s;
    uint64_t seed;
    unsigned keep_below; /* cells of this priority and above were left out; 0: none */
    size_t dropped;      /* cells left out because the budget is too short, least important first */
    size_t forbidden;    /* cells that the queues' traits rule out */
    char name[16];
};

/* 0, or EINVAL with a sentence (bad regular expression, no such plan, nothing left), or ENOMEM. */
int plan_make(struct plan *p, const struct plan_options *o, char *message, size_t size);
void plan_free(struct plan *p);

/* The order of one round: fills order[0..n) with indices into cells. */
void plan_order(const struct plan *p, unsigned round, size_t *order);

/* Whether this cell is sampled in this round (cell.every). */
bool plan_due(const struct plan *p, size_t cell, unsigned round);

/* "20m", "90s", "1h", "300": seconds; negative when it is none of these. */
double plan_parse_duration(const char *text);

#ifdef __cplusplus
}
#endif

#endif
