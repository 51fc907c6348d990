/* study_test.c: the runner of studies, its files, judging, and the ledger. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/whole_file.h"
#include "studies/ledger.h"

static char directory[] = "/tmp/study_test.XXXXXX";
static char out[64], claims[64];

/* ---- a study of nothing ----------------------------------------------------------------------- */

static void measure_steps(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    study_put(s, "steps_per_s", cell->number[0] * study_number(run, "steps") + s->round);
}

static void measure_forever(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    (void)run, (void)cell, (void)s;
    for (;;)
        pause();
}

static void measure_crash(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *s)
{
    (void)run, (void)cell;
    study_put(s, "steps_per_s", 1); /* does not arrive */
    raise(SIGKILL);
}

static void measure_nan(const struct study_run *run, const struct study_cell *cell,
                        struct study_sample *s)
{
    (void)run, (void)cell;
    study_put(s, "steps_per_s", NAN);
}

static int run_all(struct study_run *run)
{
    const struct study_cell cells[] = {
        {"walk", "slow", "1 leg", measure_steps, .number = {1}},
        {"walk", "fast", "1 leg", measure_steps, .number = {3}},
        {"walk", "fast", "2 legs", measure_steps, .number = {6}, .rounds = 2},
        {"fall", "hangs", "", measure_forever, .limit_s = 0.2},
        {"fall", "dies", "", measure_crash, .limit_s = 30},
        {"fall", "lies", "", measure_nan, .limit_s = 30},
    };
    return study_measure(run, cells, sizeof cells / sizeof *cells);
}

static void judge_all(struct study_judge *j)
{
    const struct interval r = study_ratio(j, "walk", "fast", "slow", "1 leg", "steps_per_s");
    study_verdict(j, "N-1", study_at_least(r, 2), NULL, "%s", study_words(r, "x"));
    study_verdict(j, "N-2", CLAIM_REFUTED, "models/golden/x.txt", "it\thangs");
}

static const struct study_parameter parameters[] = {
    {"steps", "how many", "1000", "100", 1, 1e6},
    {"shoes", "a text", "brown", NULL, 0, 0},
    {0},
};
static const struct study nothing = {
    .name = "nothing",
    .source = "999",
    .title = "a study of nothing",
    .parameters = parameters,
    .rounds = 9,
    .quick_rounds = 2,
    .run = run_all,
    .judge = judge_all,
};

static int run_turns(struct study_run *run)
{
    static const char *const settings[] = {"a", "b", "c"};
    struct study_cell cells[7] = {{0}};
    for (unsigned i = 0; i < 7; i++) { /* cell i is of block i % 3 */
        cells[i] = (struct study_cell){.experiment = i == 6       ? "left out"
                                                     : i % 3 == 2 ? "other"
                                                                  : "turn",
                                       .variant = i < 3 ? "x" : "y",
                                       .measure = measure_steps,
                                       .number = {1}};
        snprintf(cells[i].setting, sizeof cells[i].setting, "%s", settings[i % 3]);
    }
    return study_measure(run, cells, 7);
}

static const struct study turns = {
    .name = "turns",
    .source = "998",
    .title = "a study of its order",
    .parameters = parameters,
    .rounds = 3,
    .quick_rounds = 3,
    .run = run_turns,
    .judge = judge_all,
};

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(out, sizeof out, "%s/out", directory);
    snprintf(claims, sizeof claims, "%s/claims.tsv", directory);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- what is tested ---------------------------------------------------------------------------- */

static void samples_survive_hangs_and_crashes(void **state)
{
    (void)state;
    const struct study_options o = {.study = &nothing, .seed = 7, .out = out};
    assert_int_equal(study_carry_out(&o), 1);
    struct study_judge j;
    char message[256];
    unsigned errors;
    assert_int_equal(study_read(&j, &nothing, out, message, sizeof message), 0);
    assert_true(j.there);
    assert_false(j.quick);
    assert_int_equal(study_count(&j, "walk", "slow", "1 leg", &errors), 9);
    assert_int_equal(errors, 0);
    assert_int_equal(study_count(&j, "walk", "fast", "2 legs", NULL), 2);
    assert_int_equal(study_count(&j, "fall", NULL, NULL, &errors), 9); /* given up after three */
    assert_int_equal(errors, 9);
    assert_non_null(strstr(study_error(&j, "fall", "hangs", NULL), "did not end within 0.2 s"));
    assert_non_null(strstr(study_error(&j, "fall", "dies", NULL), "signal 9"));
    assert_non_null(strstr(study_error(&j, "fall", "lies", NULL), "not a finite number"));

    const struct interval slow = study_median(&j, "walk", "slow", "1 leg", "steps_per_s");
    assert_int_equal(slow.n, 9);
    assert_true(slow.mid == 1004);
    const struct interval r = study_ratio(&j, "walk", "fast", "slow", "1 leg", "steps_per_s");
    assert_int_equal(r.n, 9);
    assert_true(r.mid > 2.9 && r.mid < 3.0);
    assert_true(study_most(&j, "walk", "slow", "1 leg", "steps_per_s") == 1008);
    assert_true(study_least(&j, "walk", "slow", "1 leg", "steps_per_s") == 1000);
    assert_true(study_sum(&j, "walk", "fast", "2 legs", "steps_per_s") == 12001);
    assert_int_equal(study_median(&j, "walk", "slow", "3 legs", "steps_per_s").n, 0);
    assert_string_equal(study_setting(&j, "walk", 1), "2 legs");
    assert_null(study_setting(&j, "walk", 2));
    assert_string_equal(study_variant(&j, "walk", NULL, 0), "slow");
    assert_string_equal(study_variant(&j, "walk", "2 legs", 0), "fast");
    study_release(&j);
}

