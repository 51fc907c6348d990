/* engine.h: what explore.c (which graphs there are), grow.c (how they grow), run.c (one execution) and
 * step.c (the running program's side) share. */
#ifndef MODELS_CHECKER_ENGINE_H
#define MODELS_CHECKER_ENGINE_H

#include "models/checker/explore/explore.h"
#include "models/checker/run/step.h"

extern struct graph *const graph_now; /* the graph of the execution that runs */
extern const struct explore_options *options_now;
extern struct explore_result *result_now;
extern unsigned unreplayed; /* events of the graph that this execution has not repeated yet */
extern bool replay_only;    /* explore_again: nothing new is to be added */

/* ---- explore.c: what is put aside, to be explored later ---- */

/* Its first `shared` events are those of the running execution. */
void explore_put_aside(const struct graph *g, unsigned shared);
size_t explore_aside(void);                      /* how many */
void explore_share(size_t first, double weight); /* the weight of all from the first on */

/* ---- grow.c: adding to the graph; other possibilities are put aside ---- */

/* NULL: no consistent continuation; or the execution was taken back (run_checkpoint), and the thread
 * has the event to repeat. */
struct event *explore_read(unsigned t, uint16_t loc, const struct step *s);
struct event *explore_write(unsigned t, uint16_t loc, word value, unsigned size, enum order order,
                            unsigned flags, uint32_t site);
/* Fences, births, ends, joins: always possible. */
struct event *explore_fence(unsigned t, enum order order, unsigned flags, uint32_t site);
struct event *explore_other(unsigned t, enum event_kind kind, uint32_t site);
/* The joined thread's end or the creation becomes known to event e. */
void explore_learns(struct event *e, uint16_t cause);
struct event *explore_choice(unsigned t, unsigned n, enum budget budget, uint32_t site);

bool explore_acquires(enum order o);
bool explore_releases(enum order o);
uint64_t explore_random(void);

/* ---- run.c ---- */

enum run_end {
    RUN_COMPLETE,
    RUN_BLOCKED, /* some thread waits, but not for ever in every execution */
    RUN_MOOT,    /* given up */
    RUN_FAULT,
};

void run_prepare(void (*program)(void *), void *argument);
/* Repeats graph_now, from a snapshot (which is taken over) or from the start (NULL), and continues it
 * until nothing can go on. */
struct snapshot;
enum run_end run_graph(struct snapshot *from);
/* A snapshot, if it pays, before the event with this number is added: true: the execution has been
 * taken back to here, and the event is there. */
bool run_checkpoint(unsigned events);
/* The state of an execution (image.h), a thread's apart; first the threads, which say how much there is
 * of the rest. */
struct image;
void thread_image(struct image *m, struct thread *t);
void run_image(struct image *m);
_Noreturn void run_leave(enum run_end how); /* called on a fiber */
/* Gives the processor to the scheduler; returns when it is this thread's turn again. */
void run_park(enum thread_state state);

/* ---- step.c ---- */
void step_reset(void); /* a new exploration */
void step_run_begins(void);
void step_thread_starts(struct thread *t);
uint16_t step_loc(const volatile void *address, enum space space, unsigned size);
/* Where a location is: for reports. */
uintptr_t step_loc_address(uint16_t loc, enum space *space, unsigned *size);
void step_log_clear(void);
/* The table of locations, by which graphs name them: to be copied to another process. */
void *step_locations(size_t *size);

#endif
