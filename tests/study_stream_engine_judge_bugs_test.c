/* study_stream_engine_judge_bugs_test.c: the judge on samples that are made up: what it says of results,
 * of their order, and of what goes wrong. */
#include "tests/study_stream_engine_samples.h"

/* ---- correctness ------------------------------------------------------------------------------------ */

static void fails(const char *experiment, const char *variant, const char *setting,
                  const char *error)
{
    struct study_sample s = {.cell = cells++};
    snprintf(s.experiment, sizeof s.experiment, "%s", experiment);
    snprintf(s.variant, sizeof s.variant, "%s", variant);
    snprintf(s.setting, sizeof s.setting, "%s", setting);
    study_fail(&s, "%s", error);
    assert_int_equal(study_write(file, &study_stream_engine, &s), 0);
}

static void overtakes(const char *variant, const char *setting, double of_1000)
{
    put2("order", variant, setting, "overtaken_share", of_1000 / 1000, "overtaken", of_1000);
}

static void order(void **state)
{
    static const char *const one = "rows window, 1 threads, 16 groups, 0 ns",
                             *const four = "rows window, 4 threads, 16 groups, 0 ns";
    static const struct {
        double alone, batch, record;
        enum verdict v;
        const char *words;
    } rows[] = {
        {0, 0, 0, CLAIM_HOLDS, "0 overtaken"},
        {0, 32, 173, CLAIM_CONDITIONAL, "4 workers, no more than with a lock per record (3.2"},
        {0, 173, 32, CLAIM_CONDITIONAL, "refuted: 4 workers, no more than with a lock per record"},
        {1, 173, 32, CLAIM_REFUTED, "4 workers, in the order of one (1384 overtaken)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_file();
        overtakes("mutex per batch", one, rows[i].alone);
        overtakes("mutex per batch", four, rows[i].batch);
        overtakes("mutex per record", four, rows[i].record);
        overtakes("partitioned", four, 0);
        fails("order", "partitioned", four, "wrong: one worker for each group, and yet");
        assert_verdict("S4-C14", rows[i].v, rows[i].words);
        assert_verdict("S4-C14", rows[i].v, "each 0 % [0, 0] are overtaken, samples wrong: 1");
    }
    begin_file(); /* a failure of one worker is a refutation; one round is too little to hold */
    overtakes("mutex per batch", four, 0);
    overtakes("mutex per record", four, 0);
    fails("order", "mutex per batch", one, "wrong: one worker for each group, and yet");
    assert_verdict("S4-C14", CLAIM_CONDITIONAL, "refuted: 1 worker");
    begin_file();
    struct study_sample s = {.experiment = "order", .variant = "mutex per batch"};
    snprintf(s.setting, sizeof s.setting, "%s", four);
    study_put(&s, "overtaken", 0);
    study_put(&s, "overtaken_share", 0);
    assert_int_equal(study_write(file, &study_stream_engine, &s), 0);
    assert_verdict("S4-C14", CLAIM_UNTESTABLE, "samples wrong: 0), 4 workers, no more");
}

static void results(void **state)
{
    static const char *const rows = "rows window, 4 threads, 1 K groups, 0 ns",
                             *const tumbling = "tumbling, 4 threads, 1 K groups, 0 ns",
                             *const changes = "tumbling, changes, 4 threads, 1 K groups, 0 ns",
                             *const one = "tumbling, 1 threads, 16 groups, 0 ns",
                             *const four = "tumbling, 4 threads, 16 groups, 0 ns";
    static const struct {
        double map, in_rows, late, everything;
        const char *error;
        enum verdict v;
        const char *words;
    } cases[] = {
        {0, 0, 0, 0, NULL, CLAIM_HOLDS, "rows window (0 of 8000 differ, 0 in their last rows;"},
        {0, 205, 0, 0, NULL, CLAIM_CONDITIONAL, "refuted: rows window (0 of 8000 differ, 16"},
        {0, 0, 7, 0, NULL, CLAIM_CONDITIONAL, "4 workers (56 of 8000 dropped)"},
        {3, 0, 0, 0, NULL, CLAIM_CONDITIONAL, "refuted: group by (24 of 8000 differ;"},
        {0, 0, 0, 0, "wrong: window 0", CLAIM_CONDITIONAL, "8 samples, 1 failed as wrong, 0 oth"},
        {0, 0, 0, 0, "no memory", CLAIM_HOLDS, "8 samples, 0 failed as wrong, 1 otherwise"},
        {1, 1, 1, 1, NULL, CLAIM_REFUTED, "tumbling, changes (8 of 8000 differ"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double all = cases[i].everything;
        begin_file();
        put2("steps", "+ map", FOUR, "groups_wrong", cases[i].map, "groups_checked", 1000);
        put2("scenarios", "+ map", tumbling, "groups_wrong", all, "groups_checked", 1000);
        put2("scenarios", "+ map", changes, "groups_wrong", all, "groups_checked", 1000);
        put2("scenarios", "+ map", rows, "rows_wrong", cases[i].in_rows, "groups_checked", 1000);
        put2("scenarios", "ours: partitioned", rows, "rows_wrong", all, "groups_checked", 1000);
        put2("late", "mutex per batch", one, "late", all, "records", 1000);
        put2("late", "mutex per batch", four, "late", cases[i].late, "records", 1000);
        if (cases[i].error)
            fails("steps", "+ map", FOUR, cases[i].error);
        assert_verdict("S4-C15", cases[i].v, cases[i].words);
    }
    begin_file(); /* one query alone is not all of them */
    put2("steps", "+ map", FOUR, "groups_wrong", 0, "groups_checked", 1000);
    assert_verdict("S4-C15", CLAIM_UNTESTABLE, "undecided: tumbling (");
}

static void bugs(void **state)
{
    static const struct {
        const char *claim, *experiment, *metric, *of, *program, *found;
    } bug[] = {
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

/* A use of the map that the document leaves open, beside one that is right. */
static void ways(void **state)
{
    static const struct {
        const char *claim, *experiment, *right, *open, *program;
    } bug[] = {
        {"S4-B1", "new groups", "found or made in one step", "get, then insert",
         "groupby_get_then_insert"},
        {"S4-B3", "shared state", "make_mut under the guard", "clone taken out",
         "make_mut_lost_update"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (unsigned seen = 0; seen < 2; seen++)
            for (int proof = -1; proof < 2; proof++) {
                begin_file();
                put2(bug[i].experiment, bug[i].right, "4 threads", "records", 100, "lost", 0);
                put2(bug[i].experiment, bug[i].open, "4 threads", "records", 100, "lost", seen);
                if (i == 1)
                    put2(bug[i].experiment, "clone put back", "4 threads", "records", 100, "lost",
                         seen);
                if (proof >= 0)
                    put("checker", bug[i].program, "assertion", "found", proof);
                assert_verdict(bug[i].claim,
                               seen || proof > 0 ? CLAIM_CONDITIONAL
                               : proof == 0      ? CLAIM_HOLDS
                                                 : CLAIM_UNTESTABLE,
                               bug[i].right);
            }
    for (unsigned i = 0; i < 2; i++) {
        begin_file(); /* and when the right one loses too */
        put2(bug[i].experiment, bug[i].right, "4 threads", "records", 100, "lost", 1);
        put("checker", bug[i].program, "assertion", "found", 1);
        assert_verdict(bug[i].claim, CLAIM_REFUTED, "the checker has a counterexample");
    }
}

/* What is said of DashMap needs DashMap: a map of ours, and a program of the checker, decide nothing. */
static void dashmap(void **state)
{
    static const char *const ours = "map_sharded, 2 threads", *const theirs = "DashMap, 1 thread";
    (void)state;
    for (unsigned waits = 0; waits < 2; waits++) {
        begin_file();
        put2("standing still", "sharded map", "other groups", "longest_ms", 39, "held_ms", 40);
        put2("two guards", "held", ours, "threads", 2, "stuck", 2);
        put("checker", "shard_refmut_deadlock", "deadlock", "found", 1);
        assert_verdict("S4-B6", CLAIM_UNTESTABLE, "DashMap is not in this run");
        assert_verdict("S4-B2", CLAIM_UNTESTABLE, "DashMap is not in this run");
        begin_file();
        put2("standing still", "sharded map", "other groups", "longest_ms", waits ? 0.01 : 39,
             "held_ms", 40);
        put2("standing still", "DashMap", "other groups", "longest_ms", waits ? 39 : 0.01,
             "held_ms", 40);
        put2("two guards", "held", ours, "threads", 2, "stuck", waits ? 0 : 2);
        put2("two guards", "held", theirs, "threads", 1, "stuck", waits);
        put2("two guards", "let go before", theirs, "threads", 1, "stuck", 0);
        assert_verdict("S4-B6", waits ? CLAIM_REFUTED : CLAIM_HOLDS, "sharded map");
        assert_verdict("S4-B2", waits ? CLAIM_CONDITIONAL : CLAIM_HOLDS, "let go before");
    }
}

/* From the document's own figures: no sample changes it. */
static void arithmetic(void **state)
{
    (void)state;
    begin_file();
    assert_verdict("S4-B7", CLAIM_REFUTED, "by arithmetic, not by samples");
    begin_file();
    put("steps", "ours: own tables", ONE, "cpu_ns", 10);
    put("steps", "current", FOUR, "cpu_ns", 1000);
    put("steps", "+ atomic metrics", FOUR, "cpu_ns", 100);
    assert_verdict("S4-B7", CLAIM_REFUTED, "by arithmetic, not by samples");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order), cmocka_unit_test(results), cmocka_unit_test(bugs),
        cmocka_unit_test(ways),  cmocka_unit_test(dashmap), cmocka_unit_test(arithmetic),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
