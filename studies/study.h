/* study.h: how a system is put to the claims that were made about it.
 *
 *   study.c of a system ─► cells ─► samples, a line each in DIR/samples.jsonl ─► judge ─► verdicts
 *                                                                            └► figure's table
 *   verdicts ─► studies/claims.tsv (ledger.h) ─► REPORT.md
 *
 * A study names what is to be measured (cells) and how one cell is measured once. The runner does
 * the rest: rounds in which every cell is measured once, what is compared close together, in an order
 * drawn anew for each round, each sample in a process of its own with a limit of time, so that a
 * variant that hangs, as some of the documents' own code does, costs a sample and is a result. Every
 * sample is on disk before the next begins. The judge sees samples of a file and nothing else, so verdicts can be had again from
 * records, and a verdict without a record cannot be written.
 *
 * To add one: a directory with a README.md and a study.c that defines `const struct study
 * study_NAME`, and a line in studies.def. */
#ifndef STUDIES_STUDY_H
#define STUDIES_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/stats.h"

enum { STUDY_METRICS = 24, STUDY_WORD = 40, STUDY_SETTING = 96, STUDY_ERROR = 160 };

/* ---- what is measured ------------------------------------------------------------------------ */

/* One measurement. What is compared stands in the same experiment and setting, and differs in
 * `variant`; the setting is words a person reads: "128 threads, 5 ms". Units are in the names of
 * metrics, as everywhere: commits_per_s, p99_ns. */
struct study_sample {
    char experiment[STUDY_WORD], variant[STUDY_WORD], setting[STUDY_SETTING];
    unsigned cell, round;    /* filled in by the runner */
    double stolen;           /* too: share of the processors' time that the host gave to others */
    char error[STUDY_ERROR]; /* why there are no numbers, or what went wrong; "" if nothing */
    unsigned n;
    struct study_metric {
        char name[STUDY_WORD];
        double value;
    } metric[STUDY_METRICS];
};

