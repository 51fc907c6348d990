/* study_observation_queue_judge_test.c: which verdicts follow from which samples. */
#include "tests/study_judge_help.h"

#include "studies/observation_queue/judging.h"

static const struct study observation = {
    .name = "observation_queue", .source = "000", .judge = judge_observation_queue};

#define MANY     "4+4 threads, many"
#define EACH     "each call timed"
#define TOGETHER "64 calls together"
#define STRING   "by value, and a string"
#define DEEP     "segment_mpmc, 100 K deep"
#define ALONE    "all in, then out"
#define ATONCE   "in and out at once"
#define CODE     "the document's code"

#define CONTENDED(variant, first, last)                                                            \
    {                                                                                              \
        "contended", variant, MANY,                                                                \
            {{"records_per_s", first, last},                                                       \
             {"contention_events", 10, 20},                                                        \
             {"records", 1e6, 1e6}},                                                               \
            false                                                                                  \
    }
#define HANDED(first, last)                                                                        \
    {                                                                                              \
        "hand_off", "mutex_ring", "1+1",                                                           \
            {{"records_per_s", first, last}, {"slept_per_record", 1, 1}}, false                    \
    }
#define PUSHED(variant, first, last)                                                               \
    {                                                                                              \
        "ends", variant, "one producer", {{"push_ns", first, last}}, false                         \
    }
#define ENQUEUED(p50, p99_first, p99_last)                                                         \
    {                                                                                              \
        "enqueue", "segment_mpmc", EACH,                                                           \
            {{"enqueue_p50_ns", p50, p50},                                                         \
             {"enqueue_p99_ns", p99_first, p99_last},                                              \
             {"enqueue_p999_ns", 1000, 1001},                                                      \
             {"clock_ns", 30, 30}},                                                                \
            false                                                                                  \
    }
#define TAKES(variant, bytes)                                                                      \
    {                                                                                              \
        "memory", variant, DEEP,                                                                   \
            {{"heap_bytes_per_record", bytes, bytes},                                              \
             {"resident_bytes_per_record", bytes, bytes},                                          \
             {"heap_mb", (bytes) / 10.0, (bytes) / 10.0}},                                         \
            false                                                                                  \
    }
#define ADMITS(variant, spurious, least, false_signals, beyond)                                    \
    {                                                                                              \
        "admission", variant, "2+2 threads", {{"spurious", 0, spurious},                           \
                                              {"refused", 100, 100},                               \
                                              {"spurious_in_a_row", 0, spurious},                  \
                                              {"depth_least", least, least},                       \
                                              {"signals", 100, 100},                               \
                                              {"false_signals", 0, false_signals},                 \
                                              {"beyond_capacity", 0, beyond},                      \
                                              {"bound", 3, 3}},                                    \
            false                                                                                  \
    }
#define SERVED(served, half, end)                                                                  \
    {"continuous",                                                                                 \
     "as written",                                                                                 \
     "",                                                                                           \
     {{"low_served", served, served}, {"dequeues", 1e6, 1e6}},                                     \
     false},                                                                                       \
    {                                                                                              \
        "backlog", "as written", "",                                                               \
            {{"backlog_5", half, half}, {"backlog_10", end, end}, {"arrived", 10000, 10000}},      \
            false                                                                                  \
    }
#define OVERTAKES(variant, setting, times)                                                         \
    {                                                                                              \
        "interleavings", variant, setting, {{"overtakings", 0, times}, {"rounds", 1000, 1000}},    \
            false                                                                                  \
    }
/* The checker finds the bug of this program, or none. */
#define FINDS(bug)                                                                                 \
    {                                                                                              \
        "checker", CODE, "", {{bug, 1, 1}, {"segment_push_blocks", 0, 0}}, false                   \
    }
#define WATCHED(beyond)                                                                            \
    {                                                                                              \
        "watch", "fair", "2+2",                                                                    \
            {{"watched", 500, 500},                                                                \
             {"beyond_bound", 0, beyond},                                                          \
             {"share_of_bound_most", 0.9, 0.9}},                                                   \
            false                                                                                  \
    }
#define EXPLORED(violated)                                                                         \
    {                                                                                              \
        "checker", "lanes_fair", "", {{"no_starvation_executions", 16, 16},                        \
                                      {"again_ok", 3, 3},                                          \
                                      {"scenarios_violated", 0, 0},                                \
                                      {"again_violated", violated, violated},                      \
                                      {"scenarios_ok", 50, 50},                                    \
                                      {"scenarios_unfinished", 6, 6}},                             \
            false                                                                                  \
    }

