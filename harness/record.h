/* record.h: one measurement as it is kept: one JSON object on one line, for ever.
 *
 * A results directory holds env.json (the machine and build, written once: env.h), plan.json (what
 * was asked: seed, budget, cells) and runs.jsonl: one `struct record` per sample, appended and
 * flushed as soon as it exists, so that a killed run loses only the sample in flight. Everything in
 * REPORT.md and plots/ is computed from these files and nothing else. Units are in the names.
 * Fields that do not apply are left out of the JSON and zero here. */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/histogram.h"

#define RECORD_SCHEMA         1
#define RECORD_BACKOFF_BEFORE 64 /* of records that do not say: all were */

struct record {
    /* which cell, which round */
    char workload[16]; /* a name of workload.c */
    char queue[48];    /* driver name; for workload "limit" the name of the limit */
    char family[16];
    char class_name[16]; /* class.h; a limit or a floor has none */
    char promised[40];   /* progress: of both operations, or of push/pop */
    char peer[64];       /* of somebody else: the package and its version */
    char call[12];       /* inline, indirect, "by hand" */
    char mode[12];       /* throughput or latency */
    char pin[12];        /* pinning plan */
    unsigned producers;  /* threads that push; pairs, single, fill_drain: all threads */
    unsigned consumers;  /* threads that pop; pairs, single, fill_drain: 0 */
    unsigned batch;
    unsigned payload_bytes;
    uint64_t capacity;    /* asked for; items */
    double rate;          /* open, burst, overload: offered items per second, by all producers */
    char policy[16];      /* overload: refuse, block, "drop newest", "drop oldest", spill */
    unsigned backoff_max; /* pauses at most after a lost compare-and-swap (pause.h) */
    uint64_t segment;     /* segment: cells of a segment, 0: the queue's own choice */
    unsigned round;
    uint64_t sequence; /* order in which the samples of this run were taken */

    /* outcome */
    bool ok;    /* false: `error` says why, and there are no numbers */
    bool floor; /* a bound, not a queue: never ranked */
    char error[160];

    /* numbers */
    uint64_t items; /* successful transfers, each once; ping_pong: round trips */
    uint64_t offered, dropped, spilled; /* overload: offered = items + dropped; spilled: of the
                                           items, those that came through the log on disk */
    double elapsed_ns;                  /* first start to last end */
    double ns_per_item;
    double items_per_s;
    double rtt_before_ns, rtt_after_ns; /* cache-line round trip between the first two CPUs used */
    char state[8];                      /* topology_state of these two */
    uint64_t stops, rests, rests_free;  /* stalled: how often a thread was stopped, how often the
                                           others then came to rest, and with nobody stopped */
    double stopped_share;               /* of their rate, that they kept meanwhile */
    double rank_error_mean;             /* rank_error: older items still inside when an item left */
    uint64_t rank_error_p50, rank_error_p99, rank_error_max;
    uint64_t held_0, held_1k, held_10k, held_100k, held_1m; /* held: bytes after so many items */
    uint64_t held_after;                                    /* and when the reader has gone on */
    double instructions_push, instructions_pop; /* census: of one operation, executed alone */
    double locked_push, locked_pop, fences_push, fences_pop; /* among them */
    uint64_t full, empty;                                    /* answers */
    uint64_t cas_failed, retries, parks, wakes;
    uint64_t ctx_voluntary, ctx_involuntary; /* context switches of the threads of the team */
    uint64_t bytes_peak;                     /* memory high water of the queue */
    uint64_t bytes_left;                     /* what it still holds when all has come out */
    double bytes_per_item;                   /* fill_drain: bytes_peak / most items inside */
    double fair_push,
        fair_pop; /* least busy thread's share over the busiest's: 1 fair, 0 starved */

    /* latency mode: histograms in ticks, NULL when absent; owned by the record */
    double tick_ns;
    struct histogram *push, *pop, *sojourn;
};

/* Writes one line, flushes it. 0, or an errno: a regular file is then as long as before, nothing of
 * a torn line is left behind. ENOSPC: the disk is full; EDOM: a number that every good sample has
 * is not finite; ERANGE: a count above 2^63 - 1, which is a clock that ran backwards. */
int record_write(FILE *f, const struct record *r);

/* Opens a file to append records to, made if it is not there. A last line without its newline is
 * what a killed run leaves: it is cut off, and *cut says so. 0 or an errno. */
int record_open(const char *path, FILE **f, bool *cut);

/* All records of a file. 0 and *records (record_free_all) and *n; or an errno with a sentence in
 * `message`: the file, the line, what is wrong with it. A torn last line is dropped and *torn says
 * so. Fields that this build does not know are passed over. ENOTSUP: built without jansson. */
int record_read(const char *path, struct record **records, size_t *n, bool *torn, char *message,
                size_t message_size);
void record_free_all(struct record *records, size_t n);

/* The name of a cell, the same in records, in google-benchmark and on the command line:
 *
 *   workload/family/queue/producers:consumers      mpmc/array/array_mpmc/4:4
 *
 * and, in this order, what differs from the defaults (batch 1, 8-byte items, capacity 1024, inline,
 * throughput, spread, no rate, no policy):
 *   /b8 /64B /c64 /indirect /latency /compact /r1000000 /drop-newest. A space becomes a dash ("by hand": /by-hand).
 * In the workloads that sweep: /backoff64, /s1024 (cells of a segment; none: the queue's choice). */
void record_cell_name(const struct record *r, char *name, size_t size);

#endif
