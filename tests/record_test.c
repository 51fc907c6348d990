/* record_test.c: records survive writing and reading, killed writers and full disks. */
#include "tests/record_help.h"

/* ---- round trip ---------------------------------------------------------------------------- */

static void nasty(struct stats_random *random, char *text, size_t size)
{
    static const char *const pieces[] = {"\"", "\\", "\n", "\t",     "\x01", "\x1f", "\x7f", "/",
                                         "a",  "}",  "é",  "\u20ac", "😀",    "'",    "\\u",  ","};
    size_t used = 0;
    text[0] = 0;
    for (uint64_t n = stats_random_below(random, size); n; n--) {
        const char *piece = pieces[stats_random_below(random, COUNT(pieces))];
        if (used + strlen(piece) >= size)
            break;
        memcpy(text + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
}

static uint64_t some_count(struct stats_random *random)
{
    return stats_random_next(random) >> (1 + stats_random_below(random, 63));
}

static double some_real(struct stats_random *random)
{
    return ldexp(stats_random_unit(random) + 1e-3, (int)stats_random_below(random, 200) - 100);
}

static struct histogram *some_histogram(struct stats_random *random)
{
    const uint64_t kind = stats_random_below(random, 4);
    if (kind == 0)
        return NULL;
    struct histogram *h = malloc(sizeof *h);
    histogram_clear(h); /* kind 1: empty */
    for (uint64_t n = kind > 1 ? 1 + stats_random_below(random, 300) : 0; n; n--)
        histogram_add(h, some_count(random));
    return h;
}

static void randomize(struct stats_random *random, struct record *r)
{
    memset(r, 0, sizeof *r);
    nasty(random, r->workload, sizeof r->workload);
    nasty(random, r->queue, sizeof r->queue);
    nasty(random, r->family, sizeof r->family);
    nasty(random, r->call, sizeof r->call);
    nasty(random, r->mode, sizeof r->mode);
    nasty(random, r->pin, sizeof r->pin);
    r->producers = (unsigned)stats_random_next(random);
    r->consumers = (unsigned)stats_random_below(random, 2);
    r->batch = (unsigned)stats_random_below(random, 100);
    r->payload_bytes = 64;
    r->capacity = some_count(random);
    r->rate = stats_random_below(random, 2) ? some_real(random) : 0;
    r->backoff_max = (unsigned)stats_random_below(random, 3); /* also 0, which is not "unknown" */
    r->segment = stats_random_below(random, 2) ? some_count(random) : 0;
    r->round = (unsigned)some_count(random);
    r->sequence = some_count(random);
    r->floor = stats_random_below(random, 2);
    r->ok = stats_random_below(random, 4);
    if (!r->ok) {
        nasty(random, r->error, sizeof r->error);
        return;
    }
    r->items = some_count(random);
    r->elapsed_ns = some_real(random);
    r->ns_per_item = some_real(random);
    r->items_per_s = some_real(random);
    r->rtt_before_ns = stats_random_below(random, 2) ? some_real(random) : 0;
    r->rtt_after_ns = some_real(random);
    nasty(random, r->state, sizeof r->state);
    r->held_0 = some_count(random);
    r->held_1m = stats_random_below(random, 2) ? some_count(random) : 0;
    r->held_after = some_count(random);
    r->full = some_count(random);
    r->empty = some_count(random);
    r->cas_failed = some_count(random);
    r->retries = INT64_MAX;
    r->parks = some_count(random);
    r->wakes = some_count(random);
    r->ctx_voluntary = some_count(random);
    r->ctx_involuntary = some_count(random);
    r->bytes_peak = some_count(random);
    r->bytes_per_item = stats_random_below(random, 2) ? some_real(random) : 0;
    r->fair_push = stats_random_unit(random);
    r->fair_pop = stats_random_below(random, 2) ? 0 : 1;
    r->push = some_histogram(random);
    r->pop = some_histogram(random);
    r->sojourn = some_histogram(random);
    r->tick_ns = r->push || r->pop || r->sojourn ? some_real(random) : 0;
}

static void same_histogram(const struct histogram *a, const struct histogram *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a)
        assert_memory_equal(a, b, sizeof *a);
}

static void same_real(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a); /* to the last bit */
}

