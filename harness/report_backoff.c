/* report_backoff.c: the frontier of the back-off: what a longer pause after a lost compare-and-swap
 * gives in throughput and takes in fairness and in the tails of single operations. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MOST = 512, SETTINGS_OF_BACKOFF = 32, CELLS_OF_BACKOFF = 32 };
static const double tail = 0.999;

/* One queue in one cell with one setting. */
struct point {
    const struct setting *cell; /* of throughput */
    const struct series *series;
    const struct series *usual; /* the same with this build's setting; NULL: not measured */
    struct interval mitems;
    bool over; /* more threads than processors */
    double fair_push, fair_pop;
    double push_ns, pop_ns, sojourn_ns;
    double tail_ns; /* of single operations: the larger */
};

static bool is_backoff(const struct setting *s, const char *mode)
{
    return strcmp(s->key->workload, "backoff") == 0 && strcmp(s->key->mode, mode) == 0;
}

static const struct series *with_backoff(const struct setting *s, const char *queue, unsigned most)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->series[i].key->backoff_max == most && strcmp(s->series[i].key->queue, queue) == 0)
            return &s->series[i];
    return NULL;
}

static double quantile(const struct series *q, const char *state,
                       struct histogram *const *(*part)(const struct record *r))
{
    double tick = 0, ns = NAN;
    struct histogram *h = series_merge(q, state, part, &tick);
    if (h && histogram_supports(h, tail))
        ns = (double)histogram_quantile(h, tail) * tick;
    free(h);
    return ns;
}

/* The latency cell of the same threads gives the tails. */
static void tails(const struct book *b, struct point *p)
{
    p->push_ns = p->pop_ns = p->sojourn_ns = NAN;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        const struct record *const k = p->series->key;
        if (!is_backoff(s, "latency") || s->key->producers != k->producers ||
            s->key->consumers != k->consumers || s->key->payload_bytes != k->payload_bytes)
            continue;
        const struct series *const q = with_backoff(s, k->queue, k->backoff_max);
        if (q) {
            p->push_ns = quantile(q, s->state, part_push);
            p->pop_ns = quantile(q, s->state, part_pop);
            p->sojourn_ns = quantile(q, s->state, part_sojourn);
        }
    }
    p->tail_ns = fmax(p->push_ns, p->pop_ns); /* of a number and a NaN: the number */
}

static size_t points(const struct book *b, struct point *out)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        for (size_t k = 0; is_backoff(s, "throughput") && k < s->n && n < POINTS_MOST; k++) {
            const struct series *const q = &s->series[k];
            struct point p = {
                .cell = s, .series = q, .over = record_threads(q->key) > b->cpus, .fair_pop = NAN};
            p.mitems = series_median(q, s->state, figure_mitems);
            if (!series_ranked(q) || p.mitems.n == 0)
                continue;
            p.usual = with_backoff(s, q->key->queue, b->env.backoff_max);
            p.fair_push = series_median(q, s->state, figure_fair_push).mid;
            if (q->key->consumers > 1)
                p.fair_pop = series_median(q, s->state, figure_fair_pop).mid;
            tails(b, &p);
            out[n++] = p;
        }
    }
    return n;
}

/* ---- a table for each cell ------------------------------------------------------------------- */

static void put_point(FILE *f, const struct book *b, const struct point *p)
{
    const struct record *const k = p->series->key;
    const bool usual = k->backoff_max == b->env.backoff_max;
    const double figures[] = {p->fair_push, p->fair_pop, p->push_ns, p->pop_ns, p->sojourn_ns};
    fprintf(f, "| %s | %s%u%s | ", k->queue, usual ? "**" : "", k->backoff_max, usual ? "**" : "");
    put_interval(f, &p->mitems);
    fputs(" | ", f);
    if (usual || !p->usual) {
        fputs(usual ? "1" : "–", f);
    } else {
        const struct interval r = series_ratio(p->series, p->usual, p->cell->state, figure_mitems);
        put_ratio(f, &r);
    }
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        fputs(" | ", f);
        put_number(f, figures[i]);
    }
    fputs(" | ", f);
    put_number(f, 1000 * series_median(p->series, p->cell->state, figure_cas_failed).mid);
    fputs(" |\n", f);
}

