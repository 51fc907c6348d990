/* report_test.c: reports from records whose medians and ratios are known beforehand. */
#include "tests/report_help.h"

/* Seven rounds. The machine gets ten times faster in the last two of them, so that a ratio of
 * medians over different rounds would lie; every queue gains alike, so paired ratios do not:
 *   array_mpmc is 2x mutex_deque in each round; mutex_two_lock straddles 1; ring_spsc is 8x, and
 *   its sample of round 6 failed. null_queue would win if floors were ranked. One sample of
 *   array_mpmc is 'mixed' and absurd, two are of another state: they must count nowhere. */
static void records(void)
{
    static const double wobble[] = {0.95, 1.04, 0.99, 1.03, 1.0, 0.97, 1.02};
    char path[256];
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned k = 0; k < 7; k++) {
        const double speed = k < 5 ? 10 : 100;
        struct record r = sample("spsc", "mutex_deque", "mutex", k, speed);
        put(f, &r);
        r = sample("spsc", "mutex_two_lock", "mutex", k, speed * wobble[k]);
        put(f, &r);
        r = sample("spsc", "array_mpmc", "array", k, 2 * speed);
        put(f, &r);
        r = sample("spsc", "ring_spsc", "ring", k, 8 * speed);
        if (k == 6) {
            r.ok = false;
            snprintf(r.error, sizeof r.error, "3 items lost");
        }
        put(f, &r);
        r = sample("pairs", "null_queue", "floor", k, 800);
        r.consumers = 0;
        r.floor = true;
        r.rtt_before_ns = r.rtt_after_ns = 0;
        put(f, &r);
    }
    struct record r = sample("spsc", "array_mpmc", "array", 7, 100000);
    r.rtt_after_ns = 30; /* the machine changed: mixed */
    put(f, &r);
    r = sample("spsc", "mutex_deque", "mutex", 7, 10);
    put(f, &r);
    for (unsigned k = 8; k < 10; k++) { /* two rounds on one core: figures are of one state */
        r = sample("spsc", "array_mpmc", "array", k, 5000);
        r.rtt_before_ns = r.rtt_after_ns = 30;
        put(f, &r);
        r = sample("spsc", "mutex_deque", "mutex", k, 1);
        r.rtt_before_ns = r.rtt_after_ns = 30;
        put(f, &r);
    }
    for (unsigned k = 0; k < 4; k++) { /* too few rounds for an interval */
        r = sample("ping_pong", "mutex_deque", "mutex", k, 1);
        put(f, &r);
        r = sample("ping_pong", "array_mpmc", "array", k, 1 + k);
        put(f, &r);
    }
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    histogram_clear(h);
    for (unsigned i = 0; i < 2000; i++) /* 1 % of them at 120 ticks */
        histogram_add(h, i % 100 == 0 ? 120 : 40);
    r = sample("single", "array_mpmc", "array", 0, 10);
    snprintf(r.mode, sizeof r.mode, "latency");
    r.consumers = 0;
    r.tick_ns = 0.5;
    r.push = h;
    put(f, &r);
    free(h);
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

/* ---- tests ----------------------------------------------------------------------------------- */

static void ratios_are_paired_by_round(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| array_mpmc | 2.00x [2.00, 2.00] |");
    expect(text, "| ring_spsc | **8.00x [8.00, 8.00]** |");
    expect(text, "| mutex_deque | 1 (reference) |");
    expect(text, "| mutex_two_lock | tie 1.00x [0.950, 1.04] |");
    expect(text,
           "(spsc 1:1, near): `ring_spsc`, 8.00x [8.00, 8.00] the throughput of `mutex_deque`.");
    free(text);
}

static void figures_are_of_one_state_and_say_which(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| array_mpmc | 2.00x [2.00, 2.00] |"); /* not the 5000x of the other state */
    expect(text, "| *state, most samples* | *near, 8* |");
    expect(text, "| *state, most samples* | *one, 7* |");
    expect(text,
           "were: 4 that share a core or a small cache (*shared*), 37 *near* each other, 7 on "
           "*one* processor, 1 while the machine changed (*mixed*, in no figure).");
    free(text);
}

static void few_pairs_are_marked(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| array_mpmc | **2.45x (1.00 to 4.00, n=4)** |");
    free(text);
}

static void absolute_figures_are_medians(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| mutex_deque | 10.0 [10.0, 100] |");
    expect(text, "| array_mpmc | 20.0 [20.0, 200] |"); /* the mixed sample is not in it */
    free(text);
}

static void floors_are_never_ranked(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| *null_queue* (floor) | 800 [800, 800] |");
    assert_null(strstr(text, "): `null_queue`"));
    /* 800 M pairs a second are 0.625 ns for each of the two operations */
    expect(text, "less than 1 ns per operation | holds | 0.625 [0.625, 0.625] ns |");
    free(text);
}