static const struct made usual[] = {
    CONTENDED("mutex_deque", 5e6, 5.1e6),
    CONTENDED("segment_mpmc", 15e6, 15.1e6),
    CONTENDED("array_mpmc", 14e6, 14.1e6),
    HANDED(9000, 9100),
    {"open_loop",
     "mutex_deque",
     "4+4",
     {{"records_per_s", 1e5, 1e5}, {"offered_per_s", 1e5, 1e5}},
     false},
    {"open_loop", "mutex_deque", "1+1", {{"sojourn_p99_ns", 4e6, 4e6}}, false},
    {"lock", "mutex", "8 threads", {{"waited_share", 0.1, 0.1}}, false},
    PUSHED("deep", 50, 50),
    PUSHED("deep, no consumer", 48, 48),
    PUSHED("nearly empty", 120, 121),
    ENQUEUED(80, 400, 401),
    {"enqueue", "segment_mpmc", TOGETHER, {{"enqueue_p50_ns", 60, 60}}, false},
    TAKES(STRING, 105),
    TAKES("by value", 69),
    ADMITS("as written", 8, -1, 8, 3),
    ADMITS("reserved first", 0, 0, 0, 0),
    SERVED(0, 4500, 9000),
    {"continuous", "fair", "", {{"dequeues", 1, 1}, {"bound", 32, 32}}, false},
    {"backlog", "fair", "", {{"backlog_10", 1, 1}}, false},
    OVERTAKES("strict", ALONE, 0),
    OVERTAKES("promoting", ALONE, 0),
    OVERTAKES("strict", ATONCE, 0),
    OVERTAKES("promoting", ATONCE, 8),
    FINDS("none"),
    EXPLORED(0),
    WATCHED(0),
    {"watch", "as written", "2+2", {{"beyond_bound", 100, 100}}, false},
    {0},
};