static void put_cells(FILE *f, const struct book *b, const struct point *p, size_t n)
{
    static const char *const titles[] = {
        "pauses at most", "M items/s",     "times the default", "fairness, pushing", "popping",
        "push p99.9, ns", "pop p99.9, ns", "sojourn p99.9, ns", "CAS lost / 1000"};
    for (size_t i = 0; i < n; i++) {
        char threads[32];
        if (i == 0 || p[i].cell != p[i - 1].cell) {
            fprintf(f, "#### back-off, %s %s%s (%s)\n\n",
                    p[i].cell->key->consumers ? "flow" : "pairs",
                    setting_threads(p[i].cell, threads, sizeof threads),
                    record_threads(p[i].cell->key) > b->cpus ? " †" : "", p[i].cell->state);
            put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
        }
        put_point(f, b, &p[i]);
        if (i + 1 == n || p[i].cell != p[i + 1].cell)
            fputc('\n', f);
    }
}

/* ---- all cells together ---------------------------------------------------------------------- */

/* One setting against the default: over all queues in these cells, medians of the ratios. */
struct summary {
    unsigned backoff_max;
    size_t faster, slower, contests; /* a queue in a cell; faster and slower by the interval */
    double mitems, fair, tail;
};

/* The same queue in the same cell with the default; NULL: not measured. */
static const struct point *with_default(const struct book *b, const struct point *p, size_t n,
                                        const struct point *of)
{
    for (size_t i = 0; i < n; i++)
        if (p[i].cell == of->cell && p[i].series->key->backoff_max == b->env.backoff_max &&
            strcmp(p[i].series->key->queue, of->series->key->queue) == 0)
            return &p[i];
    return NULL;
}

static struct summary sum_up(const struct book *b, const struct point *p, size_t n, bool over,
                             unsigned backoff_max)
{
    struct summary s = {.backoff_max = backoff_max, .mitems = NAN, .fair = NAN, .tail = NAN};
    double mitems[POINTS_MOST], fair[POINTS_MOST], late[POINTS_MOST];
    size_t fairs = 0, tails_n = 0;
    for (size_t i = 0; i < n; i++) {
        const struct point *const usual = with_default(b, p, n, &p[i]);
        if (p[i].series->key->backoff_max != backoff_max || p[i].over != over || !usual)
            continue;
        struct interval r = {1, 1, 1, 1, 1};
        if (usual != &p[i])
            r = series_ratio(p[i].series, usual->series, p[i].cell->state, figure_mitems);
        if (r.n == 0)
            continue;
        mitems[s.contests++] = r.mid;
        s.faster += r.coverage > 0 && r.low > REPORT_TIE;
        s.slower += r.coverage > 0 && r.high < 1 / REPORT_TIE;
        if (usual->fair_push > 0)
            fair[fairs++] = p[i].fair_push / usual->fair_push;
        if (p[i].tail_ns > 0 && usual->tail_ns > 0)
            late[tails_n++] = p[i].tail_ns / usual->tail_ns;
    }
    s.mitems = s.contests ? stats_median(mitems, s.contests) : NAN;
    s.fair = fairs ? stats_median(fair, fairs) : NAN;
    s.tail = tails_n ? stats_median(late, tails_n) : NAN;
    return s;
}

/* As good in all three, and better in one. */
static bool beats(const struct summary *a, const struct summary *b)
{
    const double x[] = {a->mitems, a->fair, -a->tail}, y[] = {b->mitems, b->fair, -b->tail};
    bool better = false;
    for (size_t i = 0; i < 3; i++) {
        if (x[i] < y[i])
            return false;
        better |= x[i] > y[i];
    }
    return better;
}

static bool on_frontier(const struct summary *s, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (beats(&s[k], &s[i]))
            return false;
    return true;
}

static size_t summaries(const struct book *b, const struct point *p, size_t n, bool over,
                        struct summary *s)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        const unsigned most = p[i].series->key->backoff_max;
        while (at < count && s[at].backoff_max != most)
            at++;
        if (p[i].over == over && at == count && count < SETTINGS_OF_BACKOFF)
            s[count++] = sum_up(b, p, n, over, most); /* points come by queue, then setting */
    }
    return count;
}

