/* census_test.c: instructions are told apart, and of queues whose code is known they are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "harness/census.h"

#define KIND(...)                                                                                  \
    census_look((const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__}))

static void instructions_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(KIND(0xf0, 0x48, 0x0f, 0xb1, 0x0e), CENSUS_LOCKED); /* lock cmpxchg */
    assert_int_equal(KIND(0x66, 0xf0, 0x0f, 0xc1, 0x06), CENSUS_LOCKED); /* lock xadd, 16 bits */
    assert_int_equal(KIND(0xf0, 0x83, 0x0c, 0x24, 0x00), CENSUS_LOCKED); /* lock or: a fence too */
    assert_int_equal(KIND(0x48, 0x87, 0x07), CENSUS_LOCKED);             /* xchg with memory */
    assert_int_equal(KIND(0x48, 0x87, 0xc3), CENSUS_PLAIN);              /* xchg of registers */
    assert_int_equal(KIND(0x0f, 0xae, 0xf0), CENSUS_FENCE);              /* mfence */
    assert_int_equal(KIND(0x0f, 0xae, 0xe8), CENSUS_FENCE);              /* lfence */
    assert_int_equal(KIND(0x0f, 0xae, 0xf8), CENSUS_FENCE);              /* sfence */
    assert_int_equal(KIND(0x0f, 0xae, 0x38), CENSUS_PLAIN);              /* clflush */
    assert_int_equal(KIND(0x48, 0x89, 0x07), CENSUS_PLAIN);              /* mov */
    assert_int_equal(KIND(0xf3, 0x90), CENSUS_PLAIN);                    /* pause */
    assert_int_equal(KIND(0x90), CENSUS_PLAIN);
    assert_int_equal(census_look((const unsigned char *)"", 0), CENSUS_PLAIN);
}

static void counted(const char *queue, uint64_t push, uint64_t pop, uint64_t most)
{
    struct census c;
    const struct q_driver *const d = q_driver_find(queue, 8, "inline");
    assert_non_null(d);
    assert_int_equal(census_take(d, 1024, &c), 0);
    if (c.operations == 0) {
        print_message("nothing is counted here\n");
        skip();
    }
    assert_int_equal(c.operations, CENSUS_OPERATIONS);
    assert_int_equal(c.push.locked, push * c.operations);
    assert_int_equal(c.pop.locked, pop * c.operations);
    assert_int_equal(c.push.fences + c.pop.fences, 0);
    assert_true(c.push.instructions >= 5 * c.operations);
    assert_true(c.push.instructions <= most * c.operations);
    assert_true(c.pop.instructions >= 5 * c.operations);
}

static void locked_ones_are_counted(void **state)
{
    (void)state;
    counted("ring_spsc", 0, 0, 400);
    counted("null_faa", 1, 1, 400);
    counted("array_mpmc", 1, 1, 800);
    counted("mutex_deque", 2, 2, 2000); /* lock, unlock */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_are_told_apart),
        cmocka_unit_test(locked_ones_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
