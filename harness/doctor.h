/* doctor.h: what can this machine resolve? Asked before believing any number from it.
 *
 *   clock         what a time stamp costs, and the smallest difference it can see
 *   topology      the processors, and the order in which plans use them
 *   placement     a cache line's round trip, again and again: does the host move us?
 *   hiccups       every processor spins; whenever one loses more than 10 us, somebody took it
 *   A/A           one queue against itself: which ratio would be luck?
 *   verdict       what follows for the numbers of this lab
 *
 * About 2 s and what A/A takes (at most about 5 s more). */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

/* ln(a/b) of one pair of measurements of the same thing, interleaved the way different things are
 * compared; NaN when a measurement failed. */
typedef double doctor_aa(void *arg, unsigned pair);

/* Examines and prints, as text that reads in ten seconds or as one JSON object. aa may be NULL: no
 * A/A then. The exit status: 0, or 1 when the machine could not be examined. */
int doctor(FILE *out, bool json, doctor_aa *aa, void *arg);

/* ---- the parts, for tests ------------------------------------------------------------------- */

/* Gaps between looks at the clock, while a processor did nothing but look. */
struct doctor_hiccups {
    unsigned cpus;  /* that spun, all at the same time */
    double seconds; /* together */
    unsigned long over_10us, over_100us, over_1ms;
    double longest_ns, lost_ns; /* lost: the sum of the gaps over 10 us */
};
struct doctor_hiccups doctor_spin(const int *cpu, unsigned cpus, double seconds);

/* The share of measurements that meet a hiccup: of operations that take op_ns each, back to back,
 * and of arrivals at random instants. Percentiles beyond 1 - share belong to the machine. */
double doctor_share_of_operations(const struct doctor_hiccups *h, double op_ns);
double doctor_share_of_instants(const struct doctor_hiccups *h);

/* "p99.95": the percentile that leaves `share` beyond it, rounded down. */
const char *doctor_percentile(double share, char *text, size_t size);

#endif
