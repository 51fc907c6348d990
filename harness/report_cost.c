/* report_cost.c: what queues pay and in which coin: memory, contention, the interface, and how far
 * each stays from the limits of the machine. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/limits.h"

/* ---- memory -------------------------------------------------------------------------------- */

int section_memory(FILE *f, const struct book *b)
{
    const char *const titles[] = {"bytes per item", "beyond the item", "high water, KiB", "n"};
    bool any = false;
    for (unsigned payload = 1; payload <= 1024; payload++) /* sizes that occur, smallest first */
        for (size_t i = 0; i < b->n_settings; i++) {
            const struct setting *s = &b->settings[i];
            if (strcmp(s->key->workload, "fill_drain") != 0 || s->key->payload_bytes != payload ||
                s->key->batch > 1)
                continue;
            fprintf(f, "#### %u-byte items, filled to %llu\n\n", payload,
                    (unsigned long long)s->key->capacity);
            put_table_head(f, "queue", titles, 4);
            for (size_t j = 0; j < s->n; j++) {
                const struct series *q = &s->series[j];
                if (!series_ranked(q) || q->n == 0)
                    continue;
                const struct interval item = series_median(q, NULL, figure_bytes_per_item);
                const struct interval peak = series_median(q, NULL, figure_bytes);
                fprintf(f, "| %s | ", q->key->queue);
                put_number(f, item.mid);
                fputs(" | ", f);
                put_number(f, item.mid - payload);
                fputs(" | ", f);
                put_number(f, peak.mid / 1024);
                fprintf(f, " | %zu |\n", peak.n);
            }
            fputc('\n', f);
            any = true;
        }
    if (any)
        fputs("Bytes are counted by the queues themselves (`N_bytes`), the struct included, the "
              "allocator's own overhead not. Bytes per item: high water over the most items that "
              "were inside at once.\n\n",
              f);
    else
        fputs("Not measured: there is no record of `fill_drain`.\n\n", f);
    return 0;
}

/* ---- contention ---------------------------------------------------------------------------- */

int section_contention(FILE *f, const struct book *b)
{
    static const char *const workloads[] = {"spsc", "mpsc", "mpmc", "pairs"};
    static const char *const titles[] = {"failed CAS", "retries", "answers full", "answers empty",
                                         "parks",      "slept",   "preempted"};
    static figure *const figures[] = {figure_cas_failed, figure_retries, figure_full,
                                      figure_empty,      figure_parks,   figure_voluntary,
                                      figure_involuntary};
    fputs("Per 1000 items that went through, medians over the rounds in the state in brackets. A "
          "fast queue may answer "
          "*full* or *empty* often: it is the other side that is slow. *Slept* and *preempted* are "
          "context switches, voluntary and not.\n\n",
          f);
    for (size_t k = 0; k < sizeof workloads / sizeof *workloads; k++) {
        const struct setting *all[SETTINGS_MOST], *shown[2];
        const size_t n = book_base(b, workloads[k], "throughput", all, SETTINGS_MOST);
        shown[0] = book_widest(b, all, n, false);
        shown[1] = book_widest(b, all, n, true);
        for (size_t i = 0; i < 2; i++) {
            const struct setting *s = shown[i];
            char threads[32];
            if (!s || record_threads(s->key) < 2 || (i == 1 && s == shown[0]))
                continue;
            fprintf(f, "#### %s %s%s (%s)\n\n", workloads[k],
                    setting_threads(s, threads, sizeof threads),
                    record_threads(s->key) > b->cpus ? " †" : "", s->state);
            put_table_head(f, "queue", titles, 7);
            for (size_t j = 0; j < s->n; j++) {
                const struct series *q = &s->series[j];
                if (!series_ranked(q) || q->n == 0)
                    continue;
                fprintf(f, "| %s |", q->key->queue);
                for (size_t c = 0; c < 7; c++) {
                    fputc(' ', f);
                    put_number(f, 1000 * series_median(q, s->state, figures[c]).mid);
                    fputs(" |", f);
                }
                fputc('\n', f);
            }
            fputc('\n', f);
        }
    }
    return 0;
}

