/* record_help.h: what the two tests of records share: one file in a directory of its own. */
#ifndef TESTS_RECORD_HELP_H
#define TESTS_RECORD_HELP_H

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

static inline bool can_read(void)
{
    struct record *r;
    size_t n;
    bool torn;
    return record_read("/dev/null", &r, &n, &torn, message, sizeof message) != ENOTSUP;
}

static inline void need_reader(void)
{
    if (!can_read()) {
        print_message("left out: %s\n", message);
        skip();
    }
}

static inline size_t read_all(struct record **r, bool *torn)
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

static inline void spew(const char *text, size_t size)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline struct record plain(void)
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
        .backoff_max = 16,
        .ok = true,
        .items = 1000000,
        .elapsed_ns = 41300000.5,
        .ns_per_item = 41.3000005,
        .items_per_s = 24213075.0,
        .fair_push = 1,
        .fair_pop = 0.25,
    };
}

static inline int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/runs.jsonl", directory);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

#endif
