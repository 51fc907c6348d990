/* crash.h: a process that commits is killed, or its power is cut, at a random instant; then the log is
 * read, and compared with what had been acknowledged.
 *
 *   CRASH_KILL    kill -9 of a process whose threads commit and tell each answer through a pipe: at
 *                 any instant, also while the log is being made, opened or recovered
 *   CRASH_FAULTS  the same with a device that refuses writes (ENOSPC, after half of them; or EFBIG
 *                 of the kernel, RLIMIT_FSIZE) and fails a sync (EIO)
 *   CRASH_POWER   device_power: what was not synced reaches the disk by chance, sector by sector.
 *                 kill -9 leaves the kernel's cache alone, so that it cannot tell whether the log
 *                 syncs before it answers; this can
 *
 * The same file goes through several crashes, so that recovered logs are written on. */
#ifndef STUDIES_WAL_ADMISSION_CRASH_H
#define STUDIES_WAL_ADMISSION_CRASH_H

#include <stddef.h>
#include <stdint.h>

enum crash_kind { CRASH_KILL, CRASH_FAULTS, CRASH_POWER };
struct crash_plan {
    enum crash_kind kind;
    const char *path; /* of the log: made and removed */
    unsigned points;  /* crashes */
    double most_ms;   /* of life before one */
    uint64_t seed;
    const char *queue;
    int spoil; /* for the test of this test: 1 the device's sync does nothing, 2 answers come early */
};
struct crash_result {
    uint64_t points, with_answers; /* crashes; before which something had been acknowledged */
    uint64_t acknowledged, recovered, refused;
    uint64_t lost_acknowledged; /* not found afterwards */
    uint64_t wrong;             /* records that nobody wrote, or twice, or in another order */
    uint64_t refused_found;     /* writes that were refused, and are in the log */
    uint64_t torn_tails;        /* something was cut off behind the last good record */
};

/* 0, or an errno and a line that says what could not be done. */
int crash_run(const struct crash_plan *plan, struct crash_result *result, char *why, size_t size);

#endif
