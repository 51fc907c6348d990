/* report_help.h: what the tests of reports share: a directory of records, a report with markers. */
#ifndef TESTS_REPORT_HELP_H
#define TESTS_REPORT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/env.h"
#include "harness/record.h"
#include "harness/report.h"
#include "harness/topology.h"

static char root[64], results[128], report[128], data[128], message[1024];

/* ---- making ---------------------------------------------------------------------------------- */

static inline char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    if (!f)
        return NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&text, &size);
    for (int c; (c = fgetc(f)) != EOF;)
        fputc(c, m);
    fclose(m);
    fclose(f);
    return text;
}

static inline void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static inline void skeleton(const char *without)
{
    FILE *f = fopen(report, "w");
    assert_non_null(f);
    fputs("# By hand\n\nProse before.\n", f);
    for (size_t i = 0; report_sections[i]; i++)
        if (!without || strcmp(without, report_sections[i]) != 0)
            fprintf(f,
                    "\nAbove %s.\n<!-- BEGIN queuelab:%s -->\nold\n<!-- END queuelab:%s -->\n"
                    "Below.\n",
                    report_sections[i], report_sections[i], report_sections[i]);
    fputs("Prose after.", f);
    assert_int_equal(fclose(f), 0);
}

static inline struct record sample(const char *workload, const char *queue, const char *family,
                                   unsigned round, double mitems)
{
    static uint64_t sequence;
    struct record r = {.producers = 1,
                       .consumers = 1,
                       .batch = 1,
                       .payload_bytes = 8,
                       .capacity = 1024,
                       .round = round,
                       .sequence = sequence++,
                       .ok = true,
                       .items = 1000000,
                       .elapsed_ns = 1e9 / mitems,
                       .ns_per_item = 1e3 / mitems,
                       .items_per_s = 1e6 * mitems,
                       .rtt_before_ns = 140,
                       .rtt_after_ns = 140,
                       .fair_push = 1,
                       .fair_pop = 1};
    snprintf(r.workload, sizeof r.workload, "%s", workload);
    snprintf(r.queue, sizeof r.queue, "%s", queue);
    snprintf(r.family, sizeof r.family, "%s", family);
    snprintf(r.call, sizeof r.call, "inline");
    snprintf(r.mode, sizeof r.mode, "throughput");
    snprintf(r.pin, sizeof r.pin, "spread");
    return r;
}

static inline void put(FILE *f, const struct record *r) { assert_int_equal(record_write(f, r), 0); }

/* A directory with the environment of a machine with two processors, and no records yet. */
static inline int begin(void)
{
    snprintf(root, sizeof root, "/tmp/report_test.XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(results, sizeof results, "%s/known", root);
    snprintf(report, sizeof report, "%s/REPORT.md", root);
    snprintf(data, sizeof data, "%s/data", root);
    if (mkdir(results, 0777) != 0)
        return -1;
    static struct topology t;
    struct env e;
    char path[256];
    topology_load(&t);
    if (env_collect(&e, &t, clock_calibrate()) != 0)
        return -1;
    e.cpus = 2;
    e.backoff_max = 64; /* whatever this build has */
    snprintf(path, sizeof path, "%s/env.json", results);
    return env_write(path, &e);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

static inline int teardown(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- looking --------------------------------------------------------------------------------- */

static inline char *written(void)
{
    skeleton(NULL);
    const int error = report_write(results, report, data, message, sizeof message);
    if (error)
        fail_msg("%s", message);
    return slurp(report);
}

static inline void expect(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("not in the report: %s", what);
}

#endif
