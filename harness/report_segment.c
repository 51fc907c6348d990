/* report_segment.c: how long a segment should be, and what an unbounded queue keeps for a reader that
 * stands still. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/held.h"

/* ---- segments -------------------------------------------------------------------------------- */

static bool is_segment(const struct setting *s)
{
    return strcmp(s->key->workload, "segment") == 0 && strcmp(s->key->mode, "throughput") == 0;
}

/* The same queue with segments as long as it chooses itself. */
static const struct series *own_choice(const struct setting *s, const char *queue)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->series[i].key->segment == 0 && strcmp(s->series[i].key->queue, queue) == 0)
            return &s->series[i];
    return NULL;
}

static void segment_table(FILE *f, const struct book *b, const struct setting *s)
{
    static const char *const titles[] = {"cells of a segment", "M items/s", "times its own choice",
                                         "high water, KiB", "left, KiB"};
    char threads[32];
    fprintf(f, "#### segments, %s %s%s (%s)\n\n", s->key->consumers ? "flow" : "pairs",
            setting_threads(s, threads, sizeof threads),
            record_threads(s->key) > b->cpus ? " †" : "", s->state);
    put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < s->n; i++) {
        const struct series *const q = &s->series[i], *own = own_choice(s, q->key->queue);
        const struct interval mitems = series_median(q, s->state, figure_mitems);
        if (!series_ranked(q) || mitems.n == 0)
            continue;
        fprintf(f, "| %s | ", q->key->queue);
        if (q->key->segment)
            fprintf(f, "%llu | ", (unsigned long long)q->key->segment);
        else
            fputs("**own choice** | ", f);
        put_interval(f, &mitems);
        fputs(" | ", f);
        if (own == q || !own) {
            fputs(own ? "1" : "–", f);
        } else {
            const struct interval r = series_ratio(q, own, s->state, figure_mitems);
            put_ratio(f, &r);
        }
        fputs(" | ", f);
        put_number(f, series_median(q, NULL, figure_bytes).mid / 1024);
        fputs(" | ", f);
        put_number(f, series_median(q, NULL, figure_bytes_left).mid / 1024);
        fputs(" |\n", f);
    }
    fputc('\n', f);
}

/* One length in all cells: the median over the queues, each against its best length in that cell. */
static void put_length(FILE *f, const struct book *b, uint64_t length)
{
    enum { MOST = 128 };
    double share[MOST], left[MOST];
    size_t n = 0;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        for (size_t k = 0; is_segment(s) && k < s->n && n < MOST; k++) {
            const struct series *const q = &s->series[k];
            const double mitems = series_median(q, s->state, figure_mitems).mid;
            double best = mitems;
            if (q->key->segment != length || !series_ranked(q) || isnan(mitems))
                continue;
            for (size_t l = 0; l < s->n; l++)
                if (strcmp(s->series[l].key->queue, q->key->queue) == 0)
                    best = fmax(best, series_median(&s->series[l], s->state, figure_mitems).mid);
            share[n] = mitems / best;
            left[n++] = series_median(q, NULL, figure_bytes_left).mid / 1024;
        }
    }
    if (length)
        fprintf(f, "| %llu | ", (unsigned long long)length);
    else
        fputs("| **own choice** | ", f);
    put_number(f, 100 * stats_median(share, n));
    fputs(" % | ", f);
    put_number(f, 100 * stats_quantile(share, n, 0));
    fputs(" % | ", f);
    put_number(f, stats_median(left, n));
    fputs(" |\n", f);
}

static void put_lengths(FILE *f, const struct book *b)
{
    static const char *const titles[] = {"throughput, of the best length's", "least", "left, KiB"};
    uint64_t last = 0;
    bool first = true;
    fputs("#### all cells together\n\n", f);
    put_table_head(f, "cells of a segment", titles, sizeof titles / sizeof *titles);
    for (;;) { /* each length once, in their order */
        bool more = false;
        uint64_t next = UINT64_MAX;
        for (size_t i = 0; i < b->n_settings; i++)
            for (size_t k = 0; is_segment(&b->settings[i]) && k < b->settings[i].n; k++) {
                const uint64_t length = b->settings[i].series[k].key->segment;
                if ((first || length > last) && length < next) {
                    next = length;
                    more = true;
                }
            }
        if (!more)
            break;
        put_length(f, b, next);
        last = next;
        first = false;
    }
    fputc('\n', f);
}

/* Where a queue's own choice is plainly slower than another length, that is said. */
static void segment_verdict(FILE *f, const struct setting *s)
{
    char threads[32];
    for (size_t i = 0; i < s->n; i++) {
        const struct series *const own = &s->series[i], *best = NULL;
        struct interval faster = {.mid = 0};
        if (own->key->segment != 0 || own->n == 0)
            continue;
        for (size_t k = 0; k < s->n; k++) {
            const struct series *const q = &s->series[k];
            const struct interval r = series_ratio(q, own, s->state, figure_mitems);
            if (q == own || strcmp(q->key->queue, own->key->queue) != 0 || r.coverage <= 0 ||
                r.low <= REPORT_TIE || r.mid <= faster.mid)
                continue;
            faster = r;
            best = q;
        }
        if (!best)
            continue;
        fprintf(f, "- `%s`, %s %s: segments of %llu cells are faster than its own choice, ",
                own->key->queue, s->key->consumers ? "flow" : "pairs",
                setting_threads(s, threads, sizeof threads),
                (unsigned long long)best->key->segment);
        put_ratio(f, &faster);
        fputc('\n', f);
    }
}