/* The last run of a study counts; what a kill leaves of a line does not. */
static void the_last_run_counts(void **state)
{
    (void)state;
    const char *const steps[] = {"5", NULL};
    const struct study_options o = {
        .study = &nothing, .seed = 8, .out = out, .quick = true, .value = (const char **)steps};
    assert_int_equal(study_carry_out(&o), 1);
    char path[96], message[256];
    snprintf(path, sizeof path, "%s/samples.jsonl", out);
    FILE *const f = fopen(path, "a");
    assert_non_null(f);
    fputs("{\"study\":\"nothing\",\"exper", f);
    fclose(f);
    struct study_judge j;
    assert_int_equal(study_read(&j, &nothing, out, message, sizeof message), 0);
    assert_true(j.quick);
    assert_int_equal(study_count(&j, "walk", "slow", NULL, NULL), 2);
    assert_true(study_least(&j, "walk", "slow", NULL, "steps_per_s") == 5);
    study_release(&j);
}

static void damaged_files_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "no JSON\n",
        "{\"experiment\":\"x\"}\n",
        "{\"study\":\"nothing\",\"experiment\":\"x\",\"variant\":\"y\"}\n",
        "{\"study\":\"nothing\",\"experiment\":\"x\",\"variant\":\"y\",\"setting\":\"\","
        "\"cell\":0,\"round\":-1,\"metrics\":{}}\n",
        "{\"study\":\"nothing\",\"experiment\":\"x\",\"variant\":\"y\",\"setting\":\"\","
        "\"cell\":0,\"round\":1,\"metrics\":{\"a\":\"b\"}}\n",
    };
    char path[96], message[256];
    struct study_judge j;
    snprintf(path, sizeof path, "%s/samples.jsonl", directory);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(whole_write(path, bad[i], strlen(bad[i])), 0);
        assert_int_equal(study_read(&j, &nothing, directory, message, sizeof message), EBADMSG);
        assert_non_null(strstr(message, "samples.jsonl:1: "));
    }
    assert_int_equal(study_read(&j, &nothing, "/no/such", message, sizeof message), ENOENT);
}

#define HEAD "# id\tsource\tclaim\tfigure\tconditions\tcommand\tverdict\tmeasured\tevidence\n"
static void put_claims(const char *text)
{
    assert_int_equal(whole_write(claims, text, strlen(text)), 0);
}

/* A round has each cell once, what is compared together, and another order than the round before. */
static void what_is_compared_stays_together(void **state)
{
    (void)state;
    char path[128], *text;
    size_t size;
    unsigned order[3][6], n = 0, same = 0;
    snprintf(path, sizeof path, "%s/turns", directory);
    const struct study_options o = {
        .study = &turns, .seed = 1, .rounds = 3, .out = path, .only = "turn,other"};
    assert_int_equal(study_carry_out(&o), 0);
    snprintf(path, sizeof path, "%s/turns/samples.jsonl", directory);
    assert_int_equal(whole_read(path, &text, &size), 0);
    for (const char *at = text; (at = strstr(at, "\"cell\":")) != NULL; at++, n++) {
        assert_true(n < 18);
        order[n / 6][n % 6] = (unsigned)strtoul(at + strlen("\"cell\":"), NULL, 10);
    }
    assert_int_equal(n, 18);
    for (unsigned round = 0; round < 3; round++) {
        unsigned changes = 0, seen = 0;
        for (unsigned i = 0; i < 6; i++) {
            seen |= 1u << order[round][i];
            changes += i > 0 && order[round][i] % 3 != order[round][i - 1] % 3;
        }
        assert_int_equal(seen, 0x3f);
        assert_int_equal(changes, 2); /* three blocks */
        same += round > 0 && memcmp(order[round], order[round - 1], sizeof order[0]) == 0;
    }
    assert_int_equal(same, 0);
    free(text);
}

