/* study_telemetry_ring_test.c: the parts of the telemetry study: records and their check, logs, flows
 * under every policy, the ring that grows, the ring in a file, and what is said of bad input. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "harness/stats.h"
#include "harness/whole_file.h"
#include "studies/study.h"
#include "studies/telemetry_ring/flow.h"
#include "studies/telemetry_ring/growing.h"
#include "studies/telemetry_ring/log.h"
#include "studies/telemetry_ring/mapped.h"
#include "studies/telemetry_ring/written.h"
#include "tests/scale.h"

extern const struct study study_telemetry_ring;

static char directory[] = "/tmp/study_telemetry_ring_test.XXXXXX", path[64];
static struct event events[64];

static struct event event_of(uint64_t number)
{
    struct event e = {.time = number,
                      .message = (uint32_t)(number * 2654435761u),
                      .source = (uint32_t)number % 7,
                      .length = (uint16_t)number,
                      .level = (uint8_t)(number % EVENT_LEVELS)};
    event_seal(&e);
    return e;
}

static int begin(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 64; i++)
        events[i] = event_of(i + 1);
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- records ----------------------------------------------------------------------------------- */

/* Both ways stop at the same record, whichever bit of it is wrong. */
static void damage_is_found(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 13; n++) {
        struct event e[13];
        memcpy(e, events, n * sizeof *e);
        assert_int_equal(events_valid(e, n), n);
        if (events_have_vector())
            assert_int_equal(events_valid_vector(e, n), n);
        for (size_t i = 0; i < n; i++)
            for (unsigned bit = 0; bit < 8 * sizeof *e; bit++) {
                unsigned char *const byte = (unsigned char *)&e[i] + bit / 8;
                *byte ^= (unsigned char)(1u << bit % 8);
                assert_int_equal(events_valid(e, n), i);
                if (events_have_vector())
                    assert_int_equal(events_valid_vector(e, n), i);
                *byte ^= (unsigned char)(1u << bit % 8);
            }
        if (n == 0)
            continue;
        e[n - 1] = (struct event){.time = 0};
        event_seal(&e[n - 1]); /* no time */
        assert_int_equal(events_valid(e, n), n - 1);
        assert_true(!events_have_vector() || events_valid_vector(e, n) == n - 1);
        e[n - 1] = (struct event){.time = 1, .level = EVENT_LEVELS};
        event_seal(&e[n - 1]); /* no such level */
        assert_int_equal(events_valid(e, n), n - 1);
        assert_true(!events_have_vector() || events_valid_vector(e, n) == n - 1);
    }
}

/* ---- logs ---------------------------------------------------------------------------------------- */

static void lines_become_events(void **state)
{
    (void)state;
    static const char text[] = "2026-01-31T12:00:00.000001Z WARN src/a.c: unused variable\n"
                               "\n"
                               "src/b.c: error: no such file\n"
                               "\x01\x02 binary\n"
                               "1999-02-30 nonsense\n"
                               "2026-01-31 12:00:01 info src/a.c: unused variable\n"
                               "cut of";
    struct log_reader r = log_reader(text, sizeof text - 1);
    struct event e[8];
    size_t n = 0;
    while (n < 8 && log_next(&r, &e[n]))
        assert_true(event_valid(&e[n++]));
    assert_int_equal(n, 5);
    assert_int_equal(r.counts.lines, 7);
    assert_int_equal(r.counts.empty, 1);
    assert_int_equal(r.counts.binary, 1);
    assert_int_equal(r.counts.cut, 1);
    assert_int_equal(e[0].time, UINT64_C(1769860800000001000));
    assert_int_equal(e[0].level, EVENT_WARN);
    assert_int_equal(e[0].length, strlen("unused variable"));
    assert_int_equal(e[1].level, EVENT_ERROR);
    assert_int_equal(e[1].time, e[0].time + 1); /* it has none of its own */
    assert_int_equal(e[3].time, UINT64_C(1769860801000000000));
    assert_int_equal(e[3].level, EVENT_INFO);
    assert_int_equal(e[3].message, e[0].message);
    assert_int_equal(e[3].source, e[0].source);
    assert_int_not_equal(e[1].source, e[0].source);
    assert_int_equal(r.counts.level[EVENT_INFO], 3);
}

static void one_bad_byte_is_enough(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned at = 0; at < 20; at++) {
            char line[] = "abcdefgh ijklmnop ~~";
            line[at] = (char)byte;
            struct log_reader r = log_reader(line, 20);
            struct event e;
            const bool blank = byte == '\t' || byte == '\r' || byte == '\033' || byte == '\n';
            while (log_next(&r, &e))
                continue;
            assert_int_equal(r.counts.binary, (byte < ' ' && !blank) || byte >= 0xf8);
        }
}

