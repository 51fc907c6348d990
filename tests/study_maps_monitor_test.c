/* study_maps_monitor_test.c: the monitor of maps: histories that are linearizable, that are not, and
 * random ones against a search through all orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/stats.h"
#include "studies/maps/monitor.h"
#include "tests/scale.h"

/* key, call, ret, given, got, op, status */
#define FOUND(k, c, r, v)                                                                          \
    {                                                                                              \
        k, c, r, 0, v, MAP_FIND, MAP_OK                                                            \
    }
#define MISSED(k, c, r)                                                                            \
    {                                                                                              \
        k, c, r, 0, 0, MAP_FIND, MAP_ABSENT                                                        \
    }
#define INSERTED(k, c, r, v)                                                                       \
    {                                                                                              \
        k, c, r, v, 0, MAP_INSERT, MAP_OK                                                          \
    }
#define REFUSED(k, c, r, v)                                                                        \
    {                                                                                              \
        k, c, r, v, 0, MAP_INSERT, MAP_PRESENT                                                     \
    }
#define REMOVED(k, c, r, v)                                                                        \
    {                                                                                              \
        k, c, r, 0, v, MAP_REMOVE, MAP_OK                                                          \
    }
#define NOT_THERE(k, c, r)                                                                         \
    {                                                                                              \
        k, c, r, 0, 0, MAP_REMOVE, MAP_ABSENT                                                      \
    }
#define ADDED(k, c, r, n, v)                                                                       \
    {                                                                                              \
        k, c, r, n, v, MAP_ADD, MAP_OK                                                             \
    }
#define ADDED_NEW(k, c, r, n)                                                                      \
    {                                                                                              \
        k, c, r, n, 0, MAP_ADD, MAP_ABSENT                                                         \
    }

#define WRONG(...)                                                                                 \
    ({                                                                                             \
        struct map_event e_[] = {__VA_ARGS__};                                                     \
        struct map_judgement j_;                                                                   \
        assert_int_equal(map_monitor(e_, sizeof e_ / sizeof *e_, &j_), 0);                         \
        assert_int_equal(j_.undecided, 0);                                                         \
        j_.wrong;                                                                                  \
    })

static void what_is_right(void **state)
{
    (void)state;
    assert_int_equal(WRONG(MISSED(1, 1, 2), INSERTED(1, 3, 4, 10), FOUND(1, 5, 6, 10),
                           REFUSED(1, 7, 8, 11), REMOVED(1, 9, 10, 10), NOT_THERE(1, 11, 12)),
                     0);
    /* Overlapping an insert, a find may see it or not, in this order. */
    assert_int_equal(WRONG(INSERTED(1, 1, 9, 10), MISSED(1, 2, 3), FOUND(1, 4, 5, 10)), 0);
    assert_int_equal(WRONG(INSERTED(1, 1, 9, 10), REFUSED(1, 2, 8, 11), REMOVED(1, 3, 7, 10)), 0);
    assert_int_equal(WRONG(ADDED_NEW(1, 1, 9, 1), ADDED(1, 2, 8, 2, 1), FOUND(1, 10, 11, 3)), 0);
    /* Stamps that are alike are concurrent. */
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), MISSED(1, 2, 3)), 0);
    /* What never returned may have taken effect, late, or not. */
    assert_int_equal(
        WRONG({1, 1, UINT64_MAX, 10, 0, MAP_INSERT, MAP_OK}, MISSED(1, 2, 3), FOUND(1, 4, 5, 10)),
        0);
    assert_int_equal(WRONG({1, 1, UINT64_MAX, 10, 0, MAP_INSERT, MAP_OK}, MISSED(1, 2, 3)), 0);
    /* Two keys in an order that neither of them could have alone. */
    assert_int_equal(
        WRONG(INSERTED(1, 1, 4, 10), INSERTED(2, 1, 4, 20), MISSED(1, 2, 3), FOUND(2, 2, 3, 20)),
        0);
}

