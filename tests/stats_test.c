/* stats_test.c: known answers, and simulations with fixed seeds where only a rate is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/stats.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void near(double got, double expected, double tolerance)
{
    if (!(fabs(got - expected) <= tolerance))
        fail_msg("got %.17g, expected %.17g within %g", got, expected, tolerance);
}

/* Normal deviates by Box & Muller: simulations only. */
static double normal(struct stats_random *r)
{
    const double u = 1 - stats_random_unit(r), v = stats_random_unit(r);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

/* ---- medians and quantiles ----------------------------------------------------------------- */

static void medians_of_small_sets(void **state)
{
    (void)state;
    const double v[] = {9, 1, 4, 7, 100};
    near(stats_median(v, 1), 9, 0);
    near(stats_median(v, 2), 5, 0);
    near(stats_median(v, 3), 4, 0);
    near(stats_median(v, 4), 5.5, 0);
    near(stats_median(v, 5), 7, 0);
    assert_true(isnan(stats_median(v, 0)));
    assert_true(isnan(stats_median(NULL, 0)));
    near(v[0], 9, 0); /* the caller's array keeps its order */
}

static void quantiles_interpolate(void **state)
{
    (void)state;
    const double v[] = {40, 10, 30, 20};
    near(stats_quantile(v, 4, 0), 10, 0);
    near(stats_quantile(v, 4, 1), 40, 0);
    near(stats_quantile(v, 4, 0.25), 17.5, 1e-12);
    near(stats_quantile(v, 4, 0.9), 37, 1e-12);
    near(stats_quantile(v, 4, -1), 10, 0);
    near(stats_quantile(v, 4, 2), 40, 0);
    near(stats_quantile(v, 1, 0.3), 40, 0);
}

/* ---- exact intervals ----------------------------------------------------------------------- */

/* Values 1..n in a scrambled order, so that a value is its own rank. */
static struct interval of_ranks(size_t n, double confidence)
{
    double *v = malloc(n * sizeof *v);
    assert_non_null(v);
    for (size_t i = 0; i < n; i++)
        v[i] = (double)(i + 1);
    struct stats_random r;
    stats_random_seed(&r, n);
    stats_shuffle(&r, v, n, sizeof *v);
    const struct interval result = stats_median_interval(v, n, confidence);
    free(v);
    return result;
}

static void exact_intervals_have_binomial_coverage(void **state)
{
    (void)state;
    static const struct {
        size_t n, low, high;
        double confidence, coverage;
    } table[] = {
        {6, 1, 6, 0.95, 1 - 2.0 / 64},
        {6, 1, 6, 1 - 2.0 / 64, 1 - 2.0 / 64}, /* asked for exactly what there is */
        {7, 1, 7, 0.95, 1 - 2.0 / 128},
        {8, 1, 8, 0.95, 1 - 2.0 / 256},
        {9, 2, 8, 0.95, 1 - 20.0 / 512},
        {8, 1, 8, 0.99, 1 - 2.0 / 256},
        {10, 2, 9, 0.95, 1 - 22.0 / 1024},
        {20, 6, 15, 0.95, 0.958610534667969},
        {100, 40, 61, 0.95, 0.9647997997822952},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct interval got = of_ranks(table[i].n, table[i].confidence);
        near(got.low, (double)table[i].low, 0);
        near(got.high, (double)table[i].high, 0);
        near(got.coverage, table[i].coverage, 1e-12);
        near(got.mid, ((double)table[i].n + 1) / 2, 0);
        assert_int_equal(got.n, table[i].n);
    }
}

/* Asked for exactly the coverage there is, rounding must not cost a rank. Sums of binomials up to
 * 2^50 are exact in a double. */
static void rounding_costs_no_rank(void **state)
{
    (void)state;
    for (size_t n = 6; n <= 50; n++) {
        const struct interval usual = of_ranks(n, 0.95);
        double below = 0, choose = 1;
        for (size_t k = 0; k < (size_t)usual.low; k++) {
            below += choose;
            choose = choose * (double)(n - k) / (double)(k + 1);
        }
        const double coverage = 1 - 2 * ldexp(below, -(int)n);
        const struct interval asked = of_ranks(n, coverage);
        near(usual.coverage, coverage, 1e-12);
        near(asked.low, usual.low, 0);
        near(asked.high, usual.high, 0);
    }
}

static void too_few_values_claim_no_coverage(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 5; n++) { /* 5 values reach 93.75 % */
        const struct interval got = of_ranks(n, 0.95);
        near(got.coverage, 0, 0);
        near(got.low, 1, 0);
        near(got.high, (double)n, 0);
    }
    const struct interval none = stats_median_interval(NULL, 0, 0.95);
    assert_true(isnan(none.mid) && isnan(none.low) && isnan(none.high));
    assert_int_equal(none.n, 0);
    near(none.coverage, 0, 0);
}

