/* rank_error_test.c: the meter of order counts what came out too early, and shows 0 for one order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/clock.h"
#include "harness/rank_error.h"
#include "harness/run.h"
#include "harness/stats.h"

static struct topology topology;

/* As the head of rank_error.h defines it. */
static uint64_t counted(const struct rank_error_item *items, size_t n, size_t i)
{
    uint64_t older = 0;
    for (size_t k = 0; k < n; k++)
        older += items[k].push.end < items[i].push.begin && items[k].pop.begin > items[i].pop.end;
    return older;
}

static void it_counts_what_is_proved(void **state)
{
    (void)state;
    const struct rank_error_item items[] = {
        {{1, 2}, {20, 21}},   /* the oldest, and the last to leave */
        {{3, 6}, {12, 13}},   /* overtook the first */
        {{5, 7}, {22, 23}},   /* pushed while the one before it was: in no order with it */
        {{8, 9}, {10, 15}},   /* overtook 0 and 2; its pop was under way when 1 left */
        {{24, 25}, {26, 27}}, /* comes when all have left */
    };
    const uint64_t expected[] = {0, 1, 0, 2, 0};
    uint64_t error[5];
    assert_int_equal(rank_error_of(items, 5, error), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(error[i], expected[i]);
    assert_int_equal(rank_error_of(items, 0, error), 0);
}

/* Times come from a small range, so that many are equal. */
static void it_counts_as_a_plain_count_does(void **state)
{
    (void)state;
    enum { MOST = 60 };
    struct stats_random random;
    stats_random_seed(&random, 7);
    uint64_t errors = 0;
    for (unsigned go = 0; go < 300; go++) {
        struct rank_error_item items[MOST];
        uint64_t error[MOST];
        const size_t n = stats_random_below(&random, MOST) + 1;
        for (size_t i = 0; i < n; i++) {
            uint64_t at[4];
            for (unsigned k = 0; k < 4; k++)
                at[k] = (k ? at[k - 1] : 0) + stats_random_below(&random, 40);
            items[i] = (struct rank_error_item){{at[0], at[1]}, {at[2], at[3]}};
        }
        assert_int_equal(rank_error_of(items, n, error), 0);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(error[i], counted(items, n, i));
            errors += error[i];
        }
    }
    assert_true(errors > 1000); /* or it was a test of zeros */
}

static struct record measure(const char *queue, unsigned threads)
{
    struct cell c = {.driver = q_driver_find(queue, 8, "inline"),
                     .workload = workload_find("rank_error"),
                     .producers = threads,
                     .batch = 1,
                     .capacity = 1024,
                     .pin = "spread",
                     .every = 1,
                     .ns_per_item = 500}; /* 8000 items */
    const struct run_options o = {
        .topology = &topology, .target_ns = 4000000, .timeout_ns = 60000000000u};
    struct record r;
    assert_non_null(c.driver);
    assert_null(cell_forbidden(&c));
    assert_int_equal(run_sample(&c, &o, &r), 0);
    if (!r.ok)
        fail_msg("%s: %s", queue, r.error);
    assert_int_equal(r.items, 8000 + threads * RANK_ERROR_INSIDE);
    return r;
}

static void one_order_for_all_shows_none(void **state)
{
    (void)state;
    static const char *const fifo[] = {"mutex_deque", "mutex_ring", "combining_ring", "array_mpmc",
                                       "segment_mpmc"};
    for (size_t i = 0; i < sizeof fifo / sizeof *fifo; i++) {
        struct record r = measure(fifo[i], 4);
        assert_int_equal(r.rank_error_max, 0);
        assert_true(r.rank_error_mean <= 0);
        run_release(&r);
    }
}

static void a_relaxed_queue_stays_within_what_is_inside(void **state)
{
    (void)state;
    struct record r = measure("relaxed_lanes.run1024", 4);
    assert_true(r.rank_error_max <= 4 * (RANK_ERROR_INSIDE + 1));
    assert_true(r.rank_error_p50 <= r.rank_error_p99 && r.rank_error_p99 <= r.rank_error_max);
    run_release(&r);
}

/* Two producers in turn, then one consumer: it takes the run of the first lane before the other. */
static void a_run_of_one_lane_is_seen(void **state)
{
    (void)state;
    enum { EACH = 8, ALL = 2 * EACH };
    static uint64_t last[Q_KEY_SOURCES];
    const struct q_driver *const d = q_driver_find("relaxed_lanes.run1024", 8, "inline");
    void *const q = aligned_alloc(d->align, (d->queue_bytes + d->align - 1) / d->align * d->align);
    const size_t room = (d->handle_bytes + d->align - 1) / d->align * d->align;
    char *const h = aligned_alloc(d->align, 3 * room);
    assert_non_null(q);
    assert_non_null(h);
    assert_int_equal(d->init(q, &(struct q_config){.capacity = 0}), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(d->attach(q, h + i * room, i < 2 ? Q_PRODUCER : Q_CONSUMER), 0);

    struct rank_error_item items[ALL];
    uint64_t now = 0, error[ALL], in_lane[2] = {0, 0}, key;
    for (unsigned i = 0; i < ALL; i++) {
        d->make(&key, (uint64_t)(i % 2) << Q_KEY_NUMBER_BITS | (i + 1));
        items[i].push.begin = ++now;
        assert_int_equal(d->push(q, h + i % 2 * room, &key), Q_OK);
        items[i].push.end = ++now;
    }
    for (unsigned i = 0; i < ALL; i++) {
        const uint64_t begin = ++now;
        assert_int_equal(d->pop(q, h + 2 * room, &key), Q_OK);
        const uint64_t number = key & Q_KEY_NUMBER_MASK, lane = (number - 1) % 2;
        assert_true(number > last[lane]); /* each producer's order is kept */
        last[lane] = number;
        items[number - 1].pop = (struct rank_error_stamps){begin, ++now};
    }
    assert_int_equal(rank_error_of(items, ALL, error), 0);
    for (unsigned i = 0; i < ALL; i++)
        in_lane[i % 2] += error[i];
    const uint64_t first = in_lane[0] > in_lane[1] ? in_lane[0] : in_lane[1];
    assert_int_equal(in_lane[0] + in_lane[1], first); /* only the lane that went first */
    assert_true(first >= EACH * (EACH - 1) / 2); /* 0 + 1 + ... + 7, and 1 each if it is lane 1 */
    for (unsigned i = 0; i < 3; i++)
        d->detach(q, h + i * room);
    d->destroy(q);
    free(h);
    free(q);
}

static int set_up(void **state)
{
    (void)state;
    return topology_load(&topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_counts_what_is_proved),
        cmocka_unit_test(it_counts_as_a_plain_count_does),
        cmocka_unit_test(one_order_for_all_shows_none),
        cmocka_unit_test(a_relaxed_queue_stays_within_what_is_inside),
        cmocka_unit_test(a_run_of_one_lane_is_seen),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
