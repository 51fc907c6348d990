/* experiments.h: how each cell of the study is measured once. Internal to the study.
 *
 * A cell's subject is the name of a queue; what its numbers are stands beside each function. */
#ifndef OBSERVATION_QUEUE_EXPERIMENTS_H
#define OBSERVATION_QUEUE_EXPERIMENTS_H

#include "harness/driver.h"
#include "observation_queue.h"
#include "studies/study.h"
#include "text.h"

typedef void measure(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s);

/* ---- flow.c: records through one queue -------------------------------------------------------- */
measure measure_contended;  /* records, producers, consumers, capacity if bounded */
measure measure_operations; /* the same, single operations timed */
measure measure_open;       /* records, producers, consumers, records offered per second */
measure measure_hand_off;   /* records, producers, consumers: one place, and both sides sleep */
measure measure_ends;       /* records, how: enum ends */
measure measure_stopped;    /* seconds */
enum ends { ENDS_DEEP, ENDS_NEAR, ENDS_ALONE };

/* ---- shape.c: the document's own programs ------------------------------------------------------ */
measure measure_benchmark; /* records, how: enum shape_of, capacity */
enum shape_of { AS_PRINTED, ALL_AT_ONCE, UNTIL_CLOSED };
measure
    measure_interleavings; /* iterations, service, 0: all in and then out, 1: at the same time */

/* ---- costs.c: one thread, and memory ----------------------------------------------------------- */
measure measure_enqueue;       /* records, calls that are timed together */
measure measure_lock;          /* operations, threads */
measure measure_segment_alloc; /* segments, kept (1) or freed at once (0) */
measure measure_filling;       /* records, slots of a segment */
measure measure_batch;         /* records, per batch (1: one by one) */
measure measure_segment_slots; /* records */
measure measure_memory;        /* records, enum carriage */
enum carriage { BY_VALUE, BY_POINTER, BY_VALUE_AND_STRING };

/* ---- rules.c: admission and service -------------------------------------------------------------- */
measure
    measure_admission; /* seconds, threads on each side, capacity, pauses of consumers, or -producers */
measure measure_continuous; /* dequeues, service */
measure measure_backlog;    /* dequeues, service */
measure measure_watch;      /* low records, producers, consumers, service */
enum { BACKLOG_POINTS = 10 };

/* ---- pipeline.c: end to end ------------------------------------------------------------------------ */
measure measure_end_to_end; /* records, producers, consumers, batch; flags: by pointer */
measure measure_indexing;   /* records, batch */
extern struct text observation_text;

/* ---- checker.c: what the model checker says ---------------------------------------------------------- */
measure measure_checker;

/* ---- what they share ----------------------------------------------------------------------------- */

/* A plain queue by its name, made; false: the sample has failed. Release with plain_destroy. */
struct plain {
    const struct q_driver *driver;
    void *queue;
};
bool plain_init(struct plain *p, struct study_sample *s, const char *name, size_t item_bytes,
                const struct q_config *config);
void plain_destroy(struct plain *p);
void *plain_attach(const struct plain *p, enum q_role role);                  /* NULL: no memory */
void plain_detach(const struct plain *p, void *handle, struct q_counts *sum); /* sum NULL: away */

/* p50_ns, p99_ns and p999_ns of a histogram of ticks that each stand for `calls` calls. */
void put_percentiles(struct study_sample *s, const char *what, const struct histogram *h,
                     double calls);

#endif
