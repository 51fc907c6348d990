/* study_wal_admission_judge_test.c: which verdicts follow from which samples. */
#include "tests/study_judge_help.h"

#include "studies/wal_admission/experiments.h"

static const struct study wal = {.name = "wal_admission", .source = "001", .judge = wal_judge};

#define LEAD      "own entry, committers lead"
#define RESERVES  "own entry, space reserved"
#define GROWS     "own entry, file grows"
#define RECYCLED  "RocksDB, logs recycled"
#define WRITTEN   "as written, poll 1 ms"
#define UNBOUNDED "as written, no bound"
#define DRAINED   "no bound, until drained"
#define SLOW_1    "1 thread, simulated sync, 5 ms"
#define SLOW_128  "128 threads, simulated sync, 5 ms"
#define DISK_1    "1 thread, ext4"
#define AWAKE_1   "1 thread, ext4, processors kept awake"
#define DISK_32   "32 threads, ext4"
#define DISK_128  "128 threads, ext4"
#define SHORT     "10000 entries/s, interval 10 ms, sync 0.3 ms"
#define LONG      "10000 entries/s, interval 10 ms, sync 20 ms"
#define FEW       "1000 entries/s, interval 5 ms, sync 0.3 ms"
#define MORE      "20000 entries/s, interval 10 ms, sync 0.3 ms"
#define FORMULA   "rate x interval x 2"
#define PEAK      "peak + 4 roots"
#define STOP      "4 appenders, told to stop as it begins"
#define ON        "4 appenders, not told"
#define HERD      "32 threads, room for 8, sync 1 ms"

#define COMMITS(variant, setting, first, last)                                                     \
    {                                                                                              \
        "commits", variant, setting, {{"commits_per_s", first, last}, {"entries_per_sync", 4, 4}}, \
            false                                                                                  \
    }
/* A queue of 200 places. */
#define SIZED(variant, setting, first, last)                                                       \
    {                                                                                              \
        "sizing", variant, setting,                                                                \
            {{"blocked_share", first, last},                                                       \
             {"room", 200, 200},                                                                   \
             {"depth_most", 150, 150},                                                             \
             {"depth_mean", 50, 50},                                                               \
             {"depth_little", 51, 51}},                                                            \
            false                                                                                  \
    }
#define HERDED(variant, first, last)                                                               \
    {                                                                                              \
        "append", variant, HERD,                                                                   \
            {{"processor_us_per_append", first, last},                                             \
             {"processor_share", 0.01, 0.01},                                                      \
             {"sleeps_for_room_per_append", 3, 3}},                                                \
            false                                                                                  \
    }

/* The rival's two lines, and an append as written, on so many processors. */
#define RIVAL(threads, processors, first, last)                                                    \
    {                                                                                              \
        "contention", "two fetch-and-adds (the rival)", threads,                                   \
            {{"ns_per_write", first, last}, {"processors", processors, processors}}, false         \
    }
#define APPENDS(threads, ns, first, last, lost)                                                    \
    {                                                                                              \
        "contention", "append as written, no flush", threads,                                      \
            {{"ns_per_write", ns, ns},                                                             \
             {"writes_per_s", first, last},                                                        \
             {"lost_cas_per_write", 0, lost},                                                      \
             {"processors", 2, 2}},                                                                \
            false                                                                                  \
    }

/* Bugs of the document: how often one was seen, and what the checker came to. */
#define STALLS(variant, n)                                                                         \
    {                                                                                              \
        "wake-ups", variant, "1 writer, room for 1 entry",                                         \
            {{"stalls", n, n}, {"appends", 1000, 1000}}, false                                     \
    }
#define LOST(variant, setting, n)                                                                  \
    {                                                                                              \
        "shutdown", variant, setting, {{"accepted_not_written", n, n}, {"accepted", 1000, 1000}},  \
            false                                                                                  \
    }
#define FOUND(program, found)                                                                      \
    {                                                                                              \
        "checker", program, "", {{"found", found, found}}, false                                   \
    }
#define UNPROVED(program)                                                                          \
    {                                                                                              \
        "checker", program, "", {{0}}, true                                                        \
    }

