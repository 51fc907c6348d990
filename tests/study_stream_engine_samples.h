/* study_stream_engine_samples.h: samples that are made up, and the verdict that must come of them: for the
 * tests of the stream engine's judge. */
#ifndef TESTS_STUDY_STREAM_ENGINE_SAMPLES_H
#define TESTS_STUDY_STREAM_ENGINE_SAMPLES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "studies/study_file.h"

extern const struct study study_stream_engine;

enum { ROUNDS = 8 };

static char directory[] = "/tmp/study_stream_engine_judge_test.XXXXXX", path[80];

static inline int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/samples.jsonl", directory);
    return 0;
}

static inline int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", directory);
    return system(command);
}

/* ---- samples ------------------------------------------------------------------------------------ */

static FILE *file;
static unsigned cells;

static inline void begin_file(void)
{
    const struct study_options o = {.study = &study_stream_engine, .out = directory, .seed = 1};
    remove(path);
    assert_int_equal(study_begin(&file, &o, ROUNDS, NULL), 0);
    cells = 0;
}

/* ROUNDS samples of a cell: a metric that differs a little from one to the next, and another that does
 * not. */
static inline void put2(const char *experiment, const char *variant, const char *setting,
                        const char *metric, double value, const char *other, double second)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct study_sample s = {.cell = cells, .round = round};
        snprintf(s.experiment, sizeof s.experiment, "%s", experiment);
        snprintf(s.variant, sizeof s.variant, "%s", variant);
        snprintf(s.setting, sizeof s.setting, "%s", setting);
        study_put(&s, metric, value * (1 + (cells / 2 % 2 ? -0.002 : 0.002) * round));
        if (other)
            study_put(&s, other, second);
        if (strcmp(metric, "switches_per_batch") == 0)
            study_put(&s, "batch_records", 1000);
        assert_int_equal(study_write(file, &study_stream_engine, &s), 0);
    }
    cells++;
}

static inline void put(const char *experiment, const char *variant, const char *setting,
                       const char *metric, double value)
{
    put2(experiment, variant, setting, metric, value, NULL, 0);
}

#define ONE   "group by, 1 threads, 1 K groups, 0 ns"
#define FOUR  "group by, 4 threads, 1 K groups, 0 ns"
#define EIGHT "group by, 8 threads, 1 K groups, 0 ns"
#define WORK  "group by, 4 threads, 1 K groups, 2000 ns"

static inline void rate(const char *variant, double one, double four)
{
    put("steps", variant, ONE, "records_per_s", one);
    put("steps", variant, FOUR, "records_per_s", four);
}

static inline void assert_verdict(const char *claim, enum verdict expected, const char *words)
{
    struct study_judge j;
    char message[256];
    if (file) {
        assert_int_equal(fclose(file), 0);
        file = NULL;
    }
    assert_int_equal(study_read(&j, &study_stream_engine, directory, message, sizeof message), 0);
    study_stream_engine.judge(&j);
    assert_int_equal(j.n_findings, 27);
    bool found = false;
    for (size_t i = 0; i < j.n_findings; i++) {
        if (strcmp(j.finding[i].claim, claim) != 0)
            continue;
        if (j.finding[i].verdict != expected || (words && !strstr(j.finding[i].measured, words)))
            fail_msg("%s: '%s' and not '%s' with '%s': %s", claim,
                     verdict_words[j.finding[i].verdict], verdict_words[expected],
                     words ? words : "", j.finding[i].measured);
        found = true;
    }
    assert_true(found);
    study_release(&j);
}

#endif
