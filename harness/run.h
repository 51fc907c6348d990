/* run.h: takes one sample of one cell, in a process of its own.
 *
 * The child process makes the queue, warms it up (one fill and drain of its capacity), lines up a
 * team of pinned threads, runs the kernels once, checks every item, and leaves a record. A process
 * per sample keeps the heap of one competitor from the next, and a queue that crashes or hangs
 * costs one sample, not the run. Each sample shifts the queue and the heap by a random number of
 * cache lines, so that no queue keeps a lucky place; the code's own layout is the same in all
 * samples of a run, and its luck is not in the intervals. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "harness/topology.h"
#include "harness/workload.h"

#ifdef __cplusplus
extern "C" {
#endif

struct run_options {
    const struct topology *topology;
    uint64_t target_ns;  /* how long the measured part should take */
    uint64_t timeout_ns; /* after this the sample is abandoned and failed; 0: 100 x target + 2 s */
    uint64_t seed;       /* arrival schedules */
    bool in_process;     /* no child: for debuggers and sanitizers. A hang is then a hang */
};

/* Fills *r, except round and sequence. r->ok says whether there are numbers, r->error why not.
 * Learns c->ns_per_item, so that the next sample is sized well. Histograms in r belong to the
 * caller (run_release). 0, or an errno when not even a failed record could be made. */
int run_sample(struct cell *c, const struct run_options *o, struct record *r);
void run_release(struct record *r);

#ifdef __cplusplus
}
#endif

#endif
