/* stats.c: see stats.h. Values are never dropped as outliers: medians do not need it. */
#include "harness/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double *numbers(size_t n)
{
    double *v = calloc(n ? n : 1, sizeof *v);
    if (!v) {
        fprintf(stderr, "queuelab: out of memory for the statistics of %zu values\n", n);
        abort();
    }
    return v;
}

/* NaN sorts last, so that a stray one cannot scramble the rest. */
static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return !!isnan(x) - !!isnan(y);
    return (x > y) - (x < y);
}

static double *sorted_copy(const double *v, size_t n)
{
    double *s = numbers(n);
    if (n > 0) {
        memcpy(s, v, n * sizeof *s);
        qsort(s, n, sizeof *s, ascending);
    }
    return s;
}

/* Type 7 of Hyndman & Fan (1996): what R and NumPy do when not told otherwise. */
static double quantile_of_sorted(const double *s, size_t n, double q)
{
    if (n == 0)
        return NAN;
    const double at = q <= 0 ? 0 : q >= 1 ? (double)(n - 1) : q * (double)(n - 1);
    const size_t i = (size_t)at;
    const double part = at - (double)i;
    return part > 0 ? s[i] + part * (s[i + 1] - s[i]) : s[i];
}

double stats_quantile(const double *v, size_t n, double q)
{
    double *s = sorted_copy(v, n);
    const double result = quantile_of_sorted(s, n, q);
    free(s);
    return result;
}

double stats_median(const double *v, size_t n) { return stats_quantile(v, n, 0.5); }

/* The largest k such that the k-th smallest and the k-th largest of n values cover the median with
 * at least `confidence`; 0 when even the extremes do not. The median lies below the k-th smallest
 * when fewer than k values fall below it: Binomial(n, 1/2). In logarithms: 2^-n underflows. */
static size_t median_rank(size_t n, double confidence, double *coverage)
{
    const double rounding = 1e-12; /* of the sums: 6 values do cover with 0.96875 */
    double log_term = -(double)n * log(2), below = 0;
    size_t k = 0;
    *coverage = 0;
    for (; 2 * (k + 1) <= n; k++) {
        below += exp(log_term); /* P(at most k values below the median) */
        if (1 - 2 * below < confidence - rounding)
            break;
        *coverage = 1 - 2 * below;
        log_term += log((double)(n - k) / (double)(k + 1));
    }
    return k;
}

static struct interval no_interval(void)
{
    return (struct interval){.mid = NAN, .low = NAN, .high = NAN};
}

struct interval stats_median_interval(const double *v, size_t n, double confidence)
{
    if (n == 0)
        return no_interval();
    double *s = sorted_copy(v, n);
    struct interval result = {.mid = quantile_of_sorted(s, n, 0.5), .n = n};
    const size_t k = median_rank(n, confidence, &result.coverage);
    result.low = s[k ? k - 1 : 0];
    result.high = s[k ? n - k : n - 1];
    free(s);
    return result;
}

struct interval stats_ratio(const double *a, const double *b, size_t n, double confidence)
{
    double *logs = numbers(n);
    size_t used = 0;
    for (size_t i = 0; i < n; i++)
        if (a[i] > 0 && b[i] > 0 && isfinite(a[i]) && isfinite(b[i]))
            logs[used++] = log(a[i] / b[i]);
    struct interval result = stats_median_interval(logs, used, confidence);
    free(logs);
    result.mid = exp(result.mid);
    result.low = exp(result.low);
    result.high = exp(result.high);
    return result;
}

double stats_drift(const double *v, size_t n)
{
    enum { LEAST = 3, MOST = 100 };
    double *logs = numbers(n), *residual = numbers(n);
    size_t used = 0, residuals = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] > 0 && isfinite(v[i]))
            logs[used++] = log(v[i]);
    const size_t third = used / 3;
    double result = 0;
    if (third >= LEAST) {
        const double *const part[3] = {logs, logs + third, logs + used - third};
        double median[3];
        for (int p = 0; p < 3; p++) {
            median[p] = stats_median(part[p], third);
            for (size_t i = 0; i < third; i++)
                residual[residuals++] = fabs(part[p][i] - median[p]);
        }
        /* 1.4826 MAD estimates sigma; a median of k normal values has 1.2533 sigma / sqrt(k);
         * k / (k - 2) because residuals from a third's own median are too small, and one of three
         * or five is zero besides: found by simulation (tests/stats_test.c). */
        const double k = (double)third;
        const double sigma = 1.4826 * stats_median(residual, residuals) * k / (k - 2);
        const double error = 1.2533 * sigma * sqrt(2 / k), difference = median[2] - median[0];
        if (error > 0)
            result = fmax(-MOST, fmin(MOST, difference / error));
        else if (difference > 0 || difference < 0)
            result = copysign(MOST, difference);
    }
    free(residual);
    free(logs);
    return result;
}

/* ---- random numbers ------------------------------------------------------------------------ */

/* splitmix64 (Steele, Lea & Flood 2014): turns any seed, 0 too, into four good words of state. */
void stats_random_seed(struct stats_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        r->s[i] = z ^ z >> 31;
    }
}

static uint64_t rotate_left(uint64_t x, int by) { return x << by | x >> (64 - by); }

uint64_t stats_random_next(struct stats_random *r)
{
    uint64_t *const s = r->s;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t stats_random_below(struct stats_random *r, uint64_t bound)
{
    if (bound == 0)
        return 0;
    /* 2^64 mod bound values too many would favour the small results: draw again for those. */
    const uint64_t surplus = (0 - bound) % bound;
    uint64_t x = stats_random_next(r);
    while (x < surplus)
        x = stats_random_next(r);
    return x % bound;
}

double stats_random_unit(struct stats_random *r)
{
    return (double)(stats_random_next(r) >> 11) * 0x1p-53;
}

double stats_random_exponential(struct stats_random *r, double mean)
{
    return -mean * log1p(-stats_random_unit(r));
}

void stats_shuffle(struct stats_random *r, void *base, size_t n, size_t size)
{
    unsigned char *const bytes = base;
    for (size_t i = n; i > 1; i--) {
        unsigned char *const a = bytes + (i - 1) * size;
        unsigned char *const b = bytes + stats_random_below(r, i) * size;
        for (size_t k = 0; k < size; k++) {
            const unsigned char t = a[k];
            a[k] = b[k];
            b[k] = t;
        }
    }
}
