/* plan_test.c: a plan is the same for the same seed, another for another, and fits its budget. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/class.h"
#include "harness/plan.h"

static struct plan make(const char *name, uint64_t seed, double budget_s)
{
    struct plan p;
    char message[256];
    const struct plan_options o = {
        .name = name, .pin = "spread", .seed = seed, .budget_s = budget_s};
    if (plan_make(&p, &o, message, sizeof message) != 0)
        fail_msg("%s", message);
    return p;
}

static size_t *order(const struct plan *p, unsigned round)
{
    size_t *o = calloc(p->n, sizeof *o);
    assert_non_null(o);
    plan_order(p, round, o);
    return o;
}

static void an_order_is_a_permutation_by_groups(void **state)
{
    (void)state;
    struct plan p = make("full", 5, 0);
    size_t *o = order(&p, 3);
    bool *seen = calloc(p.n, sizeof *seen), *closed = calloc(p.groups, sizeof *closed);
    for (size_t i = 0; i < p.n; i++) {
        assert_true(o[i] < p.n && !seen[o[i]]);
        seen[o[i]] = true;
        assert_false(closed[p.group[o[i]]]); /* cells that are compared stand side by side */
        if (i + 1 < p.n && p.group[o[i]] != p.group[o[i + 1]])
            closed[p.group[o[i]]] = true;
    }
    free(closed);
    free(seen);
    free(o);
    plan_free(&p);
}

static void the_seed_decides_the_order(void **state)
{
    (void)state;
    struct plan a = make("quick", 7, 0), b = make("quick", 7, 0), c = make("quick", 8, 0);
    assert_true(a.n == b.n && a.n == c.n && a.n > 50);
    size_t *oa = order(&a, 0), *ob = order(&b, 0), *oc = order(&c, 0), *next = order(&a, 1);
    assert_memory_equal(oa, ob, a.n * sizeof *oa);
    assert_memory_not_equal(oa, oc, a.n * sizeof *oa);
    assert_memory_not_equal(oa, next, a.n * sizeof *oa); /* every round has its own */
    /* inside a group too: the first group's cells are not always in the order of the registry */
    unsigned sorted = 0;
    for (unsigned round = 0; round < 20; round++) {
        size_t *o = order(&a, round);
        bool grows = true;
        for (size_t i = 1; i < a.n && a.group[o[i]] == a.group[o[0]]; i++)
            grows = grows && o[i] > o[i - 1];
        sorted += grows;
        free(o);
    }
    assert_true(sorted < 15);
    free(oa);
    free(ob);
    free(oc);
    free(next);
    plan_free(&a);
    plan_free(&b);
    plan_free(&c);
}

static void the_budget_is_kept(void **state)
{
    (void)state;
    static const double budgets[] = {20, 60, 200, 1000};
    unsigned rounds = 0;
    size_t cells = 0;
    for (size_t i = 0; i < sizeof budgets / sizeof *budgets; i++) {
        struct plan p = make("full", 1, budgets[i]);
        assert_true(p.rounds * p.round_s <= budgets[i]);
        assert_true(p.rounds >= PLAN_ROUNDS_LEAST && p.rounds <= PLAN_ROUNDS_FULL);
        assert_true(p.n >= cells && (p.n > cells || p.rounds >= rounds)); /* more time, more data */
        assert_true((p.dropped > 0) == (p.keep_below > 0));
        cells = p.n;
        rounds = p.rounds;
        plan_free(&p);
    }
}

static void latency_is_sampled_less_often(void **state)
{
    (void)state;
    struct plan p = make("quick", 1, 0);
    bool any = false;
    for (size_t i = 0; i < p.n; i++) {
        unsigned due = 0;
        for (unsigned round = 0; round < 9; round++)
            due += plan_due(&p, i, round);
        const bool seldom = p.cells[i].latency || p.cells[i].workload->shape == SHAPE_STALL;
        if (p.cells[i].workload->shape == SHAPE_CENSUS) {
            assert_int_equal(due, 1); /* always the same */
            continue;
        }
        assert_int_equal(due, seldom ? 3 : 9);
        any = any || p.cells[i].latency;
    }
    assert_true(any);
    plan_free(&p);
}

/* The quick plan has every cell of every class that has queues; the plan of a class has no other. */
static void classes_are_measured(void **state)
{
    (void)state;
    struct plan quick = make("quick", 1, 0);
    unsigned found = 0;
    for (unsigned class = 0; class < CLASSES; class ++) {
        char message[256];
        struct plan p;
        const struct plan_options o = {
            .name = "quick", .pin = "spread", .class_name = class_names[class]};
        if (plan_make(&p, &o, message, sizeof message) != 0) {
            assert_non_null(strstr(message, class_names[class])); /* no queue of this class */
            continue;
        }
        found++;
        size_t members = 0;
        for (size_t i = 0; i < p.n; i++) {
            struct record r = {.ok = true}, s = {.ok = true};
            cell_describe(&p.cells[i], &r);
            assert_true(class_has_cell(class, &r));
            assert_true(class_standing(class, &r) != CLASS_OUT);
            if (class_standing(class, &r) != CLASS_MEMBER)
                continue;
            members++;
            if (r.peer[0])
                continue;
            size_t k = 0;
            char one[160], other[160] = "";
            record_cell_name(&r, one, sizeof one);
            for (; k < quick.n && strcmp(one, other) != 0; k++) {
                cell_describe(&quick.cells[k], &s);
                record_cell_name(&s, other, sizeof other);
            }
            assert_string_equal(one, other);
        }
        assert_true(members >= 3);
        plan_free(&p);
    }
    assert_true(found >= 5);
    plan_free(&quick);
    struct plan p;
    char message[256];
    const struct plan_options o = {.name = "quick", .pin = "spread", .class_name = "mpmc"};
    assert_int_equal(plan_make(&p, &o, message, sizeof message), EINVAL);
    assert_non_null(strstr(message, "'mpmc': use spsc, mpsc, mpmc_bounded,"));
}

/* When time is short, the cells of guests go before those of members. */
static void members_stay_longest(void **state)
{
    (void)state;
    struct plan p = make("quick", 1, 15);
    size_t members = 0, guests = 0;
    assert_true(p.dropped > 0);
    for (size_t i = 0; i < p.n; i++) {
        struct record r = {.ok = true};
        cell_describe(&p.cells[i], &r);
        if (strcmp(r.workload, "spsc") != 0)
            continue;
        members += class_standing(CLASS_SPSC, &r) == CLASS_MEMBER;
        guests += class_standing(CLASS_SPSC, &r) == CLASS_GUEST &&
                  strcmp(r.queue, "mutex_deque") != 0; /* the reference stays */
    }
    assert_true(members > 0);
    assert_int_equal(guests, 0);
    plan_free(&p);
}

static void durations_are_read(void **state)
{
    (void)state;
    assert_true(plan_parse_duration("90") == 90 && plan_parse_duration("90s") == 90);
    assert_true(plan_parse_duration("20m") == 1200 && plan_parse_duration("1.5h") == 5400);
    static const char *const bad[] = {"", "m", "-1", "0", "nan", "inf", "1d", "1 m", "1mm"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(plan_parse_duration(bad[i]) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_is_a_permutation_by_groups),
        cmocka_unit_test(the_seed_decides_the_order),
        cmocka_unit_test(the_budget_is_kept),
        cmocka_unit_test(latency_is_sampled_less_often),
        cmocka_unit_test(classes_are_measured),
        cmocka_unit_test(members_stay_longest),
        cmocka_unit_test(durations_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