static const struct judged cases[] = {
    /* A lock that is no limit; one that is; a limit only of handing over asleep; neither. */
    {"S0-C1", CLAIM_REFUTED, NULL, {{0}}},
    {"S0-C1", CLAIM_CONDITIONAL, "handed over asleep", {HANDED(5e4, 5.1e4)}},
    {"S0-C1", CLAIM_HOLDS, NULL, {CONTENDED("mutex_deque", 6e4, 6.1e4)}},
    {"S0-C1",
     CLAIM_UNTESTABLE,
     "an interval contains the bound",
     {CONTENDED("mutex_deque", 5e4, 2e5)}},

    {"S0-C2", CLAIM_HOLDS, NULL, {{0}}},
    {"S0-C2",
     CLAIM_CONDITIONAL,
     "refuted: the first passes more",
     {CONTENDED("array_mpmc", 20e6, 20.1e6)}},
    {"S0-C2",
     CLAIM_UNTESTABLE,
     "undecided: the first passes more",
     {CONTENDED("array_mpmc", 10e6, 20e6)}},

    {"S0-C6", CLAIM_CONDITIONAL, "^the queue is deep (50 ns", {{0}}},
    {"S0-C6", CLAIM_HOLDS, NULL, {PUSHED("nearly empty", 52, 53)}},
    {"S0-C6",
     CLAIM_UNTESTABLE,
     "undecided: the queue is nearly",
     {PUSHED("nearly empty", 40, 120)}},
    /* The depth is no condition where it does not help, or where that is open. */
    {"S0-C6", CLAIM_REFUTED, "^the queue is deep (100 ns", {PUSHED("deep", 100, 100)}},
    {"S0-C6", CLAIM_REFUTED, "undecided: the queue is deep (", {PUSHED("deep", 40, 120)}},
    {"S0-C6",
     CLAIM_UNTESTABLE,
     "(no values)",
     {{"ends", "deep, no consumer", "one producer", {{0}}, true}}},

    {"S0-C13", CLAIM_HOLDS, NULL, {{0}}},
    {"S0-C13", CLAIM_CONDITIONAL, "refuted: P99 at most", {ENQUEUED(80, 2000, 2001)}},
    {"S0-C13", CLAIM_UNTESTABLE, "undecided: P99 at most", {ENQUEUED(80, 300, 500)}},

    {"S0-C14", CLAIM_CONDITIONAL, "the name inside the record (69 bytes", {{0}}},
    {"S0-C14", CLAIM_REFUTED, NULL, {TAKES("by value", 73)}},
    {"S0-C14", CLAIM_HOLDS, NULL, {TAKES(STRING, 68)}},

    {"S0-C16", CLAIM_REFUTED, NULL, {{0}}},
    {"S0-C16", CLAIM_HOLDS, NULL, {CONTENDED("mutex_deque", 6e4, 6.1e4)}},

    {"S0-C9", CLAIM_REFUTED, "read as 2^64-1", {{0}}},
    {"S0-C9", CLAIM_UNTESTABLE, NULL, {ADMITS("as written", 0, 0, 0, 3)}},
    {"S0-C10", CLAIM_CONDITIONAL, "room is reserved first: ", {{0}}},
    {"S0-C10", CLAIM_HOLDS, NULL, {ADMITS("as written", 0, 0, 0, 3)}},
    /* False ones that no count below zero explains; and none at all, for nobody was measured. */
    {"S0-C10", CLAIM_CONDITIONAL, "room is reserved first: ", {ADMITS("as written", 0, 0, 8, 3)}},
    {"S0-C10",
     CLAIM_UNTESTABLE,
     "0 of 0 with room reserved",
     {{"admission", "reserved first", "2+2 threads", {{0}}, true}}},
    {"S0-C10", CLAIM_REFUTED, NULL, {ADMITS("reserved first", 0, 0, 2, 0)}},
    {"S0-C11", CLAIM_HOLDS, "up to 3 beyond", {{0}}},
    {"S0-C11", CLAIM_REFUTED, "up to 4 beyond", {ADMITS("as written", 8, -1, 8, 4)}},

    {"S0-C12", CLAIM_REFUTED, "not served in 1 000 000", {{0}}},
    {"S0-C12", CLAIM_HOLDS, NULL, {SERVED(5, 10, 10)}},
    {"S0-C12",
     CLAIM_UNTESTABLE,
     "wait at half time",
     {{"continuous", "as written", "", {{"low_served", 5, 5}, {"dequeues", 1e6, 1e6}}, false},
      {"backlog", "as written", "", {{0}}, true}}},
    {"S0-C12", CLAIM_REFUTED, "9 000 at the end", {SERVED(5, 4500, 9000)}},

    {"S0-C17", CLAIM_CONDITIONAL, "nothing is enqueued during the dequeue: ", {{0}}},
    {"S0-C17", CLAIM_HOLDS, NULL, {OVERTAKES("promoting", ATONCE, 0)}},
    {"S0-C17",
     CLAIM_CONDITIONAL,
     "the checker finds it",
     {OVERTAKES("promoting", ATONCE, 0), FINDS("scan_not_strict")}},
    {"S0-C17", CLAIM_REFUTED, NULL, {OVERTAKES("strict", ALONE, 8)}},
    {"S0-C17", CLAIM_UNTESTABLE, NULL, {{"interleavings", "promoting", ATONCE, {{0}}, true}}},
    {"S0-C18", CLAIM_CONDITIONAL, NULL, {{0}}},
    {"S0-C18", CLAIM_UNTESTABLE, NULL, {{"interleavings", "strict", ALONE, {{0}}, true}}},

    {"OBS-T2", CLAIM_HOLDS, "again in this run", {{0}}},
    {"OBS-T2", CLAIM_REFUTED, NULL, {WATCHED(8)}},
    {"OBS-T2", CLAIM_REFUTED, NULL, {EXPLORED(1)}},
    {"OBS-T2",
     CLAIM_UNTESTABLE,
     NULL,
     {{"checker", "lanes_fair", "", {{"again_ok", 0, 0}}, false}}},
};

static void verdicts_follow_from_samples(void **state)
{
    (void)state;
    made_check_cases(&observation, usual, cases, sizeof cases / sizeof *cases);
}

static void what_was_not_measured_is_not_decided(void **state)
{
    (void)state;
    static const char *const by_interval[] = {"S0-C1",  "S0-C2",  "S0-C3", "S0-C6",
                                              "S0-C13", "S0-C16", NULL};
    made_check_absence(&observation, usual, by_interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_samples),
        cmocka_unit_test(what_was_not_measured_is_not_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
