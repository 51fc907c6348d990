/* litmus_test.c: the model checker against known numbers of execution graphs, and against a naive
 * enumeration of random programs; and that enumeration against answers from books. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/litmus/compare.h"
#include "models/litmus/enumerate.h"
#include "models/litmus/machine.h"
#include "models/litmus/random.h"
#include "models/litmus/run.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum { ROWS = 420, PROGRAMS = 2000, SEED = 1, SHOWN_MAX = 5 };

/* LITMUS_PROGRAMS=10000 for more of them; else the usual number times QUEUELAB_TEST_SCALE. */
static unsigned long programs(void)
{
    const char *const asked = getenv("LITMUS_PROGRAMS"), *const share =
                                                             getenv("QUEUELAB_TEST_SCALE");
    const double scale = share ? strtod(share, NULL) : 1;
    const unsigned long n =
        asked ? strtoul(asked, NULL, 10) : (unsigned long)(PROGRAMS * (scale > 0 ? scale : 1));
    return n ? n : 1;
}

static void parse(struct litmus *p, const char *text)
{
    char why[256];
    if (!litmus_parse(p, text, why, sizeof why))
        fail_msg("%s: %s", text, why);
}

/* ---- notation ------------------------------------------------------------------------------ */

static void notation_comes_back(void **state)
{
    (void)state;
    static const char *const text[] = {
        "x=1 rel; y || y rlx; x acq",
        "F sc || F acq; F rel; F ar",
        "x?0:2 ar/rlx; x?1:3 rel",
        "x+=1 ar || y:=3 sc || z rlx || w=12 sc",
    };
    static const char *const printed[] = {"x=1 rel; y sc || y rlx; x acq", NULL, NULL, NULL};
    for (size_t i = 0; i < COUNT(text); i++) {
        struct litmus p;
        char again[LITMUS_TEXT];
        parse(&p, text[i]);
        litmus_print(&p, again, sizeof again);
        assert_string_equal(again, printed[i] ? printed[i] : text[i]);
    }
}

static void notation_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "column 1: an operation begins"},
        {"x= rel", "column 4: a number"},
        {"x rel", "cannot have that memory order"},
        {"x=1 acq", "cannot have that memory order"},
        {"x?0:1 sc/rel", "cannot have that memory order"},
        {"F rlx", "cannot have that memory order"},
        {"x relaxed", "column 3: a memory order is"},
        {"x?1 sc", "expected:new"},
        {"x=1 rel y rlx", "column 9: operations are separated"},
        {"x || q", "column 6: an operation begins"},
        {"x=10000 rlx", "9999"},
        {"x;x;x;x;x;x;x;x;x;x;x;x;x;x;x;x;x", "more than 16 operations"},
        {"x||x||x||x||x||x||x", "more than 6 threads"},
    };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct litmus p;
        char why[256];
        assert_false(litmus_parse(&p, wrong[i].text, why, sizeof why));
        if (!strstr(why, wrong[i].says))
            fail_msg("'%s': says '%s', not '%s'", wrong[i].text, why, wrong[i].says);
    }
}

static void dropping_operations_keeps_the_rest(void **state)
{
    (void)state;
    struct litmus p;
    char text[LITMUS_TEXT];
    parse(&p, "x=1 rel || F sc || y rlx; z acq");
    litmus_drop(&p, 1);
    litmus_drop(&p, 1);
    litmus_print(&p, text, sizeof text);
    assert_string_equal(text, "x=1 rel || z acq");
    assert_int_equal(p.threads, 2);
}

/* ---- the enumeration itself ---------------------------------------------------------------- */

/* The axioms of SC and TSO allow what a machine with store buffers does, and nothing else. */
static void expect_machine_agrees(const struct litmus *p, enum memory m,
                                  const struct executions *naive)
{
    struct executions machine = {0};
    bool only_naive;
    machine_explore(p, m == MEMORY_TSO, &machine);
    assert_int_equal(executions_duplicates(&machine), 0);
    if (executions_difference(naive, &machine, &only_naive)) {
        char text[LITMUS_TEXT];
        litmus_print(p, text, sizeof text);
        fail_msg("%s, %s: %zu by axioms, %zu by the machine", text, memory_names[m], naive->n,
                 machine.n);
    }
    executions_clear(&machine);
}

static void enumeration_agrees_with_a_machine(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, SEED + 1);
    for (unsigned long i = 0; i < programs() / 4 + 1; i++) {
        struct litmus p;
        struct executions naive[MEMORIES] = {{0}};
        litmus_random(&p, &r, false);
        enumerate(&p, 1 << MEMORY_SC | 1 << MEMORY_TSO, naive);
        for (unsigned m = MEMORY_SC; m <= MEMORY_TSO; m++) {
            expect_machine_agrees(&p, (enum memory)m, &naive[m]);
            executions_clear(&naive[m]);
        }
    }
}

