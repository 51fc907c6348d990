/* histogram.c: the parts of histogram.h that run after the measurement. */
#include "harness/histogram.h"

#include <math.h>
#include <string.h>

#define FIRST (1u << HISTOGRAM_BITS) /* buckets, and values, of the exact part */

/* Buckets FIRST..2*FIRST-1 are one value wide as well (shift 0); each later FIRST are twice as wide
 * as the FIRST before them. */
static unsigned shift_of(unsigned index)
{
    return index < FIRST ? 0 : (index >> HISTOGRAM_BITS) - 1;
}

uint64_t histogram_low(unsigned index)
{
    if (index < FIRST)
        return index;
    return (uint64_t)(index % FIRST + FIRST) << shift_of(index);
}

uint64_t histogram_high(unsigned index)
{
    return histogram_low(index) + ((UINT64_C(1) << shift_of(index)) - 1);
}

void histogram_clear(struct histogram *h)
{
    memset(h, 0, sizeof *h);
    h->min = UINT64_MAX;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->bucket[i] += from->bucket[i];
    into->total += from->total;
    if (from->max > into->max)
        into->max = from->max;
    if (from->min < into->min)
        into->min = from->min;
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
    if (h->total == 0)
        return 0;
    /* 0.07 * 100 is a little more than 7 in binary: shave off what is only rounding. */
    const double wanted = ceil(q * (double)h->total * (1 - 1e-14));
    if (wanted >= (double)h->total)
        return h->max;
    const uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
    uint64_t seen = 0;
    unsigned i = 0;
    while ((seen += h->bucket[i]) < rank)
        i++;
    const uint64_t low = histogram_low(i), middle = low + (histogram_high(i) - low) / 2;
    return middle > h->max ? h->max : middle < h->min ? h->min : middle;
}

bool histogram_supports(const struct histogram *h, double q)
{
    return (1 - q) * (double)h->total >= 10 * (1 - 1e-9); /* 1 - 0.9999 is a little below 1e-4 */
}
