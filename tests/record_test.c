/* record_test.c: records survive writing and reading, killed writers, full disks and bad files. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/record.h"
#include "harness/stats.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char directory[] = "/tmp/record_test.XXXXXX";
static char path[64];
static char message[512];

/* ---- help ---------------------------------------------------------------------------------- */

static bool can_read(void)
{
    struct record *r;
    size_t n;
    bool torn;
    return record_read("/dev/null", &r, &n, &torn, message, sizeof message) != ENOTSUP;
}

static void need_reader(void)
{
    if (!can_read()) {
        print_message("left out: %s\n", message);
        skip();
    }
}

static size_t read_all(struct record **r, bool *torn)
{
    size_t n;
    const int error = record_read(path, r, &n, torn, message, sizeof message);
    if (error)
        fail_msg("record_read: %s: %s", strerror(error), message);
    return n;
}

static char *slurp(size_t *size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = malloc(1 << 20);
    *size = fread(text, 1, 1 << 20, f);
    assert_true(*size < 1 << 20);
    text[*size] = 0;
    fclose(f);
    return text;
}

static void spew(const char *text, size_t size)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static struct record plain(void)
{
    return (struct record){
        .workload = "mpmc",
        .queue = "array_mpmc",
        .family = "array",
        .call = "inline",
        .mode = "throughput",
        .pin = "spread",
        .producers = 4,
        .consumers = 4,
        .batch = 1,
        .payload_bytes = 8,
        .capacity = 1024,
        .ok = true,
        .items = 1000000,
        .elapsed_ns = 41300000.5,
        .ns_per_item = 41.3000005,
        .items_per_s = 24213075.0,
        .fair_push = 1,
        .fair_pop = 0.25,
    };
}

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
              "\"payload_bytes\":8,\"capacity\":1024,\"round\":0,\"sequence\":0,"
              "\"ok\":false,\"error\":\"item 3 came \\\"twice\\\"\"}\n");
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

/* The second of three lines, with one thing in it replaced. */
static void corrupt(const char *from, const char *to)
{
    struct record r = plain();
    r.tick_ns = 0.5;
    r.push = malloc(sizeof *r.push);
    histogram_clear(r.push);
    histogram_add(r.push, 7);
    histogram_add(r.push, 9);
    FILE *f = fopen(path, "w");
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(record_write(f, &r), 0);
    fclose(f);
    free(r.push);
    size_t size;
    char *text = slurp(&size), *second = strchr(text, '\n') + 1;
    char *at = *from ? strstr(second, from) : second;
    if (!at)
        fail_msg("no %s in the line", from);
    f = fopen(path, "w");
    fwrite(text, 1, (size_t)(at - text), f);
    fputs(to, f);
    fputs(at + strlen(from), f);
    fclose(f);
    free(text);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    need_reader();
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"{\"v\":1", "{\"v\":2", "schema version 2, this build reads 1"},
        {"{\"v\":1,", "{", "no schema version"},
        {"{\"v\":1", "{\"v\":\"1\"", "no schema version"},
        {"\"sample\"", "\"plan\"", "\"kind\" is \"plan\", not \"sample\""},
        {"\"mpmc\"", "12", "\"workload\" must be a string"},
        {"\"mpmc\"", "\"a name that is too long\"", "\"workload\" is longer than 15 bytes"},
        {"\"producers\":4", "\"producers\":-4", "\"producers\" must be a whole number from 0"},
        {"\"producers\":4", "\"producers\":4.5", "\"producers\" must be a whole number"},
        {"\"producers\":4", "\"producers\":4294967296", "\"producers\" must be"},
        {"\"producers\":4,", "", "the field \"producers\" is missing"},
        {"\"items\":1000000,", "", "the field \"items\" is missing"},
        {"\"items\":1000000", "\"items\":\"many\"", "\"items\" must be a whole number"},
        {"\"ns_per_item\":41.3000005", "\"ns_per_item\":\"41\"",
         "\"ns_per_item\" must be a number"},
        {"\"ok\":true", "\"ok\":1", "\"ok\" must be true or false"},
        {"\"ok\":true", "\"ok\":true,\"ok\":true", "not JSON: duplicate object key"},
        {"\"pin\":", "\"pin\";", "not JSON"},
        {"", "\n", "not JSON"},
        {"", "[1,2]\n", "not a JSON object"},
        {"\"push\":{", "\"push\":[],\"x\":{", "\"push\" must be an object"},
        {"\"unit_ns\":0.5", "\"unit\":0.5", "a number \"unit_ns\""},
        {"[7,1", "[7", "a bucket that is not a gap and a count"},
        {"[7,1", "[7,0", "a bucket that is not"},
        {"[7,1", "[99999,1", "a bucket that is not"},
        {"[7,1,2,1]", "[7,1,0,1]", "out of order"},
        {"[7,1,", "[7,3,", "do not add up"},
        {"\"min\":7", "\"min\":6", "\"min\" or \"max\" outside"},
        {"\"max\":9", "\"max\":900", "\"min\" or \"max\" outside"},
        {"\"total\":2,", "", "has no \"total\""},
        {"\"min\":7,", "", "has no \"min\""},
        {"\"buckets\"", "\"bucket\"", "has no array \"buckets\""},
    };
    char where[80];
    snprintf(where, sizeof where, "%s:2: ", path);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct record *r;
        size_t n;
        bool torn;
        corrupt(cases[i].from, cases[i].to);
        assert_int_equal(record_read(path, &r, &n, &torn, message, sizeof message), EINVAL);
        assert_null(r);
        assert_int_equal(n, 0);
        if (strncmp(message, where, strlen(where)) != 0 || !strstr(message, cases[i].says))
            fail_msg("expected %s%s, got %s", where, cases[i].says, message);
    }
}