/* Days are those of the C library, over months and leap years. */
static void times_are_right(void **state)
{
    (void)state;
    for (time_t day = 0; day < 200 * 365; day += 13) {
        const time_t second = day * 86400 + day % 86400;
        struct tm tm;
        char line[64];
        const size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S.25Z INFO a: b\n",
                                  gmtime_r(&second, &tm));
        struct log_reader r = log_reader(line, n);
        struct event e;
        assert_true(log_next(&r, &e));
        assert_int_equal(e.time, (uint64_t)second * 1000000000u + 250000000u);
    }
}

/* Whatever the bytes: it ends, counts every line once, and gives out valid events alone. */
static void any_bytes_are_survived(void **state)
{
    (void)state;
    struct stats_random random;
    static char text[4096];
    stats_random_seed(&random, 1);
    for (unsigned round = 0; round < 200; round++) {
        const size_t n = stats_random_below(&random, sizeof text);
        uint64_t ends = 0;
        for (size_t i = 0; i < n; i++) {
            text[i] =
                stats_random_below(&random, 30) ? (char)stats_random_below(&random, 256) : '\n';
            ends += text[i] == '\n';
        }
        struct log_reader r = log_reader(text, n);
        struct event e;
        while (log_next(&r, &e))
            assert_true(event_valid(&e));
        assert_int_equal(r.counts.lines, ends + (n > 0 && text[n - 1] != '\n'));
        assert_int_equal(r.counts.lines, r.counts.events + r.counts.binary + r.counts.empty);
        uint64_t lines = 0;
        for (unsigned i = 0; i < 3; i++) { /* in parts: the same lines */
            const char *const from = log_part(text, n, i, 3);
            struct log_reader part = log_reader(from, (size_t)(log_part(text, n, i + 1, 3) - from));
            while (log_next(&part, &e))
                continue;
            lines += part.counts.lines;
        }
        assert_int_equal(lines, r.counts.lines);
    }
}

static void a_log_is_made_of_logs(void **state)
{
    (void)state;
    char message[512] = "", command[256], *text;
    size_t size;
    assert_int_equal(log_make(path, directory, 10, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "--input"));
    snprintf(command, sizeof command,
             "mkdir -p %s/build/log && printf 'one\\ntwo: warning\\n' > %s/build/log/a.log",
             directory, directory);
    assert_int_equal(system(command), 0);
    assert_int_equal(log_make(path, directory, 101, message, sizeof message), 0);
    assert_int_equal(whole_read(path, &text, &size), 0);
    struct log_reader r = log_reader(text, size);
    struct event e;
    uint64_t last = 0;
    while (log_next(&r, &e)) {
        assert_true(e.time > last);
        last = e.time;
    }
    assert_int_equal(r.counts.events, 101);
    assert_int_equal(r.counts.level[EVENT_WARN], 50);
    free(text);
    assert_int_equal(log_make("/no/such/file", directory, 10, message, sizeof message), ENOENT);
    assert_non_null(strstr(message, "/no/such/file"));
}

static void bad_input_is_refused(void **state)
{
    (void)state;
    const char *value[8] = {"/no/such/log"};
    const struct study_options o = {.study = &study_telemetry_ring,
                                    .quick = true,
                                    .quiet = true,
                                    .out = directory,
                                    .value = value};
    assert_int_equal(study_carry_out(&o), 2);
    value[0] = directory;
    assert_int_equal(study_carry_out(&o), 2);
    value[0] = path;
    assert_int_equal(whole_write(path, "", 0), 0);
    assert_int_equal(study_carry_out(&o), 2);
    assert_int_equal(whole_write(path, "\0\1\2\n\3", 5), 0);
    assert_int_equal(study_carry_out(&o), 2);
    char text[1024] = "";
    for (unsigned i = 0; i < 63; i++)
        strcat(text, "too few\n");
    assert_int_equal(whole_write(path, text, strlen(text)), 0);
    assert_int_equal(study_carry_out(&o), 2);
    for (unsigned i = 0; i < 128; i++)
        strcat(text, i < 2 ? "as text\n" : "\1\n");
    assert_int_equal(whole_write(path, text, strlen(text)), 0); /* 65 of 191 are */
    assert_int_equal(study_carry_out(&o), 2);
}

/* ---- flows --------------------------------------------------------------------------------------- */

static struct flow flow_of(enum flow_carrier carrier, int when_full)
{
    return (struct flow){.carrier = carrier,
                         .when_full = when_full,
                         .capacity = 64,
                         .most = 1024,
                         .producers = 3,
                         .each = scaled(20000, 200),
                         .take_batch = 16,
                         .validation = VALID_SCALAR,
                         .patience_s = 60,
                         .spill_path = path,
                         .events = events,
                         .n_events = 64};
}

