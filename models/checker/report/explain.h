/* explain.h: chains of hand-overs between threads, and where they break. */
#ifndef MODELS_CHECKER_EXPLAIN_H
#define MODELS_CHECKER_EXPLAIN_H

#include "models/checker/report/story.h"

enum { CHAIN_MAX = 12, STALE_MAX = 4 };

/* A write that another thread reads (or a birth, an end and a join). */
struct link {
    uint16_t write, read;
    bool released, acquired; /* both: it synchronizes */
};

/* The links of a chain from after (from, from_po) to (to, to_po) with the fewest changes of
 * thread; 0: there is none. */
unsigned chain_find(const struct graph *g, unsigned from, unsigned from_po, unsigned to,
                    unsigned to_po, struct link *link);

/* Two places that should be ordered. False: the fault is not about that. */
struct pair {
    unsigned from, to, from_po, to_po, links;
    bool ordered; /* they are, and it is wrong all the same */
    struct link link[CHAIN_MAX];
};
bool explain_unordered(const struct story *s, struct pair *p);

/* A read that does not see a write told before it. */
struct stale {
    uint16_t read, hidden;
    unsigned links; /* from the hidden write to the read */
    struct link link[CHAIN_MAX];
};
unsigned explain_stale(const struct story *s, struct stale *stale, unsigned max);

/* The read at which a thread stopped for ever, or NULL. */
const struct event *explain_blocked(const struct story *s, unsigned thread);

/* The wake-ups that a thread asleep for ever might have got. */
struct lost_wake {
    const struct event *read;    /* where it sleeps */
    const struct item *sleep;    /* it went to sleep; NULL: not told */
    const struct item *before;   /* the last wake-up before that, if it found nobody asleep */
    const struct item *after[3]; /* wake-ups since then, the last ones: others got them */
    const struct item *nobody;   /* the last one of all, if it found nobody asleep */
    unsigned wakes, afters;      /* wakes: all of them */
};
bool explain_lost_wake(const struct story *s, unsigned thread, struct lost_wake *l);

#endif
