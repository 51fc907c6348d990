/* histogram.h: log-linear histogram of durations in ticks (or any uint64_t).
 *
 * Values below 2^HISTOGRAM_BITS are counted exactly; above, each power of two is cut into
 * 2^HISTOGRAM_BITS buckets of equal width, at most 1/64 of the value; the middle of a bucket is
 * within 0.8 % of every value in it (the layout of HdrHistogram, Tene 2012; ours because Debian
 * packages no C version and the measured loop inlines `histogram_add`). Finer buckets would only
 * make the records larger: the spread between rounds is ten times that. One writer, no locks;
 * merge after the run. */
#ifndef HARNESS_HISTOGRAM_H
#define HARNESS_HISTOGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_BITS = 6,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS,
};

struct histogram {
    uint64_t total, max, min; /* min is UINT64_MAX when empty */
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket of a value, and the values a bucket stands for: low <= v <= high. */
static inline unsigned histogram_index(uint64_t v)
{
    if (v < 1u << HISTOGRAM_BITS)
        return (unsigned)v;
    const unsigned shift = 63u - (unsigned)__builtin_clzll(v) - HISTOGRAM_BITS;
    return ((shift + 1) << HISTOGRAM_BITS) + (unsigned)((v >> shift) - (1u << HISTOGRAM_BITS));
}
uint64_t histogram_low(unsigned index);
uint64_t histogram_high(unsigned index);

static inline void histogram_add(struct histogram *h, uint64_t v)
{
    h->bucket[histogram_index(v)]++;
    h->total++;
    if (v > h->max)
        h->max = v;
    if (v < h->min)
        h->min = v;
}

void histogram_clear(struct histogram *h);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The smallest recorded value v such that at least q of all values are <= v: the bucket's middle,
 * never above max. 0 when empty. */
uint64_t histogram_quantile(const struct histogram *h, double q);

/* Whether quantile q may be reported: at least 10 samples must lie beyond it. */
bool histogram_supports(const struct histogram *h, double q);

#endif
