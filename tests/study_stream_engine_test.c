/* study_stream_engine_test.c: the parts of the stream engine: records, stores, the guard, the engine in
 * every way against a plain evaluation, and the study in small. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/whole_file.h"
#include "studies/observation_queue/team.h"
#include "studies/stream_engine/cells.h"
#include "studies/study_file.h"
#include "tests/scale.h"

extern const struct study study_stream_engine;

static char directory[] = "/tmp/study_stream_engine_test.XXXXXX", path[64];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/records", directory);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- records ------------------------------------------------------------------------------------- */

static void a_copy_shares_nothing(void **state)
{
    struct stream s;
    (void)state;
    assert_int_equal(stream_draw(&s, 10, 3, 0, 1), 0);
    struct record *const c = record_clone(&s.record[4]);
    assert_non_null(c);
    assert_string_equal(c->key, s.record[4].key);
    assert_ptr_not_equal(c->key, s.record[4].key);
    assert_true(c->number == s.record[4].number && c->hash == record_hash(c->key));
    for (unsigned i = 0; i < RECORD_FIELDS; i++) {
        assert_string_equal(c->field[i], s.record[4].field[i]);
        assert_ptr_not_equal(c->field[i], s.record[4].field[i]);
    }
    stream_free(&s);
    assert_true(strlen(c->key) > 3); /* still there */
    record_drop(c);
}

static void skew_is_drawn(void **state)
{
    struct stream even, skewed;
    size_t first[2] = {0, 0};
    (void)state;
    assert_int_equal(stream_draw(&even, 5000, 100, 0, 1), 0);
    assert_int_equal(stream_draw(&skewed, 5000, 100, 0.99, 1), 0);
    for (size_t i = 0; i < 5000; i++) {
        assert_in_range(even.record[i].group, 0, 99);
        assert_string_equal(even.record[i].key, even.key[even.record[i].group]);
        first[0] += even.record[i].group == 0;
        first[1] += skewed.record[i].group == 0;
    }
    assert_in_range(first[0], 10, 120);
    assert_true(first[1] > 500);
    stream_free(&even);
    stream_free(&skewed);
}

static void write_file(const char *text, size_t size)
{
    assert_int_equal(whole_write(path, text, size), 0);
}

static void a_file_is_read(void **state)
{
    static const char text[] = "# time key number\n"
                               "100 b 5 some text\n"
                               "\n"
                               "100 a -7\r\n"
                               "250 b 1 x y z\n"
                               "1000 c 0\n";
    struct stream s;
    char message[256];
    (void)state;
    write_file(text, sizeof text - 1);
    assert_int_equal(stream_read(&s, path, message, sizeof message), 0);
    assert_int_equal(s.n, 4);
    assert_int_equal(s.groups, 3);
    assert_string_equal(s.key[0], "a");
    assert_string_equal(s.key[2], "c");
    assert_int_equal(s.record[0].group, 1);
    assert_int_equal(s.record[1].number, -7);
    assert_int_equal(s.record[2].group, 1);
    assert_string_equal(s.record[0].field[1], "text");
    assert_string_equal(s.record[1].field[0], "");
    assert_int_equal(s.record[3].time, 900);
    assert_true(s.record[0].hash == s.record[2].hash && s.record[0].hash != s.record[1].hash);
    /* 0 0 150 | 900: and empty windows between do not count */
    assert_int_equal(stream_cut(&s, 200, 2), 2);
    assert_int_equal(s.windows, 2);
    assert_true(s.record[2].window == 0 && s.record[3].window == 1);
    assert_int_equal(stream_cut(&s, 100, 4), 3);
    assert_int_equal(s.windows, 3);
    stream_free(&s);
}

static void a_bad_file_is_named(void **state)
{
    static const struct {
        const char *text;
        size_t size; /* 0: all of it */
        const char *words;
    } files[] = {{"1 a 1\n2 b\n", 0, ":2: there are fewer than three words"},
                 {"1 a 1\nx b 3\n", 0, ":2: the time is no whole number"},
                 {"1 a 1\n\n-2 b 3\n", 0, ":3: the time is no whole number"},
                 {"1 a 1.5\n", 0, ":1: the third word is no whole number"},
                 {"1 a 99999999999\n", 0, ":1: the third word is no whole number"},
                 {"5 a 1\n4 b 3\n", 0, ":2: its time is before"},
                 {"1 a 1\n2 b 3", 0, ":2: the file ends in the middle"},
                 {"1 a\0b 1\n", 8, ":1: it is binary"},
                 {"# nothing\n", 0, ": there are no records"},
                 {"", 0, ": there are no records"}};
    struct stream s;
    char message[256];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        write_file(files[i].text, files[i].size ? files[i].size : strlen(files[i].text));
        assert_int_equal(stream_read(&s, path, message, sizeof message), EILSEQ);
        assert_int_equal(strncmp(message, path, strlen(path)), 0);
        assert_non_null(strstr(message, files[i].words));
        assert_null(s.record);
    }
    assert_int_equal(stream_read(&s, "/no/such/file", message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "/no/such/file: No such file"));
}

