/* report_columns_test.c: cells that differ in one parameter are not taken for each other, and a
 * sentence about several columns is about all of them; the table of contents. */
#include "tests/report_help.h"

struct cell {
    const char *workload, *queue;
    unsigned producers, consumers, capacity;
    double mitems, swing; /* per second; 0.1: every other round a tenth more, then less */
    unsigned full;        /* per 1000 items */
    unsigned bytes;       /* of an item; 0: 8 */
};

static void measured(const struct cell *cell, size_t n)
{
    char path[256];
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned round = 0; round < 8; round++)
        for (size_t i = 0; i < n; i++) {
            const struct cell *const c = &cell[i];
            const double swing = round % 2 ? 1 + c->swing : 1 - c->swing;
            struct record r = sample(c->workload, c->queue, "any", round, c->mitems * swing);
            r.producers = c->producers;
            r.consumers = c->consumers;
            r.capacity = c->capacity;
            r.full = 1000 * c->full;
            r.payload_bytes = c->bytes ? c->bytes : 8;
            r.fair_pop = c->consumers > 1;
            if (strcmp(c->workload, "census") == 0) {
                r.instructions_push = 50;
                r.instructions_pop = 40;
                r.locked_push = r.locked_pop = r.fences_pop = 1;
            }
            put(f, &r);
        }
    assert_int_equal(fclose(f), 0);
}

#define MEASURED(...)                                                                              \
    measured((const struct cell[]){__VA_ARGS__},                                                   \
             sizeof((const struct cell[]){__VA_ARGS__}) / sizeof(struct cell))

static int setup(void **state)
{
    (void)state;
    return begin();
}

static void lacks(const char *text, const char *what)
{
    if (strstr(text, what))
        fail_msg("in the report: %s", what);
}

/* ---- the usual capacity ---------------------------------------------------------------------- */

static void figures_are_of_the_usual_capacity(void **state)
{
    (void)state;
    MEASURED({"limit", "stream_2", 2, 0, 1024, 500, 0, 0, 0},
             {"spsc", "mutex_deque", 1, 1, 64, 10, 0, 3, 0},
             {"spsc", "mutex_deque", 1, 1, 1024, 20, 0, 7, 0},
             {"spsc", "mutex_deque", 1, 1, 65536, 40, 0, 9, 0},
             {"spsc", "ring_mpsc", 1, 1, 64, 50, 0, 3, 0},
             {"spsc", "ring_mpsc", 1, 1, 1024, 200, 0, 7, 0},
             {"spsc", "ring_mpsc", 1, 1, 65536, 400, 0, 9, 0},
             {"spsc", "array_mpmc", 1, 1, 1024, 100, 0, 7, 0}); /* more cells have this one */
    char *text = written();
    expect(text, "| ring_mpsc | 200 [200, 200] |");               /* absolute */
    expect(text, "| ring_mpsc | 40.0 % [40.0, 40.0] |");          /* share of the limit */
    expect(text, "| mutex_deque | 4.00 % [4.00, 4.00] |");        /* 2 ns of 50 */
    expect(text, "| ring_mpsc | 0 | 0 | 7.00 | 0 | 0 | 0 | 0 |"); /* contention */
    expect(text, "1 M events/s | holds | 200 [200, 200] M/s");    /* target */
    expect(text, "| ring_mpsc | 0.250x [0.250, 0.250] | 2.00x [2.00, 2.00] |"); /* variants */
    lacks(text, "| 0 | 0 | 3.00 |");
    lacks(text, "| 0 | 0 | 9.00 |");
    lacks(text, "| 10.0 % ");
    lacks(text, "| 80.0 % ");
    free(text);
}

static void a_stream_of_small_items_bounds_no_larger_ones(void **state)
{
    (void)state;
    MEASURED({"limit", "stream_2", 2, 0, 1024, 500, 0, 0, 0},
             {"spsc", "ring_mpsc", 1, 1, 1024, 200, 0, 0, 64});
    char *text = written();
    expect(text, "| stream_2 | 8-byte items,");
    lacks(text, "against `stream_2`");
    free(text);
}

