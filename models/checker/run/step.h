/* step.h: the steps a modelled call is made of. Called on the thread's own fiber (`current`).
 *
 * Everything the program does to memory shared through atomics, and every wait, is expressed with
 * these; hooks_*.c translate. A step may not return: when the execution is over (blocked for ever,
 * a fault, an alternative without consistent continuation) control goes back to the explorer. */
#ifndef MODELS_CHECKER_STEP_H
#define MODELS_CHECKER_STEP_H

#include "models/checker/explore/fault.h"
#include "models/checker/explore/rules.h"
#include "models/checker/report/source.h"
#include "models/checker/run/thread.h"

/* Locations are named by an address and a space, so that a mutex's hidden state and the program's
 * own memory at the same address do not meet. */
enum space {
    SPACE_MEMORY,  /* the program's atomics: begins with what memory holds; checked for races */
    SPACE_OBJECT,  /* the state of a mutex, condition variable, ...: begins with 0 */
    SPACE_FUTEX,   /* who sleeps on this address: begins with 0 */
    SPACE_FILE,    /* how often a file was changed, or the names of files (files.h) */
    SPACE_SLEEPER, /* + a thread's id: the last of its sleeps at this address that somebody ended */
};

struct step {
    const volatile void *address;
    enum space space;
    unsigned size; /* 1, 2, 4, 8, 16 */
    enum rule rule;
    enum order good, bad;  /* the order if it writes; if it only reads (or blocks) */
    word a, b;             /* the rule's operands */
    const char *waits_for; /* if it may block: "mutex", "condition variable", ...: for people */
    uintptr_t pc;
};

/* Any operation that reads. Returns the old value; *wrote (may be NULL): whether it wrote. */
word step_read(const struct step *s, bool *wrote);

void step_write(const volatile void *address, enum space space, unsigned size, word value,
                enum order order, uintptr_t pc);
void step_fence(enum order order, uintptr_t pc);
/* The light side of an asymmetric fence (P1202): a compiler fence while membarrier is registered. */
void step_fence_light(uintptr_t pc);
void step_fence_heavy(uintptr_t pc); /* ... and the other one: membarrier */

/* The environment chooses one of 0 .. n-1; 0 is the usual case. `budget` limits how many choices
 * of its kind other than 0 one execution may have. */
unsigned step_choose(unsigned n, enum budget budget, const char *what, uintptr_t pc);

/* Gives up this execution without counting it: the choices made so far cannot be. */
_Noreturn void step_moot(void);

/* A pause, a yield: "I will look again". */
void step_hint(uintptr_t pc);

/* Threads. step_create returns the child's id (the fault FAULT_UNBOUNDED when there are too many);
 * step_join waits for its end; step_end ends the current thread, also from deep inside. */
unsigned step_create(void *(*entry)(void *), void *argument, uintptr_t pc);
void *step_join(unsigned id, uintptr_t pc);
_Noreturn void step_end(void *result);

/* Something that a repeated loop iteration may not contain if it is to be cut: an allocation, a
 * free, a write to memory that others may read. */
void step_effect(void);

/* --- called by hooks_tsan.c and modelled calls for plain memory --- */

/* Before the program reads or writes memory plainly: checks races, bounds, initialisation; brings
 * the memory up to date where atomics live in it; n may be any number of bytes. */
void step_plain(const volatile void *address, size_t n, bool write, uintptr_t pc);

/* Memory as a debugger would see it: every atomic's last value is written to its place. */
void step_sync_memory(void);

/* Call stack. */
/* sp: the called function's stack pointer while it calls others. */
void step_enter(uintptr_t call, uintptr_t sp);
void step_leave(void);

#endif
