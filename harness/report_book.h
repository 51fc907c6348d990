/* report_book.h: the records of one run, sorted so that what may be compared stands together.
 * Internal to harness/report*.c.
 *
 *   book ─► settings: one workload with its threads, batch, payload, capacity, rate, pinning
 *            └─► series: one queue (and way of calling) in that setting
 *                 └─► samples, by round
 *
 * Comparisons are made between series, sample by sample: the same round, the same state of the
 * machine (topology.h; the word follows from the recorded probes, by today's limits). A sample whose
 * state changed while it ran (mixed) enters no figure. Figures come from the one state that most of
 * a setting's samples saw, so that no figure mixes two machines, and tables name it; only memory,
 * which does not depend on it, is taken from all samples. */
#ifndef HARNESS_REPORT_BOOK_H
#define HARNESS_REPORT_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "harness/env.h"
#include "harness/record.h"
#include "harness/stats.h"

#define REPORT_CONFIDENCE 0.95
#define REPORT_TIE        1.01 /* a ratio within one per cent of 1 is no difference */

struct series {
    const struct record *key;     /* any of its samples */
    const struct record **sample; /* the good ones, by round */
    size_t n, failed;
};

struct setting {
    const struct record *key;
    struct series *series; /* by family and name, floors last */
    size_t n;
    const char *state; /* the one its figures come from */
};

struct book {
    struct record *records;
    size_t n_records;
    bool torn;
    const struct record **sorted;
    struct series *series;
    size_t n_series;
    struct setting *settings;
    size_t n_settings;
    struct env env;
    unsigned cpus, rounds;
    char results_dir[4096];
    const char *directory;     /* its last part */
    const struct proof *proof; /* report_proof.h: the model checker's tables; NULL for figures */
    const char *report;        /* all of it but the table of contents */
};

int book_sort(struct book *b); /* records, n_records and cpus are filled in. 0 or ENOMEM */
int book_read(struct book *b, const char *results_dir, char *message, size_t message_size);
void book_free(struct book *b);

enum { SETTINGS_MOST = 64 }; /* of one workload, that are looked at */

/* The settings that tables show: this workload, one item at a time, the smallest payload; mode
 * NULL: any. At most `most`, in order of threads. Returns how many. */
size_t book_base(const struct book *b, const char *workload, const char *mode,
                 const struct setting **out, size_t most);

/* Of these only those of one capacity, the one that most series were measured with. */
size_t book_usual(const struct book *b, const char *workload, const char *mode,
                  const struct setting **out, size_t most);

/* Of these, the one with most threads that still has a processor for each (over: the one with most
 * threads, if some have none). Balanced ones first. NULL: there is none. */
const struct setting *book_widest(const struct book *b, const struct setting *const *s, size_t n,
                                  bool over);
/* The setting that differs from s in batch and payload alone. */
const struct setting *book_variant(const struct book *b, const struct setting *s, unsigned batch,
                                   unsigned payload);

const struct series *setting_find(const struct setting *s, const char *queue, const char *call);
const char *series_error(const struct book *b, const struct series *s); /* of its first failure */
const struct series *book_limit(const struct book *b, const char *name);
/* The fastest limit of items of this size that go one way; NULL: none was measured. */
const struct series *book_stream(const struct book *b, unsigned payload);

unsigned record_threads(const struct record *r);

/* How many ranked queues have numbers in this setting. */
unsigned setting_rivals(const struct setting *s);

const char *setting_threads(const struct setting *s, char *text, size_t size); /* "4", "2:2" */

/* ---- tables of one workload: queues down, threads across ------------------------------------ */

enum { BOOK_KINDS = 7, BOOK_COLUMNS = 12, BOOK_QUEUES = 256 };
extern const struct book_kind {
    const char *workload, *what, *unit;
} book_kinds[BOOK_KINDS];

/* Its settings: those of the usual capacity, save for fill_drain, whose capacity is its size. */
size_t book_columns(const struct book *b, const char *workload, const struct setting **s);
/* Each queue that appears in any of them, in order, each once. With peers: those of others too, whose
 * ratios are in the ranking. */
size_t book_queues(const struct book *b, const struct setting *const *s, size_t n, bool floors,
                   bool peers, const char **names);

/* ---- figures ------------------------------------------------------------------------------- */