static void same_record(const struct record *a, const struct record *b)
{
    assert_string_equal(a->workload, b->workload);
    assert_string_equal(a->queue, b->queue);
    assert_string_equal(a->family, b->family);
    assert_string_equal(a->call, b->call);
    assert_string_equal(a->mode, b->mode);
    assert_string_equal(a->pin, b->pin);
    assert_int_equal(a->producers, b->producers);
    assert_int_equal(a->consumers, b->consumers);
    assert_int_equal(a->batch, b->batch);
    assert_int_equal(a->payload_bytes, b->payload_bytes);
    assert_int_equal(a->capacity, b->capacity);
    same_real(a->rate, b->rate);
    assert_int_equal(a->backoff_max, b->backoff_max);
    assert_int_equal(a->segment, b->segment);
    assert_int_equal(a->round, b->round);
    assert_int_equal(a->sequence, b->sequence);
    assert_int_equal(a->ok, b->ok);
    assert_int_equal(a->floor, b->floor);
    assert_string_equal(a->error, b->error);
    assert_int_equal(a->items, b->items);
    same_real(a->elapsed_ns, b->elapsed_ns);
    same_real(a->ns_per_item, b->ns_per_item);
    same_real(a->items_per_s, b->items_per_s);
    same_real(a->rtt_before_ns, b->rtt_before_ns);
    same_real(a->rtt_after_ns, b->rtt_after_ns);
    assert_string_equal(a->state, b->state);
    assert_int_equal(a->held_0, b->held_0);
    assert_int_equal(a->held_1m, b->held_1m);
    assert_int_equal(a->held_after, b->held_after);
    assert_int_equal(a->full, b->full);
    assert_int_equal(a->empty, b->empty);
    assert_int_equal(a->cas_failed, b->cas_failed);
    assert_int_equal(a->retries, b->retries);
    assert_int_equal(a->parks, b->parks);
    assert_int_equal(a->wakes, b->wakes);
    assert_int_equal(a->ctx_voluntary, b->ctx_voluntary);
    assert_int_equal(a->ctx_involuntary, b->ctx_involuntary);
    assert_int_equal(a->bytes_peak, b->bytes_peak);
    same_real(a->bytes_per_item, b->bytes_per_item);
    same_real(a->fair_push, b->fair_push);
    same_real(a->fair_pop, b->fair_pop);
    same_real(a->tick_ns, b->tick_ns);
    same_histogram(a->push, b->push);
    same_histogram(a->pop, b->pop);
    same_histogram(a->sojourn, b->sojourn);
}

static void round_trip(void **state)
{
    (void)state;
    need_reader();
    enum { N = 60 };
    struct record *written = calloc(N, sizeof *written), *read;
    struct stats_random random;
    stats_random_seed(&random, 20240601);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < N; i++) {
        randomize(&random, &written[i]);
        assert_int_equal(record_write(f, &written[i]), 0);
    }
    fclose(f);
    bool torn;
    assert_int_equal(read_all(&read, &torn), N);
    assert_false(torn);
    for (unsigned i = 0; i < N; i++)
        same_record(&written[i], &read[i]);
    record_free_all(read, N);
    record_free_all(written, N);
}

/* Bytes that are not UTF-8 must not cost the line. */
static void text_cut_in_a_character(void **state)
{
    (void)state;
    need_reader();
    static const char *const broken[] = {"\xc3",         "a\xe2\x82",       "\xff",
                                         "\x80",         "\xc0\x80",        "\xed\xa0\x80",
                                         "\xf0\x9f\x98", "\xf5\x80\x80\x80"};
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct record r = plain(), *read;
        bool torn;
        r.ok = false;
        snprintf(r.error, sizeof r.error, "x%s", broken[i]);
        FILE *f = fopen(path, "w");
        assert_int_equal(record_write(f, &r), 0);
        fclose(f);
        assert_int_equal(read_all(&read, &torn), 1);
        assert_int_equal(read[0].error[0], 'x');
        assert_non_null(strstr(read[0].error, "\xef\xbf\xbd"));
        record_free_all(read, 1);
    }
}

