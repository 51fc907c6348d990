/* observation_queue.h: three priority lanes over any queue of the lab, or of others, by its driver.
 *
 *     enqueue ──> admission ──> lane of the priority   high   [x][x]     ──┐
 *                 depth < capacity                     normal [x][x][x]  ──┼──> dequeue: which lane
 *                                                      low    [x]        ──┘    the service says
 *
 * Admission  AS_WRITTEN  looks at the depth, pushes, then counts, as the document does: the depth
 *                        falls below zero, and P producers overshoot the capacity by P - 1
 *            RESERVED    counts up by a compare-and-swap that saw room, then pushes: the depth is
 *                        never below what is inside nor above the capacity (queues/lanes.h: proof)
 * Service    STRICT      high, then normal, then low, as the document does
 *            PROMOTING   as STRICT; every 1000th attempt first moves one low item to the end of
 *                        normal: the document's cure of starvation, which is none
 *            FAIR        the rounds of queues/lanes_fair.h: each lane is asked first at least every
 *                        lanes_fair_gap(lane) dequeues of a consumer, and no item changes its lane
 *
 * A driver that has lanes of its own (lanes_fair, lanes_strict) is used as it is, one queue with its
 * own admission and service; its depth is not seen from here. */
#ifndef OBSERVATION_QUEUE_H
#define OBSERVATION_QUEUE_H

#include <stdalign.h>

#include "harness/driver.h"
#include "observation.h"

enum observation_admission { OBSERVATION_AS_WRITTEN, OBSERVATION_RESERVED };
enum observation_service { OBSERVATION_STRICT, OBSERVATION_PROMOTING, OBSERVATION_FAIR };
enum { OBSERVATION_PROMOTE_EVERY = 1000 }; /* attempts: the document's */

struct observation_config {
    const char *lane; /* a registered queue: "segment_mpmc" */
    bool by_pointer;  /* each record in memory of its own; so it is, too, where the build has no
                         queues of 64-byte items (QUEUELAB_PAYLOAD64) */
    enum observation_admission admission;
    enum observation_service service;
    size_t capacity; /* of all lanes together; 0: 100 000 */
    double signal;   /* back-pressure from this share of the capacity on; 0: 0.8 */
    size_t segment;  /* items of a segment, where a lane has segments; 0: its own choice */
    unsigned threads;
};

struct observation_queue {
    alignas(Q_LINE) atomic(size_t) depth;
    alignas(Q_LINE) atomic(uint64_t) attempts; /* PROMOTING: everybody writes here */
    alignas(Q_LINE) const struct q_driver *driver;
    size_t capacity, threshold;
    enum observation_admission admission;
    enum observation_service service;
    unsigned lanes; /* queues: three, or one that has lanes of its own */
    bool by_pointer;
    void *lane[Q_LANES];
};

/* Of one thread. What it went through is there until it detaches. */
struct observation_handle {
    void *lane[Q_LANES];
    unsigned turn;         /* FAIR */
    uint64_t cas_failed;   /* at admission */
    uint64_t last_depth;   /* as the last enqueue saw it */
    struct q_counts inner; /* of all lanes; filled in by detach */
};

/* 0, or an errno and a message that names what is wrong. */
int observation_queue_init(struct observation_queue *q, const struct observation_config *c,
                           char *message, size_t size);
void observation_queue_destroy(struct observation_queue *q); /* drops the episodes still inside */
int observation_queue_attach(struct observation_queue *q, struct observation_handle *h,
                             enum q_role role);
void observation_queue_detach(struct observation_queue *q, struct observation_handle *h);

/* Q_OK, Q_FULL (over capacity), Q_CLOSED, Q_NOMEM. */
enum q_status observation_enqueue(struct observation_queue *q, struct observation_handle *h,
                                  const struct observation *o);
/* Q_OK, Q_EMPTY, Q_CLOSED. */
enum q_status observation_dequeue(struct observation_queue *q, struct observation_handle *h,
                                  struct observation *o);
/* Up to n; none: empty, or closed. */
size_t observation_dequeue_batch(struct observation_queue *q, struct observation_handle *h,
                                 struct observation *o, size_t n);
/* After it every enqueue is refused, and dequeues answer CLOSED when all is out. */
void observation_queue_close(struct observation_queue *q, struct observation_handle *h);

/* The depth counter, which may read 2^64 - 1 where admission is as written. */
static inline size_t observation_queue_depth(const struct observation_queue *q)
{
    return a_load(&q->depth, relaxed);
}

/* The back-pressure signal. */
static inline bool observation_queue_pressed(const struct observation_queue *q)
{
    return observation_queue_depth(q) >= q->threshold;
}

struct q_bytes observation_queue_bytes(const struct observation_queue *q);

#endif
