/* limits_test.c: every limit runs, everywhere it may be put, and its record adds up. Nothing here
 * asserts a time: which limit is faster is for the report to say. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "harness/clock.h"
#include "harness/limits.h"

enum { TARGET_NS = 300000 };

static int usable(int which) /* 0: first, 1: last usable processor */
{
    cpu_set_t set;
    int found = -1;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &set) && (found < 0 || which))
            found = cpu;
    return found;
}

static void run_all_on(const int *cpus, const char *placement)
{
    print_message("%-18s (%s)\n", "limit", placement);
    for (size_t i = 0; i < limits_count; i++) {
        struct record r;
        memset(&r, 0, sizeof r);
        r.sequence = 77;
        assert_int_equal(limit_run(&limits[i], cpus, TARGET_NS, &r), 0);
        print_message("%-18s %10.2f ns per item, %llu items\n", limits[i].name, r.ns_per_item,
                      (unsigned long long)r.items);
        assert_true(r.ok && r.floor);
        assert_string_equal(r.workload, "limit");
        assert_string_equal(r.queue, limits[i].name);
        assert_string_equal(r.error, "");
        assert_int_equal(r.producers, limits[i].threads);
        assert_true(r.items > 0);
        assert_true(r.elapsed_ns > 0 && isfinite(r.elapsed_ns));
        assert_true(fabs(r.ns_per_item * (double)r.items / r.elapsed_ns - 1) < 1e-9);
        assert_true(fabs(r.items_per_s * r.ns_per_item / 1e9 - 1) < 1e-9);
        assert_int_equal(r.sequence, 77); /* the caller's */
    }
}

static void two_processors(void **state)
{
    (void)state;
    run_all_on((int[]){usable(0), usable(1)}, "first and last processor");
}

static void two_threads_on_one_processor(void **state)
{
    (void)state;
    run_all_on((int[]){usable(0), usable(0)}, "one processor");
}

static void nowhere_in_particular(void **state)
{
    (void)state;
    cpu_set_t before, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    run_all_on(NULL, "not pinned");
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

static void a_processor_that_is_not_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < limits_count; i++) {
        for (unsigned bad = 0; bad < limits[i].threads; bad++) {
            int cpus[2] = {usable(0), usable(0)};
            cpus[bad] = CPU_SETSIZE - 1;
            struct record r;
            memset(&r, 0, sizeof r);
            assert_int_equal(limit_run(&limits[i], cpus, TARGET_NS, &r), EINVAL);
            assert_false(r.ok);
            assert_non_null(strstr(r.error, limits[i].name));
            assert_int_equal(r.items, 0);
        }
    }
}

static void no_target_still_measures(void **state)
{
    (void)state;
    struct record r;
    memset(&r, 0, sizeof r);
    assert_int_equal(limit_run(limit_find("faa_one"), NULL, 0, &r), 0);
    assert_true(r.ok && r.items > 0);
}

static void names_are_unique_and_found(void **state)
{
    (void)state;
    struct record r;
    assert_true(limits_count >= 15);
    for (size_t i = 0; i < limits_count; i++) {
        assert_ptr_equal(limit_find(limits[i].name), &limits[i]);
        assert_true(strlen(limits[i].name) < sizeof r.queue);
        assert_non_null(strstr(limits[i].what, "item: "));
        assert_in_range(limits[i].threads, 1, 2);
    }
    assert_null(limit_find("faa"));
}

static int calibrate(void **state)
{
    (void)state;
    clock_calibrate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_and_found),    cmocka_unit_test(two_processors),
        cmocka_unit_test(two_threads_on_one_processor),  cmocka_unit_test(nowhere_in_particular),
        cmocka_unit_test(a_processor_that_is_not_there), cmocka_unit_test(no_target_still_measures),
    };
    return cmocka_run_group_tests_name("limits", tests, calibrate, NULL);
}
