/* env_test.c: the fingerprint is complete, stable, survives its file, and warns. */
#include <errno.h>
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
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/env.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char directory[] = "/tmp/env_test.XXXXXX";
static char path[64], temporary[80];
static char message[512];
static struct topology topology;

static const struct clock_card card = {
    .source = "tsc",
    .ticks_per_ns = 2.2999999,
    .calibration_ppm = 0.25,
    .cost_ns = 21.5,
    .resolution_ns = 8.25,
    .cross_cpu_ns = 120.125,
    .invariant = true,
};

static struct env collect(void)
{
    struct env e;
    assert_int_equal(env_collect(&e, &topology, &card), 0);
    return e;
}

static void need_reader(void)
{
    struct env e;
    if (env_read("/dev/null", &e, message, sizeof message) == ENOTSUP) {
        print_message("left out: %s\n", message);
        skip();
    }
}

static char *slurp(size_t *size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char *text = malloc(1 << 16);
    *size = fread(text, 1, (1 << 16) - 1, f);
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

/* ---- collecting ---------------------------------------------------------------------------- */

static void everything_is_said(void **state)
{
    (void)state;
    const struct env e = collect();
    const char *const texts[] = {
        e.cpu_model, e.microcode, e.hypervisor, e.kernel,   e.os,       e.libc,
        e.compiler,  e.flags,     e.build_type, e.commit,   e.governor, e.clocksource,
        e.smt,       e.thp,       e.cache_l1d,  e.cache_l2, e.cache_l3, e.topology_source};
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_true(strlen(texts[i]) > 0);
        assert_null(strchr(texts[i], '\n'));
    }
    assert_int_equal(strlen(e.id), 16);
    assert_int_equal(strspn(e.id, "0123456789abcdef"), 16);
    struct tm date;
    const char *const end = strptime(e.date, "%Y-%m-%dT%H:%M:%SZ", &date);
    assert_true(end && *end == '\0');
    assert_in_range(date.tm_year + 1900, 2024, 2999);
    assert_int_equal(strlen(e.date), 20);
    assert_int_equal(e.cpus, topology.cpus);
    assert_true(e.memory_mib > 16);
    assert_true(e.load_1min >= 0 && e.steal_percent >= 0 && e.steal_percent <= 100);
    assert_true(e.cpu_quota >= 0);
    assert_non_null(strstr(e.kernel, "Linux "));
    assert_true(strncmp(e.compiler, "gcc ", 4) == 0 || strncmp(e.compiler, "clang ", 6) == 0);
    assert_string_equal(e.clock_source, "tsc");
    print_message("%s, %s, %s, commit %s, flags %s\n", e.id, e.compiler, e.build_type, e.commit,
                  e.flags);
}

static void the_id_is_of_the_machine(void **state)
{
    (void)state;
    const struct env a = collect();
    struct clock_card other_clock = card;
    other_clock.cost_ns = 99;
    struct env b;
    assert_int_equal(env_collect(&b, &topology, &other_clock), 0);
    assert_string_equal(a.id, b.id); /* not of what varies from run to run */
    struct topology bigger = topology;
    bigger.cpus++;
    assert_int_equal(env_collect(&b, &bigger, &card), 0);
    assert_string_not_equal(a.id, b.id);
}

/* ---- the file ------------------------------------------------------------------------------ */

static void survives_its_file(void **state)
{
    (void)state;
    need_reader();
    struct env e = collect(), read;
    strcpy(e.os, "A \"quoted\"\\ system\twith é");
    e.cpu_quota = 1.0 / 3;
    e.load_1min = 1e-300;
    assert_int_equal(env_write(path, &e), 0);
    size_t size, size_again;
    char *text = slurp(&size);
    assert_int_equal(env_read(path, &read, message, sizeof message), 0);
    assert_string_equal(read.id, e.id);
    assert_string_equal(read.os, e.os);
    assert_true(read.clock_invariant);
    assert_memory_equal(&read.clock_cross_cpu_ns, &card.cross_cpu_ns, sizeof(double));
    assert_memory_equal(&read.cpu_quota, &e.cpu_quota, sizeof(double));
    assert_int_equal(read.memory_mib, e.memory_mib);
    assert_int_equal(env_write(path, &read), 0); /* nothing is lost: the files are the same */
    char *again = slurp(&size_again);
    assert_string_equal(text, again);
    free(text);
    free(again);
}

