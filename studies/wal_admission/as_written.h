/* as_written.h: the log's queue line by line as the document prints it (source 001), on threads: what
 * is async there blocks here. Its faults are kept:
 *
 *   append   looks at the count, then registers to be woken: a wake-up in between is lost
 *   flush    waits until nothing of anybody's is pending, looking every so often
 *   drain    an error of the device returns before the count goes down
 *   close    a last drain, and nothing that would keep appends from going on
 *
 * File, checksums, device and queue are those of wal.h, so that nothing else differs. */
#ifndef STUDIES_WAL_ADMISSION_AS_WRITTEN_H
#define STUDIES_WAL_ADMISSION_AS_WRITTEN_H

#include "studies/wal_admission/wal.h"

struct as_written_config {
    struct wal_config log; /* path, io, queue, max_queue_size, flush_interval_ns, ahead */
    uint64_t poll_ns;      /* of flush: 100 us as printed, 1 ms as its timer rounds it */
    unsigned pauses; /* between looking at the count and registering: makes the window wider */
    bool repaired;   /* registers first, then looks: what the window is compared with */
    bool unbounded;  /* as before there was a bound: counted, never refused */
    bool drained; /* counted out when it is drained, not when it is durable: then a flush waits, as
                        one that looks at an empty queue does, for nothing that is on the disk */
};

struct as_written;
struct as_written_handle;

int as_written_open(struct as_written **log, const struct as_written_config *c);
int as_written_attach(struct as_written *log, struct as_written_handle **h);
void as_written_detach(struct as_written_handle *h);
int as_written_append(struct as_written_handle *h, const void *bytes, uint32_t length);
int as_written_flush(struct as_written_handle *h);
void as_written_shutdown(struct as_written *log); /* the last flush */
void as_written_close(struct as_written *log);

uint64_t as_written_pending(const struct as_written *log);
/* What appends of this handle did to words that all share: read-modify-writes, of them
 * compare-and-swaps that were lost; and how often they were woken for room. */
struct as_written_counts {
    uint64_t shared_rmw, cas_failed, woken;
};
struct as_written_counts as_written_counts(const struct as_written_handle *h);
void as_written_groups(const struct as_written *log, uint64_t *groups, uint64_t *entries);
/* Wakes who waits for room, and ends every flush (ECANCELED): how an experiment gets out. */
void as_written_rescue(struct as_written *log, bool end_flushes);

#endif
