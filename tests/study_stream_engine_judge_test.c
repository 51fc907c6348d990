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
#define WORK  "group by, 4 threads, 1 K groups, 2000 ns"

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

/* Claims of the shape "a is at least so many times b", with 1 and 4 threads: the pair beside the other
 * pairs of the claim. */
static void ratios_hold_fail_or_depend(void **state)
{
    static const struct {
        const char *claim, *a, *b;
        double bound;
        const char *others[2][2];
    } claims[] = {
        {"S4-C2",
         "batch lock alone",
         "current",
         1.3,
         {{"current, mutex, batch lock", "current, mutex"}}},
        {"S4-C9",
         "counted records alone",
         "current",
         1.15,
         {{"+ counted records", "+ batch lock"}}},
        {"S4-C11",
         "atomic metrics alone",
         "current",
         1.05,
         {{"+ atomic metrics", "+ counted records"}}},
        {"S4-C17", "+ batch lock", "+ map", 1.3, {{NULL}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        const double bound = claims[i].bound;
        const struct {
            double one, four;
            bool others;
            enum verdict v;
        } rows[] = {
            {bound * 1.1, bound * 1.1, true, CLAIM_HOLDS},
            {bound * 0.9, bound * 0.9, false, CLAIM_REFUTED},
            {bound * 0.9, bound * 1.1, true, CLAIM_CONDITIONAL},
            {bound * 1.1, bound * 1.01, true, CLAIM_UNTESTABLE}, /* held, and one straddles */
        };
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            const double other = rows[k].others ? bound * 1.1 : bound * 0.9;
            begin_file();
            rate(claims[i].b, 1e6, 1e6);
            rate(claims[i].a, rows[k].one * 1e6, rows[k].four * 1e6);
            if (claims[i].others[0][0]) {
                rate(claims[i].others[0][1], 1e6, 1e6);
                rate(claims[i].others[0][0], other * 1e6, other * 1e6);
            }
            if (strcmp(claims[i].claim, "S4-C2") == 0) {
                put("states", "fair lock per record", WORK, "records_per_s", 1e5);
                put("states", "fair lock per batch", WORK, "records_per_s", other * 1e5);
                put("states", "mutex per record", WORK, "records_per_s", 1e5);
                put("states", "mutex per batch", WORK, "records_per_s", other * 1e5);
            }
            assert_verdict(claims[i].claim, rows[k].v, "4 threads");
        }
        if (!claims[i].others[0][0])
            continue;
        begin_file(); /* all that there is holds, and a pair is missing */
        rate(claims[i].b, 1e6, 1e6);
        rate(claims[i].a, bound * 1.1e6, bound * 1.1e6);
        assert_verdict(claims[i].claim, CLAIM_UNTESTABLE, "(not measured)");
    }
}

/* The claim is about DashMap: our map alone does not make it hold. */
static void a_map_for_a_lock(void **state)
{
    (void)state;
    for (unsigned dashmap = 0; dashmap < 3; dashmap++) {
        begin_file();
        rate("current", 1e6, 1e6);
        rate("current, mutex", 1e6, 1e6);
        rate("+ map", 2e6, 2e6);
        if (dashmap)
            rate("+ DashMap", dashmap * 0.9e6, dashmap * 0.9e6);
        assert_verdict("S4-C1",
                       dashmap == 0   ? CLAIM_UNTESTABLE
                       : dashmap == 1 ? CLAIM_CONDITIONAL
                                      : CLAIM_HOLDS,
                       dashmap ? "DashMap for a mutex" : "(not measured)");
    }
}

static void before_all_steps(const char *setting, double fair, double mutex, double rwlock)
{
    put("steps", "current", setting, "records_per_s", fair);
    put("steps", "current, mutex", setting, "records_per_s", mutex);
    put("steps", "current, rwlock", setting, "records_per_s", rwlock);
}

static void the_whole(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        const enum verdict v = good ? CLAIM_HOLDS : CLAIM_REFUTED;
        const double times = good ? 5 : 3;
        begin_file();
        before_all_steps(ONE, 16e3, 16e3, 16e3);
        before_all_steps(FOUR, 16e3, 16e3, 16e3);
        before_all_steps(EIGHT, 16e3, 16e3, 16e3);
        rate("+ atomic metrics", times * 16e3, times * 16e3);
        put("steps", "+ atomic metrics", EIGHT, "records_per_s", times * 16e3);
        assert_verdict("S4-C6", v, "rwlock, 8 threads");
        assert_verdict("S4-C18", v, "mutex");
        assert_verdict("S4-C12", v, "before them: fair lock, 1 thread 16.1 K");
    }
    begin_file(); /* a slow lock does not make it hold beside a fast one */
    before_all_steps(FOUR, 3e4, 2e6, 2e6);
    before_all_steps(EIGHT, 3e4, 2e6, 2e6);
    rate("+ atomic metrics", 2e6, 2e6);
    put("steps", "+ atomic metrics", EIGHT, "records_per_s", 2e6);
    assert_verdict("S4-C6", CLAIM_CONDITIONAL, "; refuted: mutex, 4 threads");
    begin_file();
    before_all_steps(ONE, 1e5, 1e5, 1e5);
    before_all_steps(FOUR, 1e5, 1e5, 1e5);
    rate("+ atomic metrics", 2e6, 2e6);
    assert_verdict("S4-C12", CLAIM_HOLDS, "met before anything is changed");
    assert_verdict("S4-C6", CLAIM_UNTESTABLE, "8 threads (not measured)");

    static const char *const locks[] = {"current", "current, mutex", "current, rwlock"},
                             *const scenarios[] = {"rows window", "tumbling"};
    for (unsigned good = 0; good < 3; good++) {
        begin_file();
        before_all_steps(FOUR, 1e4, 1e4, 1e4);
        put("steps", "+ counted records", FOUR, "records_per_s", good ? 5e4 : 3e4);
        for (unsigned s = 0; s < 2; s++) {
            char setting[80];
            snprintf(setting, sizeof setting, "%s, 4 threads, 1 K groups, 0 ns", scenarios[s]);
            for (unsigned i = 0; i < 3; i++)
                put2("scenarios", locks[i], setting, "records_per_s", 1e4, "rows_wrong", 7);
            put2("scenarios", "+ counted records", setting, "records_per_s",
                 good == 2 || (good && s) ? 5e4 : 3e4, "rows_wrong", 3);
        }
        assert_verdict("S4-C16",
                       good == 2 ? CLAIM_HOLDS
                       : good    ? CLAIM_CONDITIONAL
                                 : CLAIM_REFUTED,
                       "56 before and 24 after are not");
    }
    begin_file(); /* records of a file have the groups that they have */
    put("steps", "current", "group by, 4 threads, groups as given, 0 ns", "records_per_s", 1e4);
    put("steps", "+ counted records", "group by, 4 threads, groups as given, 0 ns", "records_per_s",
        5e4);
    assert_verdict("S4-C16", CLAIM_UNTESTABLE, "group by, fair lock, 4.2x expected (5x");
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
            put2("passing", "clone", setting, "cpu_ns", good ? 2e4 : 200, "text_bytes", 126);
            put("passing", "count of its own", setting, "cpu_ns", good ? 10 : 100);
            put("passing", "count of the batch", setting, "cpu_ns", good ? 10 : 100);
            put("passing", "borrowed", setting, "cpu_ns", 1);
            put("counters", "one atomic", setting, "cpu_ns", 1);
            put("counters", "mutex", setting, "cpu_ns", good ? 120 : 3);
            put("counters", "own line", setting, "cpu_ns", 1);
        }
        assert_verdict("S4-C4", v, "9 texts, 126");
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
    assert_verdict("S4-C13", CLAIM_UNTESTABLE, "(no values)"); /* the later steps */
    begin_file();
    switched("current", 900, 100);
    switched("+ batch lock", 1, 0.5);
    switched("+ atomic metrics", 2, 0.5);
    assert_verdict("S4-C3", CLAIM_REFUTED, "current, 4 threads");
    assert_verdict("S4-C13", CLAIM_HOLDS, "met before anything is changed");
    assert_verdict("ENG-T2", CLAIM_HOLDS, "current 90");
    begin_file();
    switched("current", 29000, 1000);
    switched("+ batch lock", 1500, 100);
    switched("+ counted records", 2500, 100);
    assert_verdict("S4-C3", CLAIM_HOLDS, "30 for each");
    assert_verdict("S4-C13", CLAIM_REFUTED, "follow it at most 258"); /* a later step counts too */
    begin_file();
    switched("current", 29000, 1000);
    switched("+ batch lock", 2500, 100);
    switched("+ atomic metrics", 10, 0);
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
        put2("steps", "+ atomic metrics", ONE, "core_use", idle ? 0.95 : 0.5, "core_wanted",
             idle ? 1 : 0.6);
        put2("steps", "+ atomic metrics", FOUR, "core_use", idle ? 0.95 : 0.5, "core_wanted",
             idle ? 1.9 : 0.6);
        assert_verdict("S4-C7", idle ? CLAIM_HOLDS : CLAIM_REFUTED, NULL);
        assert_verdict("S4-C8", idle ? CLAIM_HOLDS : CLAIM_REFUTED, "4 workers");
    }
    begin_file(); /* other work had the cores; and nobody measured one worker */
    put2("steps", "+ atomic metrics", FOUR, "core_use", 0.5, "core_wanted", 1.9);
    assert_verdict("S4-C8", CLAIM_UNTESTABLE, "4 workers");
    begin_file();
    put2("steps", "+ atomic metrics", FOUR, "core_use", 0.9, "core_wanted", 1.9);
    assert_verdict("S4-C8", CLAIM_UNTESTABLE, "1 worker (used (no values)");
}

