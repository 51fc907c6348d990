/* report_ranking_test.c: the ranking page and the targets of the classes, from records whose figures
 * are known. */
#include "tests/report_help.h"

#include "harness/class.h"

struct cell {
    const char *workload, *queue, *class, *promised, *peer;
    unsigned producers, consumers;
    double mitems, swing; /* 0.1: every other round a tenth more, then less */
};

enum { ROUNDS = 8 };
static FILE *runs;

static void open_runs(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    runs = fopen(path, "w");
    assert_non_null(runs);
}

static struct record of(const struct cell *c, unsigned round)
{
    struct record r = sample(c->workload, c->queue, "any", round,
                             c->mitems * (round % 2 ? 1 + c->swing : 1 - c->swing));
    r.producers = c->producers;
    r.consumers = c->consumers;
    snprintf(r.class_name, sizeof r.class_name, "%s", c->class);
    snprintf(r.promised, sizeof r.promised, "%s", c->promised);
    snprintf(r.peer, sizeof r.peer, "%s", c->peer);
    return r;
}

static void measured(const struct cell *cell, size_t n)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++) {
            struct record r = of(&cell[i], round);
            r.fair_push = 0.5;
            r.fair_pop = 0.25;
            put(runs, &r);
        }
}
#define MEASURED(...)                                                                              \
    measured((const struct cell[]){__VA_ARGS__},                                                   \
             sizeof((const struct cell[]){__VA_ARGS__}) / sizeof(struct cell))

static char *page(void)
{
    assert_int_equal(fclose(runs), 0);
    char *text = written(), *begin_ = strstr(text, "BEGIN queuelab:ranking");
    assert_non_null(begin_);
    char *end = strstr(begin_, "END queuelab:ranking");
    assert_non_null(end);
    char *only = strndup(begin_, (size_t)(end - begin_));
    free(text);
    return only;
}

static void lacks(const char *text, const char *what)
{
    if (strstr(text, what))
        fail_msg("in the report: %s", what);
}

