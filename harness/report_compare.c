/* report_compare.c: the sections that set queues against each other in tables: families, absolute
 * figures. */
#include "harness/report_book.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report.h"

/* ---- tables of one workload: queues down, threads across ----------------------------------- */

static void column_title(const struct book *b, const struct setting *s, const struct setting *first,
                         char *text, size_t size)
{
    char threads[32], capacity[40] = "";
    setting_threads(s, threads, sizeof threads);
    if (s->key->capacity != first->key->capacity || strcmp(s->key->workload, "fill_drain") == 0)
        snprintf(capacity, sizeof capacity, ", room for %llu",
                 (unsigned long long)s->key->capacity);
    snprintf(text, size, "%s%s%s%s", threads,
             s->key->consumers        ? ""
             : s->key->producers == 1 ? " thread"
                                      : " threads",
             capacity, record_threads(s->key) > b->cpus ? " †" : "");
}

static void put_head(FILE *f, const struct book *b, const struct setting *const *s, size_t n)
{
    char text[BOOK_COLUMNS][96];
    const char *titles[BOOK_COLUMNS];
    for (size_t i = 0; i < n; i++) {
        column_title(b, s[i], s[0], text[i], sizeof text[i]);
        titles[i] = text[i];
    }
    put_table_head(f, "queue", titles, n);
}

static void ratio_cell(FILE *f, const struct setting *s, const char *queue, const bool *tied)
{
    const struct series *q = setting_find(s, queue, "inline");
    const struct series *reference = setting_find(s, REPORT_REFERENCE, "inline");
    if (!q || (q->n == 0 && q->failed == 0)) {
        fputs(" |", f);
        return;
    }
    if (q->n == 0 || !reference || reference->n == 0) {
        fputc(' ', f);
        if (q->n == 0)
            put_failed(f, q);
        else
            fputs("no reference", f);
        fputs(" |", f);
        return;
    }
    const char *bold = tied[q - s->series] ? "**" : "";
    if (q == reference) {
        fprintf(f, " %s1 (reference)%s |", bold, bold);
        return;
    }
    const struct interval r = series_ratio(q, reference, s->state, figure_mitems);
    fprintf(f, " %s%s", bold, ratio_is_tie(&r) && r.coverage > 0 ? "tie " : "");
    put_ratio(f, &r);
    fprintf(f, "%s |", bold);
}

/* The state that each column was taken in, and the most samples of one queue that saw it. */
static void put_state_row(FILE *f, const struct setting *const *s, size_t n)
{
    fputs("| *state, most samples* |", f);
    for (size_t i = 0; i < n; i++) {
        size_t most = 0;
        for (size_t j = 0; j < s[i]->n; j++) {
            const size_t m = series_median(&s[i]->series[j], s[i]->state, figure_mitems).n;
            most = m > most ? m : most;
        }
        fprintf(f, " *%s, %zu* |", s[i]->state, most);
    }
    fputs("\n\n", f);
}

static void ratio_table(FILE *f, const struct book *b, const struct setting *const *s, size_t n)
{
    const char *names[BOOK_QUEUES];
    const size_t queues = book_queues(b, s, n, false, false, names);
    bool *tied[BOOK_COLUMNS];
    for (size_t i = 0; i < n; i++) {
        struct interval unused;
        tied[i] = calloc(s[i]->n + 1, sizeof **tied);
        if (tied[i])
            setting_fastest(s[i], &unused, tied[i]);
    }
    put_head(f, b, s, n);
    for (size_t q = 0; q < queues; q++) {
        fprintf(f, "| %s |", names[q]);
        for (size_t i = 0; i < n; i++)
            if (tied[i])
                ratio_cell(f, s[i], names[q], tied[i]);
        fputc('\n', f);
    }
    put_state_row(f, s, n);
    for (size_t i = 0; i < n; i++)
        free(tied[i]);
}

static void absolute_table(FILE *f, const struct book *b, const struct setting *const *s, size_t n)
{
    const char *names[BOOK_QUEUES];
    put_head(f, b, s, n);
    for (int floors = 0; floors < 2; floors++) {
        const size_t queues = book_queues(b, s, n, floors, true, names);
        for (size_t q = 0; q < queues; q++) {
            fprintf(f, "| %s%s%s |", floors ? "*" : "", names[q], floors ? "* (floor)" : "");
            for (size_t i = 0; i < n; i++) {
                const struct series *x = setting_find(s[i], names[q], "inline");
                fputc(' ', f);
                if (x && x->n == 0 && x->failed > 0) {
                    put_failed(f, x);
                } else if (x) {
                    const struct interval m = series_median(x, s[i]->state, figure_mitems);
                    put_interval(f, &m);
                }
                fputs(" |", f);
            }
            fputc('\n', f);
        }
    }
    put_state_row(f, s, n);
}

/* ---- variants: batch, payload, capacity against the plain setting of the same queue --------- */