/* ---- interface ----------------------------------------------------------------------------- */

static const struct setting *first_with(const struct book *b, const char *workload,
                                        const char *mode, unsigned producers, const char *queue,
                                        const char *call)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_base(b, workload, mode, s, SETTINGS_MOST);
    for (size_t i = 0; i < n; i++) {
        const struct series *q = setting_find(s[i], queue, call);
        const bool idle = s[i]->key->rate > 0 && s[i]->key->rate < 1e6; /* too easy a case */
        if (q && q->n > 0 && !idle && (producers == 0 || s[i]->key->producers == producers))
            return s[i];
    }
    return NULL;
}

static void put_target(FILE *f, const char *target, bool measured, bool holds, bool unsure)
{
    fprintf(f, "| %s | %s | ", target,
            !measured ? "not measured"
            : unsure  ? "cannot tell"
            : holds   ? "holds"
                      : "**missed**");
}

static void target_by_hand(FILE *f, const struct book *b)
{
    const struct setting *s = first_with(b, "spsc", "throughput", 1, "ring_spsc", "by hand");
    const struct series *ours = s ? setting_find(s, "ring_spsc", "inline") : NULL;
    struct interval r = {NAN, NAN, NAN, 0, 0};
    if (ours)
        r = series_ratio(ours, setting_find(s, "ring_spsc", "by hand"), s->state, figure_ns);
    put_target(f,
               "`ring_spsc` through the interface against the same ring written by hand inside "
               "the loop: at most 1.2x the time",
               r.n > 0, r.high <= 1.2, (r.low <= 1.2 && r.high > 1.2) || r.coverage <= 0);
    put_ratio(f, &r);
    if (r.n > 0 && r.high < 1)
        fputs("; the loop by hand is the slower one here, so it is not the best there is", f);
    fputs(" |\n", f);
}

static void target_instrument(FILE *f, const struct book *b)
{
    const struct setting *s = first_with(b, "pairs", "throughput", 1, "null_queue", "inline");
    struct interval m = {NAN, NAN, NAN, 0, 0};
    if (s)
        m = series_median(setting_find(s, "null_queue", "inline"), s->state,
                          figure_ns_per_operation);
    put_target(f, "the instrument itself (`null_queue`, one thread): less than 1 ns per operation",
               m.n > 0, m.high < 1, m.low < 1 && m.high >= 1);
    put_interval(f, &m);
    fputs(m.n ? " ns |\n" : " |\n", f);
}

static void target_rate(FILE *f, const struct book *b, unsigned producers, double least,
                        const char *target)
{
    static const char *const where[] = {"mpsc", "spsc", "mpmc"};
    const struct setting *s = NULL;
    for (size_t i = 0; i < 3 && !s; i++)
        s = first_with(b, where[i], "throughput", producers, "ring_mpsc", "inline");
    struct interval m = {NAN, NAN, NAN, 0, 0};
    char threads[32];
    if (s)
        m = series_median(setting_find(s, "ring_mpsc", "inline"), s->state, figure_mitems);
    put_target(f, target, m.n > 0, m.low >= least, m.low < least && m.high >= least);
    put_interval(f, &m);
    if (s)
        fprintf(f, " M/s (%s %s, %s)", s->key->workload,
                setting_threads(s, threads, sizeof threads), s->state);
    fputs(" |\n", f);
}

/* Where pushes were timed one by one, the case closest to the source's first: a producer that
 * meets a consumer, at a rate that leaves the queue room. */
