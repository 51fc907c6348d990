/* systems.h: whatever commits: our log in its variants, the document's, one sync per commit, and
 * other people's; and threads that commit to it as fast as they get answers. */
#ifndef STUDIES_WAL_ADMISSION_SYSTEMS_H
#define STUDIES_WAL_ADMISSION_SYSTEMS_H

#include "studies/study.h"
#include "studies/wal_admission/as_written.h"
#include "studies/wal_admission/device.h"

struct commit_setup {
    char path[512];   /* a directory of its own, that does not exist yet */
    uint64_t sync_ns; /* 0: the disk's fdatasync; else simulated */
    uint64_t ahead;   /* zeroes written ahead, of the logs that do so */
    uint64_t interval_ns;
    const char *queue;
    uint32_t payload;
};

/* How many syncs there were, and what went into them; zero where it cannot be said. */
struct commit_counts {
    double groups, entries, sync_ns, prepare_ns;
    bool grew; /* it was to go ahead, and could not */
};

struct commit_system {
    const char *name; /* the variant */
    int (*open)(void **system, const struct commit_system *itself, const struct commit_setup *s);
    int (*attach)(void *system, unsigned thread, void **handle);
    int (*commit)(void *handle, const void *bytes, uint32_t n); /* 0: durable */
    void (*detach)(void *handle);
    void (*close)(void *system, struct commit_counts *counts);
    double number;         /* of a variant */
    unsigned threads_most; /* peers: more would measure how they wait for one another */
    bool rival;            /* peers: a target is set against it */
};

extern const struct commit_system commit_leaders, commit_leaders_growing, commit_leaders_reserving,
    commit_flusher, commit_written_100us, commit_written_1ms, commit_unbounded,
    commit_unbounded_drained, commit_each;
extern const struct commit_system
    *const commit_peers[];               /* NULL-terminated; none without libraries */
extern const char commit_peers_absent[]; /* what is not there, and why; "" */

/* Makes the setup's directory; empties and removes it. 0 or an errno. */
int commit_make_directory(const char *path);
void commit_remove_directory(const char *path);
const char *commit_filesystem(const char *path); /* "ext4", "tmpfs", ... of what exists */

/* `threads` threads commit for so long; fills in commits_per_s, p50_ns, p99_ns, entries_per_sync, ... */
void commit_closed_loop(const struct commit_system *system, const struct commit_setup *setup,
                        unsigned threads, double seconds, struct study_sample *s);

#endif
