/* topology_test.c: orders of made-up machines, the balance of plans, and this machine's own. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/topology.h"
#include "queues/atomics.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void same_order(const int *got, const int *expected, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (got[i] != expected[i])
            fail_msg("place %u: processor %d, expected %d", i, got[i], expected[i]);
    }
}

/* ---- orders -------------------------------------------------------------------------------- */

/* The picture of topology.h: two packages of two cores of two threads, listed backwards. */
static void orders_of_the_picture(void **state)
{
    (void)state;
    static struct topology t;
    struct topology_place place[8];
    for (int i = 0; i < 8; i++)
        place[7 - i] = (struct topology_place){
            .cpu = i, .package = i / 4, .cache = i / 4, .core = i / 2, .numa = i / 4};
    topology_order(&t, place, 8);
    same_order(t.spread, (const int[]){0, 4, 2, 6, 1, 5, 3, 7}, 8);
    same_order(t.compact, (const int[]){0, 1, 2, 3, 4, 5, 6, 7}, 8);
    assert_int_equal(t.cpus, 8);
    assert_int_equal(t.cores, 4);
    assert_int_equal(t.sockets, 2);
    assert_int_equal(t.numa_nodes, 2);
}

/* Linux often numbers the second threads of all cores after the first ones: 0-3, then 4-7. */
static void siblings_numbered_apart(void **state)
{
    (void)state;
    static struct topology t;
    struct topology_place place[8];
    for (int i = 0; i < 8; i++)
        place[i] = (struct topology_place){.cpu = i, .core = i % 4};
    topology_order(&t, place, 8);
    same_order(t.spread, (const int[]){0, 1, 2, 3, 4, 5, 6, 7}, 8);
    same_order(t.compact, (const int[]){0, 4, 1, 5, 2, 6, 3, 7}, 8);
    assert_int_equal(t.cores, 4);
    assert_int_equal(t.sockets, 1);
}

static void last_level_caches_take_turns(void **state)
{
    (void)state;
    static struct topology t;
    struct topology_place place[6]; /* caches of 4 and of 2 cores */
    for (int i = 0; i < 6; i++)
        place[i] = (struct topology_place){.cpu = 10 + i, .cache = i < 4 ? 7 : 9, .core = 100 - i};
    topology_order(&t, place, 6);
    same_order(t.spread, (const int[]){13, 15, 12, 14, 11, 10}, 6);
    assert_int_equal(t.cores, 6);
}

/* ---- plans --------------------------------------------------------------------------------- */

static void machine(struct topology *t, unsigned cpus)
{
    memset(t, 0, sizeof *t);
    t->cpus = cpus;
    for (unsigned i = 0; i < cpus; i++) {
        t->spread[i] = (int)i;
        t->compact[i] = (int)(cpus - 1 - i);
    }
}

static void balanced(const int *cpu, unsigned n, unsigned cpus, const char *what)
{
    unsigned on[16] = {0}, least = UINT32_MAX, most = 0;
    for (unsigned k = 0; k < n; k++)
        on[cpu[k]]++;
    for (unsigned i = 0; i < cpus; i++) {
        least = on[i] < least ? on[i] : least;
        most = on[i] > most ? on[i] : most;
    }
    if (most - least > 1)
        fail_msg("%s: %u threads on %u processors lie %u to %u", what, n, cpus, least, most);
}

static void plans_are_balanced(void **state)
{
    (void)state;
    static struct topology t;
    static const char *const plans[] = {"spread", "compact"};
    int cpu[64];
    for (unsigned cpus = 1; cpus <= 9; cpus++) {
        machine(&t, cpus);
        for (unsigned i = 0; i < 2 * 18 * 18; i++) {
            const unsigned p = i / 2 / 18, c = i / 2 % 18;
            assert_int_equal(topology_plan(&t, plans[i % 2], p, c, cpu), 0);
            balanced(cpu, p, cpus, "producers");
            balanced(cpu + p, c, cpus, "consumers");
            balanced(cpu, p + c, cpus, "threads");
            if (p == 1 && c == 1 && cpus > 1)
                assert_int_not_equal(cpu[0], cpu[1]);
        }
    }
}

static void four_to_four_on_two(void **state)
{
    (void)state;
    static struct topology t;
    int cpu[8], producers_on_0 = 0, consumers_on_0 = 0;
    machine(&t, 2);
    assert_int_equal(topology_plan(&t, "spread", 4, 4, cpu), 0);
    for (int i = 0; i < 4; i++) {
        producers_on_0 += cpu[i] == 0;
        consumers_on_0 += cpu[4 + i] == 0;
    }
    assert_int_equal(producers_on_0, 2);
    assert_int_equal(consumers_on_0, 2);
}

static void other_plans(void **state)
{
    (void)state;
    static struct topology t;
    int cpu[4] = {7, 7, 7, 7};
    machine(&t, 3);
    assert_int_equal(topology_plan(&t, "none", 2, 1, cpu), 0);
    same_order(cpu, (const int[]){-1, -1, -1, 7}, 4); /* not beyond its end */
    assert_int_equal(topology_plan(&t, "sideways", 2, 1, cpu), EINVAL);
    assert_int_equal(topology_plan(&t, "", 2, 1, cpu), EINVAL);
    machine(&t, 0);
    assert_int_equal(topology_plan(&t, "spread", 1, 1, cpu), 0);
    same_order(cpu, (const int[]){-1, -1}, 2);
}

/* ---- this machine -------------------------------------------------------------------------- */