static void target_push(FILE *f, const struct book *b)
{
    static const char *const where[] = {"open", "mpsc", "spsc", "mpmc", "single"};
    const struct setting *s = NULL;
    struct histogram *h = NULL;
    double tick = 0, p99 = NAN;
    for (size_t i = 0; i < 5 && !h; i++) {
        s = first_with(b, where[i], "latency", 1, "ring_mpsc", "inline");
        if (s)
            h = series_merge(setting_find(s, "ring_mpsc", "inline"), s->state, part_push, &tick);
    }
    if (h && histogram_supports(h, 0.99))
        p99 = (double)histogram_quantile(h, 0.99) * tick;
    const struct series *limit = book_limit(b, "clock_read");
    const double clock = limit && limit->n ? series_median(limit, NULL, figure_ns).mid : 0;
    put_target(f, "`ring_mpsc` push: p99 below 100 ns", !isnan(p99), p99 < 100,
               p99 >= 100 && p99 - clock < 100);
    put_number(f, p99);
    if (!isnan(p99)) {
        char threads[32];
        fprintf(f, " ns (%s %s", s->key->workload, setting_threads(s, threads, sizeof threads));
        if (s->key->rate > 0) {
            fputs(" at ", f);
            put_number(f, s->key->rate / 1e6);
            fputs(" M/s", f);
        }
        if (clock > 0) {
            fputs("; reading the clock takes ", f);
            put_number(f, clock);
            fputs(" of them", f);
        }
        fputc(')', f);
    }
    fputs(" |\n", f);
    free(h);
}

static void target_memory(FILE *f, const struct book *b)
{
    const struct series *q = NULL;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i];
        const struct series *here = setting_find(s, "ring_mpsc", "inline");
        if (here && here->n > 0 && s->key->capacity >= 1000000 &&
            (!q || s->key->payload_bytes < q->key->payload_bytes))
            q = here;
    }
    double overhead = NAN;
    if (q)
        overhead = (series_median(q, NULL, figure_bytes).mid -
                    (double)q->key->capacity * q->key->payload_bytes) /
                   1e6;
    put_target(f, "`ring_mpsc`: less than 10 MB beyond the items at a capacity of 1 M", q != NULL,
               overhead < 10, false);
    put_number(f, overhead);
    if (q)
        fprintf(f, " MB beyond %llu items of %u bytes", (unsigned long long)q->key->capacity,
                q->key->payload_bytes);
    fputs(" |\n", f);
}

int section_interface(FILE *f, const struct book *b)
{
    fputs("| target | here | figure |\n|:--|:--|:--|\n", f);
    target_by_hand(f, b);
    target_instrument(f, b);
    target_rate(f, b, 1, 1.0, "`ring_mpsc`, one producer: at least 1 M events/s");
    target_rate(f, b, 4, 0.5, "`ring_mpsc`, four producers: at least 0.5 M events/s");
    target_push(f, b);
    target_memory(f, b);
    fputs("\nThe `ring_mpsc` targets are those of the telemetry design it follows.\n\n", f);

    bool head = false;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i];
        for (size_t j = 0; j < s->n; j++) {
            const struct series *q = &s->series[j];
            const struct series *in = setting_find(s, q->key->queue, "inline");
            char threads[32];
            if (strcmp(q->key->call, "indirect") != 0 || !in || q->n == 0)
                continue;
            if (!head)
                fputs("#### Calls through a table of function pointers\n\nEvery figure elsewhere "
                      "is of operations inlined into the loop. A program that picks its queue at "
                      "run time pays for the call:\n\n| queue | workload, state | time, indirect "
                      "over "
                      "inline |\n|:--|:--|--:|\n",
                      f);
            head = true;
            const struct interval r = series_ratio(q, in, s->state, figure_ns);
            fprintf(f, "| %s%s | %s %s, %s | ", q->key->queue, q->key->floor ? " (floor)" : "",
                    s->key->workload, setting_threads(s, threads, sizeof threads), s->state);
            put_ratio(f, &r);
            fputs(" |\n", f);
        }
    }
    if (head)
        fputc('\n', f);
    return 0;
}

/* ---- limits -------------------------------------------------------------------------------- */

static const char *meaning(const char *name)
{
    const struct limit *l = limit_find(name);
    return l ? l->what : "";
}