static int setup(void **state)
{
    (void)state;
    if (begin() != 0)
        return -1;
    char path[256];
    snprintf(path, sizeof path, "%s/models", root);
    if (mkdir(path, 0777) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/models/progress.tsv", root);
    spill(path, "# queue\toperation\tpromised\tfound\tscenario\tfile\tline\ttext\n"
                "array_a\tpop\tlock-free\tblocking\tx\t-\t-\t-\n"
                "array_a\tpush\tlock-free\twait-free in 5 steps\tx\t-\t-\t-\n");
    snprintf(path, sizeof path, "%s/models/expected.tsv", root);
    spill(path, "# queue\tscenario\tmodel\tverdict\tcomplete\tblocked\testimate\n"
                "array_a\tpublish\trc11\tok\t3\t0\t0\n"
                "array_a\treuse\trc11\tunfinished\t3\t0\t9\n"
                "array_a\treuse\tsc\tlost an item\t3\t0\t0\n");
    return 0;
}

#define BOUNDED(queue, peer, p, c, mitems, swing)                                                  \
    {                                                                                              \
        c ? "mpmc" : "pairs", queue, "mpmc_bounded", "lock-free", peer, p, c, mitems, swing        \
    }
#define LOCK(p, c, mitems)                                                                         \
    {                                                                                              \
        c ? "mpmc" : "pairs", "mutex_deque", "mpmc_unbounded", "blocking", "", p, c, mitems, 0     \
    }

static void every_queue_stands_next_to_the_best_of_others(void **state)
{
    (void)state;
    open_runs();
    MEASURED(BOUNDED("array_a", "", 1, 1, 30, 0), BOUNDED("array_b", "", 1, 1, 5, 0),
             BOUNDED("peer_x", "libx 1.5", 1, 1, 20, 0), LOCK(1, 1, 4),
             BOUNDED("array_a", "", 4, 4, 9, 0), BOUNDED("array_b", "", 4, 4, 5, 0),
             BOUNDED("peer_x", "libx 1.5", 4, 4, 10, 0), LOCK(4, 4, 2),
             BOUNDED("array_a", "", 8, 8, 15, 0), BOUNDED("peer_x", "libx 1.5", 8, 8, 15, 0.1),
             LOCK(8, 8, 20), BOUNDED("array_a", "", 2, 0, 8, 0),
             BOUNDED("peer_x", "libx 1.5", 2, 0, 2, 0), LOCK(2, 0, 1));
    struct cell open = BOUNDED("array_a", "", 1, 1, 1, 0);
    open.workload = "open";
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct record r = of(&open, round);
        struct histogram *h = calloc(1, sizeof *h);
        histogram_clear(h);
        for (unsigned i = 0; i < 5000; i++)
            histogram_add(h, i % 200 ? 40 : 120);
        snprintf(r.mode, sizeof r.mode, "latency");
        r.rate = 1e6;
        r.tick_ns = 2;
        r.sojourn = h;
        put(runs, &r);
        free(h);
        r = sample("stalled", "array_a", "any", round, 1);
        r.producers = 3;
        r.consumers = 0;
        r.stops = 10;
        r.rests = round % 2;
        r.rests_free = round == 3;
        r.stopped_share = 1.25;
        put(runs, &r);
        r = sample("fill_drain", "array_a", "any", round, 1);
        r.consumers = 0;
        r.bytes_per_item = 16.5;
        put(runs, &r);
    }
    char *text = page();
    expect(text, "#### mpmc_bounded: any producers, any consumers, one order for all, a capacity");
    expect(text, "](plots/rank_mpmc_bounded.svg)");
    expect(text,
           "ours is ahead of the best queue of others in 2 of 4 cells, tied in 1, behind in 1: "
           "mpmc 4:4 †, where `array_a` is the best of ours, 0.900x [0.900, 0.900] of "
           "`peer_x`.");
    expect(text, "| queue | mpmc 1:1 | mpmc 4:4 † | mpmc 8:8 † |");
    expect(text, "| array_a | **1.50x [1.50, 1.50]** | **0.900x [0.900, 0.900]** | **tie 1.0");
    expect(text, "| *peer_x* | 1 (measure) | 1 (measure) | 1 (measure) |");
    expect(text, "| array_b | 0.250x [0.250, 0.250] | 0.500x [0.500, 0.500] | |");
    expect(text, "| mutex_deque (guest) | 0.200x");
    expect(text, "| *state, pairs at most* | *near, 8* | *near, 8* | *near, 8* |");
    expect(text, "| array_a | **4.00x [4.00, 4.00]** |\n"); /* pairs: a table of its own */
    /* members before guests, the better first */
    const char *const table = strstr(text, "| queue | mpmc 1:1 |");
    const char *a = strstr(table, "| array_a |"), *x = strstr(table, "| *peer_x* |");
    const char *b = strstr(table, "| array_b |"), *guest = strstr(table, "| mutex_deque (guest)");
    assert_true(a < x && x < b && b < guest);
    /* beside speed */
    expect(text,
           "| queue | bytes per item | p99.9 sojourn, open 1:1 at 1 M/s (near), ns | fairness "
           "4:4, pushing | popping | keeps at 8:8 of 1:1 | one of 3 stopped: others at rest | "
           "their rate | promised | proved | checker | "
           "version |");
    expect(text, "| array_a | 16.5 | 240 | 0.500 | 0.250 | 0.500x [0.500, 0.500] | 4 of 80 "
                 "(1 with nobody stopped) | 1.25x | lock-free | wait-free/blocking | 1 ok, 1 "
                 "unfinished, **1 violated** | ours |");
    expect(text, "| *peer_x* | – | – | 0.500 | 0.250 | 0.7");
    expect(text, "| lock-free | not checked | not checked | libx 1.5 |");
    /* targets */
    expect(text,
           "every cell | **missed** | holds in 2 of 4 cells, closest in mpmc 1:1, near: 1.50x "
           "[1.50, 1.50] (`array_a` against `peer_x`); ");
    expect(text, "; missed mpmc 4:4 †, near: 0.900x [0.900, 0.900] (`array_a` against `peer_x`)");
    expect(text, "mpmc_bounded 4:4: at least 1.3x | **missed** | mpmc 4:4 †, near: 0.900x");
    expect(text,
           "| 8:8: the best of each class is not slower than `mutex_deque` | **missed** | mpmc "
           "8:8 †, near: 0.750x [0.750, 0.750] (`array_a` against `mutex_deque`) |");
    expect(text, "| mpsc 4:1: at least 1.2x the best queue of others | not measured in this run |");
    free(text);
}