/* 2^-n is 0 in a double from n = 1075 on; the ranks must not notice. */
static void large_samples_do_not_underflow(void **state)
{
    (void)state;
    for (size_t n = 1000; n <= 100000; n *= 10) {
        const struct interval got = of_ranks(n, 0.95);
        const double half = 0.98 * sqrt((double)n); /* normal approximation, 1.96 sqrt(n) / 2 */
        near(got.low, (double)n / 2 - half, 2);
        near(got.high, (double)n / 2 + half, 2);
        assert_true(got.coverage >= 0.95 && got.coverage < 0.955);
    }
}

static void exact_intervals_cover_as_often_as_they_say(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, 1);
    for (size_t n = 6; n <= 31; n += 5) {
        int covered = 0;
        double coverage = 0, v[31];
        for (int sample = 0; sample < 2000; sample++) {
            for (size_t i = 0; i < n; i++)
                v[i] = exp(2 * normal(&r)); /* skewed; its true median is 1 */
            const struct interval got = stats_median_interval(v, n, 0.95);
            covered += got.low <= 1 && 1 <= got.high;
            coverage = got.coverage;
        }
        assert_true(covered >= 2000 * 0.94);
        near(covered / 2000.0, coverage, 0.015); /* 3 standard errors of the simulation */
    }
}

/* ---- ratios --------------------------------------------------------------------------------- */

static void a_constant_factor_is_found_exactly(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, 3);
    double a[40], b[40];
    for (size_t i = 0; i < COUNT(a); i++) {
        a[i] = exp(3 * normal(&r)); /* the machine's mood: common to both of a pair */
        b[i] = 1.1 * a[i];
    }
    const struct interval got = stats_ratio(b, a, COUNT(a), 0.95);
    near(got.mid, 1.1, 1e-14);
    near(got.low, 1.1, 1e-14);
    near(got.high, 1.1, 1e-14);
    assert_true(got.coverage >= 0.95);
    const struct interval back = stats_ratio(a, b, COUNT(a), 0.95);
    near(back.mid * got.mid, 1, 1e-14);
}

static void pairs_without_a_ratio_are_left_out(void **state)
{
    (void)state;
    const double a[] = {2, -1, 4, 0, 6, 8, NAN, INFINITY, 5, 10, 12};
    const double b[] = {1, 1, 2, 1, 3, 4, 1, 1, 0, 5, 6};
    const struct interval got = stats_ratio(a, b, COUNT(a), 0.95);
    assert_int_equal(got.n, 6);
    near(got.mid, 2, 1e-14);
    near(got.coverage, 1 - 2.0 / 64, 1e-12);
    assert_true(isnan(stats_ratio(a + 3, b + 3, 1, 0.95).mid)); /* none left */
    assert_int_equal(stats_ratio(a + 3, b + 3, 1, 0.95).n, 0);
    near(stats_ratio(a, b, 1, 0.95).mid, 2, 1e-14);
}

/* ---- drift ----------------------------------------------------------------------------------- */

static void drift_is_seen_and_noise_is_not(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, 4);
    double v[300];
    static const size_t sizes[] = {9, 12, 15, 30, 90, 300};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        const size_t n = sizes[s];
        int alarms = 0, seen = 0;
        for (int run = 0; run < 1000; run++) {
            for (size_t i = 0; i < n; i++)
                v[i] = exp(0.1 * normal(&r));
            alarms += fabs(stats_drift(v, n)) > 3;
            for (size_t i = 0; i < n; i++)
                v[i] *= exp(0.6 * (double)i / (double)n);
            seen += stats_drift(v, n) > 3;
        }
        print_message("drift, n = %3zu: %4.1f %% of 1000 runs without one called, %5.1f %% of 1000 "
                      "with one\n",
                      n, alarms / 10.0, seen / 10.0);
        assert_true(alarms <= (n < 12 ? 60 : 25));
        assert_true(seen >= (n < 15 ? 250 : n < 30 ? 500 : 950));
    }
}

static void drift_has_no_surprises(void **state)
{
    (void)state;
    double v[30];
    for (size_t i = 0; i < COUNT(v); i++)
        v[i] = 5;
    for (size_t n = 0; n <= COUNT(v); n++)
        near(stats_drift(v, n), 0, 0);
    for (size_t i = 20; i < COUNT(v); i++)
        v[i] = 6;
    near(stats_drift(v, COUNT(v)), 100, 0); /* a step without any noise: the limit, not infinity */
    for (size_t i = 20; i < COUNT(v); i++)
        v[i] = 4;
    near(stats_drift(v, COUNT(v)), -100, 0);
    for (size_t i = 0; i < COUNT(v); i++)
        v[i] = 0;
    near(stats_drift(v, COUNT(v)), 0, 0);
}

/* ---- random numbers ------------------------------------------------------------------------- */

