/* study_stream_engine_judge_test.c: the judge on samples that are made up: the verdict on each figure on
 * both sides of its bound, and where there is too little to say. */
#include "tests/study_stream_engine_samples.h"

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
    put2("steps", "current, mutex", FOUR, "records_per_s", 1e5, "cpu_ns", 3000);
    put2("steps", "ours: own tables", FOUR, "records_per_s", 10.05e5, "cpu_ns", 100);
    assert_verdict("ENG-T1", CLAIM_UNTESTABLE, "copies, fair lock, 4 threads (9.");
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
    };
    return cmocka_run_group_tests(tests, begin, end);
}