/* ---- guard ----------------------------------------------------------------------------------------- */

struct guarded {
    struct guard guard;
    struct guard_waiter waiter[8];
    uint64_t turns, n;
};

static void guarded_thread(void *arg, unsigned index)
{
    struct guarded *const g = arg;
    for (uint64_t i = 0; i < g->turns; i++) {
        guard_lock(&g->guard, &g->waiter[index]);
        g->n++;
        guard_unlock(&g->guard);
    }
}

static void one_at_a_time(void **state)
{
    (void)state;
    for (unsigned kind = GUARD_MUTEX; kind <= GUARD_FAIR; kind++) {
        struct guarded g = {.turns = scaled(20000, 200)};
        guard_init(&g.guard, (enum guard_kind)kind);
        assert_true(team_run(0, 4, guarded_thread, &g) >= 0);
        assert_int_equal(g.n, 4 * g.turns);
        guard_destroy(&g.guard);
    }
}

/* ---- stores ----------------------------------------------------------------------------------------- */

struct filling {
    struct store store;
    uint64_t turns, hash; /* 0: each key its own */
    atomic(unsigned) failed;
};

enum { FILL_KEYS = 40 };

static void filling_thread(void *arg, unsigned index)
{
    struct filling *const f = arg;
    struct store_handle h;
    char key[16];
    if (store_attach(&f->store, &h)) {
        a_add(&f->failed, 1, relaxed);
        return;
    }
    for (uint64_t i = 0; i < f->turns; i++) {
        const uint32_t k = (uint32_t)((i + index) % FILL_KEYS);
        const int64_t number = (int64_t)i * (k % 2 ? 1 : -1);
        struct change c;
        snprintf(key, sizeof key, "key %u", k);
        const struct update u = {.hash = f->hash ? f->hash : record_hash(key),
                                 .key = key,
                                 .group = k,
                                 .count = 1,
                                 .sum = number,
                                 .least = number,
                                 .most = number};
        if (!store_update(&f->store, &h, &u, &c) || c.count != c.before + 1)
            a_add(&f->failed, 1, relaxed);
    }
    store_detach(&f->store, &h);
}

/* All counts and sums are there, also where all keys have one hash. */
static void check_store(enum store_kind kind, uint64_t hash, unsigned threads)
{
    struct filling f = {.turns = scaled(20000, 400), .hash = hash};
    assert_int_equal(store_init(&f.store, kind, 8, 0), 0); /* it has to grow */
    assert_true(team_run(0, threads, filling_thread, &f) >= 0);
    assert_int_equal(a_load(&f.failed, relaxed), 0);
    uint64_t count = 0, seen = 0;
    int64_t sum = 0, expected = 0;
    struct group *const all = store_take(&f.store);
    for (const struct group *g = all; g; g = g->made) {
        const struct update u = group_all(g);
        char key[16];
        snprintf(key, sizeof key, "key %u", g->number);
        assert_string_equal(g->key, key);
        assert_false(seen >> g->number & 1);
        seen |= (uint64_t)1 << g->number;
        assert_true(g->number % 2 ? u.least >= 0 : u.most <= 0);
        assert_true(u.least <= u.most && u.most - u.least < (int64_t)f.turns);
        count += u.count;
        sum += u.sum;
    }
    for (unsigned t = 0; t < threads; t++)
        for (uint64_t i = 0; i < f.turns; i++)
            expected += (int64_t)i * ((i + t) % FILL_KEYS % 2 ? 1 : -1);
    assert_int_equal(seen, ((uint64_t)1 << FILL_KEYS) - 1);
    assert_int_equal(count, f.turns * threads);
    assert_int_equal(sum, expected);
    groups_free(all);
    store_destroy(&f.store);
}

