/* class_test.c: every queue has a class that its traits justify; who competes where; the ranking of
 * known figures. */
#include "tests/report_help.h"

#include "harness/class.h"
#include "harness/driver.h"
#include "harness/report_rank.h"

static void traits_decide(void **state)
{
    (void)state;
    struct q_traits t = {.order = Q_FIFO, .bounded = true};
    assert_int_equal(class_of(&t), CLASS_MPMC_BOUNDED);
    t.bounded = false;
    assert_int_equal(class_of(&t), CLASS_MPMC_UNBOUNDED);
    t.order = Q_FIFO_PER_PRODUCER;
    assert_int_equal(class_of(&t), CLASS_RELAXED);
    t.order = Q_UNORDERED;
    assert_int_equal(class_of(&t), CLASS_RELAXED);
    t.consumers = 1;
    assert_int_equal(class_of(&t), CLASS_MPSC);
    t.producers = 1;
    assert_int_equal(class_of(&t), CLASS_SPSC);
    t.order = Q_PRIORITY_FIFO;
    assert_int_equal(class_of(&t), CLASS_PRIORITY);
    t.floor = true;
    assert_int_equal(class_of(&t), CLASSES);
}

static void names_are_found_again(void **state)
{
    (void)state;
    for (unsigned c = 0; c < CLASSES; c++) {
        assert_int_equal(class_find(class_names[c]), c);
        assert_non_null(class_sentences[c]);
    }
    assert_int_equal(class_find("mpmc"), CLASSES);
    assert_int_equal(class_find(""), CLASSES);
}

static struct record of(const char *queue, enum q_class own, const char *promised)
{
    struct record r = sample("mpmc", queue, "any", 0, 1);
    snprintf(r.class_name, sizeof r.class_name, "%s", class_names[own]);
    snprintf(r.promised, sizeof r.promised, "%s", promised);
    return r;
}

static void who_promises_more_is_a_guest(void **state)
{
    (void)state;
    struct record bounded = of("a", CLASS_MPMC_BOUNDED, "wait-free"),
                  relaxed = of("b", CLASS_RELAXED, "lock-free"),
                  ring = of("c", CLASS_SPSC, "wait-free"),
                  reference = of(REPORT_REFERENCE, CLASS_MPMC_UNBOUNDED, "blocking");
    assert_int_equal(class_standing(CLASS_MPMC_BOUNDED, &bounded), CLASS_MEMBER);
    assert_int_equal(class_standing(CLASS_MPSC, &bounded), CLASS_GUEST);
    assert_int_equal(class_standing(CLASS_SPSC, &bounded), CLASS_GUEST);
    assert_int_equal(class_standing(CLASS_RELAXED, &bounded), CLASS_GUEST);
    assert_int_equal(class_standing(CLASS_MPMC_UNBOUNDED, &bounded), CLASS_OUT);
    assert_int_equal(class_standing(CLASS_WAIT_FREE, &bounded), CLASS_MEMBER);
    assert_int_equal(class_standing(CLASS_WAIT_FREE, &relaxed), CLASS_OUT);
    assert_int_equal(class_standing(CLASS_MPMC_BOUNDED, &relaxed), CLASS_OUT);
    assert_int_equal(class_standing(CLASS_SPSC, &ring), CLASS_MEMBER);
    assert_int_equal(class_standing(CLASS_MPMC_BOUNDED, &ring), CLASS_OUT);
    assert_int_equal(class_standing(CLASS_WAIT_FREE, &ring), CLASS_OUT);
    assert_int_equal(class_standing(CLASS_MPMC_BOUNDED, &reference), CLASS_GUEST);
    snprintf(bounded.call, sizeof bounded.call, "indirect");
    assert_int_equal(class_standing(CLASS_MPMC_BOUNDED, &bounded), CLASS_OUT);
    ring.floor = true;
    assert_int_equal(class_standing(CLASS_SPSC, &ring), CLASS_OUT);
}

/* ---- rankings ------------------------------------------------------------------------------ */

enum { ROUNDS = 9 };
static struct record records[16 * ROUNDS];
static size_t n;

static void measured(const char *queue, enum q_class own, const char *peer, double mitems,
                     double swing)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct record r = sample("mpmc", queue, "any", round, mitems * (1 + swing * (round % 3)));
        r.producers = r.consumers = 4;
        snprintf(r.class_name, sizeof r.class_name, "%s", class_names[own]);
        snprintf(r.peer, sizeof r.peer, "%s", peer);
        records[n++] = r;
    }
}

static struct book book;
static char *ranked(struct ranking *r, enum q_class c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    book = (struct book){.records = records, .n_records = n, .cpus = 2};
    assert_int_equal(book_sort(&book), 0);
    assert_int_equal(book.n_settings, 1);
    assert_true(ranking_make(r, &book.settings[0], c));
    assert_int_equal(ranking_print(f, &book, c), 1);
    fclose(f);
    return text;
}

static void unranked(char *text)
{
    free(text);
    book.records = NULL; /* ours */
    book.n_records = 0;
    book_free(&book);
    n = 0;
}

