/* sweep.h: many explorations of one program, each with one thing changed: which orders are needed,
 * and whether a stopped thread stops the others. */
#ifndef MODELS_CHECKER_SWEEP_H
#define MODELS_CHECKER_SWEEP_H

#include "models/checker/explore/explore.h"

/* One site with a weaker order than it has. */
struct weakening {
    uint32_t site;
    enum event_kind kind;
    bool rmw;                  /* it may also write: a read-modify-write */
    enum order from, from_bad; /* as written; _bad: of a compare-and-swap that fails */
    enum order to, to_bad;
    const struct explore_result *result;
};

/* Explores the program as written (result in *base), then with each site weakened one step at a
 * time: seq_cst, acq_rel, acquire or release, relaxed. each() is told of every one; weaker ones of
 * a site are not tried once one has been shown to be wrong. Nothing is tried if the program is
 * wrong as written. */
void sweep_weaken(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, void (*each)(const struct weakening *w, void *arg),
                  void *arg);

/* One thread stopped for good after some of its steps. */
struct freeze {
    unsigned thread, after;              /* after this many of its events */
    uint32_t site;                       /* its last event's, 0: none yet */
    const struct explore_result *result; /* deadlock, livelock: the others could not finish */
};

/* Explores the program with every thread but main frozen after each of its steps. each() is told of
 * every one. *steps: the most events that one operation (model_call .. model_return) took. */
void sweep_freeze(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, unsigned *steps,
                  void (*each)(const struct freeze *f, void *arg), void *arg);

/* Is this result a sign that others wait for a frozen thread? */
bool sweep_blocks(const struct explore_result *r);

#endif
