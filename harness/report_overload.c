/* report_overload.c: what a full queue does with the rest: each policy's exact counts, and what a
 * push costs meanwhile. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/workload.h"

struct sums {
    uint64_t offered, delivered, dropped, spilled;
    size_t samples;
};

static struct sums sum_up(const struct series *s, const char *state)
{
    struct sums sums = {.offered = 0};
    for (size_t i = 0; i < s->n; i++) {
        const struct record *r = s->sample[i];
        if (strcmp(r->state, state) != 0)
            continue;
        sums.offered += r->offered;
        sums.delivered += r->items;
        sums.dropped += r->dropped;
        sums.spilled += r->spilled;
        sums.samples++;
    }
    return sums;
}

static void put_count(FILE *f, uint64_t n) { fprintf(f, " %llu |", (unsigned long long)n); }

static void counts_table(FILE *f, const struct setting *s)
{
    static const char *const titles[] = {
        "offered",        "delivered",    "of these spilled",    "dropped", "neither",
        "delivered, M/s", "slept / 1000", "answers full / 1000", "samples"};
    put_table_head(f, "when full", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < s->n; i++) {
        const struct series *q = &s->series[i];
        const struct sums sums = sum_up(q, s->state);
        const struct interval rate = series_median(q, s->state, figure_mitems);
        fprintf(f, "| %s, %s |", q->key->queue, q->key->policy);
        if (sums.samples == 0) {
            fprintf(f, " %zu failed, no number in this state |\n", q->failed);
            continue;
        }
        put_count(f, sums.offered);
        put_count(f, sums.delivered);
        put_count(f, sums.spilled);
        put_count(f, sums.dropped);
        fprintf(f, " %lld | ",
                (long long)sums.offered - (long long)sums.delivered - (long long)sums.dropped);
        put_interval(f, &rate);
        fputs(" | ", f);
        put_number(f, 1000 * series_median(q, s->state, figure_parks).mid);
        fputs(" | ", f);
        put_number(f, 1000 * series_median(q, s->state, figure_full).mid);
        fprintf(f, " | %zu |\n", sums.samples);
    }
    fputc('\n', f);
}

static void latency_table(FILE *f, const struct setting *s, const char *title,
                          struct histogram *const *(*part)(const struct record *r))
{
    put_table_head(f, title, quantile_titles, QUANTILE_TITLES);
    for (size_t i = 0; i < s->n; i++) {
        const struct series *q = &s->series[i];
        double tick = 0;
        struct histogram *h = series_merge(q, s->state, part, &tick);
        if (!h)
            continue;
        fprintf(f, "| %s, %s", q->key->queue, q->key->policy);
        put_quantiles(f, h, tick);
        fprintf(f, " | %llu |\n", (unsigned long long)h->total);
        free(h);
    }
    fputc('\n', f);
}

int section_overload(FILE *f, const struct book *b)
{
    const unsigned burst = workload_find("overload")->burst;
    bool any = false;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i];
        char threads[32];
        if (strcmp(s->key->workload, "overload") != 0)
            continue;
        any = true;
        fprintf(f, "#### overload %s%s (%s): room for %llu, ",
                setting_threads(s, threads, sizeof threads),
                record_threads(s->key) > b->cpus ? " †" : "", s->state,
                (unsigned long long)s->key->capacity);
        put_number(f, s->key->rate / 1e6);
        fprintf(f, " M items/s offered in bursts of %u, at most ", burst);
        put_number(f, s->key->rate / 2e6);
        fputs(" M/s taken\n\n", f);
        counts_table(f, s);
        latency_table(f, s, "push, service time (ns)", part_push);
        latency_table(f, s, "sojourn, from the intended time (ns)", part_sojourn);
    }
    if (any)
        fputs(
            "Counts are sums over the samples of the state in brackets. *Neither* is what would "
            "have been lost silently: "
            "offered less delivered less dropped; a sample in which it is not 0 fails. A refused "
            "item is offered again until it is taken, and its push lasts as long. Spilled items go "
            "through a log in the page cache (`spill_sync` is off).\n\n",
            f);
    else
        fputs("Not measured: there is no record of `overload`.\n\n", f);
    return 0;
}
