/* study_judge_help.h: judges before samples that are made up: written to a file as a run writes them,
 * read again, judged. A table for each study says which verdict follows from what. */
#ifndef TESTS_STUDY_JUDGE_HELP_H
#define TESTS_STUDY_JUDGE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <ctype.h>
#include <errno.h>

#include "studies/ledger.h"

enum { MADE_ROUNDS = 9, MADE_MOST = 16, MADE_METRICS = 8 };

/* Nine rounds; a metric goes evenly from the first value to the second one. */
struct made {
    const char *experiment, *variant, *setting;
    struct made_metric {
        const char *name;
        double first, last;
    } metric[MADE_METRICS];
    bool absent; /* there are no such samples; of `usual`: not these */
};

/* What is usual, but for these samples, gives this verdict on this claim, which says so. */
struct judged {
    const char *claim;
    enum verdict verdict;
    const char *says; /* NULL: anything; "^...": begins so */
    struct made but[MADE_MOST];
};

static bool made_same(const struct made *a, const struct made *b)
{
    return strcmp(a->experiment, b->experiment) == 0 && strcmp(a->variant, b->variant) == 0 &&
           strcmp(a->setting, b->setting) == 0;
}

static void made_write(FILE *f, const struct study *s, const struct made *m, unsigned cell,
                       unsigned rounds)
{
    for (unsigned round = 0; round < rounds && !m->absent; round++) {
        struct study_sample sample = {.cell = cell, .round = round};
        snprintf(sample.experiment, sizeof sample.experiment, "%s", m->experiment);
        snprintf(sample.variant, sizeof sample.variant, "%s", m->variant);
        snprintf(sample.setting, sizeof sample.setting, "%s", m->setting);
        for (unsigned i = 0; i < MADE_METRICS && m->metric[i].name; i++)
            study_put(&sample, m->metric[i].name,
                      m->metric[i].first +
                          (m->metric[i].last - m->metric[i].first) * round / (MADE_ROUNDS - 1));
        assert_int_equal(study_write(f, s, &sample), 0);
    }
}

/* A word by itself: no part of "information". */
static bool made_has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += n)
        if ((at == text || !isalpha((unsigned char)at[-1])) && !isalpha((unsigned char)at[n]))
            return true;
    return false;
}

/* Whatever was measured, sentences are sentences, and each claim of the ledger has its verdict. */
static void made_check_all(const struct study_judge *j)
{
    static const char *const words[] = {"nan", "inf"}, *const holes[] = {" ()", "[]", "[, ", "(, "};
    char message[512];
    assert_int_equal(j->error, 0);
    for (size_t i = 0; i < j->n_findings; i++) {
        const char *const text = j->finding[i].measured;
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (made_has_word(text, words[k]))
                fail_msg("%s: '%s' in: %s", j->finding[i].claim, words[k], text);
        for (size_t k = 0; k < sizeof holes / sizeof *holes; k++)
            if (strstr(text, holes[k]))
                fail_msg("%s: '%s' in: %s", j->finding[i].claim, holes[k], text);
    }
    if (ledger_check(QUEUELAB_SOURCE_DIR "/studies/claims.tsv", j, message, sizeof message) ==
        ENOKEY)
        fail_msg("%s", message);
}

/* Reads what `rounds` rounds of these samples come to. usual ends with an experiment NULL. */
static void made_judge(struct study_judge *j, const struct study *s, const struct made *usual,
                       const struct made *but, unsigned rounds)
{
    char directory[] = "/tmp/study_judge_test.XXXXXX", path[64], message[512];
    FILE *f;
    unsigned cell = 0;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/samples.jsonl", directory);
    const struct study_options o = {.study = s, .out = directory};
    assert_int_equal(study_begin(&f, &o, rounds, NULL), 0);
    for (; usual && usual->experiment; usual++) {
        bool replaced = false;
        for (unsigned i = 0; but && i < MADE_MOST && but[i].experiment; i++)
            replaced |= made_same(usual, &but[i]);
        if (!replaced)
            made_write(f, s, usual, cell++, rounds);
    }
    for (unsigned i = 0; but && i < MADE_MOST && but[i].experiment; i++)
        made_write(f, s, &but[i], cell++, rounds);
    assert_int_equal(fclose(f), 0);
    const int error = study_read(j, s, directory, message, sizeof message);
    unlink(path);
    rmdir(directory);
    if (error == ENOTSUP)
        skip();
    if (error)
        fail_msg("%s", message);
    s->judge(j);
    made_check_all(j);
}

static const struct study_finding *made_finding(const struct study_judge *j, const char *claim)
{
    for (size_t i = 0; i < j->n_findings; i++)
        if (strcmp(j->finding[i].claim, claim) == 0)
            return &j->finding[i];
    fail_msg("%s has no verdict", claim);
    return NULL;
}

/* All cases; a decided one says all its figures. */
static void made_check_cases(const struct study *s, const struct made *usual,
                             const struct judged *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct study_judge j;
        made_judge(&j, s, usual, cases[i].but, MADE_ROUNDS);
        const struct study_finding *const f = made_finding(&j, cases[i].claim);
        if (f->verdict != cases[i].verdict)
            fail_msg("case %zu, %s: '%s', not '%s': %s", i, f->claim, verdict_words[f->verdict],
                     verdict_words[cases[i].verdict], f->measured);
        const char *const says = cases[i].says;
        if (says && (says[0] == '^' ? strncmp(f->measured, says + 1, strlen(says) - 1) != 0
                                    : strstr(f->measured, says) == NULL))
            fail_msg("case %zu, %s does not say '%s': %s", i, f->claim, cases[i].says, f->measured);
        if (f->verdict != CLAIM_UNTESTABLE && strstr(f->measured, "(no value"))
            fail_msg("case %zu, %s has no figure: %s", i, f->claim, f->measured);
        study_release(&j);
    }
}

/* A run without samples decides nothing; nor do two rounds decide what rests on intervals. */
static void made_check_absence(const struct study *s, const struct made *usual,
                               const char *const *by_interval)
{
    struct study_judge j;
    made_judge(&j, s, NULL, NULL, 0);
    for (size_t i = 0; i < j.n_findings; i++)
        if (j.finding[i].verdict != CLAIM_UNTESTABLE)
            fail_msg("%s is decided without a sample: %s", j.finding[i].claim,
                     j.finding[i].measured);
    study_release(&j);
    made_judge(&j, s, usual, NULL, 2);
    for (; *by_interval; by_interval++)
        if (made_finding(&j, *by_interval)->verdict != CLAIM_UNTESTABLE)
            fail_msg("%s is decided by two rounds: %s", *by_interval,
                     made_finding(&j, *by_interval)->measured);
    study_release(&j);
}

#endif
