/* engine.h: a query over a stream of records, by any number of workers, in the document's way or ours.
 *
 *   producers ─ batch numbers ─► queue (any of the lab) ─► workers ─► pass the record on ─► guard
 *                                                          │              └► store: state of its group
 *                                                          └► metrics        └► emit
 *                                  windows: all batches before its end are done ─► emit, check
 *
 * Results are held against a plain evaluation of the same batches by one thread (plain.c). */
#ifndef STUDIES_STREAM_ENGINE_ENGINE_H
#define STUDIES_STREAM_ENGINE_ENGINE_H

#include "harness/driver.h"
#include "studies/maps/tally.h"
#include "studies/stream_engine/groups.h"
#include "studies/stream_engine/guard.h"
#include "studies/stream_engine/record.h"

enum { WORKERS_MOST = 64, PRODUCERS_MOST = 8, PANES = 4, RING = 1024 };

/* The four queries of the document. */
enum scenario {
    ROWS,             /* 1: sum of the last rows of the group, told with each record */
    GROUPS,           /* 2: count, sum, least and most of each group, told at the end */
    TUMBLING,         /* 3a: the same for each window of time, told at its end */
    TUMBLING_CHANGES, /* 3b: and with each record */
};

/* Where the states of groups are. */
enum state {
    STATE_PLAIN = STORE_PLAIN, /* behind the guard */
    STATE_SHARDED = STORE_SHARDED,
    STATE_DASHMAP = STORE_DASHMAP,
    STATE_ENTRY = STORE_ENTRY,
    STATE_ATOMIC = STORE_ATOMIC,
    STATE_PARTIAL,     /* each batch is summed up by itself, then put into map_sharded */
    STATE_OWN,         /* each worker has a table, summed up at the window's end */
    STATE_PARTITIONED, /* each group belongs to one worker; every worker sees every batch */
};

/* How a record is passed on to where it is executed. */
enum passing { PASS_CLONE, PASS_COUNTED, PASS_BORROWED };
/* How records are counted for the metrics. */
enum metering { METER_MUTEX, METER_ATOMIC, METER_OWN };

struct way {
    const char *name;
    enum guard_kind guard;
    bool per_batch; /* of the guard; else per record */
    enum state state;
    enum passing passing;
    enum metering metering;
};

struct engine_config {
    const struct stream *stream;
    const struct way *way;
    enum scenario scenario;
    const char *queue; /* its name; bounded, for many consumers */
    unsigned workers, producers, rows;
    size_t batch, depth; /* records of one; batches that wait */
    double seconds;      /* that producers go on */
    uint64_t most;       /* batches at most; 0: no matter how many */
    double pace;         /* records a second that come in; 0: as fast as they are taken */
    unsigned work_ns;    /* of computing on each record */
    bool closes_at_once; /* the first record behind a window closes it, as one thread would do */
    double turns_per_ns; /* engine_calibrate */
};

/* What came out. Counts are of all workers. */
struct engine_result {
    uint64_t batches, records;
    double seconds;          /* from the start to the last result */
    double cpu_s;            /* of the workers */
    double asleep_s;         /* and neither ran nor waited for a processor; NaN: nobody knows */
    double switches, forced; /* of the workers: they waited; they were interrupted */
    uint64_t emitted;        /* told on the way */
    uint64_t emitted_count;  /* sum of the counts that were told */
    uint64_t emitted_gain;   /* and of what each was more than the one before */
    int64_t emitted_rows;    /* and of the sums of rows */
    uint64_t overtaken;      /* records that came after a later one of their group */
    uint64_t late;           /* records whose window was closed */
    uint64_t metered;
    uint64_t windows;
    struct closed {
        struct group *groups;
    } * closed; /* of each window */
};

/* Computes for so long: what a query does beside its state. */
static inline uint64_t engine_work(uint64_t turns, uint64_t x)
{
    for (; turns; turns--) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        __asm__ volatile("" : "+r"(x)); /* no turn is left out */
    }
    return x;
}
double engine_calibrate(void); /* turns in a nanosecond */

/* 0 or an errno and a message. The result is to be freed. */
int engine_run(const struct engine_config *c, struct engine_result *r, char *message, size_t size);
void engine_result_free(struct engine_result *r);

/* Can this queue feed workers? 0, or EINVAL and why not. */
int engine_queue_will_do(const char *name, char *message, size_t size);

/* plain.c: the same batches by one thread, with arrays. What differs, in words; "" if nothing. */
struct difference {
    uint64_t groups, rows, wrong, wrong_rows; /* compared; and different */
    bool emitted;                             /* what was told on the way differs */
    int error;
    char what[160];
};
void plain_compare(const struct engine_config *c, const struct engine_result *r,
                   struct difference *d);

#endif
