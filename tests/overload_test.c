/* overload_test.c: under each policy every offered item is delivered, or dropped and counted; a ring
 * that loses one silently, or miscounts, has no number. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#define Q_NAME   faulty_ring
#define Q_ID     faulty_ring
#define Q_HEADER "tests/faulty_ring.h"
#include "harness/stamp.c"

#include "harness/run.h"

enum fault faulty;
static struct topology topology;
enum { OFFERED = 4096, RATE = 100000 }; /* one burst; the consumer works 20 us on an item */

static struct record measure(enum q_when_full when_full, unsigned producers, enum fault fault)
{
    struct cell c = {.driver = &q_driver_faulty_ring,
                     .workload = workload_find("overload"),
                     .producers = producers,
                     .consumers = 1,
                     .batch = 1,
                     .capacity = 1024,
                     .rate = RATE,
                     .when_full = when_full,
                     .latency = true,
                     .pin = "spread",
                     .every = 1};
    const struct run_options o = {.topology = &topology,
                                  .target_ns = OFFERED * (1000000000 / RATE),
                                  .timeout_ns = 60000000000u};
    faulty = fault;
    struct record r;
    assert_null(cell_forbidden(&c));
    assert_int_equal(run_sample(&c, &o, &r), 0);
    return r;
}

static void every_item_is_accounted_for(void **state)
{
    (void)state;
    const char *const scale = getenv("QUEUELAB_TEST_SCALE"); /* less under valgrind */
    const unsigned most = scale && strtod(scale, NULL) < 0.1 ? 1 : 2;
    unsigned goes = 0;
    for (unsigned policy = Q_REFUSE; policy <= Q_SPILL; policy++)
        for (unsigned producers = 1; producers <= most; producers++) {
            struct record r = measure((enum q_when_full)policy, producers, NO_FAULT);
            const bool drops = policy == Q_DROP_NEWEST || policy == Q_DROP_OLDEST;
            if (!r.ok)
                fail_msg("%s: %s", policy_names[policy], r.error);
            assert_string_equal(r.policy, policy_names[policy]);
            assert_int_equal(r.offered, OFFERED);
            assert_int_equal(r.items + r.dropped, OFFERED);
            assert_true(r.items >= 1024); /* what fitted */
            /* The burst is four times what fits: it was full, unless the producer was held up, for
             * which it gets a few more goes. */
            assert_true(drops || r.dropped == 0);
            assert_true(policy == Q_SPILL || r.spilled == 0);
            if ((drops || policy == Q_SPILL) && r.dropped + r.spilled == 0 && goes++ < 5) {
                run_release(&r);
                producers--;
                continue;
            }
            assert_true(r.dropped + r.spilled > 0 || !(drops || policy == Q_SPILL));
            assert_true(r.spilled <= r.items);
            assert_int_equal(r.push->total, OFFERED); /* every push is timed, whatever its answer */
            assert_int_equal(r.sojourn->total, r.items);
            run_release(&r);
        }
}

static void fails(enum q_when_full when_full, enum fault fault, const char *why)
{
    struct record r = measure(when_full, 1, fault);
    assert_false(r.ok);
    if (!strstr(r.error, why))
        fail_msg("%s: expected '%s', got '%s'", policy_names[when_full], why, r.error);
    run_release(&r);
}

static void a_silent_loss_is_noticed(void **state)
{
    (void)state;
    fails(Q_REFUSE, LOSES_SILENTLY, "4096 items pushed, 4095 popped");
    fails(Q_BLOCK, LOSES_SILENTLY, "4096 items pushed, 4095 popped");
    fails(Q_SPILL, LOSES_SILENTLY, "4096 items pushed, 4095 popped");
    fails(Q_DROP_NEWEST, LOSES_SILENTLY, "items pushed");
    fails(Q_DROP_OLDEST, LOSES_SILENTLY, "4096 items pushed");
}

static void a_wrong_count_is_noticed(void **state)
{
    (void)state;
    fails(Q_DROP_NEWEST, COUNTS_ONE_MORE, "answers were 'dropped', the queue counted");
    fails(Q_DROP_OLDEST, COUNTS_ONE_MORE, "4096 items pushed");
    fails(Q_BLOCK, COUNTS_ONE_MORE, "0 answers were 'dropped', the queue counted 1");
    fails(Q_DROP_OLDEST, DROPS_THE_WRONG_END, "1 new items were dropped, not the oldest");
}

static void a_log_that_cannot_be_made_is_said(void **state)
{
    (void)state;
    setenv("TMPDIR", "/nowhere", 1);
    struct record r = measure(Q_SPILL, 1, NO_FAULT);
    unsetenv("TMPDIR");
    assert_false(r.ok);
    assert_string_equal(r.error, "spill file in /nowhere: No such file or directory");
    run_release(&r);
}

static void a_log_that_cannot_grow_is_said(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){4096, before.rlim_max});
    struct record r = measure(Q_SPILL, 1, NO_FAULT);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_false(r.ok);
    assert_string_equal(r.error, "thread 0: the spill file: File too large");
    run_release(&r);
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    char directory[] = "/tmp/overload_test.XXXXXX";
    assert_non_null(mkdtemp(directory));
    setenv("TMPDIR", directory, 1);
    struct record r = measure(Q_SPILL, 1, NO_FAULT);
    unsetenv("TMPDIR");
    assert_true(r.ok && r.spilled > 0);
    run_release(&r);
    assert_int_equal(rmdir(directory), 0); /* only an empty one goes */
}

static void a_queue_without_policies_has_no_such_cell(void **state)
{
    (void)state;
    struct cell c = {.driver = q_driver_find("array_mpmc", 8, "inline"),
                     .workload = workload_find("overload"),
                     .producers = 1,
                     .consumers = 1};
    assert_string_equal(cell_forbidden(&c), "can only refuse when it is full");
    for (const struct q_driver *const *d = q_drivers; *d; d++) /* who has policies can be counted */
        assert_int_equal((*d)->traits->policies != 0, (*d)->dropped != NULL);
}

static int set_up(void **state)
{
    (void)state;
    return topology_load(&topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_accounted_for),
        cmocka_unit_test(a_silent_loss_is_noticed),
        cmocka_unit_test(a_wrong_count_is_noticed),
        cmocka_unit_test(a_log_that_cannot_be_made_is_said),
        cmocka_unit_test(a_log_that_cannot_grow_is_said),
        cmocka_unit_test(nothing_is_left_behind),
        cmocka_unit_test(a_queue_without_policies_has_no_such_cell),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
