/* wal.h: a write-ahead log with bounded admission and group commit.
 *
 *   writers ──admit──► push ──► [ queue of the lab ] ──drain──► group ──write, sync──► file
 *      ▲       │ full: wait                                       │
 *      │       ▼ (or refuse)                                      │ wake the writers of this group,
 *      └── one word: bytes | entries | closed ◄──give back────────┘ and nobody else
 *
 * Admission   one compare-and-swap on one word: so many entries, so many bytes, not closed. It comes
 *             before the push, so that what is queued never exceeds the bounds. Room is given back
 *             when a group was drained, not when it is durable: while one group is being synced the
 *             next one gathers. (`hold`: when it is durable, as the document has it.)
 * Order       the queue's is the file's: lsn in the order of the pushes, without gaps.
 * Durability  a writer waits for its own entry and for nothing else. Who waits sleeps on the event of
 *             the group that will have its entry: there are two, for odd and even groups, so that the
 *             end of a group wakes those whose wait is over and not those of the next one.
 * Who syncs   WAL_COMMITTERS: a writer that waits, and finds nobody at it, leads: it drains, writes
 *             and syncs for all. The flusher does it for entries that nobody waits for.
 *             WAL_FLUSHER: the flusher alone.
 * Errors      of the device reach every writer of the group. Their room has been given back.
 * Shutdown    sets `closed` in the admission word: what was admitted before is written, what comes
 *             after is refused (ESHUTDOWN), and there is nothing in between.
 *
 * An entry belongs to its writer, which keeps it, and its bytes, until wal_wait has answered. */
#ifndef STUDIES_WAL_ADMISSION_WAL_H
#define STUDIES_WAL_ADMISSION_WAL_H

#include "harness/driver.h"
#include "queues/queue.h"
#include "studies/wal_admission/wal_file.h"

enum wal_who { WAL_COMMITTERS, WAL_FLUSHER };

/* Zero means the default, except where it says otherwise. */
struct wal_config {
    const char *path;
    struct wal_io *io;          /* wal_disk */
    const char *queue;          /* list_mpsc: any queue of the registry that is FIFO */
    size_t max_queue_size;      /* 10,000 entries */
    uint64_t max_queue_bytes;   /* no limit but the word's, 256 GiB */
    uint64_t flush_interval_ns; /* 0: at once. The flusher lets entries gather for so long */
    size_t group_bytes;         /* 1 MiB: of one write; an entry must fit in */
    uint64_t ahead;             /* zeroes ahead of the log's end, by io's means; 0: none */
    enum wal_who who;
    bool hold; /* room is given back when entries are durable */
};

struct wal_entry {
    const void *bytes;
    uint32_t length;
    uint32_t checksum;      /* of the bytes: the writer takes it, outside the flusher's way */
    uint64_t lsn;           /* known when it is durable */
    uint64_t admitted_ns;   /* when it got its room */
    atomic(uint64_t) group; /* 0: in the queue */
    atomic(int) status;     /* WAL_WAITS, then 0 or an errno */
};
enum { WAL_WAITS = -1 };

/* Sums since opening; what writers counted is in when they have detached. */
struct wal_metrics {
    uint64_t groups, entries, bytes, failed; /* failed: entries whose device refused */
    uint64_t sync_ns, prepare_ns;            /* of all groups: write and sync; drain and copy */
    uint64_t queued_ns;                      /* from admission to room given back, of all entries */
    uint64_t depth_most;                     /* entries, at the beginning of a group */
    uint64_t admitted, refused, waited;      /* appends; waited: that found it full */
    uint64_t wait_ns, wait_most_ns;          /* for room */
    uint64_t admit_failed;                   /* compare-and-swaps lost at the admission word */
    uint64_t room_sleeps;                    /* times asleep for room */
    uint64_t sleeps, leads;                  /* commits: times asleep, groups led */
    bool grew;                               /* it was to go ahead, and the device refused */
};

struct wal;
struct wal_handle; /* of one thread */

/* 0 or an errno: of wal_file_open, ENOMEM, EINVAL: no such queue, or a bound that is none. */
int wal_open(struct wal **log, const struct wal_config *c, struct wal_found *found,
             wal_reader *reader, void *arg);
int wal_attach(struct wal *log, struct wal_handle **handle);
void wal_detach(struct wal_handle *handle);

/* Admits and queues an entry whose `bytes` and `length` are set. Waits for room up to timeout_ns (0:
 * refuses at once). 0, EAGAIN no room in time, ESHUTDOWN, EMSGSIZE, ENOMEM. */
int wal_append(struct wal_handle *h, struct wal_entry *e, uint64_t timeout_ns);
int wal_wait(struct wal_handle *h, struct wal_entry *e); /* until it is durable: 0; or an errno */

/* Both: 0 means that these bytes are on the disk. */
int wal_commit(struct wal_handle *h, const void *bytes, uint32_t length);

/* Refuses what comes from now on, and returns when all that was admitted is durable or failed. */
void wal_shutdown(struct wal *log);
void wal_close(struct wal *log); /* after wal_shutdown; all have detached */

struct wal_depth {
    uint64_t entries, bytes;
    bool closed;
};
struct wal_depth wal_depth(const struct wal *log);
void wal_metrics(struct wal *log, struct wal_metrics *m);

#endif