static const struct made usual[] = {
    RIVAL("1 thread", 2, 15, 16),
    RIVAL("2 threads", 2, 60, 61),
    RIVAL("8 threads", 2, 110, 111),
    APPENDS("1 thread", 200, 5e6, 5.1e6, 0),
    APPENDS("2 threads", 400, 5e6, 5.1e6, 0.1),
    APPENDS("8 threads", 400, 5e6, 5.1e6, 0.1),
    COMMITS(LEAD, SLOW_128, 19000, 19100),
    COMMITS(WRITTEN, SLOW_128, 180, 181),
    COMMITS(UNBOUNDED, SLOW_128, 185, 186),
    COMMITS(DRAINED, SLOW_128, 190, 191),
    COMMITS(LEAD, SLOW_1, 190, 191),
    COMMITS(WRITTEN, SLOW_1, 175, 176),
    COMMITS(UNBOUNDED, SLOW_1, 176, 177),
    COMMITS(LEAD, DISK_128, 140000, 141000),
    COMMITS(WRITTEN, DISK_128, 2000, 2010),
    COMMITS("RocksDB", DISK_128, 30000, 30100),
    COMMITS(RECYCLED, DISK_128, 31000, 31100),
    COMMITS(RESERVES, DISK_128, 110000, 111000),
    COMMITS(GROWS, DISK_128, 100000, 101000),
    COMMITS(LEAD, DISK_32, 70000, 71000),
    COMMITS("RocksDB", DISK_32, 20000, 20100),
    COMMITS(RECYCLED, DISK_32, 21000, 21100),
    COMMITS(RESERVES, DISK_32, 60000, 61000),
    COMMITS(GROWS, DISK_32, 50000, 51000),
    COMMITS(LEAD, DISK_1, 6000, 6010),
    COMMITS("RocksDB", DISK_1, 4000, 4010),
    COMMITS(RECYCLED, DISK_1, 4100, 4110),
    COMMITS(RESERVES, DISK_1, 5500, 5510),
    COMMITS(GROWS, DISK_1, 5000, 5010),
    COMMITS(LEAD, AWAKE_1, 6000, 6010),
    COMMITS("RocksDB", AWAKE_1, 4000, 4010),
    COMMITS(RECYCLED, AWAKE_1, 4100, 4110),
    COMMITS(RESERVES, AWAKE_1, 5500, 5510),
    COMMITS(GROWS, AWAKE_1, 5000, 5010),
    SIZED(FORMULA, SHORT, 0, 0),
    SIZED(PEAK, SHORT, 0, 0),
    SIZED(FORMULA, LONG, 0.8, 0.9),
    SIZED(PEAK, LONG, 0, 0.01),
    HERDED("as written", 33, 34),
    HERDED("ours", 26, 26),
    {"interval", "20 ms, as written", "2000 entries/s", {{"entries_per_sync", 1.3, 1.4}}, false},
    STALLS("as written", 0),
    STALLS("as written, 200 pauses in its window", 0),
    STALLS("ours", 0),
    FOUND("lost_wakeup_notify", 1),
    LOST("as written", STOP, 0),
    LOST("as written", ON, 0),
    LOST("ours", STOP, 0),
    LOST("ours", ON, 0),
    FOUND("shutdown_loses_entry", 1),
    {0},
};

