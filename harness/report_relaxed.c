/* report_relaxed.c: what order costs: how far out of order items come, beside the speed; and what it
 * costs to be able to wake those who sleep, when nobody does. */
#include "harness/report_book.h"

#include <math.h>
#include <string.h>

static double figure_mean(const struct record *r) { return r->rank_error_mean; }
static double figure_p50(const struct record *r) { return (double)r->rank_error_p50; }
static double figure_p99(const struct record *r) { return (double)r->rank_error_p99; }

static bool relaxed(const struct series *q) { return strcmp(q->key->class_name, "relaxed") == 0; }

/* The worst of all samples, in whatever state. */
static uint64_t greatest(const struct series *q)
{
    uint64_t most = 0;
    for (size_t i = 0; i < q->n; i++)
        if (q->sample[i]->rank_error_max > most)
            most = q->sample[i]->rank_error_max;
    return most;
}

static uint64_t items(const struct series *q)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < q->n; i++)
        sum += q->sample[i]->items;
    return sum;
}

/* The setting that tells the speed: pairs of as many threads. NULL: not measured. */
static const struct setting *speed_of(const struct book *b, const struct setting *rank_error)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_usual(b, "pairs", "throughput", s, SETTINGS_MOST);
    for (size_t i = 0; i < n; i++)
        if (s[i]->key->producers == rank_error->key->producers)
            return s[i];
    return NULL;
}

static struct interval speed(const struct setting *pairs, const char *queue)
{
    const struct series *const q = pairs ? setting_find(pairs, queue, "inline") : NULL;
    return q ? series_median(q, pairs->state, figure_mitems)
             : (struct interval){.mid = NAN, .low = NAN, .high = NAN};
}

static void row(FILE *f, const struct setting *s, const struct setting *pairs,
                const struct series *q)
{
    const struct interval fast = speed(pairs, q->key->queue);
    const struct interval mean = series_median(q, s->state, figure_mean);
    fputs("| ", f);
    put_queue(f, q);
    fputs(" | ", f);
    put_interval(f, &fast);
    fputs(" | ", f);
    put_interval(f, &mean);
    fputs(" | ", f);
    put_number(f, series_median(q, s->state, figure_p50).mid);
    fputs(" | ", f);
    put_number(f, series_median(q, s->state, figure_p99).mid);
    fprintf(f, " | %llu | %llu |\n", (unsigned long long)greatest(q), (unsigned long long)items(q));
}

static void one_setting(FILE *f, const struct book *b, const struct setting *s)
{
    static const char *const titles[] = {"pairs, M items/s", "mean", "p50", "p99", "max", "items"};
    const struct setting *const pairs = speed_of(b, s);
    const struct series *best = NULL; /* of those with one order */
    double fastest = 0;
    uint64_t in_order = 0;
    size_t queues = 0;
    fprintf(f, "#### rank error, %u threads%s (%s)\n\n", s->key->producers,
            s->key->producers > b->cpus ? " †" : "", s->state);
    put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
    for (size_t i = 0; i < s->n; i++) {
        const struct series *const q = &s->series[i];
        if (q->n == 0 || !series_ranked(q))
            continue;
        if (relaxed(q) || greatest(q) > 0) {
            row(f, s, pairs, q);
            continue;
        }
        const double mid = speed(pairs, q->key->queue).mid;
        queues++;
        in_order += items(q);
        if (!best || mid > fastest) {
            best = q;
            fastest = mid > fastest ? mid : fastest;
        }
    }
    if (best)
        row(f, s, pairs, best);
    fputc('\n', f);
    if (best)
        fprintf(f,
                "The last line is the fastest of the %zu queue%s that promise%s one order for all: "
                "not one of their %llu items was out of it.\n\n",
                queues, queues == 1 ? "" : "s", queues == 1 ? "s" : "",
                (unsigned long long)in_order);
    for (size_t i = 0; i < s->n; i++) {
        const struct series *const q = &s->series[i];
        if (q->n > 0 && series_ranked(q) && !relaxed(q) && greatest(q) > 0)
            fprintf(f,
                    "**`%s` promises one order and has an item with %llu older ones inside.**\n\n",
                    q->key->queue, (unsigned long long)greatest(q));
    }
}