/* The bound of a setting: what no queue of the kind can beat, and its name. */
static const struct series *bound_of(const struct book *b, const struct setting *s)
{
    const char *w = s->key->workload;
    if (strcmp(w, "pairs") == 0 && s->key->producers == 1)
        return book_limit(b, "faa_pair_one");
    if (strcmp(w, "pairs") == 0)
        return setting_find(s, "null_faa", "inline");
    if (strcmp(w, "spsc") == 0)
        return book_limit(b, "stream_2");
    if (strcmp(w, "ping_pong") == 0)
        return book_limit(b, "line_round_trip");
    return NULL;
}

static void put_share(FILE *f, const struct setting *s, const struct series *bound,
                      const struct series *q)
{
    struct interval r = series_ratio(bound, q, s->state, figure_ns);
    const bool paired = r.n > 0;
    if (!paired) { /* the limit was taken in other rounds */
        const double limit = series_median(bound, s->state, figure_ns).mid;
        r.mid = limit / series_median(q, s->state, figure_ns).mid;
        if (isnan(r.mid)) {
            fputs("–", f);
            return;
        }
    }
    put_number(f, 100 * r.mid);
    fputs(" %", f);
    if (!paired)
        fputs(" (unpaired)", f);
    else if (r.n > 1) {
        fputs(r.coverage > 0 ? " [" : " (", f);
        put_number(f, 100 * r.low);
        fputs(r.coverage > 0 ? ", " : " to ", f);
        put_number(f, 100 * r.high);
        if (r.coverage > 0)
            fputc(']', f);
        else
            fprintf(f, ", n=%zu)", r.n);
    }
}

int section_limits(FILE *f, const struct book *b)
{
    bool head = false;
    for (size_t i = 0; i < b->n_settings; i++)
        for (size_t j = 0; j < b->settings[i].n; j++) {
            const struct setting *s = &b->settings[i];
            const struct series *q = &s->series[j];
            if (strcmp(s->key->workload, "limit") != 0 || q->n == 0)
                continue;
            if (!head)
                fputs("| limit | what | ns | state |\n|:--|:--|--:|:--|\n", f);
            head = true;
            const struct interval m = series_median(q, s->state, figure_ns);
            fprintf(f, "| %s | %s | ", q->key->queue, meaning(q->key->queue));
            put_interval(f, &m);
            fprintf(f, " | %s |\n", s->state);
        }
    if (!head)
        fputs("Not measured: there is no record of a limit.\n", f);
    fputs("\n#### Share of the limit\n\nTime of the limit over time of the queue, pair by pair: "
          "100 % would be a queue that costs nothing beyond what the machine must do. Ring queues "
          "may pass 100 % of a bound made of fetch-and-adds: they need none.\n\n",
          f);
    static const char *const workloads[] = {"pairs", "spsc", "ping_pong"};
    for (size_t k = 0; k < 3; k++) {
        const struct setting *s[SETTINGS_MOST];
        const size_t n = book_base(b, workloads[k], "throughput", s, SETTINGS_MOST);
        for (size_t i = 0; i < n; i++) {
            const struct series *bound = bound_of(b, s[i]);
            char threads[32];
            /* beyond the processors the bound is the scheduler's, not the machine's */
            if (!bound || bound->n == 0 || record_threads(s[i]->key) > b->cpus ||
                s[i]->key->capacity != s[0]->key->capacity)
                continue;
            fprintf(f, "%s %s (%s), against `%s`:\n\n| queue | share |\n|:--|--:|\n", workloads[k],
                    setting_threads(s[i], threads, sizeof threads), s[i]->state, bound->key->queue);
            for (size_t j = 0; j < s[i]->n; j++) {
                const struct series *q = &s[i]->series[j];
                if (!series_ranked(q) || q->n == 0)
                    continue;
                fprintf(f, "| %s | ", q->key->queue);
                put_share(f, s[i], bound, q);
                fputs(" |\n", f);
            }
            fputc('\n', f);
        }
    }
    return 0;
}
