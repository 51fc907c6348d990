/* traits.h: what a queue promises, as plain data that C and C++ can read. */
#ifndef QUEUES_TRAITS_H
#define QUEUES_TRAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The answers of an operation. Every operation names the ones it can give (queue.h). */
enum q_status {
    Q_OK,
    Q_FULL,    /* bounded and full: nothing was taken */
    Q_EMPTY,   /* nothing to pop now; more may come */
    Q_CLOSED,  /* push: closed, nothing was taken; pop: closed and drained, for ever */
    Q_TIMEOUT, /* the waiting operations only */
    Q_NOMEM,   /* an unbounded push could not grow: nothing was taken, try again later */
    Q_DROPPED, /* the queue's policy discarded this item, and counted it */
    Q_IO,      /* the spill file refused: nothing was taken, errno is in the handle's counts */
};

enum q_role { Q_PRODUCER = 1, Q_CONSUMER = 2, Q_BOTH = 3 };

/* Progress of one operation while other threads are stopped anywhere (Herlihy & Shavit 2008). */
enum q_progress {
    Q_BLOCKING,         /* a stopped thread can hold it up */
    Q_OBSTRUCTION_FREE, /* ends if it runs alone */
    Q_LOCK_FREE,        /* some thread always ends */
    Q_WAIT_FREE,        /* ends in a bounded number of its own steps */
};

enum q_order {
    Q_FIFO,              /* one order for all */
    Q_FIFO_PER_PRODUCER, /* each producer's items in its order */
    Q_PRIORITY_FIFO,     /* by lane, FIFO inside each lane */
    Q_UNORDERED,
};

/* What the queue does itself; the rest comes from Q_BATCH_BY_LOOP / Q_WAIT_BY_PARKING. */
enum q_native { Q_BATCH = 1, Q_WAIT = 2 };

/* Where a peer promises less than the interface asks: tests and plans make allowances. */
enum q_caution {
    Q_SPINS_INSIDE = 1,   /* operations wait for other threads without giving way */
    Q_ORDER_ATTACHED = 2, /* a producer's order ends when it detaches */
    Q_CAPACITY_ROUGH = 4, /* holds at least capacity(), perhaps more */
    Q_MEMORY_UNSEEN = 8,  /* bytes() is 0: nobody can say */
};

/* What a push does when the queue is full (ring_mpsc; the others always refuse). */
enum q_when_full {
    Q_REFUSE,      /* answer Q_FULL */
    Q_BLOCK,       /* park until there is room: Q_OK or Q_CLOSED */
    Q_DROP_NEWEST, /* answer Q_DROPPED and count */
    Q_DROP_OLDEST, /* discard the oldest item, count it, take the new one: Q_OK */
    Q_SPILL,       /* append to the spill file: Q_OK, or Q_IO when the disk refuses */
};

struct q_traits {
    const char *name;    /* file, struct and prefix */
    const char *family;  /* mutex, spin, combining, array, segment, relaxed, ring, lanes,
                            floor */
    const char *summary; /* one line */
    const char *source;  /* the paper or code it follows: author, title, year */

    unsigned producers, consumers; /* most threads attached on each side; 0: any number */
    enum q_progress push, pop;     /* as promised; queuelab check --progress says what is found */
    enum q_order order;
    unsigned lanes;    /* priority lanes, 1: none */
    bool bounded;      /* push may answer Q_FULL */
    bool exact;        /* Q_FULL and Q_EMPTY were true at some instant of the call */
    bool close_any;    /* close may race with pushes (else: only after the last push returned) */
    bool one_thread;   /* a floor that carries items only within one thread */
    bool floor;        /* not a queue: a bound to compare with, never ranked, never verified */
    unsigned native;   /* Q_BATCH | Q_WAIT */
    unsigned policies; /* bit 1 << enum q_when_full for each policy it knows; 0: refuses only */

    /* Other people's queues (queues/peers); NULL and 0 for ours. */
    const char *peer;      /* package and version */
    const char *condition; /* of use, verified here; or what it broke: one line */
    unsigned caution;      /* enum q_caution */
    size_t most_capacity;  /* a larger one init refuses; 0: none is too large */
};

/* What init is told. Zero means "the queue's own default" for every field. */
struct q_config {
    size_t capacity; /* items. Bounded: rounded up to a power of two. lanes: the soft capacity */
    unsigned producers, consumers; /* most handles attached at once on each side */
    size_t segment;                /* segmented queues: items per segment */
    enum q_when_full when_full;
    const char *spill_path;  /* Q_SPILL: the file; an existing one is recovered */
    size_t spill_max_bytes;  /* Q_SPILL: the file never grows beyond; 0: no limit */
    bool spill_sync;         /* Q_SPILL: fdatasync after every append (survives a machine crash) */
    uint64_t alloc_fails_at; /* tests: this allocation (1 = the first) finds no memory */
};

/* Memory of one queue in bytes: the struct itself and all it allocated. */
struct q_bytes {
    size_t now, peak;
};

/* What one handle went through, off the fast path. The harness sums them after a run. */
struct q_counts {
    uint64_t cas_failed; /* compare-and-swaps lost */
    uint64_t retries;    /* times an operation had to begin again or look again */
    uint64_t parks;      /* times the thread went to sleep in the kernel */
    uint64_t wakes;      /* times it woke others */
    int error;           /* errno behind the last Q_IO */
};

#endif