/* A limit of 2 ns for a locked instruction, hand-overs of 50 ns. */
static void the_rest_is_taken_apart(void **state)
{
    (void)state;
    MEASURED({"limit", "faa_one", 1, 0, 1024, 500, 0, 0, 0},
             {"limit", "fence_one", 1, 0, 1024, 100, 0, 0, 0},
             {"limit", "store_line", 1, 0, 1024, 1000, 0, 0, 0},
             {"limit", "faa_shared_2", 2, 0, 1024, 50, 0, 0, 0},
             {"limit", "line_round_trip", 2, 0, 1024, 10, 0, 0, 0},
             {"pairs", "array_mpmc", 1, 0, 1024, 50, 0, 0, 0},
             {"pairs", "array_mpmc", 2, 0, 1024, 4, 0, 0, 0},
             {"spsc", "array_mpmc", 1, 1, 1024, 40, 0, 0, 0},
             {"mpmc", "array_mpmc", 4, 4, 1024, 25, 0, 0, 0},
             {"census", "array_mpmc", 1, 0, 1024, 1, 0, 0, 0});
    char *text = written();
    expect(text,
           "| mpmc | 4:4 †, against `faa_shared_2` (near) |\n|:--|--:|\n| array_mpmc | 50.0 % "
           "[50.0, 50.0] |\n");
    /* 2 locked of 2 ns and 1 fence of 9 ns, of 20 ns; 25 and 250 ns in hand-overs of 50 */
    expect(text,
           "| array_mpmc | 2.00 | 1.00 | 90.0 | 20.0 | 65.0 % | 25.0 | 0.500 | 250 | 5.00 | 0 |");
    expect(text, "**any.** Alone, `array_mpmc` takes 20.0 ns for an item; its 2.00 locked "
                 "instructions and 1.00 fences by themselves would take 13.0 of them. There are "
                 "87.0 other ");
    free(text);
}

/* ---- all columns ----------------------------------------------------------------------------- */

static void a_leader_says_where_it_leads(void **state)
{
    (void)state;
    MEASURED(
        {"mpsc", "mutex_deque", 2, 1, 1024, 10, 0, 0, 0},
        {"mpsc", "array_mpmc", 2, 1, 1024, 30, 0, 0, 0},
        {"mpsc", "segment_mpmc", 2, 1, 1024, 31, 0.1, 0, 0}, /* cannot be told from array_mpmc */
        {"mpsc", "mutex_deque", 4, 1, 1024, 10, 0, 0, 0},
        {"mpsc", "array_mpmc", 4, 1, 1024, 30, 0, 0, 0},
        {"mpsc", "segment_mpmc", 4, 1, 1024, 15, 0, 0, 0});
    char *text = written();
    expect(text, "): `segment_mpmc`, 3.0");
    expect(text, "; not told apart from it: `array_mpmc`. Among the fastest at every one of 2:1 †, "
                 "4:1 †: `array_mpmc`.\n");
    expect(text, "(†): `segment_mpmc` loses most: it keeps 0.48");
    expect(text, "- **Failed runs.** None in 6 cells.\n");
    free(text);
}

static void no_queue_may_lead_everywhere(void **state)
{
    (void)state;
    MEASURED({"mpsc", "mutex_deque", 2, 1, 1024, 10, 0, 0, 0},
             {"mpsc", "array_mpmc", 2, 1, 1024, 30, 0, 0, 0},
             {"mpsc", "mutex_deque", 4, 1, 1024, 20, 0.1, 0, 0},
             {"mpsc", "array_mpmc", 4, 1, 1024, 15, 0.1, 0, 0},
             {"mpsc", "ring_mpsc", 4, 1, 1024, 15, 0.1, 0, 0});
    char *text = written();
    expect(text, " Among the fastest at every one of 2:1 †, 4:1 †: none.\n");
    free(text);
}

static void one_consumer_is_neither_fair_nor_unfair(void **state)
{
    (void)state;
    MEASURED({"mpsc", "mutex_deque", 2, 1, 1024, 10, 0, 0, 0},
             {"mpsc", "array_mpmc", 2, 1, 1024, 30, 0, 0, 0},
             {"mpsc", "mutex_deque", 4, 1, 1024, 10, 0, 0, 0},
             {"mpsc", "array_mpmc", 4, 1, 1024, 30, 0, 0, 0},
             {"mpmc", "mutex_deque", 1, 1, 1024, 10, 0, 0, 0},
             {"mpmc", "array_mpmc", 1, 1, 1024, 40, 0, 0, 0},
             {"mpmc", "mutex_deque", 4, 4, 1024, 20, 0, 0, 0},
             {"mpmc", "array_mpmc", 4, 4, 1024, 20, 0, 0, 0});
    char *text = written();
    expect(text, "| array_mpmc | 1.00x [1.00, 1.00] | 1.00 | – | 0 | 0 |");       /* mpsc 4:1 */
    expect(text, "| array_mpmc | 0.500x [0.500, 0.500] | 1.00 | 1.00 | 0 | 0 |"); /* mpmc 4:4 */
    free(text);
}