static void what_is_wrong(void **state)
{
    (void)state;
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), MISSED(1, 3, 4)), 1); /* a lost insert */
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), REMOVED(1, 3, 4, 10), FOUND(1, 5, 6, 10)), 1);
    assert_int_equal(WRONG(INSERTED(1, 1, 9, 10), FOUND(1, 2, 3, 10), MISSED(1, 4, 5)), 1);
    assert_int_equal(WRONG(INSERTED(1, 1, 3, 10), INSERTED(1, 2, 4, 11)), 1);
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), REMOVED(1, 3, 6, 10), REMOVED(1, 4, 7, 10)), 1);
    assert_int_equal(WRONG(FOUND(1, 1, 2, 10), INSERTED(1, 3, 4, 10)), 1);    /* from the future */
    assert_int_equal(WRONG(ADDED_NEW(1, 1, 3, 1), ADDED_NEW(1, 2, 4, 1)), 1); /* a lost update */
    assert_int_equal(WRONG(ADDED_NEW(1, 1, 2, 1), ADDED(1, 3, 4, 1, 0)), 1);
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), FOUND(1, 3, 4, 11)), 1);
    assert_int_equal(WRONG({1, 5, UINT64_MAX, 10, 0, MAP_INSERT, MAP_OK}, FOUND(1, 2, 3, 10)), 1);
    /* Each key by itself. */
    assert_int_equal(WRONG(INSERTED(1, 1, 2, 10), MISSED(1, 3, 4), INSERTED(2, 1, 2, 20),
                           MISSED(2, 3, 4), INSERTED(3, 1, 2, 30), FOUND(3, 3, 4, 30)),
                     2);
}

/* ---- against all orders ------------------------------------------------------------------------ */

enum { FEW = 7 };

/* Is there an order? Tries them all: `left` operations, and the value so far. */
static bool some_order(const struct map_event *e, unsigned n, unsigned left, uint64_t value)
{
    bool must = false;
    for (unsigned i = 0; i < n; i++)
        must |= (left >> i & 1) && e[i].ret != UINT64_MAX;
    if (!must)
        return true; /* what did not return may be left out */
    for (unsigned i = 0; i < n; i++) {
        bool first = left >> i & 1;
        for (unsigned k = 0; k < n && first; k++)
            first = !(left >> k & 1) || !(e[k].ret < e[i].call);
        if (!first)
            continue;
        const bool there = value != UINT64_MAX, any = e[i].ret == UINT64_MAX;
        uint64_t then = value;
        bool fits;
        if (e[i].op == MAP_INSERT) {
            fits = e[i].status == (there ? MAP_PRESENT : MAP_OK);
            then = there ? value : e[i].given;
        } else {
            fits = there ? e[i].status == MAP_OK && e[i].got == value : e[i].status == MAP_ABSENT;
            if (e[i].op == MAP_REMOVE)
                then = UINT64_MAX;
            else if (e[i].op == MAP_ADD)
                then = (there ? value : 0) + e[i].given;
        }
        if ((fits || any) && some_order(e, n, left & ~(1u << i), then))
            return true;
    }
    return false;
}

static void as_a_search_through_all_orders(void **state)
{
    (void)state;
    struct stats_random random;
    stats_random_seed(&random, 20061107);
    const unsigned histories = (unsigned)(100000 * test_scale());
    unsigned wrong = 0;
    for (unsigned h = 0; h < histories; h++) {
        struct map_event e[FEW], copy[FEW];
        const unsigned n = 2 + (unsigned)stats_random_below(&random, FEW - 1);
        uint64_t value = UINT64_MAX; /* answers of one order, some of them changed */
        for (unsigned i = 0; i < n; i++) {
            const bool there = value != UINT64_MAX;
            const uint64_t at = 4 * i + 4, width = stats_random_below(&random, 14);
            e[i] = (struct map_event){.key = 5,
                                      .call = at > width ? at - width : 0,
                                      .ret = at + 1 + stats_random_below(&random, 14),
                                      .given = 1 + stats_random_below(&random, 2),
                                      .got = there ? value : 0,
                                      .op = (uint8_t)stats_random_below(&random, 4),
                                      .status = there ? MAP_OK : MAP_ABSENT};
            if (e[i].op == MAP_INSERT)
                e[i].status = there ? MAP_PRESENT : MAP_OK, value = there ? value : e[i].given;
            else if (e[i].op == MAP_REMOVE)
                value = UINT64_MAX;
            else if (e[i].op == MAP_ADD)
                value = (there ? value : 0) + e[i].given;
            if (stats_random_below(&random, 12) == 0)
                e[i].status = e[i].op == MAP_INSERT ? MAP_OK : MAP_ABSENT;
            if (stats_random_below(&random, 12) == 0)
                e[i].got = 1 + stats_random_below(&random, 3);
            if (stats_random_below(&random, 15) == 0)
                e[i].ret = UINT64_MAX;
        }
        memcpy(copy, e, sizeof e);
        struct map_judgement j;
        assert_int_equal(map_monitor(copy, n, &j), 0);
        assert_int_equal(j.undecided, 0);
        const bool right = some_order(e, n, (1u << n) - 1, UINT64_MAX);
        assert_int_equal(j.wrong, !right);
        wrong += !right;
    }
    assert_true(wrong > histories / 10 && wrong < histories / 10 * 9); /* both kinds were there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_right),
        cmocka_unit_test(what_is_wrong),
        cmocka_unit_test(as_a_search_through_all_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