static void failed_samples_have_no_number(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "1 of 50 samples failed");
    expect(text, "3 items lost | 1 |");
    expect(text, "50 samples of 8 cells in 10 rounds, 1 failed");
    free(text);
}

static void quantiles_need_samples(void **state)
{
    (void)state;
    char *text = written();
    /* 2000 samples: ten lie beyond p99, none may be claimed beyond p99.9. Ticks are half a ns. */
    expect(text, "| array_mpmc | 20.0 | 20.0 | 20.0 | – | – | 60.0 | 2000 |");
    free(text);
}

static void prose_survives(void **state)
{
    (void)state;
    char *text = written(), line[128];
    assert_int_equal(strncmp(text, "# By hand\n\nProse before.\n", 25), 0);
    assert_string_equal(text + strlen(text) - strlen("Below.\nProse after."),
                        "Below.\nProse after.");
    for (size_t i = 0; report_sections[i]; i++) {
        snprintf(line, sizeof line, "\nAbove %s.\n<!-- BEGIN queuelab:%s -->\n\n",
                 report_sections[i], report_sections[i]);
        expect(text, line);
    }
    assert_null(strstr(text, "\nold\n"));
    free(text);
}

static void same_records_give_the_same_bytes(void **state)
{
    (void)state;
    char *first = written(), path[256];
    snprintf(path, sizeof path, "%s/throughput.tsv", data);
    char *table = slurp(path);
    assert_non_null(table);
    assert_int_equal(report_write(results, report, data, message, sizeof message), 0);
    char *second = slurp(report), *again = slurp(path);
    assert_string_equal(first, second);
    assert_string_equal(table, again);
    expect(table, "array_mpmc\tspsc\t1\t1\t2\t1024\t1\t0\t0\t20\t20\t200\t7\tnear\n");
    free(first);
    free(second);
    free(table);
    free(again);
}

static void check_sees_one_digit(void **state)
{
    (void)state;
    char *text = written();
    assert_int_equal(report_check(results, report, message, sizeof message), 0);
    char *figure = strstr(text, "**8.00x");
    assert_non_null(figure);
    figure[2] = '9';
    spill(report, text);
    assert_int_equal(report_check(results, report, message, sizeof message), EILSEQ);
    assert_non_null(strstr(message, "'families'"));
    figure[2] = '8';
    char *prose = strstr(text, "Prose before");
    prose[0] = 'p'; /* not ours to judge */
    spill(report, text);
    assert_int_equal(report_check(results, report, message, sizeof message), 0);
    free(text);
}

static void refused(const char *text, const char *why)
{
    spill(report, text);
    assert_int_equal(report_write(results, report, NULL, message, sizeof message), EINVAL);
    if (!strstr(message, why))
        fail_msg("'%s' does not say '%s'", message, why);
    char *after = slurp(report);
    assert_string_equal(after, text); /* a report with a mistake is left as it is */
    free(after);
}

static void markers_must_be_whole(void **state)
{
    (void)state;
    for (size_t i = 0; report_sections[i]; i++) {
        skeleton(report_sections[i]);
        char *text = slurp(report), name[64];
        snprintf(name, sizeof name, "'%s'", report_sections[i]);
        refused(text, name);
        free(text);
    }
    refused("<!-- BEGIN queuelab:weather -->\n<!-- END queuelab:weather -->\n", "'weather'");
    refused("<!-- BEGIN queuelab:verdict -->\n", "'verdict'");
    refused("<!-- END queuelab:verdict -->\n", "'verdict' ends where it has not begun");
    refused("<!-- BEGIN queuelab:verdict -->\n<!-- BEGIN queuelab:limits -->\n",
            "'limits' begins before 'verdict' has ended");
    refused("<!-- BEGIN queuelab:limits -->\n<!-- END queuelab:limits -->\n"
            "<!-- BEGIN queuelab:limits -->\n<!-- END queuelab:limits -->\n",
            "'limits' is there twice");
}

static void missing_files_are_named(void **state)
{
    (void)state;
    char nowhere[160];
    skeleton(NULL);
    snprintf(nowhere, sizeof nowhere, "%s/nowhere", root);
    assert_int_not_equal(report_write(nowhere, report, NULL, message, sizeof message), 0);
    assert_non_null(strstr(message, "nowhere"));
    assert_int_equal(report_write(results, nowhere, NULL, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "nowhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_are_paired_by_round),
        cmocka_unit_test(figures_are_of_one_state_and_say_which),
        cmocka_unit_test(few_pairs_are_marked),
        cmocka_unit_test(absolute_figures_are_medians),
        cmocka_unit_test(floors_are_never_ranked),
        cmocka_unit_test(failed_samples_have_no_number),
        cmocka_unit_test(quantiles_need_samples),
        cmocka_unit_test(prose_survives),
        cmocka_unit_test(same_records_give_the_same_bytes),
        cmocka_unit_test(check_sees_one_digit),
        cmocka_unit_test(markers_must_be_whole),
        cmocka_unit_test(missing_files_are_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
