/* study_maps_test.c: every map of the studies, as its header promises: alone against a plain array,
 * with threads against the books and the monitor, and without memory. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness/clock.h"
#include "harness/stats.h"
#include "studies/maps/monitor.h"
#include "tests/scale.h"

enum { THREADS = 4, KEYS = 600 };

#define EACH_MAP(d) for (const struct map_driver *const *d = map_drivers; *d; d++)

/* Keys of all kinds; 0 and the largest are for maps that promise to take any. */
static uint64_t key_at(const struct map_driver *d, uint64_t i)
{
    if (!d->traits->peer && i < 2)
        return i ? UINT64_MAX : 0;
    i++;
    return i % 3 == 0 ? i : i % 3 == 1 ? i << 40 : i * 0x9e3779b97f4a7c15u >> 2;
}

/* ---- one thread -------------------------------------------------------------------------------- */

struct seen {
    const struct map_driver *d;
    const uint64_t *value;
    unsigned times[KEYS];
};
static void visit(void *context, uint64_t key, uint64_t value)
{
    struct seen *const s = context;
    for (uint64_t i = 0; i < KEYS; i++)
        if (key_at(s->d, i) == key) {
            s->times[i]++;
            assert_int_equal(value, s->value[i]);
            return;
        }
    fail_msg("%s: a key that was never there", s->d->id);
}

static void as_a_plain_array(void **state)
{
    (void)state;
    EACH_MAP(p)
    {
        const struct map_driver *const d = *p;
        static uint64_t value[KEYS]; /* UINT64_MAX: not there */
        struct stats_random random;
        int error;
        void *const map = d->create(&(struct map_config){.capacity = 1}, &error);
        assert_non_null(map);
        void *const h = d->attach(map);
        assert_non_null(h);
        size_t size = 0;
        memset(value, 0xff, sizeof value);
        stats_random_seed(&random, 1);
        for (unsigned n = 0; n < (unsigned)(60000 * test_scale()) + 6000; n++) {
            const uint64_t i = stats_random_below(&random, KEYS), key = key_at(d, i);
            const uint64_t given = stats_random_next(&random) & MAP_VALUE_MAX;
            const bool there = value[i] != UINT64_MAX;
            uint64_t got = 7;
            switch (stats_random_below(&random, d->add ? 4 : 3)) {
            case 0:
                assert_int_equal(d->find(map, h, key, &got), there ? MAP_OK : MAP_ABSENT);
                assert_true(!there || got == value[i]);
                break;
            case 1:
                assert_int_equal(d->insert(map, h, key, given), there ? MAP_PRESENT : MAP_OK);
                size += !there;
                value[i] = there ? value[i] : given;
                break;
            case 2:
                assert_int_equal(d->remove(map, h, key, &got), there ? MAP_OK : MAP_ABSENT);
                assert_true(!there || d->traits->peer || got == value[i]);
                size -= there;
                value[i] = UINT64_MAX;
                break;
            default:
                assert_int_equal(d->add(map, h, key, given, &got), there ? MAP_OK : MAP_ABSENT);
                assert_int_equal(got, there ? value[i] : 0);
                value[i] = ((there ? value[i] : 0) + given) & MAP_VALUE_MAX;
                size += !there;
                break;
            }
        }
        if (d->each) {
            static struct seen seen;
            seen = (struct seen){.d = d, .value = value};
            assert_int_equal(d->size(map), size);
            assert_int_equal(d->each(map, h, visit, &seen), size);
            for (uint64_t i = 0; i < KEYS; i++)
                assert_int_equal(seen.times[i], value[i] != UINT64_MAX);
        }
        d->detach(map, h);
        d->destroy(map);
    }
}

