/* env.h: the machine and the build a record was made on: its fingerprint.
 *
 * Collected once per run and written to env.json beside the records. What may disturb a
 * measurement is not only recorded but said: env_warnings. */
#ifndef HARNESS_ENV_H
#define HARNESS_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/clock.h"
#include "harness/topology.h"

struct env {
    char id[17];   /* hash of what makes machines comparable: model, cpus, kernel, compiler,
                             flags; not of load or time */
    char date[32]; /* UTC, ISO 8601 */
    char cpu_model[128], hypervisor[32], kernel[128], os[128];
    char compiler[128], flags[256], build_type[16];
    char commit[48];   /* git hash at build time, "+dirty" when the tree was not clean */
    char governor[32]; /* cpufreq governor, "none visible" in most virtual machines */
    char clocksource[32];
    char smt[16]; /* on, off, unknown */
    char thp[16]; /* transparent huge pages: always, madvise, never */
    char cache_l1d[16], cache_l2[16], cache_l3[16];
    unsigned cpus, cores, numa_nodes;
    unsigned long memory_mib;
    double load_1min;                /* when the run began */
    double steal_percent;            /* since boot */
    unsigned backoff_max, spins_max; /* Q_BACKOFF_MAX, Q_SPINS_MAX of this build */
    const struct clock_card *clock;
    const struct topology *topology;
};

int env_collect(struct env *e, const struct topology *t, const struct clock_card *clock);

/* Writes / reads env.json: temporary file, fsync, rename. 0 or an errno (record_read's rules). The
 * clock and topology pointers are NULL after reading; their figures are in the file and are
 * printed by env_markdown. */
int env_write(const char *path, const struct env *e);
int env_read(const char *path, struct env *e, char *message, size_t message_size);

/* Calls say once for each thing about this machine that a reader must know before believing a
 * number: other load, a moving governor, no invariant clock, more threads than processors, ... */
void env_warnings(const struct env *e, void (*say)(void *arg, const char *sentence), void *arg);

#endif