static void the_line_itself(void **state)
{
    (void)state;
    struct record r = plain();
    r.ok = false;
    strcpy(r.error, "item 3 came \"twice\"");
    char line[1024];
    FILE *f = fmemopen(line, sizeof line, "w");
    assert_int_equal(record_write(f, &r), 0);
    fclose(f);
    assert_string_equal(
        line, "{\"v\":1,\"kind\":\"sample\",\"workload\":\"mpmc\",\"queue\":\"array_mpmc\","
              "\"family\":\"array\",\"call\":\"inline\",\"mode\":\"throughput\","
              "\"pin\":\"spread\",\"producers\":4,\"consumers\":4,\"batch\":1,"
              "\"payload_bytes\":8,\"capacity\":1024,\"backoff_max\":16,\"round\":0,"
              "\"sequence\":0,"
              "\"ok\":false,\"error\":\"item 3 came \\\"twice\\\"\"}\n");
}

/* Records from before the back-off was a parameter do not say what all of them had. */
static void older_records_had_one_backoff(void **state)
{
    static const char part[] = "\"backoff_max\":16,";
    (void)state;
    need_reader();
    struct record r = plain(), *read;
    char *line = NULL;
    size_t size;
    bool torn;
    FILE *f = open_memstream(&line, &size);
    assert_int_equal(record_write(f, &r), 0);
    fclose(f);
    spew(line, strlen(line));
    assert_int_equal(read_all(&read, &torn), 1);
    assert_int_equal(read[0].backoff_max, 16);
    record_free_all(read, 1);
    char *const at = strstr(line, part);
    assert_non_null(at);
    memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
    spew(line, strlen(line));
    assert_int_equal(read_all(&read, &torn), 1);
    assert_int_equal(read[0].backoff_max, RECORD_BACKOFF_BEFORE);
    record_free_all(read, 1);
    free(line);
}

/* ---- killed writers ------------------------------------------------------------------------ */

static size_t lines_in(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += text[i] == '\n';
    return n;
}

static void torn_at_every_byte(void **state)
{
    (void)state;
    need_reader();
    struct record r = plain(), *read;
    FILE *f = fopen(path, "w");
    for (unsigned i = 0; i < 3; i++) {
        r.sequence = i;
        assert_int_equal(record_write(f, &r), 0);
    }
    fclose(f);
    size_t size;
    char *text = slurp(&size);
    for (size_t keep = 0; keep <= size; keep++) {
        const size_t whole = lines_in(text, keep);
        const bool expect_torn = keep && text[keep - 1] != '\n';
        bool torn, cut;
        spew(text, keep);
        size_t n = read_all(&read, &torn);
        assert_int_equal(n, whole);
        assert_int_equal(torn, expect_torn);
        record_free_all(read, n);

        /* and a resumed run goes on after the last whole line */
        assert_int_equal(record_open(path, &f, &cut), 0);
        assert_int_equal(cut, expect_torn);
        r.sequence = 99;
        assert_int_equal(record_write(f, &r), 0);
        fclose(f);
        n = read_all(&read, &torn);
        assert_int_equal(n, whole + 1);
        assert_false(torn);
        assert_int_equal(read[whole].sequence, 99);
        record_free_all(read, n);
    }
    free(text);
}

static void open_cuts_long_tails(void **state)
{
    (void)state;
    static const size_t tails[] = {1, 4094, 4095, 4096, 4097, 10000};
    char *text = malloc(20000);
    for (size_t i = 0; i < 2 * COUNT(tails); i++) {
        const size_t head = i % 2 ? 3 : 0, tail = tails[i / 2];
        memset(text, 'x', head + tail);
        if (head)
            text[head - 1] = '\n';
        spew(text, head + tail);
        FILE *f;
        bool cut;
        struct stat s;
        assert_int_equal(record_open(path, &f, &cut), 0);
        assert_true(cut);
        assert_int_equal(fstat(fileno(f), &s), 0);
        assert_int_equal(s.st_size, head);
        fclose(f);
    }
    free(text);
    FILE *f;
    bool cut;
    assert_int_equal(record_open("/nowhere/at/all", &f, &cut), ENOENT);
    assert_null(f);
}

/* ---- full disks ---------------------------------------------------------------------------- */