static void the_stream_is_the_published_one(void **state)
{
    (void)state;
    struct stats_random r;
    static const uint64_t seeded[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                      UINT64_C(0x06c45d188009454f)}; /* splitmix64 of seed 0 */
    stats_random_seed(&r, 0);
    assert_memory_equal(r.s, seeded, sizeof seeded);

    static const uint64_t next[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240),
                                    UINT64_C(1216172134540287360)}; /* xoshiro256** */
    r = (struct stats_random){{1, 2, 3, 4}};
    for (size_t i = 0; i < COUNT(next); i++)
        assert_int_equal(stats_random_next(&r), next[i]);
}

static void seeds_make_streams(void **state)
{
    (void)state;
    struct stats_random a, b, c;
    stats_random_seed(&a, 12);
    stats_random_seed(&b, 12);
    stats_random_seed(&c, 13);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        const uint64_t x = stats_random_next(&a);
        assert_true(x == stats_random_next(&b));
        same += x == stats_random_next(&c);
    }
    assert_int_equal(same, 0);
}

static void bounded_numbers_are_uniform(void **state)
{
    (void)state;
    enum { N = 120000, CELLS = 12 };
    int cell[CELLS] = {0};
    struct stats_random r;
    stats_random_seed(&r, 6);
    for (int i = 0; i < N; i++) {
        const uint64_t x = stats_random_below(&r, CELLS);
        assert_true(x < CELLS);
        cell[x]++;
    }
    const double expected = (double)N / CELLS;
    double chi = 0;
    for (int i = 0; i < CELLS; i++)
        chi += pow(cell[i] - expected, 2) / expected;
    assert_true(chi < 31.3); /* 11 degrees of freedom, p = 0.001 */

    /* With `% bound` alone the lower half of this bound would come up twice as often. */
    const uint64_t bound = UINT64_C(3) << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low += stats_random_below(&r, bound) < UINT64_C(1) << 62;
    assert_in_range(low, 9700, 10300);
    assert_int_equal(stats_random_below(&r, 1), 0);
    assert_int_equal(stats_random_below(&r, 0), 0);
}

static void units_and_exponentials(void **state)
{
    (void)state;
    enum { N = 100000 };
    static double e[N];
    double sum = 0, total = 0;
    struct stats_random r;
    stats_random_seed(&r, 8);
    for (int i = 0; i < N; i++) {
        const double u = stats_random_unit(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        e[i] = stats_random_exponential(&r, 250);
        assert_true(e[i] >= 0 && isfinite(e[i]));
        total += e[i];
    }
    near(sum / N, 0.5, 0.005);
    near(total / N, 250, 4); /* 5 standard errors */
    near(stats_median(e, N), 250 * log(2), 4);
}

static void shuffles_are_fair(void **state)
{
    (void)state;
    static const char *const order[] = {"abc", "acb", "bac", "bca", "cab", "cba"};
    int seen[6] = {0};
    struct stats_random r;
    stats_random_seed(&r, 9);
    for (int i = 0; i < 12000; i++) {
        char s[] = "abc";
        stats_shuffle(&r, s, 3, 1);
        int k = 0;
        while (k < 6 && strcmp(s, order[k]) != 0)
            k++;
        assert_true(k < 6); /* still a permutation */
        seen[k]++;
    }
    for (int k = 0; k < 6; k++)
        assert_in_range(seen[k], 1800, 2200); /* 2000 expected, sigma 41 */

    struct pair {
        uint64_t a, b, c;
    } p[50];
    for (uint64_t i = 0; i < COUNT(p); i++)
        p[i] = (struct pair){i, ~i, i * i};
    stats_shuffle(&r, p, COUNT(p), sizeof *p);
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNT(p); i++) {
        assert_true(p[i].b == ~p[i].a && p[i].c == p[i].a * p[i].a);
        sum += p[i].a;
    }
    assert_int_equal(sum, 49 * 50 / 2);
    stats_shuffle(&r, NULL, 0, 8);
    stats_shuffle(&r, p, 1, sizeof *p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_of_small_sets),
        cmocka_unit_test(quantiles_interpolate),
        cmocka_unit_test(exact_intervals_have_binomial_coverage),
        cmocka_unit_test(rounding_costs_no_rank),
        cmocka_unit_test(too_few_values_claim_no_coverage),
        cmocka_unit_test(large_samples_do_not_underflow),
        cmocka_unit_test(exact_intervals_cover_as_often_as_they_say),
        cmocka_unit_test(a_constant_factor_is_found_exactly),
        cmocka_unit_test(pairs_without_a_ratio_are_left_out),
        cmocka_unit_test(drift_is_seen_and_noise_is_not),
        cmocka_unit_test(drift_has_no_surprises),
        cmocka_unit_test(the_stream_is_the_published_one),
        cmocka_unit_test(seeds_make_streams),
        cmocka_unit_test(bounded_numbers_are_uniform),
        cmocka_unit_test(units_and_exponentials),
        cmocka_unit_test(shuffles_are_fair),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