static void without_memory(void **state)
{
    (void)state;
    EACH_MAP(p)
    {
        const struct map_driver *const d = *p;
        if (d->traits->peer)
            continue;
        bool refused = false, whole = false;
        for (uint64_t at = 1; at < 200 && !whole; at++) {
            int error;
            uint64_t value, there = 0;
            void *const map =
                d->create(&(struct map_config){.capacity = 1, .alloc_fails_at = at}, &error);
            if (!map)
                continue;
            void *const h = d->attach(map);
            for (uint64_t i = 0; h && i < KEYS; i++) {
                const enum map_status s = d->insert(map, h, i, i);
                const bool again = s == MAP_NOMEM && d->insert(map, h, i, i) == MAP_OK;
                refused |= s == MAP_NOMEM;
                assert_true(s == MAP_OK || again); /* later there is memory again */
                there++;
            }
            for (uint64_t i = 0; h && i < KEYS; i++)
                assert_true(d->find(map, h, i, &value) == MAP_OK && value == i);
            if (h) {
                assert_int_equal(d->size(map), there);
                d->detach(map, h);
            }
            d->destroy(map);
        }
        assert_true(refused ||
                    strcmp(d->id, "map_lockfree") == 0); /* which can do with less room */
    }
}

static void memory_is_counted(void **state)
{
    (void)state;
    EACH_MAP(p)
    {
        const struct map_driver *const d = *p;
        int error;
        uint64_t value;
        if (!d->bytes)
            continue;
        void *const map = d->create(&(struct map_config){.capacity = 1}, &error), *const h =
                                                                                      d->attach(
                                                                                          map);
        for (uint64_t i = 0; i < 12000 + (uint64_t)(80000 * test_scale()); i++) { /* 16 at a time */
            assert_int_equal(d->insert(map, h, i, i), MAP_OK);
            if (i >= 16)
                assert_int_equal(d->remove(map, h, i - 16, &value), MAP_OK);
        }
        assert_true(d->bytes(map).now <= d->bytes(map).peak);
        if (!d->traits->wrong) /* that one keeps all entries */
            assert_true(d->bytes(map).peak < 200000);
        d->detach(map, h);
        d->destroy(map);
    }
}

/* ---- threads ----------------------------------------------------------------------------------- */

struct crowd {
    const struct map_driver *d;
    void *map;
    size_t each;
    uint64_t added[THREADS][KEYS];
    struct map_event *event;
};
struct one {
    struct crowd *crowd;
    unsigned t;
};

static void together(void *(*body)(void *), struct crowd *crowd)
{
    pthread_t thread[THREADS];
    struct one one[THREADS];
    for (unsigned t = 0; t < THREADS; t++) {
        one[t] = (struct one){crowd, t};
        assert_int_equal(pthread_create(&thread[t], NULL, body, &one[t]), 0);
    }
    for (unsigned t = 0; t < THREADS; t++)
        pthread_join(thread[t], NULL);
}

/* Each thread counts under keys of all, beside keys of its own that come and go, so that tables are
 * outgrown all the time. */
static void *counts(void *arg)
{
    const struct one *const o = arg;
    const struct map_driver *const d = o->crowd->d;
    void *const h = d->attach(o->crowd->map);
    struct stats_random random;
    uint64_t value;
    stats_random_seed(&random, o->t);
    for (uint64_t n = 0; h && n < o->crowd->each; n++) {
        const uint64_t i = stats_random_below(&random, KEYS), mine = (uint64_t)(o->t + 1) << 32 | n;
        if (d->add(o->crowd->map, h, i, 3, &value) != MAP_NOMEM)
            o->crowd->added[o->t][i] += 3;
        if (d->insert(o->crowd->map, h, mine, n) != MAP_OK ||
            (n >= 8 && d->remove(o->crowd->map, h, mine - 8, &value) != MAP_OK) ||
            (n >= 8 && value != n - 8))
            abort();
    }
    if (h)
        d->detach(o->crowd->map, h);
    return h;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    EACH_MAP(p)
    {
        static struct crowd c;
        int error;
        if (!(*p)->add || (*p)->traits->wrong)
            continue;
        c = (struct crowd){.d = *p, .each = (size_t)(40000 * test_scale()) + 200};
        c.map = c.d->create(&(struct map_config){.capacity = 1}, &error);
        assert_non_null(c.map);
        together(counts, &c);
        void *const h = c.d->attach(c.map);
        size_t size = (size_t)THREADS * 8;
        for (uint64_t i = 0; i < KEYS; i++) {
            uint64_t sum = 0, value = 0;
            for (unsigned t = 0; t < THREADS; t++)
                sum += c.added[t][i];
            assert_int_equal(c.d->find(c.map, h, i, &value), sum ? MAP_OK : MAP_ABSENT);
            assert_int_equal(value, sum);
            size += sum != 0;
        }
        assert_int_equal(c.d->size(c.map), size);
        c.d->detach(c.map, h);
        c.d->destroy(c.map);
    }
}