static const struct judged cases[] = {
    /* A run that loses, or the checker; where it looked and found nothing, and nothing was lost, it holds. */
    {"S1-B1", CLAIM_REFUTED, "the checker finds it", {{0}}},
    {"S1-B1", CLAIM_HOLDS, "does not find it", {FOUND("lost_wakeup_notify", 0)}},
    {"S1-B1",
     CLAIM_REFUTED,
     "does not find it",
     {FOUND("lost_wakeup_notify", 0), STALLS("ours", 0), STALLS("as written", 1)}},
    {"S1-B1", CLAIM_UNTESTABLE, "has no answer", {UNPROVED("lost_wakeup_notify")}},
    {"S1-B2", CLAIM_REFUTED, "the checker finds it", {{0}}},
    {"S1-B2", CLAIM_HOLDS, NULL, {FOUND("shutdown_loses_entry", 0)}},
    {"S1-B2", CLAIM_REFUTED, NULL, {UNPROVED("shutdown_loses_entry"), LOST("as written", ON, 2)}},
    {"S1-B2", CLAIM_UNTESTABLE, "has no answer", {UNPROVED("shutdown_loses_entry")}},

    /* The bound costs nothing, the predicate all; both as the document has it; neither decided. */
    {"S1-C1", CLAIM_REFUTED, "it is not the bound", {{0}}},
    {"S1-C1",
     CLAIM_HOLDS,
     "it is the bound. With",
     {COMMITS(UNBOUNDED, SLOW_128, 1800, 1801), COMMITS(LEAD, SLOW_128, 185, 186)}},
    {"S1-C1",
     CLAIM_UNTESTABLE,
     "whether it is the bound is open",
     {COMMITS(UNBOUNDED, SLOW_128, 180, 3000), COMMITS(LEAD, SLOW_128, 185, 186)}},
    {"S1-C1",
     CLAIM_REFUTED,
     "whether it is the benchmark is open",
     {COMMITS(LEAD, SLOW_128, 185, 3000)}},
    {"S1-C1",
     CLAIM_UNTESTABLE,
     "it is the bound. With",
     {COMMITS(UNBOUNDED, SLOW_128, 1800, 1801), COMMITS(LEAD, SLOW_128, 185, 3000)}},

    {"S1-C2", CLAIM_CONDITIONAL, "refuted: without a bound", {{0}}},
    {"S1-C2", CLAIM_HOLDS, NULL, {COMMITS(UNBOUNDED, SLOW_128, 1600, 1601)}},
    {"S1-C2", CLAIM_REFUTED, NULL, {COMMITS(WRITTEN, SLOW_128, 20000, 20001)}},
    {"S1-C2", CLAIM_UNTESTABLE, "holds: with it", {COMMITS(UNBOUNDED, SLOW_128, 200, 3000)}},

    {"S1-C7", CLAIM_CONDITIONAL, "refuted: the same where waking", {{0}}},
    {"S1-C7",
     CLAIM_HOLDS,
     NULL,
     {COMMITS(LEAD, DISK_128, 700000, 701000), COMMITS(WRITTEN, SLOW_128, 20000, 20001)}},
    {"S1-C7", CLAIM_REFUTED, NULL, {COMMITS(LEAD, SLOW_128, 1000, 1001)}},
    {"S1-C7",
     CLAIM_UNTESTABLE,
     "undecided: ",
     {COMMITS(LEAD, DISK_128, 700000, 701000), COMMITS(WRITTEN, SLOW_128, 200, 40000)}},

    {"S1-C8", CLAIM_CONDITIONAL, "the sync takes less than half the interval: ", {{0}}},
    {"S1-C8",
     CLAIM_CONDITIONAL,
     "in which 100 entries come or more: ",
     {SIZED(FORMULA, FEW, 0.01, 0.03)}},
    /* Neither the sync nor the number of entries tells them apart. */
    {"S1-C8", CLAIM_CONDITIONAL, "^" SHORT " (room", {SIZED(FORMULA, MORE, 0.01, 0.03)}},
    {"S1-C8", CLAIM_HOLDS, NULL, {SIZED(FORMULA, LONG, 0, 0)}},
    {"S1-C8", CLAIM_REFUTED, NULL, {SIZED(FORMULA, SHORT, 0.01, 0.02)}},
    /* Full in one run of nine: a median would not see it. */
    {"S1-C8",
     CLAIM_UNTESTABLE,
     "undecided: 10000 entries/s, interval 10 ms, sync 0.3 ms",
     {SIZED(FORMULA, SHORT, 0, 0.01), SIZED(FORMULA, LONG, 0, 0)}},

    {"S1-B4", CLAIM_REFUTED, NULL, {{0}}},
    {"S1-B4", CLAIM_HOLDS, NULL, {HERDED("as written", 20, 21)}},
    {"S1-B4", CLAIM_UNTESTABLE, NULL, {HERDED("as written", 20, 40)}},

    {"S1-C15", CLAIM_CONDITIONAL, "refuted: 2000 entries/s", {{0}}},

    /* Eight writers on two processors say nothing of eight at once. */
    {"S1-C6", CLAIM_UNTESTABLE, "fewer than 4 processors", {{0}}},
    {"S1-C6",
     CLAIM_REFUTED,
     "needs 8x",
     {RIVAL("1 thread", 8, 15, 16), RIVAL("2 threads", 8, 60, 61), RIVAL("8 threads", 8, 80, 81)}},
    {"S1-C6",
     CLAIM_HOLDS,
     "needs 8x",
     {RIVAL("1 thread", 8, 15, 16), RIVAL("2 threads", 8, 60, 61),
      RIVAL("8 threads", 8, 180, 181)}},
    {"S1-C12", CLAIM_REFUTED, "loses up to 0.1 compare-and-swaps", {{0}}},
    {"S1-C12",
     CLAIM_UNTESTABLE,
     "loses up to 0 compare-and-swaps",
     {APPENDS("2 threads", 400, 5e6, 5.1e6, 0), APPENDS("8 threads", 400, 5e6, 5.1e6, 0)}},
    /* More than two lines is no proof; less is. */
    {"S1-C13", CLAIM_UNTESTABLE, "1 thread (12.9x", {{0}}},
    {"S1-C13", CLAIM_UNTESTABLE, "holds: 8 threads", {APPENDS("8 threads", 90, 5e6, 5.1e6, 0)}},
    {"S1-C13",
     CLAIM_HOLDS,
     NULL,
     {APPENDS("1 thread", 10, 5e6, 5.1e6, 0), APPENDS("2 threads", 20, 5e6, 5.1e6, 0),
      APPENDS("8 threads", 90, 5e6, 5.1e6, 0)}},
    {"S1-C14", CLAIM_REFUTED, "not linear", {{0}}},
    {"S1-C14", CLAIM_UNTESTABLE, "linear as far", {APPENDS("2 threads", 201, 1e7, 1.01e7, 0)}},
    {"S1-C14", CLAIM_REFUTED, "not linear", {APPENDS("2 threads", 400, 5e6, 2e7, 0)}},
    {"S1-C14", CLAIM_UNTESTABLE, "is open", {APPENDS("2 threads", 201, 5e6, 2e7, 0)}},

    {"WAL-T1", CLAIM_HOLDS, "a file that grows", {{0}}},
    {"WAL-T1",
     CLAIM_CONDITIONAL,
     "refuted: a file that grows",
     {COMMITS(GROWS, DISK_32, 30000, 30100)}},
    {"WAL-T1",
     CLAIM_CONDITIONAL,
     "refuted: space reserved",
     {COMMITS(RESERVES, DISK_32, 30000, 30100)}},
    {"WAL-T1",
     CLAIM_CONDITIONAL,
     "refuted: zeroes written ahead, and RocksDB over recycled logs",
     {COMMITS(RECYCLED, DISK_32, 60000, 60100)}},
    {"WAL-T1",
     CLAIM_UNTESTABLE,
     "undecided: space reserved",
     {COMMITS(RESERVES, DISK_32, 20000, 90000)}},
    {"WAL-T1",
     CLAIM_REFUTED,
     NULL,
     {COMMITS(RESERVES, DISK_32, 30000, 30100), COMMITS(LEAD, DISK_32, 30000, 30100),
      COMMITS(GROWS, DISK_32, 30000, 30100)}},
    {"WAL-T1",
     CLAIM_UNTESTABLE,
     "no samples of RocksDB",
     {{"commits", "RocksDB", DISK_32, {{0}}, true}}},
    {"WAL-T3",
     CLAIM_CONDITIONAL,
     "refuted: space reserved, and RocksDB as it comes, processors kept awake",
     {COMMITS(RESERVES, AWAKE_1, 3000, 3001)}},
};

static void verdicts_follow_from_samples(void **state)
{
    (void)state;
    made_check_cases(&wal, usual, cases, sizeof cases / sizeof *cases);
}

static void what_was_not_measured_is_not_decided(void **state)
{
    (void)state;
    static const char *const by_interval[] = {"S1-C1",  "S1-C2",  "S1-C7",  "S1-B4",
                                              "S1-C15", "S1-C13", "S1-C14", "WAL-T1",
                                              "WAL-T2", "WAL-T3", NULL};
    made_check_absence(&wal, usual, by_interval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_follow_from_samples),
        cmocka_unit_test(what_was_not_measured_is_not_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
