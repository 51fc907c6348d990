/* sweep.h: many explorations of one program, each with one thing changed: which orders are needed,
 * and whether a stopped thread stops the others. */
#ifndef MODELS_CHECKER_SWEEP_H
#define MODELS_CHECKER_SWEEP_H

#include "models/checker/explore/explore.h"

/* ---- weaker orders ----------------------------------------------------------------------- */

enum weakened {
    WEAKENED_LOAD,
    WEAKENED_STORE,
    WEAKENED_RMW,
    WEAKENED_CAS, /* has a second order, for when it fails */
    WEAKENED_FENCE,
    WEAKENED_FENCE_LIGHT /* of a pair: there or not, no orders between */
};

/* One site with a weaker order than it has. */
struct weakening {
    uint32_t site;
    enum weakened operation;
    enum order from, from_bad; /* as written; _bad: of a compare-and-swap that fails */
    enum order to, to_bad;     /* a fence made RELAXED is none */
    const struct explore_result *result;
};

/* Explores the program as written (result in *base), then with each of its orders replaced by each
 * weaker one, alone, unless it is not wanted: each() is told of all of them. None is left out because a stronger one was
 * wrong already, so that every answer stands by itself. Nothing is tried if the program is wrong as
 * written. */
void sweep_weaken(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, bool (*wanted)(const struct weakening *w, void *arg),
                  void (*each)(const struct weakening *w, void *arg), void *arg);

/* ---- frozen threads ---------------------------------------------------------------------- */

enum { OP_KINDS = 3 }; /* of enum op_kind */

/* One thread stopped for good after some of its steps. */
struct freeze {
    unsigned thread, after;              /* after this many of its events */
    uint32_t site;                       /* its last event's, 0: none seen */
    const struct explore_result *result; /* deadlock, livelock: the others could not finish */
    bool waits[OP_KINDS];                /* an operation of this kind never ended */
    bool
        refused[OP_KINDS]; /* ... or answered EMPTY though a finished push's item is inside, or FULL
                               though there is room, and will answer so for ever: nothing that it
                               read is still to change */
};

/* What the operations of a kind did when nobody was stopped. */
struct freeze_steps {
    unsigned longest; /* the most events that one took */
    bool retried;     /* a compare-and-swap of one failed */
    bool refused; /* as above, with nobody stopped: then it says nothing about stopped threads */
};

/* Explores the program with every thread but main frozen after each of its steps; until_seen: until
 * each operation of its history has been held up by one. each() is told of every one. */
void sweep_freeze(const struct explore_options *o, bool until_seen, void (*program)(void *),
                  void *argument, struct explore_result *base, struct freeze_steps steps[OP_KINDS],
                  void (*each)(const struct freeze *f, void *arg), void *arg);

/* Do others wait for the frozen thread? */
bool sweep_blocks(const struct freeze *f);

#endif