/* One way to keep states, `times` as fast as each lock per record, in one setting. */
static void states_beside(const char *setting, double times)
{
    put("states", "own tables", setting, "records_per_s", times * 1e5);
    put("states", "fair lock per record", setting, "records_per_s", 1e5);
    put("states", "mutex per record", setting, "records_per_s", 1e5);
    put("states", "rwlock per record", setting, "records_per_s", 1e5);
}

static void ten_times(void **state)
{
    static const char *const bare[] = {FOUR, EIGHT, WORK,
                                       "group by, 8 threads, 1 K groups, 2000 ns"};
    static const struct {
        double copies, bare, work;
        unsigned settings;
        enum verdict v;
        const char *words;
    } rows[] = {
        {20, 20, 20, 4, CLAIM_HOLDS, "8 threads 'ours: partial sums'"},
        {5, 5, 5, 4, CLAIM_REFUTED, "copies, mutex, 8 threads (5x"},
        {20, 4, 1.4, 4, CLAIM_CONDITIONAL, "refuted: 0 us, fair lock, 4 threads ("},
        {20, 20, 20, 3, CLAIM_UNTESTABLE, "undecided: 2 us, 8 threads (not measured)"},
        {20, 20, 10.05, 4, CLAIM_UNTESTABLE, "undecided: 2 us, mutex, 4 threads"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_file();
        before_all_steps(FOUR, 1e5, 1e5, 1e5);
        before_all_steps(EIGHT, 1e5, 1e5, 1e5);
        put("steps", "ours: own tables", FOUR, "records_per_s", rows[i].copies * 1e5);
        put("steps", "ours: partial sums", FOUR, "records_per_s", 2e5);
        put("steps", "ours: own tables", EIGHT, "records_per_s", 3e5);
        put("steps", "ours: partial sums", EIGHT, "records_per_s", rows[i].copies * 1e5);
        for (unsigned k = 0; k < rows[i].settings; k++)
            states_beside(bare[k], k < 2 ? rows[i].bare : rows[i].work);
        assert_verdict("ENG-T1", rows[i].v, rows[i].words);
    }
    begin_file(); /* a lock is missing */
    put("steps", "current", FOUR, "records_per_s", 1e5);
    put("steps", "ours: own tables", FOUR, "records_per_s", 2e6);
    assert_verdict("ENG-T1", CLAIM_UNTESTABLE, "copies, mutex, 4 threads (not measured)");
}

/* Other work on the machine has blurred it: the time of the processor decides, but not for workers that
 * wait for each other. */
static void processor_time_decides(void **state)
{
    (void)state;
    for (unsigned good = 0; good < 2; good++) {
        begin_file();
        put2("steps", "current", ONE, "records_per_s", 1e6, "cpu_ns", 1000);
        put2("steps", "current, mutex", ONE, "records_per_s", 1e6, "cpu_ns", 1000);
        put2("steps", "+ atomic metrics", ONE, "records_per_s", 3.8e6 * 1.01, "cpu_ns",
             good ? 200 : 300);
        put2("steps", "+ atomic metrics", FOUR, "records_per_s", 70 / 16.6 * 1.01e6, "cpu_ns", 100);
        put2("steps", "current, rwlock", ONE, "records_per_s", 1e6, "cpu_ns", 1000);
        put2("steps", "current", FOUR, "records_per_s", 1e6, "cpu_ns", 1000);
        assert_verdict("S4-C18", good ? CLAIM_HOLDS : CLAIM_REFUTED, ", by processor time (");
        assert_verdict("S4-C6", CLAIM_UNTESTABLE, NULL);
    }
    begin_file(); /* who sleeps behind a lock uses little: that neither refutes nor confirms */
    put2("steps", "current", FOUR, "records_per_s", 1e5, "cpu_ns", 300);
    put2("steps", "ours: own tables", FOUR, "records_per_s", 10.05e5, "cpu_ns", 100);
    assert_verdict("ENG-T1", CLAIM_UNTESTABLE, NULL);
}

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
        assert_verdict("S4-C14", rows[i].v, "each 0 % [0, 0] are overtaken, 1 samples wrong");
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
    assert_verdict("S4-C14", CLAIM_UNTESTABLE, NULL);
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
        cmocka_unit_test(nothing_measured_is_no_verdict),
        cmocka_unit_test(ratios_hold_fail_or_depend),
        cmocka_unit_test(a_map_for_a_lock),
        cmocka_unit_test(the_whole),
        cmocka_unit_test(parts),
        cmocka_unit_test(switches),
        cmocka_unit_test(processors),
        cmocka_unit_test(ten_times),
        cmocka_unit_test(processor_time_decides),
        cmocka_unit_test(order),
        cmocka_unit_test(results),
        cmocka_unit_test(bugs),
        cmocka_unit_test(ways),
        cmocka_unit_test(dashmap),
        cmocka_unit_test(arithmetic),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
