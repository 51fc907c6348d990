/* report_relaxed_test.c: the sections of order and of telling say what the records say. */
#include "tests/report_help.h"

enum { ROUNDS = 7 };

static void put_queue(FILE *f, unsigned round, const char *queue, const char *class_name,
                      double mitems, uint64_t p99, uint64_t max)
{
    struct record r = sample("pairs", queue, "any", round, mitems);
    r.producers = 4;
    r.consumers = 0;
    snprintf(r.class_name, sizeof r.class_name, "%s", class_name);
    put(f, &r);
    r = sample("rank_error", queue, "any", round, 1);
    r.producers = 4;
    r.consumers = 0;
    snprintf(r.class_name, sizeof r.class_name, "%s", class_name);
    r.rank_error_mean = (double)p99 / 8;
    r.rank_error_p50 = p99 / 4;
    r.rank_error_p99 = p99;
    r.rank_error_max = max + round;
    if (p99 == 0)
        r.rank_error_max = max;
    put(f, &r);
}

static int setup(void **state)
{
    (void)state;
    char path[256];
    if (begin() != 0)
        return -1;
    snprintf(path, sizeof path, "%s/runs.jsonl", results);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned k = 0; k < ROUNDS; k++) {
        put_queue(f, k, "mutex_deque", "mpmc_unbounded", 10, 0, 0);
        put_queue(f, k, "array_mpmc", "mpmc_bounded", 20, 0, 0);
        put_queue(f, k, "array_mpmc.naps", "mpmc_bounded", 25, 0, 0);
        put_queue(f, k, "relaxed_lanes", "relaxed", 80, 32, 200);
        put_queue(f, k, "broken", "mpmc_bounded", 70, 0, k == 3 ? 5 : 0);
    }
    return fclose(f);
}

static void order_stands_beside_speed(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "#### rank error, 4 threads † (near)");
    expect(text, "| relaxed_lanes | 80.0 [80.0, 80.0] | 4.00 [4.00, 4.00] | 8.00 | 32.0 | 206 | "
                 "7000000 |\n");
    expect(text, "| array_mpmc.naps | 25.0 [25.0, 25.0] | 0 [0, 0] | 0 | 0 | 0 | 7000000 |\n\n"
                 "The last line is the fastest of the 3 queues that promise one order for all: not "
                 "one of their 21000000 items was out of it.");
    expect(text, "**`broken` promises one order and has an item with 5 older ones inside.**");
    assert_null(strstr(text, "`relaxed_lanes` promises"));
    free(text);
}

static void the_figure_has_a_point_for_each(void **state)
{
    (void)state;
    char path[256];
    free(written());
    snprintf(path, sizeof path, "%s/order.tsv", data);
    char *text = slurp(path);
    assert_non_null(text);
    expect(text, "queue\tthreads\tstate\tmitems_per_s\tlow\thigh\tmean\tp99\tmax\trelaxed\n");
    expect(text, "relaxed_lanes\t4\tnear\t80\t80\t80\t4\t32\t206\t1\n");
    expect(text, "mutex_deque\t4\tnear\t10\t10\t10\t0\t0\t0\t0\n");
    free(text);
}

static void telling_is_a_ratio_of_pairs(void **state)
{
    (void)state;
    char *text = written();
    expect(text, "| array_mpmc | pairs 4 † | 20.0 [20.0, 20.0] | 25.0 [25.0, 25.0] | 1.25x [1.25, "
                 "1.25] |\n");
    free(text);
}

static void rank_error_is_no_speed(void **state)
{
    (void)state;
    char *text = written(), *families = strstr(text, "BEGIN queuelab:families");
    assert_non_null(families);
    *strstr(families, "END queuelab:families") = '\0';
    assert_null(strstr(families, "rank_error"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_stands_beside_speed),
        cmocka_unit_test(the_figure_has_a_point_for_each),
        cmocka_unit_test(telling_is_a_ratio_of_pairs),
        cmocka_unit_test(rank_error_is_no_speed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