static void stores_keep_every_update(void **state)
{
    (void)state;
    for (unsigned kind = STORE_PLAIN; kind <= STORE_ATOMIC; kind++) {
        if (kind == STORE_DASHMAP && !store_has_dashmap())
            continue;
        const unsigned threads = kind == STORE_PLAIN ? 1 : 4;
        check_store((enum store_kind)kind, 0, threads);
        check_store((enum store_kind)kind, 7, threads);
    }
}

static void rows_are_the_last_ones(void **state)
{
    struct store s;
    struct change c;
    (void)state;
    assert_int_equal(store_init(&s, STORE_PLAIN, 8, 3), 0);
    int64_t last[3] = {0, 0, 0};
    for (int64_t i = 1; i <= 10; i++) {
        const struct update u = {
            .hash = 1, .key = "k", .count = 1, .sum = i * i, .order = (uint64_t)i};
        assert_true(store_update(&s, NULL, &u, &c));
        last[i % 3] = i * i;
        assert_int_equal(c.rows_sum, last[0] + last[1] + last[2]);
        assert_false(c.overtaken);
    }
    const struct update late = {.hash = 1, .key = "k", .count = 1, .order = 9};
    assert_true(store_update(&s, NULL, &late, &c));
    assert_true(c.overtaken);
    store_destroy(&s);
}

/* ---- the engine -------------------------------------------------------------------------------------- */

#define WAY(guard, per_batch, state, passing, metering)                                            \
    {                                                                                              \
#state " behind " #guard, guard, per_batch, state, passing, metering                       \
    }
static const struct way ways[] = {
    WAY(GUARD_FAIR, false, STATE_PLAIN, PASS_CLONE, METER_MUTEX),
    WAY(GUARD_MUTEX, true, STATE_PLAIN, PASS_COUNTED, METER_ATOMIC),
    WAY(GUARD_RWLOCK, false, STATE_PLAIN, PASS_BORROWED, METER_OWN),
    WAY(GUARD_NONE, false, STATE_SHARDED, PASS_CLONE, METER_MUTEX),
    WAY(GUARD_FAIR, true, STATE_SHARDED, PASS_COUNTED, METER_MUTEX),
    WAY(GUARD_NONE, false, STATE_DASHMAP, PASS_BORROWED, METER_OWN),
    WAY(GUARD_NONE, false, STATE_ENTRY, PASS_BORROWED, METER_OWN),
    WAY(GUARD_NONE, false, STATE_ATOMIC, PASS_CLONE, METER_OWN),
    WAY(GUARD_NONE, false, STATE_PARTIAL, PASS_BORROWED, METER_OWN),
    WAY(GUARD_NONE, false, STATE_OWN, PASS_BORROWED, METER_OWN),
    WAY(GUARD_NONE, false, STATE_PARTITIONED, PASS_COUNTED, METER_OWN),
};

static struct stream stream;

static struct engine_config config_of(const struct way *way, enum scenario scenario,
                                      unsigned workers)
{
    return (struct engine_config){.stream = &stream,
                                  .way = way,
                                  .scenario = scenario,
                                  .queue = "array_mpmc",
                                  .workers = workers,
                                  .producers = 1,
                                  .rows = 5,
                                  .batch = 64,
                                  .depth = 4,
                                  .seconds = 30,
                                  .most = scaled(250, 30)};
}

static void every_way_gives_the_same(void **state)
{
    char message[256];
    unsigned ran[TUMBLING_CHANGES + 1] = {0};
    (void)state;
    /* The last batch of a lap is short. */
    assert_int_equal(stream_draw(&stream, 3000, 50, 0.99, 5), 0);
    assert_in_range(stream_cut(&stream, 150, 64), 2, PANES - 1);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        for (unsigned scenario = ROWS; scenario <= TUMBLING_CHANGES; scenario++)
            for (unsigned workers = 1; workers <= 4; workers += 3) {
                struct engine_config c = config_of(&ways[i], (enum scenario)scenario, workers);
                struct engine_result r;
                struct difference d;
                const int error = engine_run(&c, &r, message, sizeof message);
                if (error) { /* what it cannot do, it says */
                    assert_true(error == EINVAL ||
                                (error == ENOTSUP && ways[i].state == STATE_DASHMAP));
                    continue;
                }
                ran[scenario]++;
                plain_compare(&c, &r, &d);
                assert_string_equal(d.what, "");
                assert_true(d.wrong == 0 && !d.emitted && d.error == 0);
                assert_int_equal(r.batches, c.most);
                assert_int_equal(d.rows, r.records);
                assert_true(d.groups >= 50);
                if (workers == 1 || ways[i].state == STATE_PARTITIONED)
                    assert_true(d.wrong_rows == 0 && r.overtaken == 0);
                if (scenario >= TUMBLING)
                    assert_true(r.windows > 5);
                engine_result_free(&r);
            }
    for (unsigned scenario = ROWS; scenario <= TUMBLING_CHANGES; scenario++)
        assert_true(ran[scenario] >= 12);
    for (size_t i = 0; i < stream.n; i++)
        assert_int_equal(a_load(&stream.record[i].references, relaxed), 1);
    stream_free(&stream);
}

