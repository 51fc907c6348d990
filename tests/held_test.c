/* held_test.c: the workload `held` sees what is kept for a thread that stands still inside a pop: a
 * bounded amount with hazard pointers, everything with epochs and in segment_ymc, and little when it has
 * gone on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "harness/run.h"

static struct record measure(const char *queue)
{
    static struct topology topology;
    struct cell c = {.driver = q_driver_find(queue, 8, "inline"),
                     .workload = workload_find("held"),
                     .producers = 3,
                     .batch = 1,
                     .capacity = 1024,
                     .pin = "spread",
                     .every = 1};
    const struct run_options o = {
        .topology = &topology, .target_ns = 2000000, .timeout_ns = 100000000000u};
    struct record r;
    assert_non_null(c.driver);
    assert_null(cell_forbidden(&c));
    assert_int_equal(topology_load(&topology), 0);
    assert_int_equal(run_sample(&c, &o, &r), 0);
    if (!r.ok)
        fail_msg("%s: %s", queue, r.error);
    assert_true(r.items > 1000000 && r.items < 1200000);
    assert_true(r.held_0 > 0);
    return r;
}

static void hazards_keep_a_bounded_amount(void **state)
{
    static const char *const queues[] = {"segment_ms", "segment_faa", "segment_ring",
                                         "segment_lprq"};
    (void)state;
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        const struct record r = measure(queues[i]);
        assert_true(r.held_1m < 1000000); /* a byte for each item that has passed */
        assert_true(r.held_after < 1000000);
    }
}

static void others_keep_everything(void **state)
{
    static const char *const queues[] = {"segment_ms.epochs", "segment_faa.epochs", "segment_ymc"};
    (void)state;
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        const struct record r = measure(queues[i]);
        assert_true(r.held_1m >= 8000000); /* each item as it was */
        assert_true(r.held_100k >= 800000 && r.held_10k > r.held_0);
        assert_true(r.held_after < r.held_1m / 4);
    }
}

static void arrays_keep_nothing_for_readers(void **state)
{
    (void)state;
    const struct cell c = {.driver = q_driver_find("array_mpmc", 8, "inline"),
                           .workload = workload_find("held"),
                           .producers = 3};
    assert_string_equal(cell_forbidden(&c), "cannot be stopped on purpose inside a pop (N_stop)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hazards_keep_a_bounded_amount),
        cmocka_unit_test(others_keep_everything),
        cmocka_unit_test(arrays_keep_nothing_for_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
