/* keys.h: which keys are used how often, and what a thread is to do with them.
 *
 * All of it is drawn before a clock runs: a loop reads its operations from an array. */
#ifndef STUDIES_INDEXING_KEYS_H
#define STUDIES_INDEXING_KEYS_H

#include "harness/stats.h"

/* Ranks 1 to n, the k-th in proportion to k^-exponent, by rejection-inversion (Hörmann & Derflinger,
 * "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS
 * 1996): constant time and memory whatever n is. Exponent 0: all alike. */
struct zipf {
    uint64_t n;
    double exponent, low, high, shift;
};
void zipf_init(struct zipf *z, uint64_t n, double exponent);
uint64_t zipf_next(const struct zipf *z, struct stats_random *random);

/* The key of a rank: 62 bits, different for different ranks below 2^62, far from its neighbours. */
uint64_t key_of(uint64_t rank);

/* A mix of operations: shares of 100; the rest are finds. Half of the changes insert, half remove,
 * so that about half of the keys are there at any time. */
struct mix {
    const char *name;
    unsigned changes;
};
extern const struct mix mixes[]; /* read-only, read-heavy, mixed, write-heavy; a NULL name ends */

/* n operations (driver.h) of this mix over these keys; NULL: no memory. */
uint64_t *work_draw(const struct mix *mix, const struct zipf *zipf, size_t n, uint64_t seed);

#endif