/* Numbers of graphs that are published or can be counted by hand. */
static const struct {
    const char *text;
    size_t n[MEMORIES]; /* rc11, pldi17, sc, tso */
} classics[] = {
    /* store buffering: TSO only reorders a store with a later load */
    {"x=1 rlx; y rlx || y=1 rlx; x rlx", {4, 4, 3, 4}},
    {"x=1 sc; y sc || y=1 sc; x sc", {3, 3, 3, 3}},
    {"x=1 rlx; F sc; y rlx || y=1 rlx; F sc; x rlx", {3, 3, 3, 3}},
    {"x=1 rlx; z+=1 rlx; y rlx || y=1 rlx; w+=1 rlx; x rlx", {4, 4, 3, 3}},
    /* message passing, load buffering, 2+2W, R */
    {"x=1 rlx; y=1 rlx || y rlx; x rlx", {4, 4, 3, 3}},
    {"x=1 rlx; y=1 rel || y acq; x rlx", {3, 3, 3, 3}},
    {"x rlx; y=1 rlx || y rlx; x=1 rlx", {3, 3, 3, 3}},
    {"x=1 rlx; y=2 rlx || y=1 rlx; x=2 rlx", {4, 4, 3, 3}},
    {"x=1 rlx; y=1 rlx || y=2 rlx; x rlx", {4, 4, 3, 4}},
    /* independent reads of independent writes */
    {"x=1 rlx || y=1 rlx || x acq; y acq || y acq; x acq", {16, 16, 15, 15}},
    {"x=1 sc || y=1 sc || x sc; y sc || y sc; x sc", {15, 15, 15, 15}},
    {"x=1 rlx || y=1 rlx || x rlx; F sc; y rlx || y rlx; F sc; x rlx", {15, 15, 15, 15}},
    /* what only the order of seq_cst fences forbids: RWC, W+RWC, ISA2 between two of them */
    {"x=1 rlx || x rlx; F sc; y rlx || y=1 rlx; F sc; x rlx", {7, 7, 7, 7}},
    {"x=1 rlx; y=1 rel || y acq; F sc; z rlx || z=1 rlx; F sc; x rlx", {7, 7, 7, 7}},
    {"x=1 rlx; F sc; y=1 rel || y acq; z=1 rlx || z rlx; F sc; x rlx", {7, 7, 7, 7}},
    /* a later store of the same thread continues a release sequence only in C11 */
    {"x=1 rlx; y=1 rel; y=2 rlx || y acq; x rlx", {5, 4, 4, 4}},
    /* Z6.U of PLDI 2017: what C++20 forbids beyond it */
    {"x=1 sc; y=1 rel || y+=1 sc; y rlx || y=3 sc; x sc", {22, 24, 18, 18}},
    /* WWmerge1: the same about accesses to one variable around happens-before */
    {"x=1 sc; x=2 rel || x acq; y sc || y=1 sc; x sc", {17, 18, 15, 15}},
    /* a compare-exchange that fails acquires as its failure order says */
    {"y=1 rlx; x=1 rel || x?0:2 ar/rlx; y rlx", {4, 4, 3, 3}},
    {"y=1 rlx; x=1 rel || x?0:2 rlx/acq; y rlx", {3, 3, 3, 3}},
};

static void enumeration_knows_the_classics(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(classics); i++) {
        struct litmus p;
        struct executions set[MEMORIES] = {{0}};
        parse(&p, classics[i].text);
        enumerate(&p, COMPARE_ALL, set);
        for (unsigned m = 0; m < MEMORIES; m++) {
            if (set[m].n != classics[i].n[m])
                fail_msg("%s, %s: %zu, known: %zu", classics[i].text, memory_names[m], set[m].n,
                         classics[i].n[m]);
            if (m == MEMORY_SC || m == MEMORY_TSO)
                expect_machine_agrees(&p, (enum memory)m, &set[m]);
            executions_clear(&set[m]);
        }
    }
}

/* ---- known numbers ------------------------------------------------------------------------- */

/* Calls check for every line of counts.tsv; its result is the number of mistakes. */
static void for_each_count(unsigned (*check)(const struct litmus *, const struct litmus_count *))
{
    FILE *const f = fopen(QUEUELAB_SOURCE_DIR "/models/litmus/counts.tsv", "r");
    assert_non_null(f);
    char line[LITMUS_TEXT + 128];
    unsigned rows = 0, mistakes = 0;
    while (fgets(line, sizeof line, f)) {
        struct litmus_count c;
        const int kind = litmus_count_parse(&c, line);
        assert_true(kind >= 0);
        if (kind == 0)
            continue;
        struct litmus p;
        parse(&p, c.text);
        mistakes += check(&p, &c);
        rows++;
    }
    fclose(f);
    assert_int_equal(rows, ROWS);
    assert_int_equal(mistakes, 0);
}

