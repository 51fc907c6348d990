/* flow.h: events from producers through a carrier to a consumer that counts them by level and
 * source, everything accounted for: what was pushed, came out, was dropped, in which order.
 *
 *   events[] ─► producers: number, seal, push ─► carrier ─► consumer: take, check, count
 *                                                   ▲
 *                        main thread: time is up; nothing has moved for a while: it is wedged */
#ifndef TELEMETRY_FLOW_H
#define TELEMETRY_FLOW_H

#include "harness/histogram.h"
#include "studies/telemetry_ring/event.h"

enum { FLOW_PRODUCERS = 16, FLOW_BATCH = 1024, FLOW_SOURCES = 256 };

enum flow_carrier {
    CARRY_RING,    /* ring_mpsc */
    CARRY_LOCKED,  /* mutex_ring: a circular buffer under one lock, what a VecDeque in a Mutex is */
    CARRY_GROWING, /* growing.h */
    CARRY_WRITTEN, /* written.h */
    CARRY_NOTHING, /* events are made and thrown away: what the flow itself costs */
};
enum flow_validation { VALID_NOT, VALID_SCALAR, VALID_VECTOR };
/* Threads pinned far apart, and the ring's memory first touched beside one side. */
enum flow_place { PLACE_ANYWHERE, PLACE_BY_PRODUCERS, PLACE_BY_CONSUMER };
enum flow_metrics { METRICS_NONE, METRICS_SHARED, METRICS_OWN, METRICS_SAMPLED, METRICS_ALL };

struct flow {
    /* in */
    enum flow_carrier carrier;
    int when_full;         /* enum q_when_full; with CARRY_WRITTEN enum written_policy */
    size_t capacity, most; /* most: CARRY_GROWING */
    unsigned producers;
    size_t push_batch, take_batch; /* 1: one by one */
    double seconds;                /* then the producers stop; */
    uint64_t each;                 /* or after so many pushes of each */
    double rate;                   /* events a second of each producer; 0: as fast as it can */
    uint64_t burst;                /* at a rate: so many at once */
    double work_ns, snapshot_us;   /* of the consumer: on each event; how often it takes all */
    unsigned timed;                /* one push in so many; 0: none */
    bool no_consumer, parks;
    enum flow_validation validation;
    enum flow_metrics metrics;
    enum flow_place place;
    const char *spill_path;
    size_t spill_most;
    double patience_s; /* without any progress: wedged; 0: 0.5 for CARRY_WRITTEN, 5 for others */
    const struct event *events;
    size_t n_events;

    /* out */
    uint64_t offered, accepted, refused, dropped, io; /* refused: answers FULL, each tried again */
    uint64_t received, disorder, invalid;
    int64_t lost; /* accepted, not received, not counted as dropped */
    uint64_t level[EVENT_LEVELS], source[FLOW_SOURCES];
    double took_s, consumer_cpu_s, producers_cpu_s, capacity_end;
    uint64_t claims; /* compare-and-swaps on the ring's tail */
    uint64_t spilled, parked, wakes, snapshots;
    unsigned depth; /* written.h */
    bool wedged, wedged_full;
    struct histogram push, sojourn;         /* ticks */
    uint64_t counted_pushes, counted_drops; /* by the flow's own metrics */
};

/* 0 or an errno. When it is wedged threads are left behind: the process is to end. */
int flow_run(struct flow *f);

#endif