static void the_ledger_has_what_was_found(void **state)
{
    (void)state;
    const struct study_options o = {.study = &nothing, .seed = 9, .out = out};
    struct study_judge j;
    char message[256], *text;
    size_t size;
    unsigned flips;
    assert_int_equal(study_carry_out(&o), 1);
    assert_int_equal(study_read(&j, &nothing, out, message, sizeof message), 0);
    judge_all(&j);

    put_claims(HEAD "N-1\t999\tfaster\t2x\t-\tc\t-\t-\t-\nN-2\t999\tends\t-\t-\tc\tholds\told\tx\n"
                    "M-1\t998\tother\t-\t-\tc\t-\t-\t-\n");
    assert_int_equal(ledger_check(claims, &j, message, sizeof message), EILSEQ);
    assert_int_equal(ledger_update(claims, &j, NULL, &flips, message, sizeof message), 0);
    assert_int_equal(flips, 1); /* N-2: it was said to hold */
    assert_int_equal(ledger_check(claims, &j, message, sizeof message), 0);
    assert_int_equal(whole_read(claims, &text, &size), 0);
    assert_non_null(strstr(text, "N-1\t999\tfaster\t2x\t-\tc\tholds\t2.9"));
    assert_non_null(
        strstr(text, "N-2\t999\tends\t-\t-\tc\trefuted\tit hangs\tmodels/golden/x.txt\n"));
    assert_non_null(strstr(text, "M-1\t998\tother\t-\t-\tc\t-\t-\t-\n"));
    free(text);

    put_claims(HEAD "N-1\t999\tfaster\t2x\t-\tc\t-\t-\t-\n");
    assert_int_equal(ledger_update(claims, &j, NULL, &flips, message, sizeof message), ENOKEY);
    assert_non_null(strstr(message, "N-2"));
    put_claims(HEAD "N-1\t999\ta\t-\t-\tc\t-\t-\t-\nN-2\t999\tb\t-\t-\tc\t-\t-\t-\n"
                    "N-3\t999\tc\t-\t-\tc\t-\t-\t-\n");
    assert_int_equal(ledger_update(claims, &j, NULL, &flips, message, sizeof message), ENOKEY);
    assert_non_null(strstr(message, "N-3"));
    unlink(claims);
    assert_int_equal(ledger_update(claims, &j, NULL, &flips, message, sizeof message), ENOENT);
    study_release(&j);
}

static void verdicts_follow_intervals(void **state)
{
    (void)state;
    const struct interval above = {5, 4, 6, 9, 0.96}, few = {5, 4, 6, 3, 0}, none = {0};
    assert_int_equal(study_at_least(above, 4), CLAIM_HOLDS);
    assert_int_equal(study_at_least(above, 5), CLAIM_UNTESTABLE);
    assert_int_equal(study_at_least(above, 7), CLAIM_REFUTED);
    assert_int_equal(study_at_most(above, 7), CLAIM_HOLDS);
    assert_int_equal(study_at_most(above, 5), CLAIM_UNTESTABLE);
    assert_int_equal(study_at_most(above, 3), CLAIM_REFUTED);
    assert_int_equal(study_at_least(few, 4), CLAIM_UNTESTABLE);
    assert_int_equal(study_at_least(none, 0), CLAIM_UNTESTABLE);
    assert_string_equal(study_words(above, "x"), "5x [4, 6]");
    assert_string_equal(study_words((struct interval){12300, 11000, 2.5e6, 9, 0.96}, "commits/s"),
                        "12.3 K commits/s [11 K, 2.5 M]");
    assert_string_equal(study_words(none, "x"), "(no values)");
}

/* ---- judging ---------------------------------------------------------------------------------- */

