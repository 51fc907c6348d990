/* study_stream_engine_judge_test.c: the judge on samples that are made up: each claim's verdict on both
 * sides of its bound, and where there is too little to say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "studies/study_file.h"

extern const struct study study_stream_engine;

enum { ROUNDS = 8 };

static char directory[] = "/tmp/study_stream_engine_judge_test.XXXXXX", path[80];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/samples.jsonl", directory);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- samples ------------------------------------------------------------------------------------ */

static FILE *file;
static unsigned cells;

static void begin_file(void)
{
    const struct study_options o = {.study = &study_stream_engine, .out = directory, .seed = 1};
    remove(path);
    assert_int_equal(study_begin(&file, &o, ROUNDS), 0);
    cells = 0;
}

/* ROUNDS samples of a cell: a metric that differs a little from one to the next, and another that does
 * not. */
static void put2(const char *experiment, const char *variant, const char *setting,
                 const char *metric, double value, const char *other, double second)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct study_sample s = {.cell = cells, .round = round};
        snprintf(s.experiment, sizeof s.experiment, "%s", experiment);
        snprintf(s.variant, sizeof s.variant, "%s", variant);
        snprintf(s.setting, sizeof s.setting, "%s", setting);
        study_put(&s, metric, value * (1 + (cells / 2 % 2 ? -0.002 : 0.002) * round));
        if (other)
            study_put(&s, other, second);
        if (strcmp(metric, "switches_per_batch") == 0)
            study_put(&s, "batch_records", 1000);
        assert_int_equal(study_write(file, &study_stream_engine, &s), 0);
    }
    cells++;
}

static void put(const char *experiment, const char *variant, const char *setting,
                const char *metric, double value)
{
    put2(experiment, variant, setting, metric, value, NULL, 0);
}

#define ONE   "group by, 1 threads, 1 K groups, 0 ns"
#define FOUR  "group by, 4 threads, 1 K groups, 0 ns"
#define EIGHT "group by, 8 threads, 1 K groups, 0 ns"

static void rate(const char *variant, double one, double four)
{
    put("steps", variant, ONE, "records_per_s", one);
    put("steps", variant, FOUR, "records_per_s", four);
}

static void assert_verdict(const char *claim, enum verdict expected, const char *words)
{
    struct study_judge j;
    char message[256];
    if (file) {
        assert_int_equal(fclose(file), 0);
        file = NULL;
    }
    assert_int_equal(study_read(&j, &study_stream_engine, directory, message, sizeof message), 0);
    study_stream_engine.judge(&j);
    assert_int_equal(j.n_findings, 27);
    bool found = false;
    for (size_t i = 0; i < j.n_findings; i++) {
        if (strcmp(j.finding[i].claim, claim) != 0)
            continue;
        if (j.finding[i].verdict != expected || (words && !strstr(j.finding[i].measured, words)))
            fail_msg("%s: '%s' and not '%s' with '%s': %s", claim,
                     verdict_words[j.finding[i].verdict], verdict_words[expected],
                     words ? words : "", j.finding[i].measured);
        found = true;
    }
    assert_true(found);
    study_release(&j);
}

/* ---- claims --------------------------------------------------------------------------------------- */

static void nothing_measured_is_no_verdict(void **state)
{
    (void)state;
    begin_file();
    fclose(file);
    file = NULL;
    struct study_judge j;
    char message[256];
    assert_int_equal(study_read(&j, &study_stream_engine, directory, message, sizeof message), 0);
    study_stream_engine.judge(&j);
    for (size_t i = 0; i < j.n_findings; i++)
        if (strcmp(j.finding[i].claim, "S4-B7") != 0) /* arithmetic needs no sample */
            assert_int_equal(j.finding[i].verdict, CLAIM_UNTESTABLE);
    study_release(&j);
}