static unsigned mistake(const struct litmus_count *c, const char *model, size_t n, size_t known)
{
    static unsigned shown;
    if (n != known && shown++ < SHOWN_MAX)
        print_error("%s, %s: %zu graphs, known: %zu\n", c->text, model, n, known);
    return n != known;
}

static unsigned check_enumeration(const struct litmus *p, const struct litmus_count *c)
{
    struct executions set[MEMORIES] = {{0}};
    enumerate(p, 1 << MEMORY_RC11 | 1 << MEMORY_SC, set);
    const unsigned n =
        mistake(c, "rc11", set[MEMORY_RC11].n, c->rc11) + mistake(c, "sc", set[MEMORY_SC].n, c->sc);
    executions_clear(&set[MEMORY_RC11]);
    executions_clear(&set[MEMORY_SC]);
    return n;
}

static unsigned check_checker(const struct litmus *p, const struct litmus_count *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) {
        const enum memory m = i < 2 ? MEMORY_RC11 : MEMORY_SC;
        struct executions set = {0};
        char why[1024];
        if (run_litmus(p, m, i % 2, &set, why, sizeof why)) {
            n += mistake(c, memory_names[m], set.n, m == MEMORY_SC ? c->sc : c->rc11);
        } else if (n++ == 0) {
            print_error("%s, %s: %s\n", c->text, memory_names[m], why);
        }
        executions_clear(&set);
    }
    return n;
}

static void checker_knows_the_classics(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(classics); i++) {
        struct litmus p;
        char why[1024];
        parse(&p, classics[i].text);
        if (!compare(&p, COMPARE_ALL, why, sizeof why))
            fail_msg("%s: %s", classics[i].text, why);
    }
}

static void enumeration_finds_known_counts(void **state)
{
    (void)state;
    for_each_count(check_enumeration);
}

static void checker_finds_known_counts(void **state)
{
    (void)state;
    for_each_count(check_checker);
}

/* ---- random programs ----------------------------------------------------------------------- */

static void expect_agreement(struct litmus *p, comparison *agrees, unsigned long number)
{
    char why[1024], text[LITMUS_TEXT], smaller[LITMUS_TEXT];
    if (agrees(p, COMPARE_ALL, why, sizeof why))
        return;
    litmus_print(p, text, sizeof text);
    compare_shrink(p, agrees, COMPARE_ALL, why, sizeof why);
    litmus_print(p, smaller, sizeof smaller);
    fail_msg("random program %lu: %s\n  smaller: %s\n  %s", number, text, smaller, why);
}

static void checker_agrees_on_random_programs(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, SEED);
    for (unsigned long i = 0; i < programs(); i++) {
        struct litmus p;
        litmus_random(&p, &r, false);
        expect_agreement(&p, compare, i);
    }
}

/* Found by chance among tens of thousands. */
static void checker_agrees_where_it_once_did_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        /* a revisit's relation was that of the place tried last, not of the one chosen */
        "y sc; x:=1 sc; y=2 sc || y=2 sc; z sc || z=2 sc || z=2 sc; x=2 sc; x sc",
        "x=1 sc; z sc || x rlx; z=2 sc || z=2 sc; x=2 sc",
        /* pldi17: what a read-modify-write passes on is not its thread's to release */
        "x+=1 sc; y=2 sc || y+=1 rlx; y=1 rlx || y sc; x sc",
    };
    for (unsigned long i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct litmus p;
        parse(&p, texts[i]);
        expect_agreement(&p, compare, i);
    }
}

/* Too large for the enumeration: the checker's two policies against each other, and against the
 * machine. */
static void checker_agrees_on_larger_programs(void **state)
{
    (void)state;
    struct stats_random r;
    stats_random_seed(&r, SEED + 2);
    for (unsigned long i = 0; i < programs() / 20 + 1; i++) {
        struct litmus p;
        litmus_random(&p, &r, true);
        expect_agreement(&p, compare_policies, i);
    }
}

static int group_setup(void **state)
{
    (void)state;
    return run_litmus_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notation_comes_back),
        cmocka_unit_test(notation_says_what_is_wrong),
        cmocka_unit_test(dropping_operations_keeps_the_rest),
        cmocka_unit_test(enumeration_knows_the_classics),
        cmocka_unit_test(enumeration_finds_known_counts),
        cmocka_unit_test(enumeration_agrees_with_a_machine),
        cmocka_unit_test(checker_knows_the_classics),
        cmocka_unit_test(checker_finds_known_counts),
        cmocka_unit_test(checker_agrees_on_random_programs),
        cmocka_unit_test(checker_agrees_where_it_once_did_not),
        cmocka_unit_test(checker_agrees_on_larger_programs),
    };
    return cmocka_run_group_tests(tests, group_setup, NULL);
}
