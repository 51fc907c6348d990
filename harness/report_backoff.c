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
            struct point p = {.cell = s, .series = q, .fair_pop = NAN};
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

/* One setting against the default, all queues in these cells together. */
struct summary {
    unsigned backoff_max;
    struct interval mitems, fair; /* over the rounds: of the mean ratio in a round */
    double tail;                  /* median over the cells: merged histograms have no rounds */
    size_t shorter, longer, tails;
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

static const struct record *in_round(const struct point *p, unsigned round)
{
    for (size_t i = 0; i < p->series->n; i++)
        if (p->series->sample[i]->round == round &&
            strcmp(p->series->sample[i]->state, p->cell->state) == 0)
            return p->series->sample[i];
    return NULL;
}

/* How many times the default's: in each round the geometric mean over queues and cells, of these the
 * median and its interval. One cell alone says little on a busy machine. */
static struct interval together(const struct book *b, const struct point *p, size_t n,
                                unsigned backoff_max, figure *what)
{
    double *const mean = calloc(b->rounds + 1, sizeof *mean);
    double *const one = calloc(b->rounds + 1, sizeof *one);
    struct interval result = {NAN, NAN, NAN, 0, 0};
    size_t rounds = 0;
    for (unsigned round = 0; mean && one && round < b->rounds; round++) {
        double sum = 0;
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            const struct point *const usual = with_default(b, p, n, &p[i]);
            if (p[i].series->key->backoff_max != backoff_max || !usual)
                continue;
            const struct record *const r = in_round(&p[i], round), *d = in_round(usual, round);
            if (!r || !d || !(what(r) > 0) || !(what(d) > 0))
                continue;
            sum += log(what(r) / what(d));
            count++;
        }
        if (count > 0) {
            mean[rounds] = exp(sum / (double)count);
            one[rounds++] = 1;
        }
    }
    if (rounds > 0)
        result = stats_ratio(mean, one, rounds, REPORT_CONFIDENCE);
    free(mean);
    free(one);
    return result;
}

static struct summary sum_up(const struct book *b, const struct point *p, size_t n,
                             unsigned backoff_max)
{
    struct summary s = {.backoff_max = backoff_max, .tail = NAN};
    double late[POINTS_MOST];
    s.mitems = together(b, p, n, backoff_max, figure_mitems);
    s.fair = together(b, p, n, backoff_max, figure_fair_push);
    for (size_t i = 0; i < n; i++) {
        const struct point *const usual = with_default(b, p, n, &p[i]);
        if (p[i].series->key->backoff_max != backoff_max || !usual || !(p[i].tail_ns > 0) ||
            !(usual->tail_ns > 0))
            continue;
        late[s.tails++] = p[i].tail_ns / usual->tail_ns;
        s.shorter += p[i].tail_ns < usual->tail_ns;
        s.longer += p[i].tail_ns > usual->tail_ns;
    }
    s.tail = s.tails ? stats_median(late, s.tails) : NAN;
    return s;
}

static size_t summaries(const struct book *b, const struct point *p, size_t n, struct summary *s)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = 0;
        const unsigned most = p[i].series->key->backoff_max;
        while (at < count && s[at].backoff_max != most)
            at++;
        if (at == count && count < SETTINGS_OF_BACKOFF)
            s[count++] = sum_up(b, p, n, most); /* points come by queue, then setting */
    }
    return count;
}

/* Whether so many of n are more than chance, heads or tails: two-sided, 95 %. */
static bool unlikely(size_t count, size_t n)
{
    double ways = 1, all = 0; /* n over k, from k = 0 */
    for (size_t k = 0; k + count <= n; k++) {
        all += ways;
        ways *= (double)(n - k) / (double)(k + 1);
    }
    return 2 * all <= (1 - REPORT_CONFIDENCE) * pow(2, (double)n);
}

/* 1 better, -1 worse, 0 a tie: throughput, fairness, p99.9. Where there is no interval the cells vote. */
enum { JUDGED = 3 };
static int judge(const struct summary *s, unsigned k)
{
    const struct interval *const r = k == 0 ? &s->mitems : &s->fair;
    if (k == 2)
        return unlikely(s->shorter, s->tails) ? 1 : unlikely(s->longer, s->tails) ? -1 : 0;
    return r->n == 0 || r->coverage <= 0 || ratio_is_tie(r) ? 0 : r->mid > 1 ? 1 : -1;
}

static void put_default(FILE *f, const struct book *b, const struct summary *s, size_t n)
{
    bool measured = false;
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        measured |= s[i].backoff_max == b->env.backoff_max;
    if (!measured) {
        fprintf(f, "The default, %u, was not measured here.\n\n", b->env.backoff_max);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool better = false, worse = s[i].backoff_max == b->env.backoff_max;
        for (unsigned k = 0; k < JUDGED; k++) {
            better |= judge(&s[i], k) > 0;
            worse |= judge(&s[i], k) < 0;
        }
        if (better && !worse)
            fprintf(f, "%s%u",
                    found++ ? ", "
                            : "**Better in one of the three and, as far as this run can tell, "
                              "worse in none: ",
                    s[i].backoff_max);
    }
    fputs(found ? ".**\n\n"
                : "Of no setting can this run tell that it is better than the default in one of "
                  "the three and "
                  "worse in none.\n\n",
          f);
}

static void put_summary(FILE *f, const struct book *b, const struct point *p, size_t n)
{
    static const char *const titles[] = {"throughput", "fairness", "p99.9", "than the default"};
    static const char *const words[JUDGED][3] = {{"slower", "", "faster"},
                                                 {"less fair", "", "fairer"},
                                                 {"longer tails", "", "shorter tails"}};
    struct summary s[SETTINGS_OF_BACKOFF];
    const size_t settings = summaries(b, p, n, s);
    if (settings == 0)
        return;
    fputs("#### all cells together, times the default\n\n", f);
    put_table_head(f, "pauses at most", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < settings; i++) {
        const char *comma = "";
        if (s[i].backoff_max == b->env.backoff_max) {
            fprintf(f, "| **%u** | 1 | 1 | 1 |  |\n", s[i].backoff_max);
            continue;
        }
        fprintf(f, "| %u | ", s[i].backoff_max);
        put_ratio(f, &s[i].mitems);
        fputs(" | ", f);
        put_ratio(f, &s[i].fair);
        fputs(" | ", f);
        put_number(f, s[i].tail);
        if (s[i].tails)
            fprintf(f, "x (shorter in %zu of %zu)", s[i].shorter, s[i].tails);
        fputs(" | ", f);
        for (unsigned k = 0; k < JUDGED; k++) {
            const char *const word = words[k][judge(&s[i], k) + 1];
            fprintf(f, "%s%s", *word ? comma : "", word);
            comma = *word ? ", " : comma;
        }
        fputs(" |\n", f);
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
        put_summary(f, b, p, n);
        fputs("All queues and cells together, against the same queue in the same cell with the "
              "default. Throughput and fairness (of those who push): in each round the geometric "
              "mean of the ratios, of these the median and its interval, and a word where it is no "
              "tie. p99.9: the larger of push and pop, the median of the ratios, and a word where "
              "more cells agree than chance would have it (95 %).\n\n",
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