static void a_run_of_peers_can_be_repeated(void **state)
{
    (void)state;
    char path[256];
    open_runs();
    MEASURED(BOUNDED("array_a", "", 4, 4, 30, 0), BOUNDED("array_b", "", 4, 4, 5, 0));
    snprintf(path, sizeof path, "%s/plan.json", results);
    spill(path, "{\"v\":1,\"seed\":7,\"peers\":true,\"plan\":\"quick\",\"class\":\"mpsc\"}");
    assert_int_equal(fclose(runs), 0);
    char *text = written();
    unlink(path);
    expect(text, " --class 'mpsc' --peers --out DIR");
    free(text);
}

static void without_others_the_best_member_is_the_measure(void **state)
{
    (void)state;
    open_runs();
    MEASURED(BOUNDED("array_a", "", 4, 4, 30, 0), BOUNDED("array_b", "", 4, 4, 5, 0));
    char *text = page();
    expect(text, "Here no queue of others has a number: ratios are to the best of ours");
    expect(text, "| array_a | **1 (measure)** |");
    expect(text, "mpmc_bounded 4:4: at least 1.3x | not measured in this run | no such cell with a "
                 "queue of others |");
    free(text);
}

/* In the cell of one producer and one consumer everybody may compete. */
static void of_many_guests_the_best_are_shown(void **state)
{
    (void)state;
    open_runs();
    MEASURED({"spsc", "ring_a", "spsc", "wait-free", "", 1, 1, 100, 0},
             {"spsc", "mutex_deque", "mpmc_unbounded", "blocking", "", 1, 1, 1, 0});
    for (unsigned i = 0; i < 9; i++) {
        char name[16];
        snprintf(name, sizeof name, "array_%c", (char)('a' + i));
        MEASURED({"spsc", name, "mpmc_bounded", "lock-free", i ? "" : "libx 1", 1, 1, 11 + i, 0});
    }
    char *text = page();
    expect(text, "| array_i (guest) | 1.73x");
    expect(text, "| array_d (guest) | 1.27x");
    lacks(text, "array_c (guest)");
    lacks(text, "array_b (guest)");
    expect(text, "| *array_a* (guest) | 1 (measure) |"); /* the best of others */
    expect(text, "| mutex_deque (guest) | 0.0909x");
    expect(text, "\n2 more guests are behind these.\n");
    lacks(strstr(text, "| promised |"), "| array_i (guest)"); /* it stands in its own class */
    free(text);
}

static void failures_are_named(void **state)
{
    (void)state;
    open_runs();
    const struct cell bad = BOUNDED("peer_bad", "libbad 2", 4, 4, 90, 0);
    MEASURED(BOUNDED("array_a", "", 4, 4, 30, 0), BOUNDED("peer_x", "libx 1.5", 4, 4, 10, 0));
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct record r = of(&bad, round);
        r.ok = round != 5;
        snprintf(r.error, sizeof r.error, r.ok ? "" : "3 items were torn");
        put(runs, &r);
    }
    char *text = page();
    expect(text, "| *peer_bad* | failed 1 of 8 |");
    expect(text, "- `mpmc/any/peer_bad/4:4` failed 1 of 8: 3 items were torn\n");
    expect(text, "| *peer_x* | 1 (measure) |");
    expect(text, "| array_a | **3.00x [3.00, 3.00]** |");
    free(text);
}