/* Claims of the shape "a is at least so many times b", with 1 and 4 threads. */
static void ratios_hold_fail_or_depend(void **state)
{
    static const struct {
        const char *claim, *a, *b;
        double bound;
    } claims[] = {
        {"S4-C1", "+ map", "current", 1.2},
        {"S4-C2", "batch lock alone", "current", 1.3},
        {"S4-C9", "counted records alone", "current", 1.15},
        {"S4-C11", "atomic metrics alone", "current", 1.05},
        {"S4-C17", "+ batch lock", "+ map", 1.3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        const double more = claims[i].bound * 1.1, less = claims[i].bound * 0.9;
        begin_file();
        rate(claims[i].b, 1e6, 1e6);
        rate(claims[i].a, more * 1e6, more * 1e6);
        assert_verdict(claims[i].claim, CLAIM_HOLDS, "1 thread");
        begin_file();
        rate(claims[i].b, 1e6, 1e6);
        rate(claims[i].a, less * 1e6, less * 1e6);
        assert_verdict(claims[i].claim, CLAIM_REFUTED, "4 threads");
        begin_file();
        rate(claims[i].b, 1e6, 1e6);
        rate(claims[i].a, less * 1e6, more * 1e6);
        assert_verdict(claims[i].claim, CLAIM_CONDITIONAL, "4 threads (1 of 2 cases refute it)");
        begin_file();
        rate(claims[i].b, 1e6, 1e6);
        rate(claims[i].a, less * 1e6, claims[i].bound * 1.01 * 1e6); /* it straddles */
        assert_verdict(claims[i].claim, CLAIM_UNTESTABLE, "1 of 2 cases refute it");
    }
}

static void the_whole(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        const enum verdict v = good ? CLAIM_HOLDS : CLAIM_REFUTED;
        const double times = good ? 5 : 3;
        begin_file();
        rate("current", 16e3, 16e3);
        rate("+ atomic metrics", times * 16e3, times * 16e3);
        assert_verdict("S4-C6", v, "4 threads");
        assert_verdict("S4-C18", v, "1 thread");
        assert_verdict("S4-C12", v, "16 K");
    }
    begin_file();
    rate("current", 1e4, 1e4);
    rate("+ counted records", 5e4, 5e4);
    put("scenarios", "current", "rows window, 4 threads, 1 K groups, 0 ns", "records_per_s", 1e4);
    put("scenarios", "+ counted records", "rows window, 4 threads, 1 K groups, 0 ns",
        "records_per_s", 3e4);
    assert_verdict("S4-C16", CLAIM_CONDITIONAL, "group by, 4.2x expected (1 of 2");
    begin_file(); /* records of a file have the groups that they have */
    put("steps", "current", "group by, 4 threads, groups as given, 0 ns", "records_per_s", 1e4);
    put("steps", "+ counted records", "group by, 4 threads, groups as given, 0 ns", "records_per_s",
        5e4);
    assert_verdict("S4-C16", CLAIM_HOLDS, "5x");
}

static void parts(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        const enum verdict v = good ? CLAIM_HOLDS : CLAIM_REFUTED;
        begin_file();
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            char setting[16];
            snprintf(setting, sizeof setting, "%u threads", threads);
            put("passing", "clone", setting, "cpu_ns", good ? 2e4 : 200);
            put("passing", "count of its own", setting, "cpu_ns", good ? 10 : 100);
            put("passing", "count of the batch", setting, "cpu_ns", good ? 10 : 100);
            put("passing", "borrowed", setting, "cpu_ns", 1);
            put("counters", "one atomic", setting, "cpu_ns", 1);
            put("counters", "mutex", setting, "cpu_ns", good ? 120 : 3);
            put("counters", "own line", setting, "cpu_ns", 1);
        }
        assert_verdict("S4-C4", v, "9 texts");
        assert_verdict("S4-C10", v, "count of the batch");
        assert_verdict("S4-C5", v, "a line for each thread");
    }
}

static void switched(const char *variant, double waits, double forced)
{
    put2("steps", variant, FOUR, "switches_per_batch", waits, "forced_per_batch", forced);
}

