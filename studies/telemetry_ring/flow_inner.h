/* flow_inner.h: one flow while it runs: what flow.c, flow_push.c and flow_take.c share. */
#ifndef TELEMETRY_FLOW_INNER_H
#define TELEMETRY_FLOW_INNER_H

#include "harness/clock.h"
#include "harness/topology.h"
#include "studies/telemetry_ring/flow.h"
#include "studies/telemetry_ring/growing.h"
#include "studies/telemetry_ring/written.h"

enum { PROGRESS_EVERY = 256, SAMPLED_EVERY = 64, WRITTEN_NUMBER_BITS = 27 };

struct flow_run;
struct producer {
    alignas(Q_LINE) atomic(uint64_t) done; /* offered so far, for who watches */
    struct flow_run *run;
    struct ring_mpsc_handle ring;
    struct mutex_ring_handle locked;
    unsigned id, depth;
    int cpu; /* -1: any */
    uint64_t offered, accepted, calls, refused, dropped, spilled, io, last;
    atomic(uint64_t) pushes, drops; /* the flow's own metrics */
    double cpu_s;
    struct histogram *push;
    pthread_t thread;
};

struct flow_run {
    struct flow *f;
    struct ring_mpsc ring;
    struct mutex_ring locked;
    struct growing growing;
    struct written *written;
    pthread_barrier_t begin;
    alignas(Q_LINE) bool stop; /* by __atomic: written.h reads it too */
    alignas(Q_LINE) atomic(uint64_t) shared_pushes;
    alignas(Q_LINE) atomic(unsigned) producing;
    alignas(Q_LINE) atomic(uint64_t) received;
    atomic(bool) consumed;
    uint64_t last[FLOW_PRODUCERS], end_ns;
    int consumer_cpu;
    struct ring_mpsc_handle consumer;
    struct mutex_ring_handle locked_consumer;
    struct producer producer[FLOW_PRODUCERS];
};

static inline bool stopped(const struct flow_run *r)
{
    return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* Processor time of this thread until now. */
static inline double thread_cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Bodies of threads: of a struct producer, and of a struct flow_run. */
void *flow_produce(void *producer);
void *flow_consume(void *run);

#endif