static void others_stay_out_of_the_tables_of_families(void **state)
{
    (void)state;
    open_runs();
    MEASURED(BOUNDED("array_a", "", 4, 4, 30, 0), BOUNDED("peer_x", "libx 1.5", 4, 4, 10, 0),
             LOCK(4, 4, 2));
    assert_int_equal(fclose(runs), 0);
    char *text = written(), *families = strstr(text, "BEGIN queuelab:families");
    char *absolute = strstr(text, "BEGIN queuelab:absolute");
    assert_non_null(families);
    assert_non_null(absolute);
    expect(absolute, "| peer_x | 10.0 [10.0, 10.0] |");
    expect(text,
           "- **Next to the queues of others, mpmc_bounded**: ours is ahead of the best queue "
           "of others in 1 of 1 cell.\n");
    *strstr(families, "END queuelab:families") = '\0';
    expect(families, "| array_a | **15.0x");
    lacks(families, "peer_x");
    free(text);
}

static void old_records_have_no_class(void **state)
{
    (void)state;
    open_runs();
    MEASURED({"mpmc", "array_a", "", "", "", 4, 4, 30, 0});
    char *text = page();
    expect(text, "Not measured: no record names the class of its queue.");
    lacks(text, "plots/rank_");
    free(text);
}

/* More queues than anybody can tell apart: curves are drawn of the reference and of the best. */
static void curves_are_of_the_best(void **state)
{
    (void)state;
    open_runs();
    MEASURED(LOCK(4, 4, 2), BOUNDED("peer_good", "libgood 1", 4, 4, 20, 0),
             BOUNDED("peer_poor", "libpoor 1", 4, 4, 1, 0));
    for (unsigned i = 0; i < 14; i++) {
        char name[16];
        snprintf(name, sizeof name, "array_%c", (char)('a' + i));
        MEASURED(BOUNDED(name, "", 4, 4, 3 + i, 0));
    }
    free(page());
    char path[256];
    snprintf(path, sizeof path, "%s/queues.tsv", data);
    char *text = slurp(path);
    static const char *const drawn[] = {"mutex_deque\t", "peer_good\t", "array_n\t", "array_m\t"};
    unsigned curves = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const bool curve = strcmp(line + strlen(line) - 2, "\t1") == 0;
        bool wanted = false;
        for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
            wanted |= strncmp(line, drawn[i], strlen(drawn[i])) == 0;
        if (strstr(line, "queue\t") != line)
            assert_int_equal(curve, wanted);
        curves += curve;
    }
    assert_int_equal(curves, 4);
    free(text);
    snprintf(path, sizeof path, "%s/rank_mpmc_bounded.tsv", data);
    text = slurp(path);
    expect(text, "1\tmpmc 4:4 †\t16\tpeer_good\t1\t0\t1\t1\t1\t8\t1\t0\n");
    expect(text, "1\tmpmc 4:4 †\t15\tarray_n\t0\t0\t0.8\t0.8\t0.8\t8\t0\t0\n");
    expect(text, "1\tmpmc 4:4 †\t0\tmutex_deque\t0\t1\t0.1\t0.1\t0.1\t8\t0\t0\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_queue_stands_next_to_the_best_of_others),
        cmocka_unit_test(a_run_of_peers_can_be_repeated),
        cmocka_unit_test(without_others_the_best_member_is_the_measure),
        cmocka_unit_test(of_many_guests_the_best_are_shown),
        cmocka_unit_test(failures_are_named),
        cmocka_unit_test(others_stay_out_of_the_tables_of_families),
        cmocka_unit_test(old_records_have_no_class),
        cmocka_unit_test(curves_are_of_the_best),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
