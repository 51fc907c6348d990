/* fault.h: what can be found wrong, and the one way to say so. */
#ifndef MODELS_CHECKER_FAULT_H
#define MODELS_CHECKER_FAULT_H

#include "models/checker/explore/graph.h"

enum fault_kind {
    FAULT_NONE,
    FAULT_RACE, /* two unordered accesses, one of them a plain one, one of them a write */
    FAULT_USE_AFTER_FREE,
    FAULT_DOUBLE_FREE,
    FAULT_INVALID_FREE,
    FAULT_OUT_OF_BOUNDS,
    FAULT_UNINITIALISED,
    FAULT_LEAK,
    FAULT_ASSERTION,   /* assert, abort, or exit with a status other than 0 */
    FAULT_CRASH,       /* a signal: a null pointer, a division by zero, a stack overflow */
    FAULT_DEADLOCK,    /* threads wait for each other's locks or for a join */
    FAULT_LOST_WAKEUP, /* a thread sleeps and nobody will wake it */
    FAULT_LIVELOCK,    /* a thread spins and nobody will end it */
    FAULT_SYNC,        /* a lock released by who does not hold it, a join twice, ... */
    FAULT_NOT_LINEARIZABLE,
    FAULT_INVARIANT,  /* model_claim(): a scenario's own claim */
    FAULT_MIXED_SIZE, /* one location accessed atomically with different sizes */
    FAULT_KINDS,
    /* not the program's fault, exit 3 and 4: */
    FAULT_UNBOUNDED,      /* a loop without an end or a hint, too many events or threads */
    FAULT_UNSUPPORTED,    /* a call that cannot be modelled */
    FAULT_NONDETERMINISM, /* the program did something else when it was run again */
};

/* One of the accesses to blame: by whom, when (after which event of that thread), where. */
struct place {
    uint8_t thread;
    uint16_t po; /* events its thread had made */
    uint32_t site;
    uintptr_t address;
    uint32_t size;
    bool write, atomic;
    const char *what; /* "read", "write", "free", "allocation", "lock" */
};

struct fault {
    enum fault_kind kind;
    char text[400]; /* one sentence */
    unsigned places;
    struct place place[4]; /* the last one is where it was noticed */
};

/* Ends this execution with a fault: does not return to the program. places may be NULL. */
_Noreturn void fault_raise(enum fault_kind kind, const struct place *places, unsigned n,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

const char *fault_name(enum fault_kind kind);       /* "data race", ...: for people */
const char *fault_identifier(enum fault_kind kind); /* "data_race": for JSON */
int fault_exit_code(enum fault_kind kind);          /* 0, 1, 3 or 4 */

#endif