static void every_usable_processor_once(const struct topology *t, const cpu_set_t *mask)
{
    assert_int_equal(t->cpus, CPU_COUNT(mask));
    for (unsigned kind = 0; kind < 2; kind++) {
        cpu_set_t seen;
        CPU_ZERO(&seen);
        for (unsigned i = 0; i < t->cpus; i++)
            CPU_SET((size_t)(kind ? t->spread : t->compact)[i], &seen);
        assert_true(CPU_EQUAL(&seen, mask));
    }
    assert_in_range(t->cores, 1, t->cpus);
    assert_in_range(t->sockets, 1, t->cores);
    assert_in_range(t->numa_nodes, 1, t->cpus);
}

static void both_sources_agree(void **state)
{
    (void)state;
    static struct topology a, b;
    cpu_set_t mask;
    assert_int_equal(sched_getaffinity(0, sizeof mask, &mask), 0);
    assert_int_equal(topology_load(&a), 0);
    assert_int_equal(topology_load_affinity(&b), 0);
    every_usable_processor_once(&a, &mask);
    every_usable_processor_once(&b, &mask);
    assert_string_equal(b.source, "affinity");
    print_message("%s: %u processors, %u cores, %u sockets, %u NUMA nodes\n", a.source, a.cpus,
                  a.cores, a.sockets, a.numa_nodes);
    assert_int_equal(a.cores, b.cores);
    assert_int_equal(a.sockets, b.sockets);
}

static void only_the_affinity_mask(void **state)
{
    (void)state;
    static struct topology t;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    assert_int_equal(topology_load(&t), 0);
    const int last = t.compact[t.cpus - 1];
    CPU_ZERO(&one);
    CPU_SET((size_t)last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(topology_load(&t), 0);
    sched_setaffinity(0, sizeof before, &before);
    every_usable_processor_once(&t, &one);
    assert_int_equal(topology_load(&t), 0);
    every_usable_processor_once(&t, &before);
}

static void pinning(void **state)
{
    (void)state;
    static struct topology t;
    cpu_set_t before, now;
    assert_int_equal(topology_load(&t), 0);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (unsigned i = 0; i < t.cpus; i++) {
        assert_int_equal(topology_pin(t.spread[i]), 0);
        assert_int_equal(sched_getcpu(), t.spread[i]);
    }
    assert_int_equal(topology_pin(-1), 0);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, &before));
    assert_int_equal(topology_pin(100000), EINVAL);
    if (sysconf(_SC_NPROCESSORS_CONF) < TOPOLOGY_CPUS_MAX)
        assert_int_equal(topology_pin(TOPOLOGY_CPUS_MAX - 1), EINVAL);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, &before)); /* a refusal changes nothing */
}

/* ---- the round trip ------------------------------------------------------------------------ */

static void no_round_trip(void **state)
{
    (void)state;
    assert_true(topology_round_trip_ns(0, 0) <= 0);
    assert_true(topology_round_trip_ns(-1, 0) <= 0);
    assert_true(topology_round_trip_ns(0, -1) <= 0);
    assert_true(topology_round_trip_ns(0, 100000) <= 0);
    assert_true(topology_round_trip_ns(100000, 0) <= 0);
}

static atomic(bool) enough;

static void *hog(void *arg)
{
    topology_pin(*(const int *)arg);
    while (!a_load(&enough, relaxed))
        a_pause();
    return NULL;
}

static void a_round_trip_while_others_work(void **state)
{
    (void)state;
    static struct topology t;
    cpu_set_t before, after;
    assert_int_equal(topology_load(&t), 0);
    if (t.cpus < 2)
        skip();
    int a = t.spread[0], b = t.spread[1];
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (unsigned hogs = 0; hogs <= 2; hogs++) { /* with none, on one side, on both */
        pthread_t thread[2];
        a_init(&enough, false);
        for (unsigned i = 0; i < hogs; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, hog, i ? &a : &b), 0);
        const double ns = topology_round_trip_ns(a, b);
        a_store(&enough, true, relaxed);
        for (unsigned i = 0; i < hogs; i++)
            pthread_join(thread[i], NULL);
        print_message("round trip %d-%d, %u processors busy otherwise: %.1f ns, %s\n", a, b, hogs,
                      ns, topology_state(ns, ns));
        assert_true(ns > 1); /* light crosses 30 cm in 1 ns */
    }
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
}

static void states(void **state)
{
    (void)state;
    static const struct {
        double before, after;
        const char *word;
    } cases[] = {
        {0, 0, "one"},      {0, 50, "mixed"},       {50, 0, "mixed"},   {50, 74, "shared"},
        {50, 76, "mixed"},  {76, 50, "mixed"},      {25, 140, "mixed"}, {140, 340, "mixed"},
        {20, 28, "shared"}, {69.9, 69.9, "shared"}, {70, 70, "near"},   {60, 80, "shared"},
        {65, 80, "near"},   {249, 249, "near"},     {250, 250, "far"},  {240, 270, "far"},
        {220, 270, "near"}, {340, 300, "far"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(topology_state(cases[i].before, cases[i].after), cases[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_the_picture),
        cmocka_unit_test(siblings_numbered_apart),
        cmocka_unit_test(last_level_caches_take_turns),
        cmocka_unit_test(plans_are_balanced),
        cmocka_unit_test(four_to_four_on_two),
        cmocka_unit_test(other_plans),
        cmocka_unit_test(both_sources_agree),
        cmocka_unit_test(only_the_affinity_mask),
        cmocka_unit_test(pinning),
        cmocka_unit_test(no_round_trip),
        cmocka_unit_test(a_round_trip_while_others_work),
        cmocka_unit_test(states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