int section_order(FILE *f, const struct book *b)
{
    bool any = false;
    for (size_t i = 0; i < b->n_settings; i++)
        if (strcmp(b->settings[i].key->workload, "rank_error") == 0) {
            any = true;
            one_setting(f, b, &b->settings[i]);
        }
    if (any)
        fputs(
            "The rank error of an item is how many older ones were still inside when it left, as "
            "far as the time stamps prove it (`harness/rank_error.h`): a lower bound, short by at "
            "most what was under way. About 64 items of each thread are inside all the time. Mean, "
            "p50 and p99 are medians over the samples, max is of all.\n\n",
            f);
    else
        fputs("Not measured: there is no record of `rank_error`.\n\n", f);
    return 0;
}

/* For the figure: a point for each queue. */
void order_data(FILE *f, const struct book *b)
{
    fputs("queue\tthreads\tstate\tmitems_per_s\tlow\thigh\tmean\tp99\tmax\trelaxed\n", f);
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        const struct setting *const pairs = speed_of(b, s);
        if (strcmp(s->key->workload, "rank_error") != 0 || !pairs)
            continue;
        for (size_t k = 0; k < s->n; k++) {
            const struct series *const q = &s->series[k];
            const struct interval fast = speed(pairs, q->key->queue);
            const double mean = series_median(q, s->state, figure_mean).mid;
            const double p99 = series_median(q, s->state, figure_p99).mid;
            if (q->n == 0 || !series_ranked(q) || isnan(fast.mid) || isnan(mean) || isnan(p99))
                continue;
            fprintf(f, "%s\t%u\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%llu\t%d\n", q->key->queue,
                    s->key->producers, s->state, fast.mid, fast.low, fast.high, mean, p99,
                    (unsigned long long)greatest(q), relaxed(q));
        }
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

/* "array_mpmc" beside "array_mpmc.naps": the same, but who waits looks again
 * every millisecond and nobody is told. */
static const struct series *told(const struct setting *s, const struct series *silent, char *name,
                                 size_t size)
{
    static const char suffix[] = ".naps";
    const size_t n = strlen(silent->key->queue), cut = sizeof suffix - 1;
    if (n <= cut || strcmp(silent->key->queue + n - cut, suffix) != 0)
        return NULL;
    snprintf(name, size, "%.*s", (int)(n - cut), silent->key->queue);
    return setting_find(s, name, silent->key->call);
}

int section_telling(FILE *f, const struct book *b)
{
    static const char *const titles[] = {"threads", "M items/s", "without telling",
                                         "time of one item, times that without"};
    bool any = false;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        const char *const w = s->key->workload;
        for (size_t k = 0; k < s->n; k++) {
            const struct series *const silent = &s->series[k];
            char name[48], threads[32];
            const struct series *const q = told(s, silent, name, sizeof name);
            if (!q || strcmp(s->key->mode, "throughput") != 0 || s->key->batch != 1 ||
                s->key->payload_bytes != 8 ||
                (strcmp(w, "pairs") != 0 && strcmp(w, "mpmc") != 0 && strcmp(w, "mpsc") != 0 &&
                 strcmp(w, "spsc") != 0) ||
                strcmp(q->key->call, "inline") != 0)
                continue;
            if (!any)
                put_table_head(f, "queue", titles, sizeof titles / sizeof *titles);
            any = true;
            const struct interval with = series_median(q, s->state, figure_mitems);
            const struct interval without = series_median(silent, s->state, figure_mitems);
            const struct interval ratio = series_ratio(q, silent, s->state, figure_ns);
            fprintf(f, "| %s | %s %s%s | ", name, w, setting_threads(s, threads, sizeof threads),
                    record_threads(s->key) > b->cpus ? " †" : "");
            put_interval(f, &with);
            fputs(" | ", f);
            put_interval(f, &without);
            fputs(" | ", f);
            put_ratio(f, &ratio);
            fputs(" |\n", f);
        }
    }
    if (any)
        fputs(
            "\nNobody sleeps in these workloads. *Without telling* is the same queue built so that "
            "who waits looks again every millisecond (`Q_WITH_NAPS` in `queues/wait.h`) and no "
            "operation asks whether somebody sleeps; ratios are of pairs of one round.\n\n",
            f);
    else
        fputs("Not measured: no queue has records with and without telling.\n\n", f);
    return 0;
}
