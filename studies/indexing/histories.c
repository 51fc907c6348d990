/* histories.c: what real threads saw of a map, before the monitor (studies/maps/monitor.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "studies/indexing/indexing.h"
#include "studies/maps/monitor.h"

enum { HOT = 12 }; /* keys that all threads want: few, so that they meet */

struct story {
    const struct map_driver *driver;
    void *map;
    struct map_event *event; /* `each` of them for each thread */
    size_t each;
    uint64_t seed;
    bool no_handle;
};

/* Most operations go to a few keys; every eighth inserts or removes one of this thread alone, so that
 * tables fill up and move meanwhile. */
static void act(void *context, unsigned t)
{
    struct story *const s = context;
    const struct map_driver *const d = s->driver;
    struct map_event *e = s->event + t * s->each;
    struct stats_random random;
    stats_random_seed(&random, s->seed + t);
    void *const h = d->attach(s->map);
    if (!h) {
        __atomic_store_n(&s->no_handle, true, __ATOMIC_RELAXED);
        return;
    }
    for (size_t i = 0; i < s->each; i++, e++) {
        uint64_t value = 0;
        enum map_status status;
        *e = (struct map_event){.key = key_of(1 + stats_random_below(&random, HOT)),
                                .given = 1 + (uint64_t)t * s->each + i,
                                .op = (uint8_t)stats_random_below(&random, d->add ? 4 : 3)};
        if (i % 8 == 0)
            e->key = key_of(1000 + (uint64_t)t * s->each + i - (i % 16 ? 8 : 0)),
            e->op = i % 16 ? MAP_REMOVE : MAP_INSERT;
        e->call = clock_ticks_fenced();
        switch (e->op) {
        case MAP_FIND:
            status = d->find(s->map, h, e->key, &value);
            break;
        case MAP_INSERT:
            status = d->insert(s->map, h, e->key, e->given);
            break;
        case MAP_REMOVE:
            status = d->remove(s->map, h, e->key, &value);
            break;
        default:
            /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): every driver has it */
            status = d->add(s->map, h, e->key, e->given, &value);
            break;
        }
        e->ret = clock_ticks_fenced();
        e->got = value;
        e->status = (uint8_t)status;
    }
    d->detach(s->map, h);
}

static void measure_history(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *sample)
{
    const unsigned threads = (unsigned)cell->number[0];
    const size_t n = (size_t)study_number(run, "history") / threads * threads;
    struct story s = {.driver = map_driver_named(cell->variant),
                      .event = malloc(n * sizeof *s.event),
                      .each = n / threads,
                      .seed = study_seed(run)};
    int error = 0;
    clock_calibrate();
    s.map =
        s.event && s.driver ? s.driver->create(&(struct map_config){.capacity = 1}, &error) : NULL;
    if (!s.map) {
        free(s.event);
        study_fail(sample, "cannot make the map: %s", strerror(error ? error : ENOMEM));
        return;
    }
    struct map_judgement j;
    if (together(threads, act, &s) < 0) {
        study_fail(sample, "cannot start threads");
        return;
    }
    const uint64_t from = clock_monotonic_ns();
    if (s.no_handle || map_monitor(s.event, n, &j) != 0) {
        study_fail(sample, "no memory");
        return;
    }
    study_put(sample, "operations", (double)n);
    study_put(sample, "keys", (double)j.keys);
    study_put(sample, "keys_wrong", (double)j.wrong);
    study_put(sample, "keys_undecided", (double)j.undecided);
    study_put(sample, "check_ns_per_op", (double)(clock_monotonic_ns() - from) / (double)n);
    /* What was wrong is a finding of the map, and not a failure of the sample, if it is known. */
    if (j.wrong && !s.driver->traits->wrong)
        study_fail(sample, "%s", j.why);
}

void plan_histories(struct plan *p, const struct study_run *run)
{
    static const unsigned counts[] = {2, 4, 8};
    for (unsigned t = 0; t < 3; t++)
        for (const struct map_driver *const *d = map_drivers; *d; d++) {
            if (study_quick(run) && counts[t] == 2)
                continue;
            if ((*d)->traits->peer) /* some do not say what a remove removed */
                continue;
            struct study_cell *const c = plan_add(p, "history", (*d)->id, "%u threads", counts[t]);
            c->measure = measure_history;
            c->number[0] = counts[t];
            c->rounds = study_quick(run) ? 3 : 6;
        }
}
