/* study_indexing_judge_test.c: which verdicts follow from which samples. */
#include "tests/study_judge_help.h"

#include "studies/indexing/indexing.h"

static const struct study indexing = {.name = "indexing", .source = "002", .judge = indexing_judge};

#define INSERTS "room for all, 8 threads"
#define HEAVY_1 "read-heavy, zipf, 1 threads"
#define HEAVY_2 "read-heavy, zipf, 2 threads"
#define HEAVY_8 "read-heavy, zipf, 8 threads"
#define BESIDE  "beside a find, 1 threads"

/* By time, and by processor time. */
#define INSERTED(variant, first, last, cpu_first, cpu_last)                                        \
    {                                                                                              \
        "inserts", variant, INSERTS,                                                               \
            {{"inserts_per_s", first, last},                                                       \
             {"inserts_per_cpu_s", cpu_first, cpu_last},                                           \
             {"bytes_per_key", 40, 40}},                                                           \
            false                                                                                  \
    }
#define MIXED(variant, setting, first, last, cpu_first, cpu_last)                                  \
    {                                                                                              \
        "throughput", variant, setting,                                                            \
            {{"ops_per_s", first, last},                                                           \
             {"ops_per_cpu_s", cpu_first, cpu_last},                                               \
             {"processors", 2, 2}},                                                                \
            false                                                                                  \
    }
/* What the keys of 8 threads take: with room for all of them, and where they come and go. */
#define FILLED(variant, first, last)                                                               \
    {                                                                                              \
        "inserts", variant, INSERTS, {{"bytes_per_key", first, last}}, false                       \
    }
#define USED(variant, ops, first, last)                                                            \
    {                                                                                              \
        "throughput", variant, HEAVY_8,                                                            \
            {{"ops_per_s", ops, ops}, {"ops_per_cpu_s", ops, ops}, {"bytes", first, last}}, false  \
    }
#define COUNTED(variant, first, last)                                                              \
    {                                                                                              \
        "counters", variant, BESIDE, {{"cpu_ns", first, last}}, false                              \
    }

#define EXPLORED(map, violations)                                                                  \
    {                                                                                              \
        "checker", map, "small", {{"violations", 0, violations}, {"executions", 9, 9}}, false      \
    }
#define STALLED(map, setting, bytes)                                                               \
    {                                                                                              \
        "stalled reader", map, setting, {{"bytes_10000", bytes, bytes}}, false                     \
    }
#define STANDS "a reader stands still"

static const struct made usual[] = {
    EXPLORED("map_list", 0),
    EXPLORED("map_lockfree", 0),
    STALLED("map_list", STANDS, 9e6),
    STALLED("map_lockfree", STANDS, 9e6),
    STALLED("map_list", "no reader", 1e6),
    STALLED("map_lockfree", "no reader", 1e6),
    INSERTED("map_list", 100, 101, 100, 101),
    INSERTED("map_lockfree", 300, 301, 300, 301),
    INSERTED("map_mutex", 40, 40, 40, 40),
    INSERTED("map_rwlock", 20, 20, 20, 20),
    INSERTED("map_sharded", 35, 35, 35, 35),
    MIXED("map_list", HEAVY_1, 90, 91, 90, 91),
    MIXED("map_lockfree", HEAVY_1, 120, 121, 120, 121),
    MIXED("map_mutex", HEAVY_1, 100, 101, 100, 101),
    MIXED("map_rwlock", HEAVY_1, 95, 96, 95, 96),
    MIXED("map_of_others", HEAVY_1, 110, 111, 110, 111),
    MIXED("map_list", HEAVY_2, 170, 171, 90, 91),
    MIXED("map_lockfree", HEAVY_2, 235, 236, 120, 121),
    MIXED("map_of_others", HEAVY_2, 210, 211, 110, 111),
    USED("map_mutex", 100, 100, 100),
    USED("map_lockfree", 120, 100, 100),
    COUNTED("none", 100, 100),
    COUNTED("one atomic", 102, 103),
    COUNTED("own line", 101, 102),
    COUNTED("mutex", 200, 201),
    {0},
};

