/* driver.h: one queue as the harness sees it: once per run, never once per operation.
 *
 * harness/stamp.c is compiled once for each line of queues.def (and item size, and way of
 * calling) and exports one `struct q_driver`: the operations for tests and slow users, and the
 * measured kernels, loops into which the operations are inlined. The table is versioned: two
 * builds of one queue can be loaded side by side and compared (no queue has global state). */
#ifndef HARNESS_DRIVER_H
#define HARNESS_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "harness/histogram.h"
#include "queues/traits.h"

#ifdef __cplusplus
extern "C" {
#endif

#define Q_DRIVER_ABI 3

/* Keys of items: lane (2 bits) | producer (10) | number (52, from 1, growing). In timed runs the
 * number is a time stamp: ticks since the run's epoch. */
#define Q_KEY_PRODUCER_BITS 10
#define Q_KEY_NUMBER_BITS   52
#define Q_KEY_NUMBER_MASK   ((UINT64_C(1) << Q_KEY_NUMBER_BITS) - 1)
#define Q_KEY_SOURCES       (1u << 12) /* distinct (lane, producer) pairs */

/* One thread of one run: what its kernel reads, and what it leaves. */
struct q_worker {
    /* in */
    void *queue, *handle;          /* attached by the caller, on this thread */
    void *back, *back_handle;      /* ping, pong: the queue of the way back */
    const struct q_driver *driver; /* the indirect stamp calls through this */
    uint64_t n;                    /* items to push, pairs, rounds; consume: most items to pop */
    uint64_t batch;           /* items per push_n / pop_n; 1: push / pop. At most Q_BATCH_MAX */
    uint64_t depth;           /* fill_drain: items per filling */
    uint64_t producer;        /* number of this producer, in its keys */
    uint64_t epoch;           /* timed kernels: ticks at the run's zero */
    uint64_t sample;          /* timed kernels: 1 operation in this many is timed */
    const uint64_t *schedule; /* produce_paced: n intended times, ticks after the epoch */
    uint64_t work;            /* consume_slow: ticks of work on each item */
    uint64_t *last;           /* [Q_KEY_SOURCES], zeroed: consumers check order with it */
    struct histogram *push_ticks, *pop_ticks, *sojourn_ticks; /* timed kernels; or NULL */
    const bool *stop; /* abandon the run when true; read by relaxed atomics */

    /* out */
    uint64_t start, end;             /* ticks */
    uint64_t pushed, popped;         /* items */
    uint64_t sum_pushed, sum_popped; /* of keys */
    uint64_t full, empty;            /* answers that were not OK; each is followed by q_relax */
    uint64_t dropped;                /* answers DROPPED: items that are not in `pushed` */
    uint64_t disorder;               /* items that came after a later one of the same producer */
    uint64_t torn;                   /* items that were not intact */
    uint64_t other;                  /* statuses that must not happen here */
    int failed_status;               /* the last such status */
};

#define Q_BATCH_MAX 1024

typedef void q_kernel(struct q_worker *w);

struct q_driver {
    uint32_t abi; /* Q_DRIVER_ABI */
    uint32_t item_bytes;
    const char *name;  /* as in queues.def: "array_mpmc", "lanes_strict.array_mpmc" */
    const char *inner; /* QUEUE_OVER: the inner queue, else "" */
    const char *call;  /* "inline", "indirect" or "by hand" */
    const struct q_traits *traits;
    size_t queue_bytes, handle_bytes, align;

    int (*init)(void *q, const struct q_config *cfg);
    void (*destroy)(void *q);
    int (*attach)(void *q, void *h, enum q_role role);
    void (*detach)(void *q, void *h);
    enum q_status (*push)(void *q, void *h, const void *item); /* items of item_bytes */
    enum q_status (*pop)(void *q, void *h, void *item);
    size_t (*push_n)(void *q, void *h, const void *items, size_t n);
    size_t (*pop_n)(void *q, void *h, void *items, size_t n);
    enum q_status (*push_wait)(void *q, void *h, const void *item, uint64_t timeout_ns);
    enum q_status (*pop_wait)(void *q, void *h, void *item, uint64_t timeout_ns);
    void (*close)(void *q, void *h);
    size_t (*capacity)(const void *q);
    struct q_bytes (*bytes)(const void *q);
    uint64_t (*dropped)(const void *q); /* items discarded, and appended to the log, so far; */
    uint64_t (*spilled)(const void *q); /* NULL: the queue has no policies (traits.policies) */
    /* Leaves the handle as in a thread that is stopped in the middle of an operation: what it reads
     * must be kept, until it has pushed and popped again. NULL: the queue has no N_stop: it keeps
     * nothing for readers. */
    void (*stop)(void *q, void *h);
    void (*make)(void *item, uint64_t key); /* an item with this key */
    uint64_t (*key)(const void *item);      /* the key of an item, 0 when it is not intact */

    /* Kernels. All check `stop` wherever they wait. A pushing kernel retries until its items are
     * in; a popping one runs until it has n or the queue answers CLOSED. */
    q_kernel *produce;         /* push n, in batches */
    q_kernel *consume;         /* pop up to n or until closed, in batches, checking each item */
    q_kernel *pairs;           /* n times: push one, pop one */
    q_kernel *fill_drain;      /* push `depth`, pop `depth`, until n items went through */
    q_kernel *ping, *pong;     /* n round trips through queue and back */
    q_kernel *produce_timed;   /* like produce; key carries the time of the push */
    q_kernel *produce_paced;   /* key carries the INTENDED time; never before it, late ones at once;
                                one in `sample` is timed */
    q_kernel *consume_timed;   /* like consume; sojourn = now - key's time */
    q_kernel *pairs_timed;     /* like pairs, each operation timed */
    q_kernel *produce_offered; /* like produce_paced, each push timed; dropped items are counted */
    q_kernel *consume_slow;    /* like consume_timed, with work on each item */
};

/* All drivers of this build, in the order of queues.def, then of peers.def; NULL-terminated. */
extern const struct q_driver *const q_drivers[];

/* The lines of queues/peers/peers.def that are not in this build, and why; ends with a NULL name. */
struct q_absent {
    const char *name, *package, *why;
};
extern const struct q_absent q_peers_absent[];

/* The driver of this name, item size and way of calling; NULL when there is none. */
const struct q_driver *q_driver_find(const char *name, size_t item_bytes, const char *call);

#ifdef __cplusplus
}
#endif

#endif
