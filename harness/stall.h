/* stall.h: one thread of a team stops at a random point, again and again, and it is counted what
 * the others do meanwhile. Private to sample.c and judge.c.
 *
 *   thread 0        pairs pairs pa........................irs pairs     a signal; its handler sleeps
 *   the others      pairs pairs pairs pairs pairs pairs pairs pairs
 *   counted         |- free --|        |- stopped --|
 *
 * Each stop has its control just before it: as long, and nobody is stopped. What counts is whether
 * the others came to rest: not one of them finished anything in the second half, although each slept
 * or had a processor meanwhile. Where one wanted a processor and got none, other work on the machine
 * is to blame, and the stop is left out, whatever the rest did: leaving out only those at rest would
 * count the busy moments as progress. A blocking queue comes to rest when the thread was stopped
 * at a bad point, and how often that is is measured here; a lock-free one should not, beyond
 * the noise of this instrument. */
#ifndef HARNESS_STALL_H
#define HARNESS_STALL_H

#include <pthread.h>
#include <stdint.h>

#include "queues/atomics.h"

enum { STALL_FREE, STALL_STOPPED, STALL_KINDS };
enum { STALL_MOST = 64 }; /* threads of a team */
enum {
    STALL_PAIRS = 16,
    STALL_NS = 4000000,
    STALL_LEAST_NS = 100000000
}; /* between two counts; of one stop; of all */

struct member;
struct stall {
    atomic(bool) over; /* the team goes home */
    atomic(unsigned) working;
    atomic(uint64_t) stops; /* that have ended */
    struct member *members;
    unsigned size;
    struct {
        uint64_t windows, rests, starved, pairs, ns; /* starved: left out of the others */
    } seen[STALL_KINDS]; /* written by turns: the director's, then the handler's */
};

/* What each thread does instead of its kernel: it again and again, counting. */
void stall_work(struct stall *s, struct member *m);

/* Called by whoever lined up the team, when it has started: stops thread 0 again and again for about
 * target_ns, at least STALL_LEAST_NS, then sends all home. */
void stall_direct(struct stall *s, uint64_t target_ns, uint64_t seed);

#endif
