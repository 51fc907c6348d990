/* workload.h: what is done with a queue, and one cell of the experiment: a queue doing it.
 *
 * Workloads: shape of the traffic. Cells: workload x queue x threads x batch x payload x capacity
 * x rate x way of calling x mode. A cell is what one sample measures and what a record names. */
#ifndef HARNESS_WORKLOAD_H
#define HARNESS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/driver.h"
#include "harness/limits.h"
#include "harness/record.h"

#ifdef __cplusplus
extern "C" {
#endif

enum shape {
    SHAPE_PAIRS, /* every thread pushes one and pops one, n times */
    SHAPE_FLOW,  /* producers push, the last one closes, consumers pop until closed */
    SHAPE_WAIT,  /* the same, by operations that wait (waiting.h) */
    SHAPE_FILL,  /* one thread fills to the capacity, then drains */
    SHAPE_PING,  /* one item to and fro between two threads through two queues */
    SHAPE_PACED, /* a flow whose items have intended times */
    SHAPE_SWEEP, /* pairs, or with consumers a flow, with one parameter in many settings (sweep.h) */
    SHAPE_STALL,  /* pairs, and one of the threads stops now and then (stall.h) */
    SHAPE_HELD,   /* pairs, and one of the threads stands still inside a pop (held.h) */
    SHAPE_RANK,   /* pairs, every operation stamped (rank_error.h) */
    SHAPE_CENSUS, /* one thread, instruction by instruction (census.h) */
    SHAPE_OVER,   /* the same, to a consumer that takes half of what is offered */
};

struct workload {
    const char *name;
    const char *what; /* one line for people */
    enum shape shape;
    bool latency;   /* makes sense only as a latency measurement */
    unsigned burst; /* paced, over: items that share one intended time */
};

extern const struct workload workloads[];
extern const size_t workload_count;
const struct workload *workload_find(const char *name); /* NULL: none */

struct cell {
    const struct q_driver *driver; /* NULL: a physical limit */
    const struct limit *limit;
    const struct workload *workload;
    unsigned producers, consumers; /* pairs, fill: all threads, 0 */
    unsigned batch;
    uint64_t capacity;
    double rate;                /* paced, over: items offered per second, all producers together */
    enum q_when_full when_full; /* over: the queue's policy; else Q_REFUSE */
    unsigned backoff_max;       /* workload backoff; the others have this build's Q_BACKOFF_MAX */
    uint64_t segment;           /* cells of a segment; 0: the queue's own choice */
    bool latency;               /* time single operations; else throughput */
    const char *pin;            /* topology.h: spread, compact, none */
    unsigned priority;          /* 0 is dropped last when the budget is short */
    unsigned every; /* a sample in every so many rounds: latency in one of three, for its figures
                          come from histograms merged over the rounds */

    double ns_per_item; /* last seen, 0 unknown: sizes the next sample */
};

/* NULL when this queue's traits allow the cell, else the reason why not. */
const char *cell_forbidden(const struct cell *c);

/* What its threads do. */
static inline enum shape cell_shape(const struct cell *c)
{
    const enum shape shape = c->workload->shape;
    return shape != SHAPE_SWEEP ? shape : c->consumers ? SHAPE_FLOW : SHAPE_PAIRS;
}

/* Pauses at most after a lost compare-and-swap. */
unsigned cell_backoff(const struct cell *c);

/* Whether its items have intended times. */
static inline bool cell_paced(const struct cell *c)
{
    return c->workload->shape == SHAPE_PACED || c->workload->shape == SHAPE_OVER;
}

/* Whether it lasts as long as it is told to, whatever its speed. */
static inline bool cell_timed(const struct cell *c)
{
    const enum shape shape = c->workload->shape;
    return cell_paced(c) || shape == SHAPE_STALL || shape == SHAPE_HELD || shape == SHAPE_CENSUS;
}

/* "refuse", "drop oldest", ... and "blocking", "lock-free", ... */
extern const char *const policy_names[Q_SPILL + 1];
extern const char *const progress_names[Q_WAIT_FREE + 1];

/* Fills in which cell a record is of. */
void cell_describe(const struct cell *c, struct record *r);

#ifdef __cplusplus
}
#endif

#endif
