/* sweep_plan_test.c: the full plan tries every setting of what is swept, the quick one when asked, and
 * a sample has the setting that its record names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/backoff.h"
#include "harness/plan.h"
#include "harness/run.h"
#include "harness/sweep.h"

#undef Q_BACKOFF_MAX
#define Q_BACKOFF_MAX harness_backoff_max
#include "queues/pause.h"

static const char *const swept[] = {"backoff", "segment"};

static struct plan make(const char *name, const char *queue, const char *workload)
{
    struct plan p;
    char message[256];
    const struct plan_options o = {
        .name = name, .pin = "spread", .seed = 1, .queue = queue, .workload = workload};
    if (plan_make(&p, &o, message, sizeof message) != 0)
        fail_msg("%s", message);
    return p;
}

static size_t cells_of(const struct plan *p, const char *workload, const char *queue)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += strcmp(p->cells[i].workload->name, workload) == 0 &&
             (!queue || strcmp(p->cells[i].driver->name, queue) == 0);
    return n;
}

static void the_full_plan_has_all_settings(void **state)
{
    (void)state;
    struct plan full = make("full", NULL, NULL), quick = make("quick", NULL, NULL);
    for (size_t w = 0; w < 2; w++) {
        const struct sweep *const s = sweep_find(swept[w]);
        assert_non_null(s);
        assert_int_equal(cells_of(&quick, swept[w], NULL), 0);
        size_t queues = 0, teams = 0;
        for (const char *const *q = s->queues; *q; q++, queues++) {
            const size_t n = cells_of(&full, swept[w], *q);
            assert_true(n >= 3 * s->n && n % s->n == 0);
            assert_true(teams == 0 || teams == n);
            teams = n;
        }
        assert_int_equal(cells_of(&full, swept[w], NULL), queues * teams);
    }
    /* no two have one name: a resumed run tells them apart by it */
    char(*const names)[160] = calloc(full.n, sizeof *names);
    assert_non_null(names);
    for (size_t i = 0; i < full.n; i++) {
        struct record r = {.ok = true};
        cell_describe(&full.cells[i], &r);
        record_cell_name(&r, names[i], sizeof names[i]);
    }
    for (size_t i = 0; i < full.n; i++)
        for (size_t k = 0; sweep_find(full.cells[i].workload->name) && k < i; k++)
            assert_string_not_equal(names[i], names[k]);
    free(names);
    plan_free(&full);
    plan_free(&quick);
}

static void any_queue_is_swept_when_asked_for(void **state)
{
    (void)state;
    struct plan p = make("quick", NULL, "backoff");
    assert_true(p.n > 0);
    assert_int_equal(p.n, cells_of(&p, "backoff", NULL));
    assert_int_equal(cells_of(&p, "backoff", "segment_ms"), 0);
    plan_free(&p);
    p = make("quick", "segment_ms", "backoff");
    assert_true(p.n > 0);
    assert_int_equal(p.n, cells_of(&p, "backoff", "segment_ms"));
    plan_free(&p);
}

/* A queue that did not read the parameter would show the same figures in all settings. */
static void what_is_swept_is_read(void **state)
{
    static const char *const read_as[] = {"q_backoff(", "cfg->segment"};
    (void)state;
    for (size_t w = 0; w < 2; w++)
        for (const char *const *q = sweep_find(swept[w])->queues; *q; q++) {
            char path[512], line[512];
            bool found = false;
            snprintf(path, sizeof path, "%s/queues/%s.h", QUEUELAB_SOURCE_DIR, *q);
            FILE *f = fopen(path, "r");
            if (!f)
                fail_msg("no %s", path);
            while (!found && fgets(line, sizeof line, f))
                found = strstr(line, read_as[w]) != NULL;
            fclose(f);
            if (!found)
                fail_msg("%s does not read %s", path, read_as[w]);
        }
}

static void pauses_grow_up_to_the_setting(void **state)
{
    (void)state;
    unsigned step = 0;
    harness_backoff_max = 16;
    q_backoff(&step); /* 4 */
    assert_int_equal(step, 8);
    for (unsigned i = 0; i < 5; i++)
        q_backoff(&step);
    assert_int_equal(step, 16);
    harness_backoff_max = 2; /* the checker's programs have 1: they must pause, too */
    step = 0;
    q_backoff(&step);
    assert_int_equal(step, 2);
    harness_backoff_max = 0;
    step = 0;
    q_backoff(&step);
    q_backoff(&step);
    assert_int_equal(step, 1); /* and none of it was paused */
}

static struct record measure(const char *queue, const char *workload, unsigned backoff,
                             uint64_t segment)
{
    static struct topology topology;
    struct cell c = {.driver = q_driver_find(queue, 8, "inline"),
                     .workload = workload_find(workload),
                     .producers = 1,
                     .consumers = 1,
                     .batch = 1,
                     .capacity = 1024,
                     .pin = "spread",
                     .every = 1,
                     .backoff_max = backoff,
                     .segment = segment,
                     .ns_per_item = 100};
    const struct run_options o = {.topology = &topology,
                                  .target_ns = 2000000,
                                  .timeout_ns = 60000000000u,
                                  .in_process = true};
    struct record r;
    assert_non_null(c.driver);
    assert_int_equal(topology_load(&topology), 0);
    assert_int_equal(run_sample(&c, &o, &r), 0);
    if (!r.ok)
        fail_msg("%s: %s", queue, r.error);
    return r;
}

static void a_sample_has_its_setting(void **state)
{
    (void)state;
    struct record r = measure("array_mpmc", "backoff", 16, 0);
    assert_int_equal(r.backoff_max, 16);
    assert_int_equal(harness_backoff_max, 16);
    r = measure("array_mpmc", "mpmc", 16, 0); /* sweeps nothing */
    assert_true(r.backoff_max != 16);
    assert_int_equal(harness_backoff_max, r.backoff_max);

    /* A fresh queue of long segments holds more than one of short ones. */
    const struct record small = measure("segment_ring", "segment", 0, 64),
                        large = measure("segment_ring", "segment", 0, 65536);
    assert_int_equal(small.segment, 64);
    assert_true(large.bytes_peak >= 65536 * 16);
    assert_true(small.bytes_left < large.bytes_left);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_full_plan_has_all_settings),
        cmocka_unit_test(any_queue_is_swept_when_asked_for),
        cmocka_unit_test(what_is_swept_is_read),
        cmocka_unit_test(pauses_grow_up_to_the_setting),
        cmocka_unit_test(a_sample_has_its_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