typedef double figure(const struct record *r); /* NaN: this record has none */

figure figure_mitems, figure_ns, figure_ns_per_operation, figure_bytes, figure_bytes_per_item,
    figure_bytes_left, figure_stopped_share;
figure figure_cas_failed, figure_retries, figure_full, figure_empty, figure_parks;
figure figure_voluntary, figure_involuntary, figure_fair_push, figure_fair_pop;

/* Median over the samples of this state; NULL: over all (memory; one thread, whose state is one). */
struct interval series_median(const struct series *s, const char *state, figure *f);
/* How many times a is b: f(a)/f(b), pair by pair, both samples of a pair in this state. */
struct interval series_ratio(const struct series *a, const struct series *b, const char *state,
                             figure *f);
bool ratio_is_tie(const struct interval *r);
bool series_ranked(const struct series *s); /* not a floor, called inline */

bool series_in_one_order(const struct series *s); /* ranked, and keeps one order for all threads */

/* The fastest of those series of a setting that are among these; *against as below. */
const struct series *setting_fastest_of(const struct setting *s,
                                        bool (*among)(const struct series *s),
                                        struct interval *against);
/* The fastest ranked series of a setting, *against its ratio to the reference (which is 1 against
 * itself), and in tied[] which cannot be told from it. NULL: nothing to rank. */
const struct series *setting_fastest(const struct setting *s, struct interval *against, bool *tied);

/* Histograms of all samples of the setting's state, merged; NULL: there are none. To be freed. */
struct histogram *series_merge(const struct series *s, const char *state,
                               struct histogram *const *(*part)(const struct record *r),
                               double *tick_ns);
struct histogram *const *part_push(const struct record *r);
struct histogram *const *part_pop(const struct record *r);
struct histogram *const *part_sojourn(const struct record *r);

/* ---- words --------------------------------------------------------------------------------- */

const char *digits(double v, char *text, size_t size); /* three that count, no exponent */
void put_number(FILE *f, double v);                    /* the same; NaN: a dash */
void put_interval(FILE *f, const struct interval *i);  /* 12.3 [11.9, 12.8] */
void put_ratio(FILE *f, const struct interval *i);     /* 1.84x [1.71, 1.97] */
void put_states(FILE *f, const struct book *b);        /* how many samples saw which state */
void put_queue(FILE *f, const struct series *s);
void put_failed(FILE *f, const struct series *s); /* "failed 2 of 9" */
/* " | " and a figure for each of them: quantiles that the samples support, and the maximum. */
enum { QUANTILE_TITLES = 7 }; /* the last one, samples, is the caller's */
extern const char *const quantile_titles[QUANTILE_TITLES];
void put_quantiles(FILE *f, const struct histogram *h, double tick_ns);
void put_table_head(FILE *f, const char *first, const char *const *titles, size_t n);

void put_goals(FILE *f, const struct book *b);           /* report_targets.c: the classes'; */
void put_targets(FILE *f, const struct book *b);         /* the lab's and the ring's, */
void put_targets_verdict(FILE *f, const struct book *b); /* and its sum in a sentence */
void put_claims_verdict(FILE *f,
                        const struct book *b); /* of studies/claims.tsv; nothing without it */

/* ---- sections ------------------------------------------------------------------------------ */

typedef int section(FILE *f, const struct book *b);
section section_verdict, section_machine, section_ranking, section_families, section_absolute,
    section_latency;
section section_memory, section_contention, section_oversubscription, section_interface;
section section_backoff, section_segment, section_held;
section section_order, section_telling, section_overload, section_limits, section_cannot_tell,
    section_records;
section section_explored, section_progress, section_necessity, section_mutants, section_litmus;
section section_counterexamples, section_claims, section_contents;

void order_data(FILE *f, const struct book *b);   /* report_relaxed.c */
void backoff_data(FILE *f, const struct book *b); /* report_backoff.c */
void segment_data(FILE *f, const struct book *b); /* report_segment.c */
void held_data(FILE *f, const struct book *b);
int report_data(const struct book *b, const char *data_dir, char *message, size_t message_size);
int read_whole(const char *path, char **text, size_t *size, char *message, size_t message_size);
int write_whole(const char *path, const char *text, size_t size, char *message,
                size_t message_size);

#endif