/* Records from before there were peers are read. */
static void old_files_are_read(void **state)
{
    (void)state;
    need_reader();
    struct env e = collect(), read;
    strcpy(e.peers, "a peer that the file shall not name");
    assert_int_equal(env_write(path, &e), 0);
    size_t size;
    char *const text = slurp(&size), *const peers = strstr(text, "  \"peers\"");
    assert_non_null(peers);
    char *const next = strstr(peers, "  \"governor\"");
    assert_non_null(next);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%.*s%s", (int)(peers - text), text, next);
    assert_int_equal(fclose(f), 0);
    free(text);
    assert_int_equal(env_read(path, &read, message, sizeof message), 0);
    assert_string_equal(read.peers, "");
    assert_string_equal(read.peers_absent, "");
    assert_string_equal(read.id, e.id);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    (void)state;
    const struct env e = collect();
    assert_int_equal(env_write("/nowhere/env.json", &e), ENOENT);
    spew("old", 3);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, before.rlim_max});
    const int error = env_write(path, &e);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    assert_int_equal(error, EFBIG);
    size_t size;
    char *text = slurp(&size);
    assert_string_equal(text, "old");
    free(text);
    assert_int_equal(access(temporary, F_OK), -1); /* and nothing beside it */
}

static void bad_files_are_named(void **state)
{
    (void)state;
    need_reader();
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"\"v\": 1", "\"v\": 7", ": schema version 7, this build reads 1"},
        {"\"env\"", "\"sample\"", ": not an env.json of queuelab"},
        {"\"cpus\": ", "\"cpus\": -", ": \"cpus\" must be a whole number"},
        {"\"cpus\": ", "\"cpu\": ", ": \"cpus\" must be there"},
        {"\"governor\": ", "\"governor\": 1, \"g\": ", ": \"governor\" must be a string"},
        {"\"clock_invariant\": true", "\"clock_invariant\": 1", "must be true or false"},
        {"\"clock_cost_ns\": ", "\"clock_cost_ns\": \"x\", \"c\": ", "must be a number"},
        {"\"id\": \"", "\"id\": \"0123456789abcdef", ": \"id\" must be a string, not too long"},
        {"\"kernel\": ", "\"kernel\" ", ":9: not JSON"},
    };
    const struct env e = collect();
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(env_write(path, &e), 0);
        size_t size;
        char *text = slurp(&size), *at = strstr(text, cases[i].from);
        assert_non_null(at);
        FILE *f = fopen(path, "w");
        fprintf(f, "%.*s%s%s", (int)(at - text), text, cases[i].to, at + strlen(cases[i].from));
        fclose(f);
        free(text);
        struct env read;
        assert_int_equal(env_read(path, &read, message, sizeof message), EINVAL);
        if (strncmp(message, path, strlen(path)) != 0 || !strstr(message, cases[i].says))
            fail_msg("expected \"...%s\", got \"%s\"", cases[i].says, message);
    }
    struct env read;
    assert_int_equal(env_read("/nowhere/env.json", &read, message, sizeof message), ENOENT);
    assert_string_equal(message, "/nowhere/env.json: cannot open: No such file or directory");
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    need_reader();
    struct env e = collect();
    assert_int_equal(env_write(path, &e), 0);
    size_t size;
    char *text = slurp(&size);
    for (size_t keep = 0; keep < size - 1; keep++) { /* the last byte is a newline */
        spew(text, keep);
        assert_int_equal(env_read(path, &e, message, sizeof message), EINVAL);
    }
    free(text);
}

/* ---- the table ----------------------------------------------------------------------------- */

