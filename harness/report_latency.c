/* report_latency.c: service and sojourn times, merged over rounds. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double quantiles[] = {0.5, 0.9, 0.99, 0.999, 0.9999};
enum { QUANTILES = sizeof quantiles / sizeof *quantiles };

static const struct {
    const char *title;
    struct histogram *const *(*part)(const struct record *r);
} kinds[] = {
    {"push, service time (ns)", part_push},
    {"pop, service time (ns)", part_pop},
    {"sojourn, from push to pop (ns)", part_sojourn},
};

const char *const quantile_titles[QUANTILE_TITLES] = {"p50",    "p90", "p99",    "p99.9",
                                                      "p99.99", "max", "samples"};

static bool is_paced(const struct setting *s) { return s->key->rate > 0; }

void put_quantiles(FILE *f, const struct histogram *h, double tick_ns)
{
    for (size_t i = 0; i < QUANTILES; i++) {
        fputs(" | ", f);
        put_number(f, histogram_supports(h, quantiles[i])
                          ? (double)histogram_quantile(h, quantiles[i]) * tick_ns
                          : NAN);
    }
    fputs(" | ", f);
    put_number(f, (double)h->max * tick_ns);
}

static void closed_table(FILE *f, const struct setting *s, size_t kind)
{
    bool head = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct series *q = &s->series[i];
        double tick = 0;
        struct histogram *h = series_merge(q, s->state, kinds[kind].part, &tick);
        if (!h)
            continue;
        if (!head) {
            char title[80];
            snprintf(title, sizeof title, "%s", kinds[kind].title);
            put_table_head(f, title, quantile_titles, QUANTILE_TITLES);
        }
        head = true;
        fprintf(f, "| %s%s%s", q->key->floor ? "*" : "", q->key->queue,
                q->key->floor ? "* (floor)" : "");
        put_quantiles(f, h, tick);
        fprintf(f, " | %llu |\n", (unsigned long long)h->total);
        free(h);
    }
    if (head)
        fputc('\n', f);
}

static void closed(FILE *f, const struct book *b, const struct setting *s)
{
    char threads[32];
    setting_threads(s, threads, sizeof threads);
    fprintf(f,
            "<details%s><summary><b>%s %s</b>%s, closed loop: each thread begins its next "
            "operation when the last has ended (state %s)</summary>\n\n",
            record_threads(s->key) <= b->cpus ? " open" : "", s->key->workload, threads,
            record_threads(s->key) > b->cpus ? " †" : "", s->state);
    for (size_t kind = 0; kind < 3; kind++)
        closed_table(f, s, kind);
    fputs("</details>\n\n", f);
}

/* Paced settings with the same threads, one after the other: one table, a line for each rate. */
static void paced(FILE *f, const struct setting *const *s, size_t n)
{
    static const char *const titles[] = {"offered, M/s", "carried, M/s", "p50",    "p90",
                                         "p99",          "p99.9",        "p99.99", "max"};
    char threads[32];
    fprintf(f,
            "<details open><summary><b>%s %s</b>, open loop: sojourn from the intended time "
            "(state %s)</summary>\n\n",
            s[0]->key->workload, setting_threads(s[0], threads, sizeof threads), s[0]->state);
    put_table_head(f, "queue, ns", titles, 8);
    for (size_t i = 0; i < s[0]->n; i++) {
        const struct record *k = s[0]->series[i].key;
        for (size_t j = 0; j < n; j++) {
            const struct series *q = setting_find(s[j], k->queue, k->call);
            double tick = 0;
            struct histogram *h = q ? series_merge(q, s[j]->state, part_sojourn, &tick) : NULL;
            if (!h)
                continue;
            const double carried = series_median(q, s[j]->state, figure_mitems).mid;
            fprintf(f, "| %s | ", k->queue);
            put_number(f, s[j]->key->rate / 1e6);
            fputs(" | ", f);
            put_number(f, carried);
            fputs(carried < 0.95 * s[j]->key->rate / 1e6 ? " ‡" : "", f);
            put_quantiles(f, h, tick);
            fputs(" |\n", f);
            free(h);
        }
    }
    fputs("\n</details>\n\n", f);
}

int section_latency(FILE *f, const struct book *b)
{
    const struct series *clock = book_limit(b, "clock_read");
    fputs("A quantile is shown only where at least ten samples lie beyond it; – means too few. "
          "Values are within 0.8 % of what was measured (half the width of a histogram bucket).",
          f);
    if (clock && clock->n > 0) {
        const struct interval m = series_median(clock, NULL, figure_ns);
        fputs(" A service time contains about one fenced reading of the clock, ", f);
        put_interval(f, &m);
        fputs(" ns: floors show what is left when the queue costs nothing.", f);
    }
    fputs("\n\n", f);
    size_t shown = 0;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i], *run[32] = {s};
        size_t n = 1;
        if (strcmp(s->key->mode, "latency") != 0 || s->key->policy[0] ||
            strcmp(s->key->workload, "backoff") == 0)
            continue; /* these have sections of their own */
        while (is_paced(s) && n < 32 && i + 1 < b->n_settings &&
               strcmp(b->settings[i + 1].key->workload, s->key->workload) == 0 &&
               strcmp(b->settings[i + 1].key->mode, "latency") == 0 &&
               b->settings[i + 1].key->producers == s->key->producers &&
               b->settings[i + 1].key->consumers == s->key->consumers &&
               b->settings[i + 1].key->batch == s->key->batch &&
               b->settings[i + 1].key->payload_bytes == s->key->payload_bytes &&
               b->settings[i + 1].key->capacity == s->key->capacity)
            run[n++] = &b->settings[++i];
        if (is_paced(s))
            paced(f, run, n);
        else
            closed(f, b, s);
        shown++;
    }
    if (shown == 0)
        fputs("Not measured: there is no record of mode latency.\n\n", f);
    else
        fprintf(f,
                "† more threads than the %u processor%s. ‡ the queue carried less than 95 %% of "
                "what was offered: latency then grows for as long as the run lasts.\n\n",
                b->cpus, b->cpus == 1 ? "" : "s");
    return 0;
}
