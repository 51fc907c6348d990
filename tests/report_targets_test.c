/* report_targets_test.c: targets and what a full queue did, from records whose figures are known. */
#include "tests/report_help.h"

enum { ROUNDS = 7 };

/* Latency in ticks of 2 ns: 1.5 % of the pushes take `slow`, the others 20. */
static void put_timed(FILE *f, struct record r, unsigned slow)
{
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    histogram_clear(h);
    for (unsigned i = 0; i < 2000; i++)
        histogram_add(h, i % 200 < 3 ? slow : 20);
    snprintf(r.mode, sizeof r.mode, "latency");
    r.tick_ns = 2;
    r.push = h;
    put(f, &r);
    free(h);
}

static void put_overload(FILE *f, unsigned round, const char *policy, uint64_t offered,
                         uint64_t dropped, uint64_t spilled)
{
    struct record r = sample("overload", "ring_mpsc", "ring", round, 1);
    snprintf(r.policy, sizeof r.policy, "%s", policy);
    r.rate = 2e6;
    r.offered = offered;
    r.dropped = dropped;
    r.spilled = spilled;
    r.items = offered - dropped;
    put_timed(f, r, 40);
}

static void records(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned k = 0; k < ROUNDS; k++) {
        struct record r = sample("spsc", "ring_mpsc", "ring", k, 2);
        put(f, &r);
        r = sample("mpsc", "ring_mpsc", "ring", k, 0.4);
        r.producers = 4;
        put(f, &r);
        r = sample("limit", "clock_read", "limit", k, 1e3 / 30);
        r.rtt_before_ns = r.rtt_after_ns = 0;
        r.consumers = 0;
        r.floor = true;
        put(f, &r);
        r = sample("open", "ring_mpsc", "ring", k, 1);
        r.rate = 1e6;
        if (k < 2)
            r.rtt_before_ns = r.rtt_after_ns = 30;
        put_timed(f, r, k < 2 ? 40 : 120);
        r = sample("single", "ring_mpsc", "ring", k, 1);
        r.consumers = 0;
        r.rtt_before_ns = r.rtt_after_ns = 0;
        put_timed(f, r, 33);
    }
    for (unsigned k = 0; k < 3; k++) {
        put_overload(f, k, "spill", 100, 0, 70);
        put_overload(f, k, "drop newest", 100, 40, 0);
        put_overload(f, k, "drop oldest", 100, 50 + k, 0);
    }
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    if (begin() != 0)
        return -1;
    records();
    return 0;
}

static void targets_are_judged(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "one producer: at least 1 M events/s | holds | 2.00 [2.00, 2.00] M/s (spsc 1:1, "
                 "near) |");
    expect(text, "four producers: at least 0.5 M events/s | **missed** | 0.400 [0.400, 0.400] M/s "
                 "(mpsc 4:1, near) |");
    expect(text, "push: p99 below 100 ns | **missed** | 240 ns (open 1:1 at 1.00 M/s, near; "
                 "reading the clock takes 30.0 of them, each hand-over of a cache line 70.0; "
                 "shared: 80.0; one thread alone: 66.0) |");
    expect(text, "at a capacity of 1 M | not measured in this run | – |");
    expect(text, "- **The telemetry ring's own targets**: 1 of 4 hold: ");
    expect(text, "(**missed**): 0.400 [0.400, 0.400] M/s (mpsc 4:1, near); `ring_mpsc` push");
    expect(text, "; the others were not measured.");
    free(text);
}

static void what_was_dropped_and_spilled_is_summed(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "#### overload 1:1 (near): room for 1024, 2.00 M items/s offered in bursts of "
                 "4096, at most 1.00 M/s taken");
    expect(text, "| ring_mpsc, drop newest | 300 | 180 | 0 | 120 | 0 | 1.00 (1.00 to 1.00, n=3) |");
    expect(text, "| ring_mpsc, drop oldest | 300 | 147 | 0 | 153 | 0 |");
    expect(text, "| ring_mpsc, spill | 300 | 300 | 210 | 0 | 0 |");
    /* in the order of the policies, not of the alphabet or of the records */
    const char *newest = strstr(text, "| ring_mpsc, drop newest | 40.0 |");
    const char *oldest = strstr(text, "| ring_mpsc, drop oldest | 40.0 |");
    const char *spilled = strstr(text, "| ring_mpsc, spill | 40.0 |");
    assert_true(newest && newest < oldest && oldest < spilled);
    expect(text, "| ring_mpsc, spill | 40.0 | 40.0 | 80.0 | – | – | 80.0 | 6000 |");
    free(text);
}

/* The sections of latency and comparison know nothing of policies: overload is not among them. */
static void overload_is_in_its_own_section(void **state)
{
    (void)state;
    char *text = written(), *latency = strstr(text, "BEGIN queuelab:latency");
    assert_non_null(latency);
    *strstr(latency, "END queuelab:latency") = 0;
    assert_null(strstr(latency, "overload"));
    expect(latency, "open 1:1");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_judged),
        cmocka_unit_test(what_was_dropped_and_spilled_is_summed),
        cmocka_unit_test(overload_is_in_its_own_section),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