static const struct judged cases[] = {
    {"S2-C1", CLAIM_HOLDS, "map_list beside map_sharded (2.87x", {{0}}},
    {"S2-C1",
     CLAIM_CONDITIONAL,
     "refuted: map_list beside map_sharded",
     {INSERTED("map_sharded", 90, 90, 90, 90)}},
    {"S2-C1",
     CLAIM_REFUTED,
     NULL,
     {INSERTED("map_list", 30, 30, 30, 30), INSERTED("map_lockfree", 35, 35, 35, 35)}},
    /* One pair is open by time: processor time decides, or it stays open and is told. */
    {"S2-C1", CLAIM_HOLDS, "by processor time", {INSERTED("map_list", 50, 200, 100, 101)}},
    {"S2-C1",
     CLAIM_UNTESTABLE,
     "undecided: map_list beside map_mutex",
     {INSERTED("map_list", 50, 200, 50, 200)}},
    /* Slower by processor time, which charges nobody for sleeping: no proof. */
    {"S2-C1",
     CLAIM_UNTESTABLE,
     "undecided: map_list beside map_mutex",
     {INSERTED("map_list", 50, 200, 50, 51)}},
    {"S2-C1",
     CLAIM_CONDITIONAL,
     "undecided: map_lockfree beside map_mutex",
     {INSERTED("map_list", 50, 50, 50, 50), INSERTED("map_lockfree", 50, 200, 50, 200)}},
    {"S2-C1",
     CLAIM_UNTESTABLE,
     "no samples of \"inserts\"",
     {{"inserts", "map_list", INSERTS, {{0}}, true},
      {"inserts", "map_lockfree", INSERTS, {{0}}, true},
      {"inserts", "map_mutex", INSERTS, {{0}}, true},
      {"inserts", "map_rwlock", INSERTS, {{0}}, true},
      {"inserts", "map_sharded", INSERTS, {{0}}, true}}},

    {"S2-C7", CLAIM_CONDITIONAL, "refuted: map_mutex beside map_lockfree", {{0}}},
    {"S2-C7",
     CLAIM_UNTESTABLE,
     "holds: map_mutex beside map_list",
     {MIXED("map_lockfree", HEAVY_1, 60, 160, 60, 160)}},
    /* With one thread nobody sleeps: then it is. */
    {"S2-C7", CLAIM_CONDITIONAL, NULL, {MIXED("map_list", HEAVY_1, 60, 160, 90, 91)}},
    {"S2-C7", CLAIM_REFUTED, NULL, {MIXED("map_list", HEAVY_1, 60, 160, 120, 121)}},
    {"S2-C7", CLAIM_REFUTED, "undecided: ", {MIXED("map_list", HEAVY_1, 60, 160, 60, 160)}},

    {"S2-C5", CLAIM_CONDITIONAL, "refuted: map_list frees behind a reader", {{0}}},
    {"S2-C5", CLAIM_REFUTED, NULL, {EXPLORED("map_list", 1)}},
    {"S2-C5",
     CLAIM_HOLDS,
     NULL,
     {STALLED("map_list", STANDS, 2e6), STALLED("map_lockfree", STANDS, 2e6)}},
    /* What was not measured is not bounded; what was not explored is not safe. */
    {"S2-C5",
     CLAIM_UNTESTABLE,
     "undecided: map_lockfree frees",
     {STALLED("map_list", STANDS, 2e6),
      {"stalled reader", "map_lockfree", STANDS, {{0}}, true},
      {"stalled reader", "map_lockfree", "no reader", {{0}}, true}}},
    {"S2-C5",
     CLAIM_UNTESTABLE,
     "was not run on both maps",
     {{"checker", "map_lockfree", "small", {{0}}, true}}},

    {"S2-C6", CLAIM_REFUTED, NULL, {{0}}},
    {"S2-C6",
     CLAIM_HOLDS,
     NULL,
     {FILLED("map_list", 50, 50), FILLED("map_lockfree", 41, 41),
      USED("map_lockfree", 120, 110, 110)}},
    {"S2-C6",
     CLAIM_CONDITIONAL,
     "^an entry of its own for each key, in a list (map_list 1.25x",
     {FILLED("map_list", 50, 50)}},
    /* An interval with the bound in it is no refutation, and no condition. */
    {"S2-C6",
     CLAIM_UNTESTABLE,
     "undecided: slots of a table, where keys come and go (map_lockfree 1.05x [0.9",
     {FILLED("map_list", 50, 50), FILLED("map_lockfree", 41, 41),
      USED("map_lockfree", 120, 90, 120)}},
    {"S2-C6",
     CLAIM_UNTESTABLE,
     NULL,
     {FILLED("map_list", 36, 48), FILLED("map_lockfree", 36, 48),
      USED("map_lockfree", 120, 90, 120)}},
    {"S2-C6",
     CLAIM_UNTESTABLE,
     "where keys come and go (map_lockfree (no values))",
     {FILLED("map_list", 50, 50),
      FILLED("map_lockfree", 41, 41),
      {"throughput", "map_lockfree", HEAVY_8, {{0}}, true}}},

    {"S2-C3", CLAIM_HOLDS, "processors cannot be tested", {{0}}},
    {"S2-C3",
     CLAIM_REFUTED,
     NULL,
     {MIXED("map_lockfree", HEAVY_2, 130, 131, 70, 71),
      MIXED("map_list", HEAVY_2, 100, 101, 50, 51)}},
    {"S2-C3",
     CLAIM_UNTESTABLE,
     "undecided: map_list",
     {MIXED("map_list", HEAVY_2, 90, 300, 60, 160)}},

    {"S2-C4", CLAIM_HOLDS, NULL, {{0}}},
    {"S2-C4", CLAIM_CONDITIONAL, "in a line of its own", {COUNTED("one atomic", 120, 121)}},
    {"S2-C4",
     CLAIM_REFUTED,
     NULL,
     {COUNTED("one atomic", 120, 121), COUNTED("own line", 110, 111)}},
    {"S2-C4", CLAIM_UNTESTABLE, NULL, {COUNTED("one atomic", 90, 121)}},

    {"IDX-T1", CLAIM_HOLDS, "at least as fast as 4 of 4", {{0}}},
    {"IDX-T1",
     CLAIM_REFUTED,
     "slower than map_of_others",
     {MIXED("map_of_others", HEAVY_2, 300, 301, 150, 151)}},
    {"IDX-T1",
     CLAIM_UNTESTABLE,
     "undecided: map_of_others",
     {MIXED("map_of_others", HEAVY_2, 100, 400, 60, 200)}},
    {"IDX-T1",
     CLAIM_HOLDS,
     "Of 7 comparisons 1 are decided by processor time",
     {MIXED("map_of_others", HEAVY_2, 100, 400, 110, 111)}},
    {"IDX-T1",
     CLAIM_UNTESTABLE,
     "other people's maps are not in this build",
     {{"throughput", "map_of_others", HEAVY_1, {{0}}, true},
      {"throughput", "map_of_others", HEAVY_2, {{0}}, true}}},
};

static void verdicts_follow_from_samples(void **state)
{
    (void)state;
    made_check_cases(&indexing, usual, cases, sizeof cases / sizeof *cases);
}

static void what_was_not_measured_is_not_decided(void **state)
{
    (void)state;
    static const char *const by_interval[] = {"S2-C1", "S2-C2", "S2-C3",  "S2-C4", "S2-C6",
                                              "S2-C7", "S2-C8", "IDX-T1", NULL};
    made_check_absence(&indexing, usual, by_interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_samples),
        cmocka_unit_test(what_was_not_measured_is_not_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