static void the_table_of_the_report(void **state)
{
    (void)state;
    need_reader();
    struct env e = collect(), read;
    strcpy(e.cpu_model, "model | with a bar");
    assert_int_equal(env_write(path, &e), 0);
    assert_int_equal(env_read(path, &read, message, sizeof message), 0);
    char *table = NULL;
    size_t size;
    FILE *f = open_memstream(&table, &size);
    env_markdown(f, &read);
    fclose(f);
    static const char *const parts[] = {"model \\| with a bar", "| clock | tsc, invariant",
                                        "costs 21.5 ns",        "resolution 8.25 ns",
                                        "agree within 120 ns",  "2.3 ticks per ns"};
    for (size_t i = 0; i < COUNT(parts); i++) {
        if (!strstr(table, parts[i]))
            fail_msg("no \"%s\" in\n%s", parts[i], table);
    }
    assert_non_null(strstr(table, e.id));
    for (const char *line = table; *line; line = strchr(line, '\n') + 1) {
        unsigned bars = 0;
        for (const char *c = line; *c != '\n'; c++)
            bars += *c == '|' && (c == line || c[-1] != '\\');
        assert_int_equal(bars, 3); /* two cells */
    }
    free(table);
}

/* ---- warnings ------------------------------------------------------------------------------ */

struct heard {
    unsigned n;
    char text[4096];
};

static void hear(void *arg, const char *sentence)
{
    struct heard *h = arg;
    h->n++;
    const size_t used = strlen(h->text);
    snprintf(h->text + used, sizeof h->text - used, "%s\n", sentence);
}

static struct env quiet(void)
{
    struct env e = {.build_type = "Release",
                    .commit = "0123456789abcdef0123456789abcdef01234567",
                    .governor = "performance",
                    .hypervisor = "none visible",
                    .smt = "off",
                    .cpus = 4,
                    .load_1min = 1.9,
                    .steal_percent = 0.9,
                    .clock_source = "tsc",
                    .clock_invariant = true};
    return e;
}

static void one_warning(const struct env *e, const char *word)
{
    struct heard h = {0};
    env_warnings(e, hear, &h);
    if (h.n != 1 || !strstr(h.text, word))
        fail_msg("expected one warning with \"%s\", got %u:\n%s", word, h.n, h.text);
}

static void warnings(void **state)
{
    (void)state;
    struct heard h = {0};
    struct env e = quiet();
    env_warnings(&e, hear, &h);
    if (h.n)
        fail_msg("a quiet machine warns:\n%s", h.text);

    e.load_1min = 2.1;
    one_warning(&e, "load average was 2.10 on 4");
    e = quiet();
    strcpy(e.governor, "powersave");
    one_warning(&e, "governor is powersave");
    strcpy(e.governor, "none visible");
    one_warning(&e, "No frequency governor is visible:");
    strcpy(e.hypervisor, "KVM");
    one_warning(&e, "visible in this virtual machine:");
    e = quiet();
    strcpy(e.clock_source, "monotonic");
    e.clock_invariant = false;
    one_warning(&e, "The clock is monotonic");
    e = quiet();
    e.steal_percent = 1.1;
    one_warning(&e, "1.1 %");
    e = quiet();
    e.sanitized = true;
    one_warning(&e, "sanitizer");
    e = quiet();
    strcpy(e.build_type, "Debug");
    one_warning(&e, "build type is Debug");
    e = quiet();
    strcpy(e.smt, "on");
    one_warning(&e, "SMT is on");
    e = quiet();
    memcpy(e.commit + strlen(e.commit), "+dirty", sizeof "+dirty");
    one_warning(&e, "differ from commit 0123456789ab:");
    strcpy(e.commit, "unknown");
    one_warning(&e, "outside git");
    e = quiet();
    e.cpus = 1;
    e.load_1min = 0;
    one_warning(&e, "Only one processor");
    e = quiet();
    e.cpu_quota = 1.5;
    one_warning(&e, "grants 1.5 of 4");
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/env.json", directory);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    return topology_load(&topology);
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
        cmocka_unit_test(everything_is_said),
        cmocka_unit_test(the_id_is_of_the_machine),
        cmocka_unit_test(survives_its_file),
        cmocka_unit_test(old_files_are_read),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(the_table_of_the_report),
        cmocka_unit_test(warnings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
