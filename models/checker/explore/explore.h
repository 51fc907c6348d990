/* explore.h: every execution graph of a program, each exactly once.
 *
 * TruSt (Kokologiannakis, Marmanis, Gladstein, Vafeiadis: "Truly Stateless, Optimal Dynamic
 * Partial Order Reduction", POPL 2022): a read is added once for every write it may read from; a
 * write is added once for every place in its location's coherence order, and once more for every
 * read that was added before it and may read from it, provided that what must be undone for that
 * was added in the one way that makes this the only path to the resulting graph. */
#ifndef MODELS_CHECKER_EXPLORE_H
#define MODELS_CHECKER_EXPLORE_H

#include "models/checker/explore/fault.h"
#include "models/checker/explore/graph.h"
#include "models/checker/history/history.h"

enum model { MODEL_RC11, MODEL_SC, MODEL_TSO };

struct explore_result;

/* The atomic operation at this site has at least this order. */
struct stronger {
    uint32_t site;
    enum order to;
};

struct explore_options {
    enum model model;
    bool light_is_none; /* SC and TSO: light fences are none; else they are full ones */
    bool pldi17;        /* psc and release sequences as in the PLDI 2017 paper */
    enum { POLICY_LTR, POLICY_RTL } policy; /* which thread adds events first */
    bool no_cuts;            /* do not cut idle loop iterations (for comparison in tests) */
    unsigned spurious;       /* how many weak compare-and-swaps may fail for no reason: 1 */
    unsigned timeouts;       /* how many waits may time out early: 2 */
    uint64_t max_executions; /* 0: no limit; complete and blocked together */
    double max_seconds;      /* 0: no limit */
    unsigned random;         /* sample this many executions instead */
    unsigned preemptions;    /* random: at most this many preemptions in each; 0: any number */
    uint64_t seed;
    int freeze_thread;      /* -1: none */
    unsigned freeze_after;  /* ... after this many of its events */
    unsigned shard, shards; /* this one of that many parts; shards 0 or 1: everything */
    unsigned jobs;          /* processes to work on it; 0 or 1: this one */
    bool strict_leaks, no_leaks;
    bool keep_going;         /* count all executions although one failed */
    const struct spec *spec; /* of the history: NULL: none is checked */
    uint32_t weaken_site;    /* the atomic operation at this site has order `weaken_to`; 0: none */
    enum order weaken_to, weaken_bad;
    const struct stronger *stronger; /* after that */
    unsigned n_stronger;
    bool progress;                                         /* show how far it is on stderr */
    void (*on_complete)(const struct graph *g, void *arg); /* each complete execution, or NULL */
    bool blocked_too; /* on_complete: also those in which a thread waits, or spins and was cut */
    /* Each failed execution, in *r; instead of keeping the first one. Or NULL. */
    void (*on_fault)(const struct graph *g, struct explore_result *r, void *arg);
    void *arg;
};

struct explore_result {
    uint64_t complete, blocked; /* executions: all threads ended; some wait for ever here */
    uint64_t moot;              /* given up: no consistent continuation, assumptions not met */
    double explored;            /* share of the tree that is done, 0 .. 1, by equal shares */
    double seconds, estimate;   /* executions expected in all when it was stopped early */
    bool finished;              /* nothing is left to explore */
    unsigned events_max, threads_max, stack_max;
    struct fault fault;         /* the first one found; FAULT_NONE */
    struct saved_graph *failed; /* the graph it was found in: explore_again */
    struct history history;     /* ... and its operations */
};

/* Explores the program whose main thread runs program(argument). Subject memory must have been
 * registered (shadow_region) and heap_init called. */
void explore(const struct explore_options *o, void (*program)(void *), void *argument,
             struct explore_result *result);

/* The same exploration for the checker's own ends: silent, of the whole, up to the first fault. */
struct explore_options explore_in_silence(const struct explore_options *o);

/* Puts a smaller execution with the same kind of fault in the place of the failed one, if a search of
 * bounded length finds one: fewer threads, operations, steps or changes of thread. */
void explore_smaller(const struct explore_options *o, void (*program)(void *), void *argument,
                     struct explore_result *result);

/* Runs the failing execution once more with tracing on (trace.h) and leaves its graph in *g. */
void explore_again(const struct explore_options *o, void (*program)(void *), void *argument,
                   struct explore_result *result, struct graph *g);

/* Every atomic operation that was executed, for --weaken and Edges. */
struct site_use {
    uint32_t site;
    uint8_t kind; /* EV_READ (also of a read-modify-write), EV_WRITE, EV_FENCE */
    bool rmw;
    uint8_t order, order_bad; /* as written in the program; order_bad: of a compare-and-swap */
    uint64_t times;
};
size_t explore_sites(struct site_use *uses, size_t max); /* sorted by site */

/* Which release was read by which acquire (also through fences): pairs of sites that synchronized,
 * when on_complete was sites_edges (sites.h) and jobs 1. */
struct site_edge {
    uint32_t from, to;
};
size_t explore_edges(struct site_edge *edges, size_t max);

#endif
