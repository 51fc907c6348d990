/* doctor_test.c: the doctor's arithmetic, its spinners, and one whole examination of each form. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/clock.h"
#include "harness/doctor.h"
#include "harness/topology.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void percentiles(void **state)
{
    (void)state;
    static const struct {
        double share;
        const char *text;
    } cases[] = {
        {0.5, "p50"},        {0.01, "p99.0"},       {0.015, "p98.5"},     {0.2, "p80"},
        {0.0005, "p99.950"}, {4e-5, "p99.9960"},    {1.55e-4, "p99.984"}, {1, "p0"},
        {0.0129, "p98.7"},   {1e-12, "p99.999999"},
    };
    char text[32];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(doctor_percentile(cases[i].share, text, sizeof text), cases[i].text);
}

static void shares(void **state)
{
    (void)state;
    /* 400 gaps of 50 us in 2 s: 1 % of the instants; of operations of 100 ns 400 in 19.8 million */
    const struct doctor_hiccups h = {
        .cpus = 2, .seconds = 2, .over_10us = 400, .lost_ns = 400 * 50e3};
    assert_true(fabs(doctor_share_of_instants(&h) - 0.01) < 1e-12);
    assert_true(fabs(doctor_share_of_operations(&h, 100) - 400 / 19.8e6) < 1e-12);
    const struct doctor_hiccups all = {.cpus = 1, .seconds = 1, .over_10us = 1, .lost_ns = 1e9};
    assert_true(doctor_share_of_instants(&all) >= 1);
    assert_true(doctor_share_of_operations(&all, 100) >= 1);
}

static void spinning(void **state)
{
    (void)state;
    static struct topology t;
    clock_calibrate();
    assert_int_equal(topology_load(&t), 0);
    const unsigned n = t.cpus < 4 ? t.cpus : 4;
    const uint64_t begin = clock_monotonic_ns();
    const struct doctor_hiccups h = doctor_spin(t.spread, n, 0.05);
    const double wall = (double)(clock_monotonic_ns() - begin) / 1e9;
    assert_int_equal(h.cpus, n);
    assert_true(h.seconds >= 0.05 * n && h.seconds <= wall * n * 1.01);
    assert_true(h.over_10us >= h.over_100us && h.over_100us >= h.over_1ms);
    assert_true(h.lost_ns >= h.longest_ns && h.lost_ns >= (double)h.over_10us * 10e3);
    assert_true(h.lost_ns <= h.seconds * 1e9);
    assert_int_equal(h.over_10us > 0, h.longest_ns > 0);

    /* two on one processor lose half of it to each other, and it shows */
    const int twice[] = {t.spread[0], t.spread[0]};
    const struct doctor_hiccups shared = doctor_spin(twice, 2, 0.2);
    assert_true(shared.over_100us > 0);
    assert_true(doctor_share_of_instants(&shared) > 0);
}

/* Odd pairs fail, even ones are 2 % apart: up, up, down, up, up, down, ... */
static double known_noise(void *arg, unsigned pair)
{
    ++*(unsigned *)arg;
    return pair % 2 ? NAN : log(1.02) * (pair % 3 == 2 ? -1 : 1);
}

static void as_json(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    unsigned calls = 0;
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(doctor(f, true, known_noise, &calls), 0);
    fclose(f);
    assert_int_equal(strncmp(text, "{\"v\":1,\"kind\":\"doctor\"", 22), 0);
    assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one object, one line */
    assert_string_equal(text + size - 3, "\"}\n");
    assert_int_equal(calls, 200);
    assert_non_null(strstr(text, "\"aa\":{\"pairs\":100,\"failed\":100,\"ratio\":1.02,"));
    assert_non_null(strstr(text, "\"resolvable\":1.02"));
    assert_non_null(strstr(text, "\"hiccups\":{\"cpus\":"));
    assert_non_null(
        strstr(text, "\"verdict\":\"Ratios beyond 1.020 can be told from luck with 100"));
    assert_null(strstr(text, "nan"));
    free(text);
}

static double broken(void *arg, unsigned pair)
{
    (void)arg, (void)pair;
    return NAN;
}

static void as_text(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_int_equal(doctor(f, false, broken, NULL), 0);
    fclose(f);
    print_message("%s", text);
    static const char *const parts[] = {"clock      ",
                                        "topology   ",
                                        "placement  ",
                                        "hiccups    ",
                                        "VERDICT    ",
                                        "plans: spread ",
                                        "A/A        all 200 pairs failed\n"};
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (!strstr(text, parts[i]))
            fail_msg("no \"%s\" in\n%s", parts[i], text);
    }
    assert_null(strstr(text, "Ratios beyond"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles), cmocka_unit_test(shares),  cmocka_unit_test(spinning),
        cmocka_unit_test(as_json),     cmocka_unit_test(as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