static bool variant_of(const struct setting *v, const struct setting *s, char *title, size_t size)
{
    const struct record *a = v->key, *b = s->key;
    if (a == b || strcmp(a->workload, b->workload) != 0 || strcmp(a->mode, b->mode) != 0 ||
        a->producers != b->producers || a->consumers != b->consumers || a->rate != b->rate ||
        strcmp(a->pin, b->pin) != 0)
        return false;
    const int differences = (a->batch != b->batch) + (a->payload_bytes != b->payload_bytes) +
                            (a->capacity != b->capacity);
    if (differences != 1)
        return false;
    if (a->batch != b->batch)
        snprintf(title, size, "batch %u", a->batch);
    else if (a->payload_bytes != b->payload_bytes)
        snprintf(title, size, "%u-byte items", a->payload_bytes);
    else
        snprintf(title, size, "room for %llu", (unsigned long long)a->capacity);
    return true;
}

static void variant_table(FILE *f, const struct book *b, const struct setting *base)
{
    const struct setting *v[BOOK_COLUMNS];
    char text[BOOK_COLUMNS][40], threads[32];
    const char *titles[BOOK_COLUMNS], *names[BOOK_QUEUES];
    size_t n = 0;
    for (size_t i = 0; i < b->n_settings && n < BOOK_COLUMNS; i++)
        if (variant_of(&b->settings[i], base, text[n], sizeof text[n])) {
            titles[n] = text[n];
            v[n++] = &b->settings[i];
        }
    if (n == 0)
        return;
    fprintf(f, "%s %s:\n\n", base->key->workload, setting_threads(base, threads, sizeof threads));
    put_table_head(f, "queue", titles, n);
    const size_t queues = book_queues(b, v, n, false, false, names);
    for (size_t q = 0; q < queues; q++) {
        const struct series *plain = setting_find(base, names[q], "inline");
        fprintf(f, "| %s |", names[q]);
        for (size_t i = 0; i < n; i++) {
            const struct series *x = setting_find(v[i], names[q], "inline");
            fputc(' ', f);
            if (x && x->n == 0 && x->failed > 0) {
                put_failed(f, x);
            } else if (x && plain) {
                const struct interval r = series_ratio(x, plain, v[i]->state, figure_mitems);
                put_ratio(f, &r);
            }
            fputs(" |", f);
        }
        fputc('\n', f);
    }
    put_state_row(f, v, n);
}

/* ---- sections ------------------------------------------------------------------------------ */

static void put_dagger(FILE *f, const struct book *b)
{
    fprintf(f, "† more threads than the %u processor%s: the scheduler takes part.\n\n", b->cpus,
            b->cpus == 1 ? "" : "s");
}

int section_families(FILE *f, const struct book *b)
{
    const struct setting *s[BOOK_COLUMNS];
    fprintf(f,
            "How many times the throughput of `" REPORT_REFERENCE "`: median of the ratios taken "
            "pair by pair within one round, all pairs of a column in the one state of the machine "
            "that its "
            "last line names, with its 95 %% interval. "
            "**Bold**: the fastest of the column, and all that cannot be told from it. *tie*: the "
            "interval touches 1 %% around 1. Round brackets: too few pairs (n) for an interval, "
            "the extremes instead.\n\n");
    for (size_t k = 0; k < BOOK_KINDS; k++) {
        const size_t n = book_columns(b, book_kinds[k].workload, s);
        if (n == 0)
            continue;
        fprintf(f, "#### %s: %s\n\n", book_kinds[k].workload, book_kinds[k].what);
        ratio_table(f, b, s, n);
    }
    put_dagger(f, b);
    bool said = false;
    for (size_t k = 0; k < BOOK_KINDS; k++) {
        const size_t n = strcmp(book_kinds[k].workload, "fill_drain")
                             ? book_columns(b, book_kinds[k].workload, s)
                             : 0;
        for (size_t i = 0; i < n; i++) {
            char *text = NULL;
            size_t size = 0;
            FILE *m = open_memstream(&text, &size);
            if (!m)
                return -1;
            variant_table(m, b, s[i]);
            fclose(m);
            if (size > 0 && !said)
                fputs("#### Batches, larger items, other capacities\n\nEach queue against itself "
                      "with single 8-byte items and the usual capacity: how many times the items "
                      "per second.\n\n",
                      f);
            said |= size > 0;
            fputs(text, f);
            free(text);
        }
    }
    return 0;
}

int section_absolute(FILE *f, const struct book *b)
{
    const struct setting *s[BOOK_COLUMNS];
    fputs("Millions per second: median and 95 % interval over the rounds that found the machine in "
          "the state named in the last line. They hold for this machine in this hour; compare by "
          "the ratios above.\n\n",
          f);
    for (size_t k = 0; k < BOOK_KINDS; k++) {
        const size_t n = book_columns(b, book_kinds[k].workload, s);
        if (n == 0)
            continue;
        fprintf(f, "#### %s (million %s per second)\n\n", book_kinds[k].workload,
                book_kinds[k].unit);
        absolute_table(f, b, s, n);
    }
    put_dagger(f, b);
    return 0;
}