static void what_is_new_is_passed_over(void **state)
{
    (void)state;
    need_reader();
    struct record *r;
    bool torn;
    corrupt("\"ok\":true", "\"ok\":true,\"colour\":[1,{\"a\":null}]");
    size_t n = read_all(&r, &torn);
    assert_int_equal(n, 3);
    record_free_all(r, n);
    corrupt("\"mpmc\"", "\"ballet\""); /* a workload nobody knows */
    n = read_all(&r, &torn);
    assert_string_equal(r[1].workload, "ballet");
    record_free_all(r, n);
}

/* Whatever a bit flip does, the answer is a record or a sentence. */
static void flipped_bits(void **state)
{
    (void)state;
    need_reader();
    corrupt("", "");
    size_t size;
    char *text = slurp(&size);
    struct stats_random random;
    stats_random_seed(&random, 7);
    unsigned refused = 0;
    for (unsigned i = 0; i < 500; i++) {
        const size_t at = stats_random_below(&random, size);
        const char bit = (char)(1 << stats_random_below(&random, 8));
        text[at] = (char)(text[at] ^ bit);
        spew(text, size);
        text[at] = (char)(text[at] ^ bit);
        struct record *r;
        size_t n;
        bool torn;
        message[0] = 0;
        if (record_read(path, &r, &n, &torn, message, sizeof message) != 0) {
            refused++;
            assert_non_null(strchr(message, ':'));
            assert_null(r);
        } else {
            record_free_all(r, n);
        }
    }
    print_message("%u of 500 flips were refused\n", refused);
    assert_true(refused > 300);
    free(text);
}

static void files_that_are_not_there(void **state)
{
    (void)state;
    need_reader();
    struct record *r;
    size_t n;
    bool torn;
    assert_int_equal(record_read("/nowhere/runs.jsonl", &r, &n, &torn, message, sizeof message),
                     ENOENT);
    assert_string_equal(message, "/nowhere/runs.jsonl: cannot open: No such file or directory");
    assert_int_equal(record_read(directory, &r, &n, &torn, message, sizeof message), EISDIR);
    assert_non_null(strstr(message, "Is a directory"));
    char small[10];
    assert_int_equal(record_read("/nowhere/runs.jsonl", &r, &n, &torn, small, sizeof small),
                     ENOENT);
    assert_string_equal(small, "/nowhere/");
    spew("", 0);
    assert_int_equal(read_all(&r, &torn), 0);
    record_free_all(r, 0);
}

/* ---- names --------------------------------------------------------------------------------- */

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
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/runs.jsonl", directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(text_cut_in_a_character),
        cmocka_unit_test(the_line_itself),
        cmocka_unit_test(torn_at_every_byte),
        cmocka_unit_test(open_cuts_long_tails),
        cmocka_unit_test(a_full_device),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(numbers_that_cannot_be_kept),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(what_is_new_is_passed_over),
        cmocka_unit_test(flipped_bits),
        cmocka_unit_test(files_that_are_not_there),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
