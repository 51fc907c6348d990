/* report_sweep_test.c: the sections of back-off, segments and a reader that stands still say what the
 * records say. */
#include "tests/report_help.h"

enum { ROUNDS = 7 };

/* Two threads that push and pop: throughput, and single operations that all last as long. */
static void put_one(FILE *f, const char *queue, unsigned round, unsigned backoff, double mitems,
                    double fair, uint64_t ns)
{
    struct histogram h;
    struct record r = sample("backoff", queue, "array", round, mitems);
    r.producers = 2;
    r.consumers = 0;
    r.backoff_max = backoff;
    r.fair_push = fair;
    put(f, &r);
    histogram_clear(&h);
    for (unsigned i = 0; i < 10000; i++)
        histogram_add(&h, ns);
    snprintf(r.mode, sizeof r.mode, "latency");
    r.tick_ns = 1;
    r.push = r.pop = &h;
    put(f, &r);
}

/* Six queues: fewer that agree could do so by chance. */
static void put_backoff(FILE *f, unsigned round, unsigned backoff, double mitems, double fair,
                        uint64_t ns)
{
    static const char *const queues[] = {"array_mpmc", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++)
        put_one(f, queues[i], round, backoff, mitems, fair, ns);
}

static void put_segment(FILE *f, unsigned round, uint64_t segment, double mitems)
{
    struct record r = sample("segment", "segment_ring", "segment", round, mitems);
    r.segment = segment;
    r.bytes_peak = 100 * 1024;
    r.bytes_left = 1024 * (segment ? segment / 64 : 16);
    put(f, &r);
}

static void put_held(FILE *f, unsigned round, const char *queue, uint64_t each)
{
    struct record r = sample("held", queue, "segment", round, 10);
    r.producers = 3;
    r.consumers = 0;
    r.held_0 = 4096;
    r.held_1k = 4096 + 1000 * each;
    r.held_10k = 4096 + 10000 * each;
    r.held_100k = 4096 + 100000 * each;
    r.held_1m = 4096 + 1000000 * each;
    r.held_after = 8192;
    put(f, &r);
}

/* `long_wins`: the longest back-off is better than the default in everything. */
static void measured(bool long_wins)
{
    char path[256];
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned k = 0; k < ROUNDS; k++) {
        put_backoff(f, k, 0, 10, 0.75, 20);
        put_backoff(f, k, 64, 20, 0.5, 40);
        put_backoff(f, k, 256, 30, long_wins ? 0.5 : 0.25, long_wins ? 30 : 60);
        put_segment(f, k, 0, 10);
        put_segment(f, k, 64, 5);
        put_segment(f, k, 4096, 15);
        put_held(f, k, "segment_ms", 0);
        put_held(f, k, "segment_ms.epochs", 24);
    }
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    return begin();
}

static void a_longer_backoff_has_its_price(void **state)
{
    (void)state;
    measured(false);
    char *text = written();
    expect(text, "#### all cells together, times the default");
    expect(text, "| 0 | 0.500x [0.500, 0.500] | 1.50x [1.50, 1.50] | 0.500x (shorter in 6 of 6) | "
                 "slower, fairer, shorter tails |\n"
                 "| **64** | 1 | 1 | 1 |  |\n"
                 "| 256 | 1.50x [1.50, 1.50] | 0.500x [0.500, 0.500] | 1.50x (shorter in 0 of 6) | "
                 "faster, less fair, longer tails |\n\n"
                 "Of no setting can this run tell that it is better than the default in one of the "
                 "three and worse in none.");
    expect(text, "#### back-off, pairs 2 (near)");
    expect(text, "| array_mpmc | **64** | 20.0 [20.0, 20.0] | 1 | 0.500 | – | 40.0 | 40.0 | – |");
    expect(text, "| array_mpmc | 256 | 30.0 [30.0, 30.0] | 1.50x [1.50, 1.50] | 0.250 | – |");
    free(text);
}

static void a_better_one_is_said(void **state)
{
    (void)state;
    measured(true);
    char *text = written();
    expect(text, "can tell, worse in none: 256.**");
    assert_null(strstr(text, "Of no setting"));
    free(text);
}

static void lengths_stand_beside_the_own_choice(void **state)
{
    (void)state;
    measured(false);
    char *text = written();
    expect(text, "| **own choice** | 66.7 % | 66.7 % | 16.0 |\n| 64 | 33.3 % | 33.3 % | 1.00 |\n"
                 "| 4096 | 100 % | 100 % | 64.0 |\n");
    expect(text, "| segment_ring | 64 | 5.00 [5.00, 5.00] | 0.500x [0.500, 0.500] | 100 | 1.00 |");
    expect(text, "- `segment_ring`, flow 1:1: segments of 4096 cells are faster than its own "
                 "choice, 1.50x [1.50, 1.50]\n");
    assert_null(strstr(text, "segments of 64 cells are faster"));
    free(text);
}

static void what_is_held_grows_or_not(void **state)
{
    (void)state;
    measured(false);
    char *text = written();
    expect(text, "| segment_ms | 4.00 | 4.00 | 4.00 | 4.00 | 4.00 | 0 | 8.00 | 7 |\n");
    expect(text, "| segment_ms.epochs | 4.00 | 27.4 | 238 | 2348 | 23442 | 24.0 | 8.00 | 7 |\n");
    free(text);
}

/* A sweep is neither a class of queues nor a workload of its own. */
static void other_sections_have_none_of_it(void **state)
{
    static const char *const others[] = {"ranking", "families", "absolute", "latency",
                                         "contention"};
    (void)state;
    measured(false);
    char *text = written();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char begins[64], ends[64];
        snprintf(begins, sizeof begins, "BEGIN queuelab:%s -->", others[i]);
        snprintf(ends, sizeof ends, "END queuelab:%s -->", others[i]);
        char *const begin = strstr(text, begins), *const end = strstr(text, ends);
        assert_true(begin && end && begin < end);
        *end = '\0';
        assert_null(strstr(begin, "array_mpmc"));
        assert_null(strstr(begin, "segment_ring"));
        *end = 'E';
    }
    free(text);
}

static void the_figures_have_their_tables(void **state)
{
    static const struct {
        const char *table, *line;
    } lines[] = {
        {"backoff", "array_mpmc\tpairs 2\t64\t1\t20\t20\t20\t0.5\t40\n"},
        {"backoff", "array_mpmc\tpairs 2\t256\t0\t30\t30\t30\t0.25\t60\n"},
        {"segment", "segment_ring\tflow 1:1\t0\t10\t10\t10\t16384\n"},
        {"segment", "segment_ring\tflow 1:1\t4096\t15\t15\t15\t65536\n"},
        {"held", "segment_ms.epochs\t1000000\t24004096\n"},
    };
    (void)state;
    measured(false);
    free(written());
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s.tsv", data, lines[i].table);
        char *text = slurp(path);
        assert_non_null(text);
        expect(text, lines[i].line);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_longer_backoff_has_its_price),
        cmocka_unit_test(a_better_one_is_said),
        cmocka_unit_test(lengths_stand_beside_the_own_choice),
        cmocka_unit_test(what_is_held_grows_or_not),
        cmocka_unit_test(other_sections_have_none_of_it),
        cmocka_unit_test(the_figures_have_their_tables),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
