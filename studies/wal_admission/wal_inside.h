/* wal_inside.h: what the log consists of; for wal.c and wal_open.c alone. */
#ifndef STUDIES_WAL_ADMISSION_WAL_INSIDE_H
#define STUDIES_WAL_ADMISSION_WAL_INSIDE_H

#include <pthread.h>

#include "studies/wal_admission/wal.h"

enum { WAL_TAKE = 256, WAL_GROUP_ENTRIES = 8192 };

/* The admission word: bytes | entries | closed. */
#define CLOSED       UINT64_C(1)
#define ENTRY        UINT64_C(2)
#define ENTRIES_MOST ((UINT64_C(1) << 24) - 1)
#define BYTE         (UINT64_C(1) << 25)
#define BYTES_MOST   ((UINT64_C(1) << 38) - 1)
#define ENTRIES(w)   ((w) >> 1 & ENTRIES_MOST)
#define BYTES(w)     ((w) >> 25)

struct wal {
    alignas(Q_LINE) atomic(uint64_t) admission;
    alignas(Q_LINE) atomic(uint64_t) group; /* the newest that was drained */
    atomic(bool) busy;                      /* somebody makes a group */
    struct q_event done[2];                 /* of groups by parity */
    alignas(Q_LINE) struct q_event room;
    struct q_event work; /* for the flusher */
    alignas(Q_LINE) struct wal_config c;
    const struct q_driver *driver;
    void *queue;
    pthread_t flusher;

    /* of whoever is busy */
    struct wal_file file;
    void *consumer;         /* handle of the queue */
    q_item taken[WAL_TAKE]; /* entries */
    size_t next_taken, n_taken;
    struct wal_entry *member[WAL_GROUP_ENTRIES];
    bool more; /* the last group was full: what was left over need not gather */
    struct q_counts counts;

    pthread_mutex_t lock; /* of the metrics */
    struct wal_metrics metrics;
};

struct wal_handle {
    struct wal *log;
    void *producer; /* handle of the queue */
    struct q_counts counts;
    struct wal_metrics metrics;
};

void *wal_flusher(void *log);

#endif