static void switches(void **state)
{
    (void)state;
    begin_file();
    switched("current", 900, 100);
    switched("+ batch lock", 1, 0.5);
    assert_verdict("S4-C3", CLAIM_REFUTED, "current, 4 threads");
    assert_verdict("S4-C13", CLAIM_HOLDS, "met before anything is changed");
    assert_verdict("ENG-T2", CLAIM_HOLDS, "current 90");
    begin_file();
    switched("current", 29000, 1000);
    switched("+ batch lock", 1500, 100);
    assert_verdict("S4-C3", CLAIM_HOLDS, "30 K");
    begin_file();
    switched("current", 29000, 1000);
    switched("+ batch lock", 2500, 100);
    assert_verdict("S4-C3", CLAIM_REFUTED, NULL);
    assert_verdict("S4-C13", CLAIM_REFUTED, NULL);
    begin_file();
    put("steps", "current", FOUR, "records_per_s", 1);
    assert_verdict("ENG-T2", CLAIM_UNTESTABLE, NULL);
}

static void processors(void **state)
{
    (void)state;
    for (unsigned idle = 0; idle < 2; idle++) {
        begin_file();
        put("steps", "current", FOUR, "cpu_use", idle ? 0.02 : 0.6);
        put("steps", "current, mutex", FOUR, "cpu_use", idle ? 0.02 : 0.7);
        put("steps", "+ atomic metrics", FOUR, "awake", idle ? 0.95 : 0.5);
        assert_verdict("S4-C7", idle ? CLAIM_HOLDS : CLAIM_REFUTED, NULL);
        assert_verdict("S4-C8", idle ? CLAIM_HOLDS : CLAIM_REFUTED, "4 workers");
    }
}

static void ten_times(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        begin_file();
        put("steps", "current", FOUR, "records_per_s", 1e5);
        put("steps", "ours: own tables", FOUR, "records_per_s", good ? 2e6 : 5e5);
        put("steps", "ours: partial sums", FOUR, "records_per_s", 2e5);
        put("steps", "current", EIGHT, "records_per_s", 1e5);
        put("steps", "ours: own tables", EIGHT, "records_per_s", 3e5);
        put("steps", "ours: partial sums", EIGHT, "records_per_s", good ? 2e6 : 5e5);
        assert_verdict("ENG-T1", good ? CLAIM_HOLDS : CLAIM_REFUTED,
                       "current, 8 threads: 'ours: partial sums'");
    }
}

/* Other work on the machine has blurred it: the time of the processor decides, but not for workers that
 * wait for each other. */
static void processor_time_decides(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        begin_file();
        put2("steps", "current", ONE, "records_per_s", 1e6, "cpu_ns", 1000);
        put2("steps", "current", FOUR, "records_per_s", 1e6, "cpu_ns", 1000);
        put2("steps", "+ atomic metrics", ONE, "records_per_s", 3.8e6 * 1.01, "cpu_ns",
             good ? 200 : 300);
        put2("steps", "+ atomic metrics", FOUR, "records_per_s", 70 / 16.6 * 1.01e6, "cpu_ns", 100);
        assert_verdict("S4-C18", good ? CLAIM_HOLDS : CLAIM_REFUTED, "(by processor time)");
        assert_verdict("S4-C6", CLAIM_UNTESTABLE, NULL);
    }
}

/* ---- correctness ------------------------------------------------------------------------------------ */

static void order(void **state)
{
    static const char *const one = "rows window, 1 threads, 16 groups, 0 ns",
                             *const four = "rows window, 4 threads, 16 groups, 0 ns";
    (void)state;
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        begin_file();
        put2("order", "mutex per batch", one, "records", 1000, "overtaken", wrong == 2);
        put2("order", "mutex per batch", four, "records", 1000, "overtaken", wrong ? 40 : 0);
        put2("order", "partitioned", four, "records", 1000, "overtaken", 0);
        assert_verdict("S4-C14",
                       wrong == 0   ? CLAIM_HOLDS
                       : wrong == 1 ? CLAIM_CONDITIONAL
                                    : CLAIM_REFUTED,
                       wrong ? "320 of" : "0 of");
    }
}

