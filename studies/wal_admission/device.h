/* device.h: devices under the log: slow ones, ones that fail, and one whose power is cut. */
#ifndef STUDIES_WAL_ADMISSION_DEVICE_H
#define STUDIES_WAL_ADMISSION_DEVICE_H

#include <pthread.h>
#include <stdbool.h>

#include "harness/stats.h"
#include "queues/atomics.h"
#include "studies/wal_admission/wal_file.h"

/* The disk, but a sync takes so long, and nothing else: so runs do not depend on the disk. */
struct device_slow {
    struct wal_io io;
    uint64_t sync_ns;
};
void device_slow(struct device_slow *d, uint64_t sync_ns);

/* The disk, but operations fail. A refused write has written half. */
struct device_faulty {
    struct wal_io io;
    uint64_t sync_ns;                     /* 0: the disk's own sync */
    atomic(uint64_t) writes, syncs, cuts; /* so far */
    /* the number of the first that fails, and how often after that one: 0 never again, n each n-th */
    uint64_t write_fails, write_again, sync_fails, sync_again;
    int write_error, sync_error;
    atomic(uint64_t) failed;
};
void device_faulty(struct device_faulty *d);
void device_faulty_reserves(struct device_faulty *d); /* space ahead, instead of writing zeroes */

/* A disk in memory with a cache in front of it, by sectors. A sync carries to the disk what the
 * cache holds. When the power is cut, in the middle of the operation number `cut_at`, any sectors of
 * the cache may have reached the disk, or not, each for itself; from then on everything fails. */
enum { DEVICE_SECTOR = 512, DEVICE_SECTORS = 8192 };
struct device_power {
    struct wal_io io;
    pthread_mutex_t lock;
    uint64_t operations, cut_at;
    bool dead;
    struct stats_random random;
    uint64_t size_now, size_disk;
    bool dirty[DEVICE_SECTORS];
    unsigned char now[DEVICE_SECTORS * DEVICE_SECTOR], disk[DEVICE_SECTORS * DEVICE_SECTOR];
};
void device_power(struct device_power *d, uint64_t cut_at, uint64_t seed);
void device_power_reserves(struct device_power *d);
int device_power_save(const struct device_power *d, const char *path); /* the disk, as a file */

#endif
