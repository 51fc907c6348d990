/* histogram_test.c: every edge of the bucket functions, and quantiles against a sorted array. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/histogram.h"
#include "harness/stats.h"

enum { EXACT = 1 << HISTOGRAM_BITS };

static struct histogram *fresh(void)
{
    struct histogram *h = malloc(sizeof *h);
    assert_non_null(h);
    histogram_clear(h);
    return h;
}

/* The buckets cut 0..UINT64_MAX into pieces without gap or overlap, each at most 1/128 of its own
 * values wide: that is the whole claim of histogram.h. */
static void buckets_tile_all_values(void **state)
{
    (void)state;
    assert_int_equal(histogram_low(0), 0);
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const uint64_t low = histogram_low(i), high = histogram_high(i);
        assert_true(low <= high);
        assert_int_equal(histogram_index(low), i);
        assert_int_equal(histogram_index(high), i);
        assert_int_equal(histogram_index(low + (high - low) / 2), i);
        if (i + 1 < HISTOGRAM_BUCKETS)
            assert_int_equal(histogram_low(i + 1), high + 1);
        else
            assert_true(high == UINT64_MAX);
        assert_true(high - low <= low >> HISTOGRAM_BITS);
        if (i < 2 * EXACT)
            assert_int_equal(low, high);
    }
}

static void edges_have_the_right_bucket(void **state)
{
    (void)state;
    assert_int_equal(histogram_index(0), 0);
    assert_int_equal(histogram_index(63), 63);
    assert_int_equal(histogram_index(64), 64);
    assert_int_equal(histogram_index(127), 127);
    assert_int_equal(histogram_index(128), 128);
    assert_int_equal(histogram_index(129), 128); /* the first bucket of two values */
    assert_int_equal(histogram_index(130), 129);
    assert_int_equal(histogram_index(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    for (int bit = HISTOGRAM_BITS; bit < 64; bit++) {
        const uint64_t power = UINT64_C(1) << bit;
        const unsigned i = histogram_index(power);
        assert_int_equal(i % EXACT, 0); /* a power of two begins a row of buckets */
        assert_int_equal(histogram_low(i), power);
        assert_int_equal(histogram_index(power - 1), i - 1);
    }
}

static void an_empty_histogram_answers_zero(void **state)
{
    (void)state;
    struct histogram *h = fresh();
    assert_int_equal(histogram_quantile(h, 0.5), 0);
    assert_int_equal(histogram_quantile(h, 1), 0);
    assert_false(histogram_supports(h, 0.5));
    assert_true(h->min == UINT64_MAX);
    assert_int_equal(h->max, 0);
    free(h);
}

static void small_sets_are_exact(void **state)
{
    (void)state;
    struct histogram *h = fresh();
    for (uint64_t v = 1; v <= 100; v++)
        histogram_add(h, v);
    for (unsigned percent = 1; percent <= 100; percent++) /* also 7 %: 0.07 * 100 is not 7 */
        assert_int_equal(histogram_quantile(h, percent / 100.0), percent);
    assert_int_equal(histogram_quantile(h, 0), 1);
    assert_int_equal(histogram_quantile(h, 0.501), 51);
    assert_int_equal(h->min, 1);
    assert_int_equal(h->max, 100);

    histogram_clear(h);
    histogram_add(h, 1000003); /* a single value is known exactly, its bucket is 8192 wide */
    assert_int_equal(histogram_quantile(h, 0), 1000003);
    assert_int_equal(histogram_quantile(h, 0.5), 1000003);
    assert_int_equal(histogram_quantile(h, 1), 1000003);

    histogram_clear(h);
    histogram_add(h, 0);
    histogram_add(h, UINT64_MAX);
    assert_int_equal(histogram_quantile(h, 0.5), 0);
    assert_true(histogram_quantile(h, 0.51) == UINT64_MAX);
    free(h);
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t draw(struct stats_random *r, int distribution)
{
    switch (distribution) {
    case 0: /* 0..300: around the end of the exact part */
        return stats_random_below(r, 301);
    case 1: /* latencies: many short, a long tail */
        return (uint64_t)stats_random_exponential(r, 40000);
    case 2: /* two modes a thousandfold apart, as when a thread is preempted */
        return stats_random_below(r, 100) ? 90 + stats_random_below(r, 20)
                                          : 4000000 + stats_random_below(r, 4000000);
    case 3: /* any magnitude */
        return stats_random_next(r) >> stats_random_below(r, 64);
    case 4: /* one value again and again */
        return 123456789;
    default: /* heavy tail: 1/u^2 */
        return (uint64_t)(50 / pow(1 - stats_random_unit(r), 2));
    }
}

static void quantiles_are_within_the_stated_error(void **state)
{
    (void)state;
    enum { N = 20000 };
    static const double q[] = {0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1};
    uint64_t *v = malloc(N * sizeof *v);
    assert_non_null(v);
    struct stats_random r;
    stats_random_seed(&r, 42);
    for (int distribution = 0; distribution < 6; distribution++) {
        struct histogram *h = fresh();
        for (int i = 0; i < N; i++)
            histogram_add(h, v[i] = draw(&r, distribution));
        qsort(v, N, sizeof *v, ascending);
        assert_true(h->min == v[0] && h->max == v[N - 1] && h->total == N);
        for (size_t k = 0; k < sizeof q / sizeof *q; k++) {
            const double rank = ceil(q[k] * N - 1e-6);
            const uint64_t exact = v[rank < 1 ? 0 : (size_t)rank - 1];
            const uint64_t got = histogram_quantile(h, q[k]);
            const uint64_t error = got > exact ? got - exact : exact - got;
            assert_true(error <= exact >> (HISTOGRAM_BITS + 1)); /* the middle: half a bucket */
            assert_true(got >= h->min && got <= h->max);
        }
        free(h);
    }
    free(v);
}

static void merging_is_adding_everything_to_one(void **state)
{
    (void)state;
    struct histogram *part[3] = {fresh(), fresh(), fresh()}, *all = fresh(), *sum = fresh();
    struct stats_random r;
    stats_random_seed(&r, 7);
    for (int i = 0; i < 5000; i++) {
        const uint64_t v = draw(&r, i % 6);
        histogram_add(part[i % 2], v); /* part[2] stays empty */
        histogram_add(all, v);
    }
    for (int i = 0; i < 3; i++)
        histogram_merge(sum, part[i]);
    assert_memory_equal(sum, all, sizeof *all);
    for (int i = 0; i < 3; i++)
        free(part[i]);
    free(all);
    free(sum);
}

static void a_quantile_needs_ten_values_beyond_it(void **state)
{
    (void)state;
    static const struct {
        double q;
        int least;
    } table[] = {{0.5, 20}, {0.9, 100}, {0.99, 1000}, {0.999, 10000}, {0.9999, 100000}};
    struct histogram *h = fresh();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        while (h->total + 1 < (uint64_t)table[i].least)
            histogram_add(h, h->total);
        assert_false(histogram_supports(h, table[i].q));
        histogram_add(h, 1);
        assert_true(histogram_supports(h, table[i].q));
    }
    assert_false(histogram_supports(h, 1)); /* the maximum is a maximum, not a quantile */
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_tile_all_values),
        cmocka_unit_test(edges_have_the_right_bucket),
        cmocka_unit_test(an_empty_histogram_answers_zero),
        cmocka_unit_test(small_sets_are_exact),
        cmocka_unit_test(quantiles_are_within_the_stated_error),
        cmocka_unit_test(merging_is_adding_everything_to_one),
        cmocka_unit_test(a_quantile_needs_ten_values_beyond_it),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
