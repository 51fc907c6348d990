/* sample.h: inside run.c's child process: one sample, from the empty queue to the judged record.
 *
 *   sample.c   makes the queue, lines up the team of threads, opens the start line, waits
 *   stall.c    stops one of them now and then (workload stalled)
 *   held.c     lets one stand still inside a pop (workload held)
 *   judge.c    what the workers left: does it add up? then the figures
 *
 * Private to the harness; run.h is the door. */
#ifndef HARNESS_SAMPLE_H
#define HARNESS_SAMPLE_H

#include <pthread.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/held.h"
#include "harness/rank_error.h"
#include "harness/run.h"
#include "harness/stall.h"
#include "queues/atomics.h"

/* What the child leaves for the parent, in shared memory. */
struct result {
    struct record record;
    struct histogram push, pop, sojourn;
    bool has_push, has_pop, has_sojourn;
    atomic(bool) done;
};

struct team;
struct member {
    struct q_worker worker;    /* first: a kernel that needs more finds the member by it */
    struct rank_error_log log; /* rank_error */
    struct team *team;
    q_kernel *kernel;
    enum q_role role, back_role;
    int cpu, failed;
    atomic(uint64_t) rounds; /* stalled: so far; who it is, what it does, and what it had */
    int thread_id, stat_file;
    clockid_t processor_time;
    bool closes; /* counts down the producers; the last one closes */
    struct q_counts counts;
    struct rusage before, after;
    struct histogram push, pop, sojourn;
    uint64_t last[Q_KEY_SOURCES];
    pthread_t thread;
};
struct team {
    const struct q_driver *driver;
    void *queue;
    unsigned size;
    struct member *members;
    struct stall *stall; /* stalled, else NULL */
    struct held *held;   /* held, else NULL */
    atomic(unsigned) ready;
    atomic(bool) go;
    atomic(unsigned) producers_left;
    bool stop; /* by __atomic accesses once the threads run */
    uint64_t epoch;
};

/* Takes the sample into *result; result->done is set last. */
void sample_take(const struct cell *c, const struct run_options *o, struct result *result);
uint64_t sample_timeout_ns(const struct run_options *o);

/* The record has failed, for this reason; the first reason stays. */
void judge_fail(struct record *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether every pushed item was popped once, whole and in its producer's order. */
void judge_verify(const struct cell *c, const struct member *members, const struct team *t,
                  struct record *r);

/* The figures of a sample that passed. */
void judge_collect(const struct cell *c, const struct member *members, const struct team *t,
                   struct result *result);

#endif
