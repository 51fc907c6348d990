/* stats.h: the statistics of the lab: medians with exact intervals, paired ratios.
 *
 * Never means of throughput, never best-of: docs/METHODOLOGY.md shows by how much they lie. */
#ifndef HARNESS_STATS_H
#define HARNESS_STATS_H

#include <stddef.h>
#include <stdint.h>

struct interval {
    double mid, low, high; /* estimate and its confidence interval */
    size_t n;              /* values it rests on */
    double coverage;       /* of [low, high] under no assumption but independence; 0 when n is too
                              small for the confidence asked: then low and high are the extremes */
};

/* q in [0, 1], linear interpolation between order statistics. NaN when n is 0. */
double stats_quantile(const double *v, size_t n, double q);
double stats_median(const double *v, size_t n);

/* Median with the narrowest symmetric pair of order statistics (k-th smallest, k-th largest) that
 * covers it with at least `confidence` (exact, binomial; Conover 1999). n is 0: all NaN. */
struct interval stats_median_interval(const double *v, size_t n, double confidence);

/* exp(median of ln(a[i]/b[i])) with its exact interval: how many times a is b, pair by pair. Pairs
 * with a value that is not positive and finite are left out; none left: all NaN, n is 0. */
struct interval stats_ratio(const double *a, const double *b, size_t n, double confidence);

/* Is there a trend in time? Compares the first third with the last: log of the ratio of their
 * medians, in units of its own standard error (from the median absolute deviation of all three
 * thirds); positive: the values grow. |x| > 3 is worth a word: independent noise does that in about
 * 5 of 100 series of 9 values, 1 of 100 from 12 on. 0 below 9 positive values; within +-100. */
double stats_drift(const double *v, size_t n);

/* A seeded random stream (xoshiro256**, Blackman & Vigna 2018): reproducible on every machine. */
struct stats_random {
    uint64_t s[4];
};
void stats_random_seed(struct stats_random *r, uint64_t seed);
uint64_t stats_random_next(struct stats_random *r);
uint64_t stats_random_below(struct stats_random *r, uint64_t bound); /* unbiased; bound 0: 0 */
double stats_random_unit(struct stats_random *r);                    /* [0, 1) */
double stats_random_exponential(struct stats_random *r, double mean);
void stats_shuffle(struct stats_random *r, void *base, size_t n, size_t size);

#endif
