/* env.h: the machine and the build a record was made on: its fingerprint.
 *
 * Collected once per run and written to env.json beside the records. What may disturb a
 * measurement is not only recorded but said: env_warnings. Texts that the machine does not give
 * are "unknown", numbers 0. */
#ifndef HARNESS_ENV_H
#define HARNESS_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/clock.h"
#include "harness/topology.h"

#define ENV_SCHEMA 1

struct env {
    char id[17];   /* hash of what makes machines comparable: model, cpus, kernel, compiler,
                             flags, back-off; not of load or time */
    char date[32]; /* UTC, ISO 8601 */
    char cpu_model[128], microcode[32], hypervisor[32], kernel[128], os[128], libc[32];
    char compiler[128], flags[256], build_type[32];
    char commit[64]; /* git hash at build time, "+dirty" when the sources were not as committed;
                             "unknown" outside git */
    bool sanitized;  /* a build for finding bugs: its times mean nothing */
    char peers[2048], peers_absent[2048]; /* other people's queues: package and version: names; and
                                             those of peers.def that are not in the build, and why */
    char governor[32]; /* cpufreq governor, "none visible" in most virtual machines */
    char clocksource[32];
    char smt[16]; /* on, off, unknown */
    char thp[16]; /* transparent huge pages: always, madvise, never */
    char cache_l1d[16], cache_l2[16], cache_l3[16];
    char topology_source[32];
    unsigned cpus, cores, sockets, numa_nodes; /* usable ones: topology.h */
    double cpu_quota; /* processors' worth of time that the cgroup grants; 0: no limit */
    unsigned long memory_mib;
    double load_1min;                /* when the run began */
    double steal_percent;            /* since boot */
    unsigned backoff_max, spins_max; /* Q_BACKOFF_MAX, Q_SPINS_MAX of this build */

    char clock_source[16]; /* the clock card: clock.h */
    bool clock_invariant;
    double clock_ticks_per_ns, clock_calibration_ppm;
    double clock_cost_ns, clock_resolution_ns, clock_cross_cpu_ns;
};

int env_collect(struct env *e, const struct topology *t, const struct clock_card *clock);

/* Writes / reads env.json, whole or not at all (whole_file.h). 0 or an errno, with record_read's rules
 * for `message`; ENOTSUP: built without jansson. */
int env_write(const char *path, const struct env *e);
int env_read(const char *path, struct env *e, char *message, size_t message_size);

/* Ticks of processor time since boot: those that the host gave to somebody else, and all there were. A tick
 * is 10 ms of one processor; 0 and 0 where the machine does not say. */
void env_processor_time(double *stolen, double *all);

/* The machine table of REPORT.md. */
void env_markdown(FILE *out, const struct env *e);

/* Calls say once for each thing about this machine or build that a reader must know before
 * believing a number: other load, a moving governor, no invariant clock, a debug build, ... */
void env_warnings(const struct env *e, void (*say)(void *arg, const char *sentence), void *arg);

#endif