static void nothing_is_lost_silently(void **state)
{
    (void)state;
    static const struct {
        enum flow_carrier carrier;
        int when_full;
        size_t batch;
    } all[] = {
        {CARRY_RING, Q_REFUSE, 1},      {CARRY_RING, Q_BLOCK, 1},
        {CARRY_RING, Q_BLOCK, 8},       {CARRY_RING, Q_DROP_NEWEST, 1},
        {CARRY_RING, Q_DROP_OLDEST, 1}, {CARRY_RING, Q_SPILL, 1},
        {CARRY_LOCKED, 0, 1},           {CARRY_LOCKED, 0, 8},
        {CARRY_GROWING, Q_REFUSE, 1},   {CARRY_GROWING, Q_DROP_NEWEST, 1},
    };
    static struct flow f;
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        f = flow_of(all[i].carrier, all[i].when_full);
        f.push_batch = all[i].batch;
        f.place = (enum flow_place)(i % 3);
        f.metrics = all[i].batch == 1 ? METRICS_OWN : METRICS_NONE;
        unlink(path);
        assert_int_equal(flow_run(&f), 0);
        assert_false(f.wedged);
        assert_int_equal(f.lost, 0);
        assert_int_equal(f.disorder, 0);
        assert_int_equal(f.invalid, 0);
        uint64_t counted = 0;
        for (unsigned k = 0; k < EVENT_LEVELS; k++)
            counted += f.level[k];
        assert_int_equal(counted, f.received);
        assert_true(f.offered >= 3 * f.each);
        if (all[i].when_full == Q_DROP_NEWEST || all[i].when_full == Q_DROP_OLDEST)
            assert_int_equal(f.received + f.dropped, f.offered);
        else
            assert_int_equal(f.received, f.offered);
        if (f.metrics)
            assert_int_equal(f.counted_pushes, f.offered);
        if (all[i].carrier == CARRY_GROWING)
            assert_true(f.capacity_end >= 64 && f.capacity_end <= 1024);
    }
}

/* It doubles up to its limit while nobody takes, and then gives out everything in order. */
static void a_ring_grows(void **state)
{
    (void)state;
    static struct growing g;
    struct ring_mpsc_handle h = {.counts = {0}};
    q_item items[16];
    uint64_t number = 0, next = 1;
    assert_int_equal(growing_init(&g, 4, 64), 0);
    for (struct event e = event_of(1);; e = event_of(number + 1)) {
        const enum q_status s = growing_push(&g, &h, event_item(&e));
        if (s == Q_FULL)
            break;
        assert_int_equal(s, Q_OK);
        number++;
    }
    assert_int_equal(growing_capacity(&g), 64);
    assert_int_equal(number, 4 + 8 + 16 + 32 + 64);
    for (size_t got; (got = growing_pop_n(&g, &h, items, 16)) > 0;)
        for (size_t i = 0; i < got; i++)
            assert_int_equal(items[i].word[0], next++);
    assert_int_equal(next, number + 1);
    growing_destroy(&g);
}

/* A producer that stands in a ring that was left: the consumer waits for it, and the order stands. */
static void an_old_ring_is_drained_first(void **state)
{
    (void)state;
    static struct growing g;
    struct ring_mpsc_handle h = {.counts = {0}};
    q_item items[16];
    assert_int_equal(growing_init(&g, 4, 64), 0);
    a_add(&g.ring[0]->ring.tail, 1, relaxed); /* claimed, not filled */
    for (unsigned i = 1; i < 6; i++)
        assert_int_equal(growing_push(&g, &h, event_item(&events[i])), Q_OK);
    assert_int_equal(growing_capacity(&g), 8);
    assert_int_equal(growing_pop_n(&g, &h, items, 16), 0);
    array_mpmc_fill(&g.ring[0]->ring, 0, event_item(&events[0]));
    assert_int_equal(growing_pop_n(&g, &h, items, 16), 4);
    assert_int_equal(growing_pop_n(&g, &h, items + 4, 12), 2);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(items[i].word[0], events[i].time);
    growing_destroy(&g);
}

/* The document's code: one producer and a consumer get along, dropping the newest. */
static void as_written_runs(void **state)
{
    (void)state;
    static struct flow f;
    f = flow_of(CARRY_WRITTEN, WRITTEN_DROP_NEWEST);
    f.producers = 1;
    assert_int_equal(flow_run(&f), 0);
    assert_int_equal(f.lost, 0);
    assert_int_equal(f.received + f.dropped, f.offered);
    f = flow_of(CARRY_WRITTEN, WRITTEN_SPILL); /* nobody reads what it spilled */
    f.producers = 1;
    f.no_consumer = true;
    f.each = 2000;
    assert_int_equal(flow_run(&f), 0);
    assert_int_equal(f.lost, 2000 - (WRITTEN_CAPACITY - 1));
}