/* What threads see of a few keys, for the monitor. */
static void *lives(void *arg)
{
    const struct one *const o = arg;
    const struct map_driver *const d = o->crowd->d;
    void *const map = o->crowd->map, *const h = d->attach(map);
    struct map_event *e = o->crowd->event + o->t * o->crowd->each;
    struct stats_random random;
    stats_random_seed(&random, 100 + o->t);
    for (size_t n = 0; n < o->crowd->each; n++, e++) {
        uint64_t got = 0;
        enum map_status s;
        *e = (struct map_event){.key = stats_random_below(&random, 6),
                                .given = (uint64_t)o->t << 40 | n,
                                .op = (uint8_t)stats_random_below(&random, 4)};
        if (n % 4 == 0) /* so that tables move */
            e->key = (uint64_t)(o->t + 1) << 32 | n, e->op = MAP_INSERT;
        e->call = clock_ticks_fenced();
        s = e->op == MAP_FIND     ? d->find(map, h, e->key, &got)
            : e->op == MAP_INSERT ? d->insert(map, h, e->key, e->given)
            : e->op == MAP_REMOVE ? d->remove(map, h, e->key, &got)
                                  : d->add(map, h, e->key, e->given, &got);
        e->ret = clock_ticks_fenced();
        e->got = got;
        e->status = (uint8_t)s;
    }
    d->detach(map, h);
    return NULL;
}

static void histories_are_linearizable(void **state)
{
    (void)state;
    clock_calibrate();
    EACH_MAP(p)
    {
        static struct crowd c;
        struct map_judgement j;
        int error;
        if (!(*p)->add || (*p)->traits->wrong)
            continue;
        c = (struct crowd){.d = *p, .each = (size_t)(20000 * test_scale()) + 200};
        c.event = malloc(THREADS * c.each * sizeof *c.event);
        c.map = c.d->create(&(struct map_config){.capacity = 1}, &error);
        assert_true(c.event && c.map);
        together(lives, &c);
        assert_int_equal(map_monitor(c.event, THREADS * c.each, &j), 0);
        if (j.wrong)
            fail_msg("%s: %s", c.d->id, j.why);
        assert_int_equal(j.undecided, 0);
        c.d->destroy(c.map);
        free(c.event);
    }
}

/* A reader that stands still holds up no other; when it goes on, memory is given back. */
static void a_stopped_reader(void **state)
{
    (void)state;
    EACH_MAP(p)
    {
        const struct map_driver *const d = *p;
        int error;
        uint64_t value;
        if (!d->stop || d->traits->wrong)
            continue;
        void *const map = d->create(&(struct map_config){.capacity = 1}, &error),
                    *const reader = d->attach(map), *const writer = d->attach(map);
        d->stop(map, reader);
        for (uint64_t i = 0; i < 20000; i++) {
            assert_int_equal(d->insert(map, writer, i, i), MAP_OK);
            if (i >= 16)
                assert_int_equal(d->remove(map, writer, i - 16, &value), MAP_OK);
        }
        const size_t held = d->bytes(map).now;
        assert_int_equal(d->find(map, reader, 19999, &value), MAP_OK); /* goes on, and leaves */
        for (uint64_t i = 20000; i < 21500; i++) {
            assert_int_equal(d->insert(map, writer, i, i), MAP_OK);
            assert_int_equal(d->remove(map, writer, i - 16, &value), MAP_OK);
        }
        assert_true(d->bytes(map).now < held / 4);
        d->detach(map, reader);
        d->detach(map, writer);
        d->destroy(map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_a_plain_array),           cmocka_unit_test(without_memory),
        cmocka_unit_test(memory_is_counted),          cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(histories_are_linearizable), cmocka_unit_test(a_stopped_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