/* Any queue that may feed workers, and several producers. */
static void any_queue_will_do(void **state)
{
    static const char *const queues[] = {"array_mpmc", "mutex_ring", "array_scq", "spin_ring"};
    char message[256];
    (void)state;
    assert_int_equal(stream_draw(&stream, 2000, 20, 0, 5), 0);
    stream_cut(&stream, 150, 64);
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        struct engine_config c = config_of(&ways[3], TUMBLING, 3);
        struct engine_result r;
        struct difference d;
        c.queue = queues[i];
        c.producers = 3;
        assert_int_equal(engine_run(&c, &r, message, sizeof message), 0);
        plain_compare(&c, &r, &d);
        assert_string_equal(d.what, "");
        engine_result_free(&r);
    }
    static const char *const unfit[] = {"ring_spsc", "segment_mpmc", "no_such_queue"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(engine_queue_will_do(unfit[i], message, sizeof message), EINVAL);
    stream_free(&stream);
}

/* The comparison itself: each kind of damage is seen. */
static void damage_is_seen(void **state)
{
    char message[256];
    struct engine_result r;
    struct difference d;
    (void)state;
    assert_int_equal(stream_draw(&stream, 2000, 20, 0, 5), 0);
    stream_cut(&stream, 150, 64);
    struct engine_config c = config_of(&ways[3], TUMBLING_CHANGES, 1);
    assert_int_equal(engine_run(&c, &r, message, sizeof message), 0);
    struct group *const g = r.closed[1].groups;
    a_add(&g->count, 1, relaxed);
    plain_compare(&c, &r, &d);
    assert_int_equal(d.wrong, 1);
    a_sub(&g->count, 1, relaxed);
    a_store(&g->least, a_load(&g->least, relaxed) - 1, relaxed);
    plain_compare(&c, &r, &d);
    assert_int_equal(d.wrong, 1);
    assert_non_null(strstr(d.what, g->key));
    a_store(&g->least, a_load(&g->least, relaxed) + 1, relaxed);
    r.closed[1].groups = g->made; /* one is missing */
    plain_compare(&c, &r, &d);
    assert_int_equal(d.wrong, 1);
    r.closed[1].groups = g;
    struct group *const next = g->made; /* two are one */
    const uint32_t number = next->number;
    next->number = g->number;
    plain_compare(&c, &r, &d);
    assert_int_equal(d.wrong, 2);
    next->number = number;
    r.emitted_count++;
    plain_compare(&c, &r, &d);
    assert_true(d.emitted);
    r.emitted_count--;
    r.records--;
    plain_compare(&c, &r, &d);
    assert_int_equal(d.wrong, 1);
    r.records++;
    plain_compare(&c, &r, &d);
    assert_true(d.wrong == 0 && !d.emitted);
    engine_result_free(&r);

    c = config_of(&ways[3], ROWS, 1);
    assert_int_equal(engine_run(&c, &r, message, sizeof message), 0);
    r.closed[0].groups->rows_sum++;
    plain_compare(&c, &r, &d);
    assert_true(d.wrong_rows == 1 && d.wrong == 0);
    engine_result_free(&r);
    stream_free(&stream);
}

/* One worker closes a window at its first later record and is right; a pace is kept. */
static void one_worker_may_close_at_once(void **state)
{
    char message[256];
    struct engine_result r;
    struct difference d;
    (void)state;
    assert_int_equal(stream_draw(&stream, 2000, 20, 0, 5), 0);
    stream_cut(&stream, 150, 64);
    struct engine_config c = config_of(&ways[1], TUMBLING, 1);
    c.closes_at_once = true;
    assert_int_equal(engine_run(&c, &r, message, sizeof message), 0);
    plain_compare(&c, &r, &d);
    assert_string_equal(d.what, "");
    assert_int_equal(r.late, 0);
    engine_result_free(&r);
    c.way = &ways[3]; /* no guard */
    assert_int_equal(engine_run(&c, &r, message, sizeof message), EINVAL);

    c = config_of(&ways[3], GROUPS, 2);
    c.most = 8;
    c.pace = 64 / 0.01; /* a batch each 10 ms: the last is due after 80 */
    assert_int_equal(engine_run(&c, &r, message, sizeof message), 0);
    assert_true(r.batches == 8 && r.seconds > 0.075);
    engine_result_free(&r);
    stream_free(&stream);
}

