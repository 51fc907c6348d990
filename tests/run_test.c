/* run_test.c: a sample notices what is wrong with a queue, and its figures are of what happened. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define Q_NAME   faulty_queue
#define Q_ID     faulty_queue
#define Q_HEADER "tests/faulty_queue.h"
#include "harness/stamp.c"

#include "harness/run.h"
#include "tests/scale.h"

enum fault faulty;
static struct topology topology;

static struct record measure(const char *workload, unsigned producers, unsigned consumers,
                             enum fault fault)
{
    struct cell c = {.driver = &q_driver_faulty_queue,
                     .workload = workload_find(workload),
                     .producers = producers,
                     .consumers = consumers,
                     .batch = 1,
                     .capacity = 1024,
                     .pin = "spread",
                     .every = 1,
                     .ns_per_item = 100}; /* 20000 items */
    const struct run_options o = {
        .topology = &topology,
        .target_ns = 2000000,
        /* only a hang is meant to last until the time-out; a slow machine is not one */
        .timeout_ns = fault == HANGS ? 3000000000u : 60000000000u};
    if (strcmp(workload, "open") == 0) {
        c.latency = true;
        c.rate = 1e6;
    }
    faulty = fault;
    struct record r;
    assert_int_equal(run_sample(&c, &o, &r), 0);
    return r;
}

static void a_sound_queue_has_numbers(void **state)
{
    (void)state;
    struct record r = measure("mpmc", 2, 2, NO_FAULT);
    if (!r.ok)
        fail_msg("%s", r.error);
    assert_int_equal(r.items, 20000); /* transfers, not operations, and each once */
    assert_true(r.elapsed_ns > 0);
    assert_true(fabs(r.ns_per_item * 20000 / r.elapsed_ns - 1) < 1e-6);
    assert_true(fabs(r.items_per_s * r.ns_per_item / 1e9 - 1) < 1e-6);
    assert_true(r.fair_push > 0 && r.fair_push <= 1 && r.fair_pop >= 0 && r.fair_pop <= 1);
    run_release(&r);
    r = measure("fill_drain", 1, 0, NO_FAULT);
    assert_true(r.ok);
    assert_true(r.bytes_per_item >= 16 && r.bytes_per_item < 18); /* 1024 cells of 16, the struct */
    run_release(&r);
}

static void fails(enum fault fault, const char *why)
{
    struct record r = measure("spsc", 1, 1, fault);
    assert_false(r.ok);
    if (!strstr(r.error, why))
        fail_msg("expected '%s', got '%s'", why, r.error);
    assert_true(r.ns_per_item == 0 || !r.ok);
    run_release(&r);
}

static void a_lost_item_is_noticed(void **state)
{
    (void)state;
    fails(LOSES, "20000 items pushed, 19999 popped");
}
static void a_doubled_item_is_noticed(void **state)
{
    (void)state;
    fails(DOUBLES, "20000 items pushed, 20001 popped");
}
static void a_wrong_order_is_noticed(void **state)
{
    (void)state;
    fails(REORDERS, "out of their producer's order");
}
static void an_altered_item_is_noticed(void **state)
{
    (void)state;
    fails(ALTERS, "sums differ");
}
static void a_wrong_status_is_noticed(void **state)
{
    (void)state;
    fails(ANSWERS_NOMEM, "which must not happen here");
}
static void a_crash_costs_one_sample(void **state)
{
    (void)state;
    fails(CRASHES, "crashed: Aborted");
}
static void a_hang_costs_one_sample(void **state)
{
    (void)state;
    fails(HANGS, "hung: no thread heard the call to stop");
}

/* Operations that wait: every item once, and a lost one is noticed there too. */
static void those_who_wait_are_counted(void **state)
{
    (void)state;
    struct record r = measure("waiting", 2, 2, NO_FAULT);
    if (!r.ok)
        fail_msg("%s", r.error);
    assert_int_equal(r.items, 20000);
    run_release(&r);
    r = measure("waiting", 1, 1, LOSES);
    assert_false(r.ok);
    assert_non_null(strstr(r.error, "20000 items pushed, 19999 popped"));
    run_release(&r);
}

/* Late items count from when they were due: a schedule in the past makes every sojourn long. */
static void latency_is_from_the_intended_time(void **state)
{
    (void)state;
    enum { ITEMS = 100 };
    static uint64_t schedule[ITEMS], last[Q_KEY_SOURCES];
    static struct histogram sojourn;
    const bool stop = false;
    struct faulty_queue q;
    struct faulty_queue_handle h;
    faulty = NO_FAULT;
    clock_calibrate();
    histogram_clear(&sojourn);
    assert_int_equal(faulty_queue_init(&q, &(struct q_config){.capacity = 128}), 0);
    faulty_queue_attach(&q, &h, Q_BOTH);
    const uint64_t second = clock_from_ns(1e9);
    struct q_worker w = {.queue = &q,
                         .handle = &h,
                         .n = ITEMS,
                         .batch = 1,
                         .epoch = clock_ticks() - second, /* all were due a second ago */
                         .sample = 1,
                         .schedule = schedule,
                         .last = last,
                         .sojourn_ticks = &sojourn,
                         .stop = &stop};
    q_driver_faulty_queue.produce_paced(&w);
    faulty_queue_close(&q, &h);
    w.n = UINT64_MAX;
    q_driver_faulty_queue.consume_timed(&w);
    assert_int_equal(w.popped, ITEMS);
    assert_int_equal(w.disorder, 0);
    assert_int_equal(sojourn.total, ITEMS);
    assert_true(sojourn.min >= second);
    faulty_queue_destroy(&q);
}

#ifndef __SANITIZE_THREAD__
/* Stops until enough of them can be judged: on a busy machine the others may have no processor.
 * False: under valgrind, which runs one thread at a time, there are none. */
static bool stop_often(enum fault fault, uint64_t *stops, uint64_t *rests)
{
    *stops = *rests = 0;
    const uint64_t most = scaled(500, 5);
    for (unsigned tries = 0; *stops < 5 && tries < most; tries++) {
        struct record r = measure("stalled", 3, 0, fault);
        if (!r.ok && strcmp(r.error, "the thread to be stopped never was") != 0)
            fail_msg("%s", r.error);
        assert_true(r.rests <= r.stops);
        *stops += r.stops;
        *rests += r.rests;
        run_release(&r);
    }
    return *stops >= 5;
}
#endif

static void a_stopped_thread_stops_its_followers(void **state)
{
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip(); /* it hands a signal on when it likes */
#else
    uint64_t stops, rests;
    if (!stop_often(FOLLOWS, &stops, &rests))
        skip();
    assert_true(2 * rests > stops); /* a busy machine may hide one */
    if (!stop_often(NO_FAULT, &stops, &rests))
        skip();
    assert_true(rests < stops);
#endif
}

static int set_up(void **state)
{
    (void)state;
    return topology_load(&topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_queue_has_numbers),
        cmocka_unit_test(a_lost_item_is_noticed),
        cmocka_unit_test(a_doubled_item_is_noticed),
        cmocka_unit_test(a_wrong_order_is_noticed),
        cmocka_unit_test(an_altered_item_is_noticed),
        cmocka_unit_test(a_wrong_status_is_noticed),
        cmocka_unit_test(a_crash_costs_one_sample),
        cmocka_unit_test(a_hang_costs_one_sample),
        cmocka_unit_test(latency_is_from_the_intended_time),
        cmocka_unit_test(those_who_wait_are_counted),
        cmocka_unit_test(a_stopped_thread_stops_its_followers),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