static void nothing_is_worst_of_one(void **state)
{
    (void)state;
    MEASURED({"pairs", "mutex_deque", 2, 0, 1024, 10, 0.1, 0, 0},
             {"pairs", "mutex_deque", 8, 0, 1024, 10.8, 0, 0, 0});
    char *text = written();
    expect(text, "(†): `mutex_deque`, the only queue measured so, keeps ");
    expect(text, " of its pairs throughput when 2 threads become 8");
    expect(text, ", which may be no change).\n");
    lacks(text, "worst");
    expect(text,
           "- **Not told here**: nothing was compared with `mutex_deque`; all 16 samples passed "
           "their checks. ");
    free(text);
    MEASURED({"pairs", "mutex_deque", 2, 0, 1024, 10, 0, 0, 0},
             {"pairs", "mutex_deque", 8, 0, 1024, 15, 0, 0, 0},
             {"pairs", "array_mpmc", 2, 0, 1024, 10, 0.2, 0, 0},
             {"pairs", "array_mpmc", 8, 0, 1024, 9, 0, 0, 0});
    text = written();
    expect(text, "(†): no queue is seen to lose by it; `array_mpmc` keeps least, ");
    free(text);
    /* what is sure comes before what is lower */
    MEASURED({"pairs", "mutex_deque", 2, 0, 1024, 10, 0, 0, 0},
             {"pairs", "mutex_deque", 8, 0, 1024, 8, 0, 0, 0},
             {"pairs", "array_mpmc", 2, 0, 1024, 10, 0.5, 0, 0},
             {"pairs", "array_mpmc", 8, 0, 1024, 7, 0, 0, 0});
    text = written();
    expect(text, "(†): `mutex_deque` loses most: it keeps 0.800x [0.800, 0.800] of its pairs");
    free(text);
}

/* ---- contents -------------------------------------------------------------------------------- */

static void contents_link_to_every_heading(void **state)
{
    (void)state;
    MEASURED({"mpsc", "mutex_deque", 2, 1, 1024, 10, 0, 0, 0});
    skeleton(NULL);
    char *begun = slurp(report), *whole;
    assert_true(asprintf(&whole,
                         "%s\n## How, and `why`: two\n### Sub-part_1\n```\n## no heading\n"
                         "```\n## How, and why: two\n#### Deep\n##not one\n",
                         begun) > 0);
    spill(report, whole);
    assert_int_equal(report_write(results, report, NULL, message, sizeof message), 0);
    char *text = slurp(report);
    expect(text, "<!-- BEGIN queuelab:contents -->\n\n"
                 "- [How, and `why`: two](#how-and-why-two)\n"
                 "  - [Sub-part_1](#sub-part_1)\n"
                 "- [How, and why: two](#how-and-why-two-1)\n\n"
                 "<!-- END queuelab:contents -->\n");
    assert_int_equal(report_check(results, report, message, sizeof message), 0);
    char *const title = strstr(text, "## How, and why");
    assert_non_null(title);
    title[strlen("## Ho")] = 'o'; /* "## Hoo, and why" */
    spill(report, text);
    assert_int_equal(report_check(results, report, message, sizeof message), EILSEQ);
    assert_non_null(strstr(message, "'contents'"));
    free(text);
    free(whole);
    free(begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_of_the_usual_capacity),
        cmocka_unit_test(a_stream_of_small_items_bounds_no_larger_ones),
        cmocka_unit_test(the_rest_is_taken_apart),
        cmocka_unit_test(a_leader_says_where_it_leads),
        cmocka_unit_test(no_queue_may_lead_everywhere),
        cmocka_unit_test(one_consumer_is_neither_fair_nor_unfair),
        cmocka_unit_test(nothing_is_worst_of_one),
        cmocka_unit_test(contents_link_to_every_heading),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
