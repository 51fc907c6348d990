/* study_telemetry_ring_judge_test.c: which verdicts follow from which samples. */
#include "tests/study_judge_help.h"

#include "studies/telemetry_ring/cells.h"

static const struct study telemetry = {
    .name = "telemetry_ring", .source = "003", .judge = telemetry_judge};

#define BLOCK  "as written, block"
#define NEWEST "as written, drop newest"
#define OLDEST "as written, drop oldest"
#define SPILL  "as written, spill"
#define FULL   "as written, disk full"
#define SYNCED "synced every 64"

#define PASSES(variant, first, last)                                                               \
    {                                                                                              \
        "throughput", variant, "1 producer", {{"events_per_s", first, last}, {"wedged", 0, 0}},    \
            false                                                                                  \
    }
#define HANGS(experiment, variant, setting)                                                        \
    {                                                                                              \
        experiment, variant, setting, {{"wedged", 1, 1}, {"offered", 1024, 1024}}, false           \
    }
#define PUSHED(variant, setting, first, last)                                                      \
    {                                                                                              \
        "push time", variant, setting, {{"push_p99_ns", first, last}, {"push_p50_ns", 45, 46}},    \
            false                                                                                  \
    }
#define COUNTS(variant, first, last, wrong)                                                        \
    {                                                                                              \
        "metrics", variant, "2 producers",                                                         \
            {{"events_per_s", first, last}, {"miscounted", 0, wrong}}, false                       \
    }
#define KEPT(variant, setting, first, last)                                                        \
    {                                                                                              \
        "keeping", variant, setting, {{"events_per_s", first, last}}, false                        \
    }
#define KILLED(variant, lost)                                                                      \
    {                                                                                              \
        "kill", variant, "",                                                                       \
            {{"kills", 10, 10},                                                                    \
             {"acknowledged", 5000, 5000},                                                         \
             {"lost", 0, lost},                                                                    \
             {"invalid", 0, 0},                                                                    \
             {"torn", 1, 1}},                                                                      \
            false                                                                                  \
    }
#define WAITED(variant, setting, metric, first, last, delay)                                       \
    {                                                                                              \
        "waiting", variant, setting, {{metric, first, last}, {"sojourn_p50_ns", delay, delay}},    \
            false                                                                                  \
    }
/* refused: whatever says so: drops, errors of the disk, blocked pushes that came back, spilled ones. */
#define OVERLOADED(variant, lost, refused)                                                         \
    {                                                                                              \
        "overload", variant, "",                                                                   \
            {{"wedged", 0, 0},                                                                     \
             {"lost", 0, lost},                                                                    \
             {"disorder", 0, 0},                                                                   \
             {"offered_per_s", 1e6, 1e6},                                                          \
             {"refused_by_disk", refused, refused},                                                \
             {"dropped", refused, refused},                                                        \
             {"depth", refused, refused},                                                          \
             {"spilled", refused, refused}},                                                       \
            false                                                                                  \
    }

static const struct made usual[] = {
    PASSES("ring", 1e7, 1.1e7),
    PASSES("lock, batches", 2e6, 2.1e6),
    PASSES(BLOCK, 3e6, 3.1e6),
    PASSES(NEWEST, 3e6, 3.1e6),
    HANGS("throughput", OLDEST, "1 producer"),
    PUSHED("nothing", "1 producer", 50, 50),
    PUSHED("ring", "1 producer", 80, 82),
    PUSHED("ring", "4 producers", 85, 86),
    PUSHED("ring", "4 producers, flat out", 1700, 1800),
    PUSHED("as written", "1 producer", 90, 91),
    PUSHED("as written", "4 producers", 90, 91),
    PUSHED("as written", "4 producers, flat out", 90, 91),
    COUNTS("none", 100, 100, 0),
    COUNTS("a counter each", 99, 100, 0),
    COUNTS("one shared counter", 90, 91, 0),
    COUNTS("1 push in 64 timed", 96, 97, 0),
    COUNTS("every push timed", 60, 61, 0),
    KEPT("mapped", "", 9e6, 9.1e6),
    KEPT("written, 64 at a time", "", 1e6, 1.1e6),
    KEPT("mapped", SYNCED, 3e5, 3.1e5),
    KEPT("written, 64 at a time", SYNCED, 2e5, 2.1e5),
    KILLED("mapped", 0),
    KILLED("written", 0),
    WAITED("sleeps", "1 K/s", "consumer_cpu_share", 0.1, 0.11, 90000),
    WAITED("spins", "1 K/s", "consumer_cpu_share", 0.9, 0.91, 800),
    WAITED("sleeps", "100 K/s", "consumer_cpu_share", 0.8, 0.81, 900),
    WAITED("spins", "100 K/s", "consumer_cpu_share", 0.9, 0.91, 900),
    WAITED("sleeps", "a full ring", "producers_cpu_share", 0.2, 0.21, 900),
    WAITED("spins", "a full ring", "producers_cpu_share", 0.5, 0.51, 900),
    OVERLOADED("block", 0, 0),
    OVERLOADED("drop newest", 0, 0),
    OVERLOADED("drop oldest", 0, 0),
    OVERLOADED("spill to disk", 0, 0),
    OVERLOADED("spill, disk full", 0, 1000),
    OVERLOADED(BLOCK, 0, 1),
    OVERLOADED(NEWEST, 0, 500),
    HANGS("overload", OLDEST, ""),
    OVERLOADED(SPILL, 500, 0),
    OVERLOADED(FULL, 0, 1000),
    {"own snapshot", "as written", "", {{"refused", 1, 1}}, false},
    {"checker", "rfc_capacity", "assertion", {{"found", 1, 1}}, false},
    {"checker", "rfc_no_drop_leaks", "leak", {{"found", 0, 0}}, false},
    {0},
};