static void a_full_device(void **state)
{
    (void)state;
    FILE *f = fopen("/dev/full", "w");
    if (!f)
        skip();
    const struct record r = plain();
    assert_int_equal(record_write(f, &r), ENOSPC);
    assert_int_equal(record_write(f, &r), ENOSPC);
    fclose(f);
}

static void a_full_disk(void **state)
{
    (void)state;
    need_reader();
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    struct record r = plain(), *read;
    for (unsigned i = 0; i < 60; i++) {
        FILE *f;
        bool cut, torn;
        unlink(path);
        if (i % 2)
            assert_int_equal(record_open(path, &f, &cut), 0);
        else
            assert_non_null(f = fopen(path, "w"));
        assert_int_equal(record_write(f, &r), 0);
        struct stat s;
        assert_int_equal(fstat(fileno(f), &s), 0);
        const off_t whole = s.st_size;

        setrlimit(RLIMIT_FSIZE, &(struct rlimit){(rlim_t)(whole + i * 8), before.rlim_max});
        const int error = record_write(f, &r);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(error, i == 0 ? EFBIG : i * 8 < whole ? ENOSPC : 0);
        assert_int_equal(fstat(fileno(f), &s), 0);
        assert_int_equal(s.st_size, error ? whole : 2 * whole);

        assert_int_equal(record_write(f, &r), 0); /* there is room again */
        assert_int_equal(fclose(f), 0);
        const size_t n = read_all(&read, &torn);
        assert_int_equal(n, error ? 2 : 3);
        assert_false(torn);
        record_free_all(read, n);
    }
    signal(SIGXFSZ, handler);
}

/* ---- bad numbers, bad files ---------------------------------------------------------------- */

static void numbers_that_cannot_be_kept(void **state)
{
    (void)state;
    FILE *f = fopen(path, "w");
    struct record r = plain();
    r.ns_per_item = NAN;
    assert_int_equal(record_write(f, &r), EDOM);
    r = plain();
    r.items_per_s = INFINITY;
    assert_int_equal(record_write(f, &r), EDOM);
    r = plain();
    r.rtt_before_ns = NAN; /* does not apply */
    assert_int_equal(record_write(f, &r), 0);
    r = plain();
    r.full = UINT64_MAX;
    assert_int_equal(record_write(f, &r), ERANGE);
    struct histogram *h = malloc(sizeof *h);
    histogram_clear(h);
    histogram_add(h, UINT64_MAX - 5); /* a time before its own beginning */
    r = plain();
    r.tick_ns = 0.5;
    r.pop = h;
    assert_int_equal(record_write(f, &r), ERANGE);
    free(h);
    fclose(f);
    size_t size;
    char *text = slurp(&size);
    assert_int_equal(lines_in(text, size), 1);
    assert_null(strstr(text, "rtt_before_ns"));
    free(text);
}

static void names(void **state)
{
    (void)state;
    struct record r = plain();
    char name[160];
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name, "mpmc/array/array_mpmc/4:4");
    r.batch = 8;
    r.payload_bytes = 64;
    r.capacity = 64;
    strcpy(r.call, "indirect");
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name, "mpmc/array/array_mpmc/4:4/b8/64B/c64/indirect");
    strcpy(r.call, "by hand");
    strcpy(r.mode, "latency");
    strcpy(r.pin, "compact");
    r.rate = 2.5e6;
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name,
                        "mpmc/array/array_mpmc/4:4/b8/64B/c64/by-hand/latency/compact/r2500000");
    record_cell_name(&r, name, 12);
    assert_string_equal(name, "mpmc/array/");
    r = plain();
    strcpy(r.workload, "backoff");
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name, "backoff/array/array_mpmc/4:4/backoff16");
    strcpy(r.workload, "segment");
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name, "segment/array/array_mpmc/4:4");
    r.segment = 4096;
    record_cell_name(&r, name, sizeof name);
    assert_string_equal(name, "segment/array/array_mpmc/4:4/s4096");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(text_cut_in_a_character),
        cmocka_unit_test(the_line_itself),
        cmocka_unit_test(older_records_had_one_backoff),
        cmocka_unit_test(torn_at_every_byte),
        cmocka_unit_test(open_cuts_long_tails),
        cmocka_unit_test(a_full_device),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(numbers_that_cannot_be_kept),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