int section_segment(FILE *f, const struct book *b)
{
    bool any = false;
    for (size_t i = 0; i < b->n_settings; i++)
        any |= is_segment(&b->settings[i]);
    if (!any) {
        fputs("Not measured: there is no record of `segment`.\n\n", f);
        return 0;
    }
    put_lengths(f, b);
    for (size_t i = 0; i < b->n_settings; i++)
        if (is_segment(&b->settings[i]))
            segment_table(f, b, &b->settings[i]);
    fputs(
        "Where another length is faster than a queue's own choice by more than 1 %, as far as the "
        "interval says:\n\n",
        f);
    char *text = NULL;
    size_t size = 0;
    FILE *const m = open_memstream(&text, &size);
    if (!m)
        return -1;
    for (size_t i = 0; i < b->n_settings; i++)
        if (is_segment(&b->settings[i]))
            segment_verdict(m, &b->settings[i]);
    if (fclose(m) == 0)
        fputs(size ? text : "- nowhere.\n", f);
    free(text);
    fputs("\nAll cells together: medians over the queues and cells, and the worst of them, against "
          "the "
          "best length of the same queue in the same cell. Ratios are of pairs of one round. *High "
          "water* is of the whole sample, the warm-up "
          "with 1024 items inside too; *left* is what the queue still holds when all has come out: "
          "its last segment, and spare ones. † more threads than processors.\n\n",
          f);
    return 0;
}

/* For the figure: a line for each queue and cell; 0 stands for the queue's own choice. */
void segment_data(FILE *f, const struct book *b)
{
    fputs("queue\tcell\tsegment\tmitems_per_s\tlow\thigh\tleft_bytes\n", f);
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        for (size_t k = 0; is_segment(s) && k < s->n; k++) {
            const struct series *const q = &s->series[k];
            const struct interval m = series_median(q, s->state, figure_mitems);
            char threads[32];
            if (series_ranked(q) && m.n > 0)
                fprintf(f, "%s\t%s %s\t%llu\t%.6g\t%.6g\t%.6g\t%.6g\n", q->key->queue,
                        s->key->consumers ? "flow" : "pairs",
                        setting_threads(s, threads, sizeof threads),
                        (unsigned long long)q->key->segment, m.mid, m.low, m.high,
                        series_median(q, NULL, figure_bytes_left).mid);
        }
    }
}

/* ---- a reader that stands still -------------------------------------------------------------- */

static double figure_held_0(const struct record *r) { return (double)r->held_0; }
static double figure_held_1k(const struct record *r) { return (double)r->held_1k; }
static double figure_held_10k(const struct record *r) { return (double)r->held_10k; }
static double figure_held_100k(const struct record *r) { return (double)r->held_100k; }
static double figure_held_1m(const struct record *r) { return (double)r->held_1m; }
static double figure_held_after(const struct record *r) { return (double)r->held_after; }

static figure *const looks[HELD_LOOKS] = {figure_held_0, figure_held_1k, figure_held_10k,
                                          figure_held_100k, figure_held_1m};
static const double passed[HELD_LOOKS] = {0, 1e3, 1e4, 1e5, 1e6};

int section_held(FILE *f, const struct book *b)
{
    static const char *const titles[] = {"0 items", "1000",      "10 000",
                                         "100 000", "1 000 000", "bytes for each more item",
                                         "gone on", "n"};
    bool any = false;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        for (size_t k = 0; strcmp(s->key->workload, "held") == 0 && k < s->n; k++) {
            const struct series *const q = &s->series[k];
            double kib[HELD_LOOKS];
            if (!series_ranked(q) || q->n == 0)
                continue;
            if (!any)
                put_table_head(f, "queue, KiB held after", titles, sizeof titles / sizeof *titles);
            any = true;
            fprintf(f, "| %s", q->key->queue);
            for (size_t l = 0; l < HELD_LOOKS; l++) {
                kib[l] = series_median(q, NULL, looks[l]).mid / 1024;
                fputs(" | ", f);
                put_number(f, kib[l]);
            }
            const double more = 1024 * (kib[HELD_LOOKS - 1] - kib[HELD_LOOKS - 2]) /
                                (passed[HELD_LOOKS - 1] - passed[HELD_LOOKS - 2]);
            fputs(" | ", f);
            put_number(f, more); /* below 0: it has given some back */
            fputs(" | ", f);
            put_number(f, series_median(q, NULL, figure_held_after).mid / 1024);
            fprintf(f, " | %zu |\n", q->n);
        }
    }
    if (any)
        fputs("\nTwo threads push one and pop one, so that hardly any items are inside; a third "
              "stands still inside a pop all the while, then goes on, and a hundred thousand more "
              "pass. *Bytes for each more item*: "
              "between the last two looks; 0 is a bound that is reached, with epochs and in "
              "segment_ymc it is what the items were in. Bytes are the queue's own count "
              "(`N_bytes`), medians over the "
              "samples.\n\n",
              f);
    else
        fputs("Not measured: there is no record of `held`.\n\n", f);
    return 0;
}

void held_data(FILE *f, const struct book *b)
{
    fputs("queue\titems\tbytes\n", f);
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        for (size_t k = 0; strcmp(s->key->workload, "held") == 0 && k < s->n; k++)
            for (size_t l = 1; series_ranked(&s->series[k]) && l < HELD_LOOKS; l++) {
                const struct interval m = series_median(&s->series[k], NULL, looks[l]);
                if (m.n > 0)
                    fprintf(f, "%s\t%.0f\t%.0f\n", s->series[k].key->queue, passed[l], m.mid);
            }
    }
}