/* ---- the study ------------------------------------------------------------------------------------------ */

static int carry_out(const char *queue, const char *input, const char *out)
{
    static const char *const small[][2] = {{"records", "3000"}, {"batch", "100"},
                                           {"window", "500"},   {"ms", "1"},
                                           {"turns", "3000"},   {"groups", "500"}};
    const char *value[32] = {NULL};
    for (size_t i = 0; study_stream_engine.parameters[i].name; i++) {
        const char *const name = study_stream_engine.parameters[i].name;
        for (size_t k = 0; k < sizeof small / sizeof *small; k++)
            if (strcmp(small[k][0], name) == 0)
                value[i] = small[k][1];
        if (strcmp(name, "queue") == 0)
            value[i] = queue;
        if (strcmp(name, "input") == 0)
            value[i] = input;
    }
    const struct study_options o = {.study = &study_stream_engine,
                                    .quick = true,
                                    .quiet = true,
                                    .rounds = 1,
                                    .seed = 3,
                                    .out = out,
                                    .value = value};
    return study_carry_out(&o);
}

/* All cells, briefly, drawn and from a file: nothing fails, every claim has a verdict, and
 * the figure a table. There is no checker here. */
static void the_study_in_small(void **state)
{
    (void)state;
    char out[64], message[256], table_path[80];
    if (test_scale() < 0.05)
        skip(); /* valgrind: samples need not free what they use, and each is a process */
    assert_int_equal(chdir(directory), 0);
    FILE *const f = fopen(path, "w");
    for (unsigned i = 0; i < 2000; i++)
        fprintf(f, "%u key%u %u\n", 5 * i, i % 7, i);
    fclose(f);
    for (unsigned given = 0; given < (test_scale() < 0.3 ? 1 : 2); given++) {
        struct study_judge j;
        unsigned errors;
        snprintf(out, sizeof out, "%s/out%u", directory, given);
        assert_int_equal(carry_out("array_mpmc", given ? path : "", out), 0);
        assert_int_equal(study_read(&j, &study_stream_engine, out, message, sizeof message), 0);
        static const char *const experiments[] = {
            "steps",      "states",       "scenarios",       "order",         "late",
            "paced",      "passing",      "counters",        "another query", "new groups",
            "two guards", "shared state", "count and state", "retry",         "standing still"};
        for (size_t i = 0; i < sizeof experiments / sizeof *experiments; i++) {
            assert_true(study_count(&j, experiments[i], NULL, NULL, &errors) > 0);
            assert_string_equal(study_error(&j, experiments[i], NULL, NULL), "");
        }
        study_stream_engine.judge(&j);
        assert_int_equal(j.n_findings, 27);
        snprintf(table_path, sizeof table_path, "%s/table", directory);
        FILE *const table = fopen(table_path, "w+");
        study_stream_engine.figure(&j, table);
        assert_true(ftell(table) > 500);
        fclose(table);
        study_release(&j);
    }
}

static void a_bad_request_is_refused(void **state)
{
    (void)state;
    char out[64];
    snprintf(out, sizeof out, "%s/bad", directory);
    assert_int_equal(carry_out("ring_spsc", "", out), 2);
    assert_int_equal(carry_out("array_mpmc", "/no/such/file", out), 2);
    write_file("1 a 1\n900 b 1\n1800 c 1\n2700 d 1\n", 32); /* four windows in a batch */
    assert_int_equal(carry_out("array_mpmc", path, out), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_shares_nothing),
        cmocka_unit_test(skew_is_drawn),
        cmocka_unit_test(a_file_is_read),
        cmocka_unit_test(a_bad_file_is_named),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(stores_keep_every_update),
        cmocka_unit_test(rows_are_the_last_ones),
        cmocka_unit_test(every_way_gives_the_same),
        cmocka_unit_test(any_queue_will_do),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(one_worker_may_close_at_once),
        cmocka_unit_test(the_study_in_small),
        cmocka_unit_test(a_bad_request_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