static void results(void **state)
{
    static const char *const one = "tumbling, 1 threads, 16 groups, 0 ns",
                             *const four = "tumbling, 4 threads, 16 groups, 0 ns";
    (void)state;
    for (unsigned wrong = 0; wrong < 3; wrong++) {
        begin_file();
        put2("steps", "+ map", FOUR, "groups_checked", 1000, "groups_wrong", wrong == 2);
        put2("late", "mutex per batch", one, "records", 1000, "late", 0);
        put2("late", "mutex per batch", four, "records", 1000, "late", wrong ? 7 : 0);
        assert_verdict("S4-C15",
                       wrong == 0   ? CLAIM_HOLDS
                       : wrong == 1 ? CLAIM_CONDITIONAL
                                    : CLAIM_REFUTED,
                       wrong ? "56 of" : "0 of");
    }
}

static void bugs(void **state)
{
    static const struct {
        const char *claim, *experiment, *metric, *of, *program, *found;
    } bug[] = {
        {"S4-B1", "new groups", "lost", "records", "groupby_get_then_insert", "assertion"},
        {"S4-B2", "two guards", "stuck", "threads", "shard_refmut_deadlock", "deadlock"},
        {"S4-B3", "shared state", "lost", "records", "make_mut_lost_update", "assertion"},
        {"S4-B4", "retry", "counted_twice", "records", "batch_retry_counts_twice", "assertion"},
        {"S4-B5", "count and state", "wrong_looks", "looks", "count_and_state_apart", "assertion"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bug / sizeof *bug; i++)
        for (unsigned seen = 0; seen < 2; seen++)
            for (int proof = -1; proof < 2; proof++) {
                begin_file();
                put2(bug[i].experiment, "as printed", "4 threads", bug[i].of, 100, bug[i].metric,
                     seen);
                if (proof >= 0)
                    put("checker", bug[i].program, bug[i].found, "found", proof);
                assert_verdict(bug[i].claim,
                               seen || proof > 0 ? CLAIM_REFUTED
                               : proof == 0      ? CLAIM_HOLDS
                                                 : CLAIM_UNTESTABLE,
                               proof > 0 ? "the checker has a counterexample" : NULL);
            }
}

static void standing(void **state)
{
    (void)state;
    for (unsigned waits = 0; waits < 2; waits++) {
        begin_file();
        put2("standing still", "sharded map", "other groups", "longest_ms", waits ? 39 : 0.01,
             "held_ms", 40);
        put2("standing still", "lock in the group", "other groups", "longest_ms", 39, "held_ms",
             40);
        assert_verdict("S4-B6", waits ? CLAIM_REFUTED : CLAIM_HOLDS, "sharded map");
    }
}

static void arithmetic(void **state)
{
    (void)state;
    begin_file();
    assert_verdict("S4-B7", CLAIM_REFUTED, "83 K/s and not 110.7");
    begin_file();
    put("steps", "ours: own tables", ONE, "cpu_ns", 10);
    put("steps", "current", FOUR, "cpu_ns", 1000);
    put("steps", "+ atomic metrics", FOUR, "cpu_ns", 100);
    assert_verdict("S4-B7", CLAIM_REFUTED, "99 % of the processor time is overhead before, 90 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_measured_is_no_verdict),
        cmocka_unit_test(ratios_hold_fail_or_depend),
        cmocka_unit_test(the_whole),
        cmocka_unit_test(parts),
        cmocka_unit_test(switches),
        cmocka_unit_test(processors),
        cmocka_unit_test(ten_times),
        cmocka_unit_test(processor_time_decides),
        cmocka_unit_test(order),
        cmocka_unit_test(results),
        cmocka_unit_test(bugs),
        cmocka_unit_test(standing),
        cmocka_unit_test(arithmetic),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