static void the_best_peer_is_the_measure(void **state)
{
    (void)state;
    struct ranking r;
    measured("ours_fast", CLASS_MPMC_BOUNDED, "", 30, 0);
    measured("ours_slow", CLASS_MPMC_BOUNDED, "", 5, 0);
    measured("ours_like", CLASS_MPMC_BOUNDED, "", 19.5, 0.05);
    measured("peer_good", CLASS_MPMC_BOUNDED, "libgood 1.2", 20, 0);
    measured("peer_bad", CLASS_MPMC_BOUNDED, "libbad 3", 10, 0);
    measured("peer_other", CLASS_MPMC_UNBOUNDED, "libother 4", 90, 0); /* another class */
    measured(REPORT_REFERENCE, CLASS_MPMC_UNBOUNDED, "", 40, 0);       /* a guest */
    char *text = ranked(&r, CLASS_MPMC_BOUNDED);
    assert_string_equal(r.base->key->queue, "peer_good");
    static const char *const order[] = {"ours_fast", "ours_like", "peer_good",
                                        "peer_bad",  "ours_slow", REPORT_REFERENCE};
    assert_int_equal(r.n, sizeof order / sizeof *order);
    for (size_t i = 0; i < r.n; i++)
        assert_string_equal(r.c[i].q->key->queue, order[i]); /* by the median */
    assert_true(r.c[0].r.mid > 1.49 && r.c[0].r.mid < 1.51 && r.c[0].r.n == ROUNDS);
    assert_ptr_equal(ranking_best(&r, true, CLASS_MEMBER)->q, r.base);
    assert_string_equal(ranking_best(&r, false, CLASS_MEMBER)->q->key->queue, "ours_fast");
    assert_string_equal(ranking_best(&r, false, CLASS_GUEST)->q->key->queue, REPORT_REFERENCE);
    expect(text, "mpmc_bounded: mpmc 4:4 (near), times peer_good, the best queue of others\n"
                 "  ours_fast                            1.50x [1.50, 1.50]           30.0 M/s\n");
    expect(text, "  ours_like                        tie ");
    expect(text,
           "  peer_good                            1                            20.0 M/s   libgood "
           "1.2\n");
    expect(text, "  guests\n  mutex_deque                          2.00x");
    assert_null(strstr(text, "peer_other"));
    unranked(text);
}

static void without_peers_the_best_member_is(void **state)
{
    (void)state;
    struct ranking r;
    measured("ours_a", CLASS_MPMC_BOUNDED, "", 30, 0);
    measured("ours_b", CLASS_MPMC_BOUNDED, "", 15, 0);
    measured(REPORT_REFERENCE, CLASS_MPMC_UNBOUNDED, "", 60, 0);
    char *text = ranked(&r, CLASS_MPMC_BOUNDED);
    expect(text, "times ours_a, the best queue; none of others was measured");
    expect(text, "  ours_b                               0.500x [0.500, 0.500]");
    unranked(text);
}

static void a_failure_is_told_and_never_the_measure(void **state)
{
    (void)state;
    struct ranking r;
    measured("ours", CLASS_MPMC_BOUNDED, "", 30, 0);
    measured("peer_loses", CLASS_MPMC_BOUNDED, "liblose 1", 90, 0);
    measured("peer_keeps", CLASS_MPMC_BOUNDED, "libkeep 1", 10, 0);
    struct record *const bad = &records[ROUNDS + 3];
    bad->ok = false;
    snprintf(bad->error, sizeof bad->error, "7 items pushed, 6 popped");
    char *text = ranked(&r, CLASS_MPMC_BOUNDED);
    assert_string_equal(r.base->key->queue, "peer_keeps");
    expect(text, "  peer_loses                       failed 1 of 9: 7 items pushed, 6 popped\n");
    assert_null(strstr(text, "90.0 M/s"));
    unranked(text);
}

/* Pairs of one round and one state only. */
static void states_are_not_mixed(void **state)
{
    (void)state;
    struct ranking r;
    measured("ours", CLASS_MPMC_BOUNDED, "", 30, 0);
    measured("peer", CLASS_MPMC_BOUNDED, "lib 1", 10, 0);
    for (unsigned i = 0; i < 2 * ROUNDS; i++)
        if (i % ROUNDS < 3) { /* three rounds with the processors far apart, and all is different */
            records[i].rtt_before_ns = records[i].rtt_after_ns = 900;
            records[i].items_per_s = i < ROUNDS ? 1e6 : 50e6;
        }
    char *text = ranked(&r, CLASS_MPMC_BOUNDED);
    assert_string_equal(r.setting->state, "near");
    assert_int_equal(r.c[0].r.n, ROUNDS - 3);
    assert_true(r.c[0].r.low > 2.99 && r.c[0].r.high < 3.01);
    unranked(text);
}

static void nobody_is_ranked_where_no_member_was(void **state)
{
    (void)state;
    struct ranking r;
    measured("guest", CLASS_MPMC_BOUNDED, "", 30, 0);
    book = (struct book){.records = records, .n_records = n, .cpus = 2};
    assert_int_equal(book_sort(&book), 0);
    assert_false(ranking_make(&r, &book.settings[0], CLASS_RELAXED));
    assert_false(ranking_make(&r, &book.settings[0], CLASS_SPSC));
    assert_int_equal(r.n, 0);
    unranked(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traits_decide),
        cmocka_unit_test(names_are_found_again),
        cmocka_unit_test(who_promises_more_is_a_guest),
        cmocka_unit_test(the_best_peer_is_the_measure),
        cmocka_unit_test(without_peers_the_best_member_is),
        cmocka_unit_test(a_failure_is_told_and_never_the_measure),
        cmocka_unit_test(states_are_not_mixed),
        cmocka_unit_test(nobody_is_ranked_where_no_member_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
