/* report.h: a failed execution, told to people (text) and to programs (JSON). */
#ifndef MODELS_CHECKER_REPORT_H
#define MODELS_CHECKER_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "models/checker/explore/explore.h"

enum repair_result { REPAIR_UNTRIED, REPAIR_WORKS, REPAIR_FAILS, REPAIR_UNFINISHED };

/* One order, changed. A caller explores again with it and fills in what came of that. */
struct repair {
    uint32_t site;
    uint8_t kind; /* EV_READ, EV_WRITE or EV_FENCE */
    enum order from, to;
    bool two;       /* a compare-and-swap: also of its failure */
    bool ambiguous; /* its line has more than one atomic operation */
    enum order from_bad, to_bad;
    enum repair_result result;
    uint64_t executions; /* explored when it was tried */
};

struct report_about {
    const char *program, *model; /* "mp.c", "RC11" */
    const char *replay;          /* the command that shows this again, or NULL */
    const char *hardware;        /* where it can happen, in words, or NULL */
    const struct repair *repair; /* tried or not */
    size_t repairs;
    /* All orders seq_cst, tried when no single one works: if that does, these are enough. */
    enum repair_result together_result;
    const struct repair *together;
    size_t together_n;
    bool together_smallest; /* none of them can be left out or be weaker */
    uint64_t together_executions;
    bool colour;
};

/* *g: as explore_again left it, its notes (trace.h) and threads too. */
void report_text(FILE *to, const struct explore_result *r, const struct graph *g,
                 const struct report_about *about);

/* One JSON object, without a newline at its end. */
void report_json(FILE *to, const struct explore_result *r, const struct graph *g,
                 const struct report_about *about);

/* A picture of the same, an SVG document. False: no memory. */
bool report_svg(FILE *to, const struct explore_result *r, const struct graph *g,
                const struct report_about *about);

/* The next explore_again goes through its steps in the order of the report, for a debugger. */
void report_take_turns(const struct explore_result *r, const struct graph *g);

/* Single stronger orders that might repair it, those nearest to where the chain breaks first. */
size_t report_repairs(const struct graph *g, const struct explore_result *r, struct repair *out,
                      size_t max);

/* Can it be a question of orders at all? Not if it fails with one thread's step after another's. */
bool report_is_about_orders(const struct graph *g, const struct explore_result *r);

/* explore_sites, with their source lines looked up. */
size_t report_sites(struct site_use *uses, size_t max);

const char *order_name(enum order o); /* "acq_rel" */

#endif