static void parts_decide_together(void **state)
{
    (void)state;
    static const struct {
        enum verdict part[3], whole;
        const char *words;
    } cases[] = {
        {{CLAIM_HOLDS, CLAIM_HOLDS, CLAIM_HOLDS}, CLAIM_HOLDS, "p0, p1, p2"},
        {{CLAIM_HOLDS, CLAIM_HOLDS, CLAIM_UNTESTABLE},
         CLAIM_UNTESTABLE,
         "holds: p0, p1; undecided: p2"},
        {{CLAIM_HOLDS, CLAIM_REFUTED, CLAIM_HOLDS}, CLAIM_CONDITIONAL, "p0, p2; refuted: p1"},
        {{CLAIM_HOLDS, CLAIM_REFUTED, CLAIM_UNTESTABLE},
         CLAIM_CONDITIONAL,
         "p0; refuted: p1; undecided: p2"},
        {{CLAIM_REFUTED, CLAIM_REFUTED, CLAIM_REFUTED}, CLAIM_REFUTED, "p0, p1, p2"},
        {{CLAIM_UNTESTABLE, CLAIM_REFUTED, CLAIM_REFUTED}, CLAIM_REFUTED, "p1, p2; undecided: p0"},
        {{CLAIM_UNTESTABLE, CLAIM_UNTESTABLE, CLAIM_UNTESTABLE}, CLAIM_UNTESTABLE, "p0, p1, p2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct study_parts p = {0};
        assert_int_equal(study_parts_verdict(&p), CLAIM_UNTESTABLE);
        for (unsigned k = 0; k < 3; k++)
            study_part(&p, cases[i].part[k], "p%u", k);
        assert_int_equal(study_parts_verdict(&p), cases[i].whole);
        assert_string_equal(study_parts_words(&p), cases[i].words);
    }
    struct study_parts full = {0}; /* more words than there is room for are cut off, no more */
    for (unsigned k = 0; k < 1000; k++)
        study_part(&full, k % 2 ? CLAIM_HOLDS : CLAIM_REFUTED, "part number %u", k);
    assert_int_equal(study_parts_verdict(&full), CLAIM_CONDITIONAL);
    assert_true(strlen(study_parts_words(&full)) < 3 * sizeof full.list[0].text);
}

static void quotients_are_as_wide_as_their_parts(void **state)
{
    (void)state;
    const struct interval a = {10, 8, 12, 7, 0.95}, b = {5, 4, 6, 6, 0.95},
                          zero = {5, 0, 6, 7, 0.95}, none = {0};
    const struct interval q = study_quotient(a, b, 2);
    assert_true(q.mid == 4 && q.low == 16.0 / 6 && q.high == 6 && q.n == 6);
    assert_int_equal(study_quotient(a, zero, 1).n, 0);
    assert_int_equal(study_quotient(none, b, 1).n, 0);
    assert_int_equal(study_at_least(study_quotient(none, b, 1), 1), CLAIM_UNTESTABLE);
    assert_int_equal(study_opposite(CLAIM_HOLDS), CLAIM_REFUTED);
    assert_int_equal(study_opposite(CLAIM_REFUTED), CLAIM_HOLDS);
    assert_int_equal(study_opposite(CLAIM_UNTESTABLE), CLAIM_UNTESTABLE);
}

/* What is not there is told as absent, in a sentence and as a whole experiment. */
static void absent_figures_are_told(void **state)
{
    (void)state;
    struct study_sample failed = {.experiment = "walk", .error = "no shoes"};
    struct study_judge j = {.study = &nothing, .sample = &failed, .n = 1};
    study_verdict(&j, "N-1", CLAIM_UNTESTABLE, NULL, "%g, %.0f of %s %g%% (%.3g)", NAN,
                  -(double)NAN, "financial information", INFINITY, -INFINITY);
    assert_true(study_missing(&j, "N-2 N-3", "fall"));
    assert_true(study_missing(&j, "N-4", "walk"));
    failed.error[0] = '\0';
    assert_false(study_missing(&j, "N-5", "walk"));
    static const char *const wanted[] = {
        "(no value), (no value) of financial information (no value)% ((no value))",
        "this run has no samples of \"fall\"", "this run has no samples of \"fall\"",
        "this run has no figures of \"walk\": no shoes"};
    assert_int_equal(j.n_findings, 4);
    for (size_t i = 0; i < 4; i++) {
        const char id[] = {'N', '-', (char)('1' + i), '\0'};
        assert_string_equal(j.finding[i].claim, id);
        assert_string_equal(j.finding[i].measured, wanted[i]);
        assert_int_equal(j.finding[i].verdict, CLAIM_UNTESTABLE);
    }
    j.sample = NULL;
    study_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_decide_together),
        cmocka_unit_test(quotients_are_as_wide_as_their_parts),
        cmocka_unit_test(absent_figures_are_told),
        cmocka_unit_test(samples_survive_hangs_and_crashes),
        cmocka_unit_test(the_last_run_counts),
        cmocka_unit_test(damaged_files_are_named),
        cmocka_unit_test(what_is_compared_stays_together),
        cmocka_unit_test(the_ledger_has_what_was_found),
        cmocka_unit_test(verdicts_follow_intervals),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
