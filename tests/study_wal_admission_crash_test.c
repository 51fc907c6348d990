/* study_wal_admission_crash_test.c: kill -9 and power cuts of the log of studies/wal_admission, and that
 * the crash test finds what it is to find. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "studies/wal_admission/crash.h"
#include "tests/scale.h"

static char directory[] = "/tmp/study_wal_admission_crash_test.XXXXXX";
static char path[80];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/wal.log", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(directory); /* nothing was left behind */
}

static struct crash_result crash(enum crash_kind kind, unsigned points, int spoil)
{
    struct crash_result r;
    char why[160] = "";
    const struct crash_plan plan = {
        .kind = kind, .path = path, .points = points, .most_ms = 25, .seed = 5, .spoil = spoil};
    if (crash_run(&plan, &r, why, sizeof why) != 0)
        fail_msg("%s", why);
    assert_int_equal(r.points, points);
    return r;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    for (enum crash_kind kind = CRASH_KILL; kind <= CRASH_POWER; kind++) {
        const struct crash_result r = crash(kind, (unsigned)scaled(60, 5), 0);
        assert_true(r.with_answers > 0);
        assert_int_equal(r.lost_acknowledged, 0);
        assert_int_equal(r.wrong, 0);
        assert_int_equal(r.refused_found, 0);
    }
}

/* A log that does not sync, and one that answers too early: the test must see it. */
static void the_crash_test_finds_liars(void **state)
{
    (void)state;
    assert_true(crash(CRASH_POWER, (unsigned)scaled(30, 6), 1).lost_acknowledged > 0);
    assert_true(crash(CRASH_POWER, (unsigned)scaled(30, 6), 2).lost_acknowledged > 0);
    assert_true(crash(CRASH_KILL, (unsigned)scaled(20, 6), 2).lost_acknowledged > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost),
        cmocka_unit_test(the_crash_test_finds_liars),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