/* ---- the ring in a file ---------------------------------------------------------------------------- */

static void a_file_keeps_events(void **state)
{
    (void)state;
    struct mapped m, other;
    struct event e[8];
    unlink(path);
    assert_int_equal(mapped_open(&m, path, 8), 0);
    for (uint64_t lap = 0; lap < 3; lap++) { /* ends in the middle of a lap */
        for (uint64_t i = 1; i <= 8; i++)
            assert_int_equal(mapped_push(&m, &events[i]), 0);
        assert_int_equal(mapped_push(&m, &events[9]), ENOBUFS);
        assert_int_equal(mapped_take(&m, e, lap < 2 ? 8 : 3), lap < 2 ? 8 : 3);
        assert_int_equal(mapped_push(&m, &events[9]), ENOBUFS); /* not done with them */
        mapped_done(&m);
    }
    assert_int_equal(mapped_push(&m, &events[9]), 0);
    assert_int_equal(mapped_open(&other, path, 8), EBUSY);
    mapped_close(&m);
    assert_int_equal(mapped_open(&m, path, 1024), 0); /* its capacity is the file's */
    assert_int_equal(m.recovered, 6);
    assert_int_equal(m.torn, 0);
    assert_int_equal(mapped_take(&m, e, 8), 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(e[i].time, events[4 + i].time);
    mapped_done(&m);
    /* A producer that died between claiming and filling, and a consumer between moving head and
     * freeing what it took. */
    assert_int_equal(mapped_push(&m, &events[20]), 0);
    a_add(&m.file->tail, 1, relaxed);
    assert_int_equal(mapped_push(&m, &events[21]), 0);
    const uint64_t head = a_load(&m.file->head, relaxed);
    a_store(&m.file->head, head + 1, relaxed);
    mapped_close(&m);
    assert_int_equal(mapped_open(&m, path, 8), 0);
    assert_int_equal(m.recovered, 1);
    assert_int_equal(m.torn, 1);
    assert_int_equal(mapped_take(&m, e, 8), 1);
    assert_int_equal(e[0].time, events[21].time);
    mapped_done(&m);
    for (unsigned lap = 0; lap < 3; lap++) { /* and nobody is stuck */
        for (uint64_t i = 1; i <= 8; i++)
            assert_int_equal(mapped_push(&m, &events[i]), 0);
        assert_int_equal(mapped_take(&m, e, 5), 5);
        assert_int_equal(mapped_take(&m, e, 8), 3); /* done with the five */
        assert_int_equal(e[0].time, events[6].time);
        mapped_done(&m);
    }
    /* A consumer that died with what it was given. */
    assert_int_equal(mapped_push(&m, &events[1]), 0);
    assert_int_equal(mapped_take(&m, e, 8), 1);
    munmap(m.file, m.bytes);
    close(m.fd);
    assert_int_equal(mapped_open(&m, path, 8), 0);
    assert_int_equal(m.recovered, 1);
    assert_int_equal(mapped_take(&m, e, 8), 1);
    assert_int_equal(mapped_sync(&m), 0);
    mapped_close(&m);
}

static void bad_files_are_refused(void **state)
{
    (void)state;
    struct mapped m;
    unlink(path);
    assert_int_equal(mapped_open(&m, path, 6), EINVAL);
    unlink(path);
    assert_int_equal(mapped_open(&m, path, 8), 0);
    const off_t bytes = (off_t)m.bytes;
    mapped_close(&m);
    assert_int_equal(truncate(path, bytes - 1), 0);
    assert_int_equal(mapped_open(&m, path, 8), EBADMSG);
    assert_int_equal(truncate(path, 3), 0);
    assert_int_equal(mapped_open(&m, path, 8), EBADMSG);
    assert_int_equal(whole_write(path, "this is no ring at all", 22), 0);
    assert_int_equal(mapped_open(&m, path, 8), EBADMSG);
    assert_int_equal(mapped_open(&m, "/no/such/file", 8), ENOENT);
    assert_int_equal(mapped_open(&m, directory, 8), EISDIR);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_found),        cmocka_unit_test(lines_become_events),
        cmocka_unit_test(one_bad_byte_is_enough), cmocka_unit_test(times_are_right),
        cmocka_unit_test(any_bytes_are_survived), cmocka_unit_test(a_log_is_made_of_logs),
        cmocka_unit_test(bad_input_is_refused),   cmocka_unit_test(nothing_is_lost_silently),
        cmocka_unit_test(a_ring_grows),           cmocka_unit_test(an_old_ring_is_drained_first),
        cmocka_unit_test(as_written_runs),        cmocka_unit_test(a_file_keeps_events),
        cmocka_unit_test(bad_files_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