static const struct judged cases[] = {
    /* The ring as printed and ours, each by itself. */
    {"S3-C1", CLAIM_CONDITIONAL, "drop oldest (hangs in 9 of 9 runs)", {{0}}},
    {"S3-C1", CLAIM_HOLDS, NULL, {PASSES(OLDEST, 2e6, 2.1e6)}},
    {"S3-C1",
     CLAIM_REFUTED,
     NULL,
     {PASSES("ring", 9e5, 9.1e5), PASSES(BLOCK, 9e5, 9.1e5), PASSES(NEWEST, 9e5, 9.1e5),
      PASSES(OLDEST, 9e5, 9.1e5)}},
    {"S3-C1", CLAIM_UNTESTABLE, "undecided: as printed, drop oldest", {PASSES(OLDEST, 5e5, 2e6)}},
    {"S3-C1",
     CLAIM_CONDITIONAL,
     "as printed, blocking (3.05 M events/s [3.01 M, 3.09 M], hangs in 9 of 9 runs)",
     {{"throughput",
       BLOCK,
       "1 producer",
       {{"events_per_s", 3e6, 3.1e6}, {"wedged", 1, 1}},
       false}}},

    {"S3-C2", CLAIM_CONDITIONAL, "refuted: ring_mpsc, 4 producers, flat out", {{0}}},
    {"S3-C2", CLAIM_HOLDS, NULL, {PUSHED("ring", "4 producers, flat out", 90, 91)}},
    /* Between the bound with the clock's time and the bound without. */
    {"S3-C2",
     CLAIM_UNTESTABLE,
     "undecided: ring_mpsc, 4 producers, flat out",
     {PUSHED("ring", "4 producers, flat out", 120, 121)}},

    {"S3-C11", CLAIM_CONDITIONAL, "an event may wait until its consumer is awake: ", {{0}}},
    {"S3-C11",
     CLAIM_HOLDS,
     NULL,
     {WAITED("sleeps", "1 K/s", "consumer_cpu_share", 0.1, 0.11, 700)}},
    {"S3-C11",
     CLAIM_CONDITIONAL,
     "refuted: producers in front of a full ring",
     {WAITED("sleeps", "a full ring", "producers_cpu_share", 0.7, 0.71, 900)}},
    {"S3-C11",
     CLAIM_UNTESTABLE,
     "undecided: a consumer of 100 K/s",
     {WAITED("sleeps", "100 K/s", "consumer_cpu_share", 0.5, 1.5, 900)}},

    {"S3-C14", CLAIM_HOLDS, NULL, {{0}}},
    {"S3-C14", CLAIM_CONDITIONAL, "refuted: both may", {KEPT("mapped", SYNCED, 1e5, 1.1e5)}},
    {"S3-C14", CLAIM_UNTESTABLE, "undecided: both may", {KEPT("mapped", SYNCED, 1e5, 4e5)}},
    {"S3-C14", CLAIM_REFUTED, "36 lost or wrong", {KILLED("mapped", 8)}},
    /* What the log beside it loses is not held against the ring. */
    {"S3-C14", CLAIM_HOLDS, "0 lost or wrong, 9 torn", {KILLED("written", 8)}},
    {"S3-C14", CLAIM_UNTESTABLE, NULL, {{"kill", "mapped", "", {{0}}, true}}},

    {"S3-C16", CLAIM_CONDITIONAL, "refuted: every push timed", {{0}}},
    {"S3-C16", CLAIM_HOLDS, NULL, {COUNTS("every push timed", 90, 91, 0)}},
    {"S3-C16",
     CLAIM_UNTESTABLE,
     "undecided: every push timed",
     {COUNTS("every push timed", 60, 110, 0)}},
    /* A cheap counter that counts wrongly. */
    {"S3-C16",
     CLAIM_CONDITIONAL,
     "refuted: one shared counter (0.905x [0.901, 0.909], wrong by 8)",
     {COUNTS("one shared counter", 90, 91, 8), COUNTS("every push timed", 90, 91, 0)}},

    {"S3-C21", CLAIM_CONDITIONAL, "refuted: full, drop oldest (9 of 9 runs", {{0}}},
    {"S3-C21",
     CLAIM_HOLDS,
     "as printed",
     {OVERLOADED(OLDEST, 0, 500), {"own snapshot", "as written", "", {{"refused", 0, 0}}, false}}},
    /* Nothing hangs, and nothing was refused either: no error was seen. */
    {"S3-C21",
     CLAIM_UNTESTABLE,
     "undecided: full, blocking (0 of 9 runs without an answer, 0 events lost without one, and no",
     {OVERLOADED(BLOCK, 0, 0),
      OVERLOADED(OLDEST, 0, 500),
      {"own snapshot", "as written", "", {{"refused", 0, 0}}, false}}},
    {"S3-C21",
     CLAIM_UNTESTABLE,
     "undecided: full, drop newest",
     {OVERLOADED(NEWEST, 0, 0),
      OVERLOADED(OLDEST, 0, 500),
      {"own snapshot", "as written", "", {{"refused", 0, 0}}, false}}},
    /* The answer was that all is well. */
    {"S3-C21",
     CLAIM_CONDITIONAL,
     "refuted: full, drop oldest (0 of 9 runs without an answer, 36 events lost without one)",
     {OVERLOADED(OLDEST, 8, 500), {"own snapshot", "as written", "", {{"refused", 0, 0}}, false}}},
    {"S3-C21",
     CLAIM_UNTESTABLE,
     "undecided: spilling, disk full",
     {OVERLOADED(OLDEST, 0, 500),
      OVERLOADED(FULL, 0, 0),
      {"own snapshot", "as written", "", {{"refused", 0, 0}}, false}}},
    /* Ours without the document's: no verdict on the document. */
    {"S3-C21",
     CLAIM_UNTESTABLE,
     NULL,
     {{"overload", BLOCK, "", {{0}}, true},
      {"overload", NEWEST, "", {{0}}, true},
      {"overload", OLDEST, "", {{0}}, true},
      {"overload", FULL, "", {{0}}, true},
      {"own snapshot", "as written", "", {{0}}, true}}},

    {"S3-C20", CLAIM_REFUTED, "4500 never come out", {OVERLOADED(SPILL, 1000, 800)}},
    {"S3-C20", CLAIM_HOLDS, NULL, {OVERLOADED(SPILL, 0, 800)}},
    {"S3-C20", CLAIM_UNTESTABLE, "0 of", {OVERLOADED(SPILL, 0, 0)}},

    {"S3-C22", CLAIM_CONDITIONAL, "refuted: drop oldest (hangs in 9 of 9", {{0}}},
    {"S3-C22", CLAIM_HOLDS, NULL, {OVERLOADED(OLDEST, 0, 500), OVERLOADED(SPILL, 0, 500)}},
    /* A ring that was never full has stood no pressure. */
    {"S3-C22",
     CLAIM_UNTESTABLE,
     "undecided: drop newest (hangs in 0 of 9 runs, 0 events lost or out of order, and never",
     {OVERLOADED(NEWEST, 0, 0), OVERLOADED(OLDEST, 0, 500), OVERLOADED(SPILL, 0, 500)}},
    {"S3-C22", CLAIM_REFUTED, NULL, {OVERLOADED(BLOCK, 4, 0), OVERLOADED(NEWEST, 4, 0)}},
    {"S3-C22",
     CLAIM_UNTESTABLE,
     "undecided: drop newest",
     {OVERLOADED(OLDEST, 0, 500),
      OVERLOADED(SPILL, 0, 500),
      {"overload", NEWEST, "", {{0}}, true}}},

    {"S3-C32", CLAIM_REFUTED, NULL, {{0}}},
    {"S3-C26", CLAIM_HOLDS, NULL, {{0}}},
    {"S3-C27", CLAIM_UNTESTABLE, "did not run", {{0}}},
};

static void verdicts_follow_from_samples(void **state)
{
    (void)state;
    made_check_cases(&telemetry, usual, cases, sizeof cases / sizeof *cases);
}

static void what_was_not_measured_is_not_decided(void **state)
{
    (void)state;
    static const char *const by_interval[] = {"S3-C2",  "S3-C6",  "S3-C7",  "S3-C8",
                                              "S3-C11", "S3-C14", "S3-C16", NULL};
    made_check_absence(&telemetry, usual, by_interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_samples),
        cmocka_unit_test(what_was_not_measured_is_not_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
