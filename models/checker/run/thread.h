/* thread.h: the program's threads while one execution is run: fibers on one OS thread. */
#ifndef MODELS_CHECKER_THREAD_H
#define MODELS_CHECKER_THREAD_H

#include "models/checker/run/fiber.h"
#include "models/checker/explore/graph.h"

enum { STACK_DEPTH = 128, SEEN_MAX = 64 };

enum thread_state {
    THREAD_NONE,    /* not created in this execution */
    THREAD_READY,   /* may go on */
    THREAD_WANTS,   /* has repeated its part of the graph and wants to add an event */
    THREAD_SOURCE,  /* replaying: its next read's write has not been run yet */
    THREAD_TURN,    /* run again for a debugger: others come first (trace.h) */
    THREAD_JOINING, /* waits for thread `target` to end */
    THREAD_BLOCKED, /* waits at a read that blocks, for ever in this execution */
    THREAD_CUT,     /* its spin loop came round unchanged: nothing new will come of it here */
    THREAD_FROZEN,  /* --freeze: stopped on purpose */
    THREAD_ENDED,
};

struct frame {
    uintptr_t call; /* the call's return address: where in its caller */
    uint64_t path;  /* hash of the calls that lead here */
    uint32_t activation;
    uint16_t hint; /* po + 1 at the last pause hint given in this frame, 0: none */
    bool stepped;  /* an event was made in it or below it */
};

struct thread {
    struct fiber fiber;
    uint8_t id, state, target;
    bool chosen;       /* the explorer lets it add events */
    bool once;         /* ... but only the write that is due */
    bool acted;        /* it has added an event since it was chosen */
    bool hidden;       /* inside a modelled call: its plain accesses are nobody's business */
    bool modelled;     /* inside a modelled call: its orders are not the program's */
    uint16_t po;       /* events made in this execution */
    uint16_t replay;   /* the next event to be repeated, or NONE */
    uint16_t cut_from; /* THREAD_CUT: po of the first event of the repeated iteration */
    vclock hb;         /* what it knows: for races */
    vclock fence;      /* hb at its last release fence: what a relaxed write passes on */
    vclock pending;    /* what relaxed reads have seen: an acquire fence joins it */
    void *(*entry)(void *);
    void *argument, *result;
    bool detached, joined;
    bool moot; /* blocked because its choices do not fit: not a finding */
    struct {   /* a plain write that the program is about to make, or has just made */
        uintptr_t address, pc;
        size_t n;
        bool atomics; /* atomics live there: it becomes an event */
        unsigned char old[16];
    } plain;
    uint64_t now_ns;      /* its clock: moves only when a wait of it times out */
    uint32_t allocations; /* made so far in this execution: heap addresses follow from it */
    /* What hooks keep of it: */
    bool tls_ready;        /* its copy of the program's thread-local storage is filled */
    uint8_t keys_made;     /* pthread keys that it created */
    uint16_t sleeps;       /* begun so far */
    uint16_t holds;        /* locks */
    int error;             /* its errno */
    const char *waits_for; /* for people: "mutex", "futex", "join" */
    uintptr_t waits_at;    /* the address */
    uint32_t waits_site;
    uint16_t depth;
    uint32_t activations;
    struct frame frame[STACK_DEPTH]; /* frame[0]: the thread's entry */
    uint32_t effects;                /* changes with everything it does that others may notice */
    uint32_t patience;               /* plain accesses until a loop of nothing else is looked for */
    struct { /* where such a loop is suspected, and what all was like there */
        uintptr_t pc;
        uint64_t state;
        uint32_t effects, left;
    } suspect;
    unsigned seen;
    uint64_t seen_paths; /* a bit for each path in was[]: most reads are at new ones */
    struct seen {        /* reads since this thread's last effect: to notice an idle loop */
        uint64_t path, state;
        uint16_t po, depth;
        uint32_t activations; /* calls made so far: frames that exist now and are older, are those
                                 of then */
    } was[SEEN_MAX];
};

extern struct thread threads[MODEL_THREADS];
extern bool thread_changed[MODEL_THREADS]; /* since its image was made or brought back */
extern struct thread *current;             /* the one that runs; NULL: the explorer */
extern uint32_t run_number;                /* changes with every execution */

#endif