/* Adds a number. One that is not finite is an error of the sample. */
void study_put(struct study_sample *s, const char *metric, double value);
void study_fail(struct study_sample *s, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* the first one stays */

struct study_run;

struct study_cell {
    const char *experiment, *variant;
    char setting[STUDY_SETTING];
    /* Measures once and fills in numbers, in a process of its own: threads may be started, memory
     * need not be freed, stdout is not to be used. */
    void (*measure)(const struct study_run *run, const struct study_cell *cell,
                    struct study_sample *sample);
    const void *subject; /* what `measure` makes of these three is its own affair */
    double number[4];
    unsigned flags;
    double limit_s;  /* then it is killed, with all its children, and "did not end" is its error;
                            0: 60 s */
    unsigned rounds; /* fewer than the run's, for what is the same every time; 0: all */
};

/* ---- a study --------------------------------------------------------------------------------- */

/* An option of the command line: --name VALUE. */
struct study_parameter {
    const char *name, *help;
    const char *usual, *quick; /* its value when none is given; quick NULL: the same */
    double least, most;        /* of a number; both 0: it is a text */
};

struct study_judge;

struct study {
    const char *name, *source; /* "000": the document */
    const char *title;
    const struct study_parameter *parameters; /* ends with a NULL name; NULL: none */
    unsigned rounds, quick_rounds;
    /* Makes cells and calls study_measure, once if it can: then the time left is right. Answers
     * what study_measure answers; 2 and a line on stderr for a request that makes no sense. */
    int (*run)(struct study_run *run);
    /* Gives every claim of the document its verdict: study_verdict. */
    void (*judge)(struct study_judge *judge);
    /* The table of its figure, plots/study_NAME.gp; NULL: none. */
    void (*figure)(const struct study_judge *judge, FILE *table);
};
extern const struct study *const studies[]; /* of studies.def; NULL-terminated */

/* Values of parameters; a name that is not in the table is a mistake of the study: it aborts. */
double study_number(const struct study_run *run, const char *name);
const char *study_text(const struct study_run *run, const char *name);
bool study_given(const struct study_run *run, const char *name); /* on the command line */
bool study_quick(const struct study_run *run);
uint64_t study_seed(const struct study_run *run);         /* differs from sample to sample */
const char *study_directory(const struct study_run *run); /* for files of a sample; "." if none */

/* Measures all cells (with --only those of some experiments), all rounds. Exit status: 0, 1 samples have
 * errors, 2 there is no such experiment, 3 it could not go on (disk full, no memory; what was measured
 * is kept), 130 interrupted. */
int study_measure(struct study_run *run, const struct study_cell *cells, size_t n);

/* Options and whole life of a run: command.c. */
struct study_options {
    const struct study *study;
    bool quick, quiet;
    unsigned rounds; /* 0: the study's */
    uint64_t seed;
    const char *out;    /* directory; made when missing */
    const char *only;   /* experiments, with commas; NULL: all */
    const char **value; /* of each parameter; NULL: its default */
};
int study_carry_out(const struct study_options *o); /* exit status as study_measure's, or 2 */

/* ---- judging --------------------------------------------------------------------------------- */

enum verdict {
    CLAIM_HOLDS,
    CLAIM_REFUTED,
    CLAIM_CONDITIONAL, /* holds only when: the sentence says when */
    CLAIM_UNTESTABLE,  /* cannot be tested here: the sentence says why */
};
extern const char *const verdict_words[];

/* One claim, one verdict. The sentence holds the figures as measured, which the judge computes from
 * samples; one that is not there reads "(no value)"; `evidence` is a path from the top of the
 * project, NULL: the records themselves. */
void study_verdict(struct study_judge *j, const char *claim, enum verdict v, const char *evidence,
                   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The values of a metric by round; setting NULL: the only one (or the first). Samples with errors
 * have none. */
struct interval study_median(const struct study_judge *j, const char *experiment,
                             const char *variant, const char *setting, const char *metric);
/* How many times b's is a's, pair by pair within rounds. */
struct interval study_ratio(const struct study_judge *j, const char *experiment, const char *a,
                            const char *b, const char *setting, const char *metric);
double study_least(const struct study_judge *j, const char *experiment, const char *variant,
                   const char *setting, const char *metric); /* NaN: there is none */
double study_most(const struct study_judge *j, const char *experiment, const char *variant,
                  const char *setting, const char *metric);
double study_sum(const struct study_judge *j, const char *experiment, const char *variant,
                 const char *setting, const char *metric);
/* How many samples there are, and how many of them have an error. */
unsigned study_count(const struct study_judge *j, const char *experiment, const char *variant,
                     const char *setting, unsigned *errors);
const char *study_error(const struct study_judge *j, const char *experiment, const char *variant,
                        const char *setting); /* the first one; "" if none */
/* The i-th setting of an experiment, in the order of the samples; NULL: there are no more. The same
 * for variants (setting NULL: of any). */
const char *study_setting(const struct study_judge *j, const char *experiment, size_t i);
const char *study_variant(const struct study_judge *j, const char *experiment, const char *setting,
                          size_t i);

/* HOLDS when the whole interval is at or above the bound, REFUTED when all of it is below (or the
 * other way round), UNTESTABLE when it contains the bound or there are no values. */
enum verdict study_at_least(struct interval v, double bound);
enum verdict study_at_most(struct interval v, double bound);
enum verdict study_opposite(enum verdict v); /* holds for refuted, and the other way round */
/* Times a / b of values that were not taken in pairs: as wide as their intervals allow. */
struct interval study_quotient(struct interval a, struct interval b, double times);
/* "12.3 [11.0, 14.1] unit": for sentences; in one of a few static buffers. */
const char *study_words(struct interval v, const char *unit);
/* No sample of this experiment has numbers: then these claims, a space between two, cannot be tested,
 * and have their verdicts. */
bool study_missing(struct study_judge *j, const char *claims, const char *experiment);

/* A claim of several parts, each with a verdict of its own: one for each rival, load, variant. It
 * holds when all do, holds only when some do and others are refuted, is refuted when some are and
 * none holds; otherwise it is as open as those that are. The words say which part is what: "a (2.1x
 * [1.9, 2.2]), b (...); refuted: c (...); undecided: d (...)". All zero: no parts yet. */
struct study_parts {
    struct study_part_list {
        char text[1200];
        unsigned n;
    } list[4]; /* by verdict */
};
void study_part(struct study_parts *p, enum verdict v, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum verdict study_parts_verdict(const struct study_parts *p);
const char *study_parts_words(const struct study_parts *p); /* in one of two static buffers */

#endif