static void put_default(FILE *f, const struct book *b, const struct summary *s, size_t n)
{
    size_t usual = n, better = 0;
    for (size_t i = 0; i < n; i++)
        if (s[i].backoff_max == b->env.backoff_max)
            usual = i;
    if (usual == n || s[usual].contests == 0) {
        fprintf(f, "The default, %u, was not measured here.\n\n", b->env.backoff_max);
        return;
    }
    for (size_t i = 0; i < n; i++)
        better += beats(&s[i], &s[usual]);
    fprintf(f, "The default, %u, is ", b->env.backoff_max);
    if (better == 0)
        fputs("on the frontier: what gives more of one of the three takes of another.\n\n", f);
    for (size_t i = 0, said = 0; better && i < n; i++)
        if (beats(&s[i], &s[usual]))
            fprintf(f, "%s%u", said++ ? ", " : "beaten by ", s[i].backoff_max);
    if (better)
        fputs(": as good in all three medians, and better in one.\n\n", f);
}

static void put_summary(FILE *f, const struct book *b, const struct point *p, size_t n, bool over)
{
    static const char *const titles[] = {"throughput", "faster, tie, slower", "fairness", "p99.9",
                                         "frontier"};
    struct summary s[SETTINGS_OF_BACKOFF];
    const size_t settings = summaries(b, p, n, over, s);
    if (settings == 0)
        return;
    fprintf(f, "#### times the default, %s\n\n",
            over ? "more threads than processors" : "a processor for each thread");
    put_table_head(f, "pauses at most", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < settings; i++) {
        const bool usual = s[i].backoff_max == b->env.backoff_max;
        fprintf(f, "| %s%u%s | ", usual ? "**" : "", s[i].backoff_max, usual ? "**" : "");
        put_number(f, s[i].mitems);
        fprintf(f, "x | %zu, %zu, %zu | ", s[i].faster, s[i].contests - s[i].faster - s[i].slower,
                s[i].slower);
        put_number(f, s[i].fair);
        fputs("x | ", f);
        put_number(f, s[i].tail);
        fprintf(f, "x | %s |\n", on_frontier(s, settings, i) ? "yes" : "");
    }
    fputc('\n', f);
    put_default(f, b, s, settings);
}

int section_backoff(FILE *f, const struct book *b)
{
    struct point *const p = calloc(POINTS_MOST, sizeof *p);
    if (!p)
        return -1;
    const size_t n = points(b, p);
    if (n == 0) {
        fputs("Not measured: there is no record of `backoff`.\n\n", f);
    } else {
        put_summary(f, b, p, n, false);
        put_summary(f, b, p, n, true);
        fputs(
            "Medians of the ratios to the default over all queues and cells: throughput, fairness "
            "of those who push, p99.9 (the larger of push and pop). *Faster, tie, slower*: in how "
            "many of them, by the interval of the throughput. *Frontier*: no other setting is as "
            "good in all three medians and better in one.\n\n",
            f);
        put_cells(f, b, p, n);
        fputs("Fairness: the least busy thread's share over the busiest's. p99.9: from latency "
              "cells of the same threads, in which one operation in 16 is timed; a push or pop "
              "lasts with all its retries, – means too few samples. **Bold**: the default. † more "
              "threads than processors: fairness is then the scheduler's too.\n\n",
              f);
    }
    free(p);
    return 0;
}

/* For the figure: a point for each queue, cell and setting. */
void backoff_data(FILE *f, const struct book *b)
{
    struct point *const p = calloc(POINTS_MOST, sizeof *p);
    const size_t n = p ? points(b, p) : 0;
    fputs("queue\tcell\tpauses\tdefault\tmitems_per_s\tlow\thigh\tfairness\tp999_ns\n", f);
    for (size_t i = 0; i < n; i++) {
        char threads[32], late[32] = "NaN";
        if (!isnan(p[i].tail_ns))
            snprintf(late, sizeof late, "%.6g", p[i].tail_ns);
        fprintf(f, "%s\t%s %s\t%u\t%d\t%.6g\t%.6g\t%.6g\t%.6g\t%s\n", p[i].series->key->queue,
                p[i].cell->key->consumers ? "flow" : "pairs",
                setting_threads(p[i].cell, threads, sizeof threads), p[i].series->key->backoff_max,
                p[i].series->key->backoff_max == b->env.backoff_max, p[i].mitems.mid,
                p[i].mitems.low, p[i].mitems.high, p[i].fair_push, late);
    }
    free(p);
}
