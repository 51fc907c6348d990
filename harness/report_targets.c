/* report_targets.c: what the lab and the source of ring_mpsc promised in figures, and what was
 * measured: holds, missed, or cannot be told here. */
#include "harness/report_targets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/topology.h"

static const char *const words[OUTCOMES] = {"holds", "**missed**", "cannot tell",
                                            "not measured in this run"};

static const struct setting *first_with(const struct book *b, const char *workload,
                                        const char *mode, unsigned producers, const char *queue,
                                        const char *call)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_usual(b, workload, mode, s, SETTINGS_MOST);
    for (size_t i = 0; i < n; i++) {
        const struct series *q = setting_find(s[i], queue, call);
        const bool idle = s[i]->key->rate > 0 && s[i]->key->rate < 1e6; /* too easy a case */
        if (q && q->n > 0 && !idle && (producers == 0 || s[i]->key->producers == producers))
            return s[i];
    }
    return NULL;
}

enum outcome outcome_at_most(const struct interval *i, double limit)
{
    return i->n == 0 ? ABSENT : i->high <= limit ? HOLDS : i->low > limit ? MISSED : UNSURE;
}

enum outcome outcome_at_least(const struct interval *i, double limit)
{
    return i->n == 0 ? ABSENT : i->low >= limit ? HOLDS : i->high < limit ? MISSED : UNSURE;
}

static enum outcome by_hand(FILE *f, const struct book *b)
{
    const struct setting *s = first_with(b, "spsc", "throughput", 1, "ring_spsc", "by hand");
    const struct series *ours = s ? setting_find(s, "ring_spsc", "inline") : NULL;
    struct interval r = {NAN, NAN, NAN, 0, 0};
    if (ours)
        r = series_ratio(ours, setting_find(s, "ring_spsc", "by hand"), s->state, figure_ns);
    put_ratio(f, &r);
    if (r.n > 0)
        fprintf(f, " (spsc 1:1, %s)", s->state);
    if (r.n > 0 && r.high < 1)
        fputs("; the loop by hand is the slower one here, so it is not the best there is", f);
    return r.n > 0 && r.coverage <= 0 ? UNSURE : outcome_at_most(&r, 1.2);
}

static enum outcome instrument(FILE *f, const struct book *b)
{
    const struct setting *s = first_with(b, "pairs", "throughput", 1, "null_queue", "inline");
    struct interval m = {NAN, NAN, NAN, 0, 0};
    if (s)
        m = series_median(setting_find(s, "null_queue", "inline"), s->state,
                          figure_ns_per_operation);
    put_interval(f, &m);
    fputs(m.n ? " ns" : "", f);
    return outcome_at_most(&m, 1);
}

static enum outcome rate(FILE *f, const struct book *b, unsigned producers, double least)
{
    static const char *const where[] = {"mpsc", "spsc", "mpmc"};
    const struct setting *s = NULL;
    for (size_t i = 0; i < 3 && !s; i++)
        s = first_with(b, where[i], "throughput", producers, "ring_mpsc", "inline");
    struct interval m = {NAN, NAN, NAN, 0, 0};
    char threads[32];
    if (s)
        m = series_median(setting_find(s, "ring_mpsc", "inline"), s->state, figure_mitems);
    put_interval(f, &m);
    if (s)
        fprintf(f, " M/s (%s %s, %s)", s->key->workload,
                setting_threads(s, threads, sizeof threads), s->state);
    return outcome_at_least(&m, least);
}

static enum outcome one_producer(FILE *f, const struct book *b) { return rate(f, b, 1, 1.0); }
static enum outcome four_producers(FILE *f, const struct book *b) { return rate(f, b, 4, 0.5); }

/* NaN: not measured, or too few samples. */
static double push_p99(const struct setting *s, const char *state)
{
    double tick = 0, p99 = NAN;
    const struct series *q = s ? setting_find(s, "ring_mpsc", "inline") : NULL;
    struct histogram *h = q ? series_merge(q, state, part_push, &tick) : NULL;
    if (h && histogram_supports(h, 0.99))
        p99 = (double)histogram_quantile(h, 0.99) * tick;
    free(h);
    return p99;
}

/* Half of the probed round trip: one cache line from one processor to the other. */
static double figure_hand_over(const struct record *r)
{
    return r->rtt_before_ns > 0 ? sqrt(r->rtt_before_ns * r->rtt_after_ns) / 2 : NAN;
}

/* Where pushes were timed one by one, the case closest to the source's first: a producer that
 * meets a consumer, at a rate that leaves the queue room. Then what the figure is made of. */
static enum outcome push(FILE *f, const struct book *b)
{
    static const char *const where[] = {"open", "mpsc", "spsc", "mpmc", "single"};
    const struct setting *s = NULL;
    double p99 = NAN;
    char threads[32];
    for (size_t i = 0; i < 5 && isnan(p99); i++) {
        s = first_with(b, where[i], "latency", 1, "ring_mpsc", "inline");
        p99 = s ? push_p99(s, s->state) : NAN;
    }
    put_number(f, p99);
    if (!s || isnan(p99))
        return ABSENT;
    fprintf(f, " ns (%s %s", s->key->workload, setting_threads(s, threads, sizeof threads));
    if (s->key->rate > 0) {
        fputs(" at ", f);
        put_number(f, s->key->rate / 1e6);
        fputs(" M/s", f);
    }
    fprintf(f, ", %s", s->state);
    const struct series *limit = book_limit(b, "clock_read");
    const double clock = limit && limit->n ? series_median(limit, NULL, figure_ns).mid : 0;
    if (clock > 0) {
        fputs("; reading the clock takes ", f);
        put_number(f, clock);
        fputs(" of them", f);
    }
    const struct interval line =
        series_median(setting_find(s, "ring_mpsc", "inline"), s->state, figure_hand_over);
    if (line.n > 0) {
        fputs(", each hand-over of a cache line ", f);
        put_number(f, line.mid);
    }
    for (unsigned k = 0; k < TOPOLOGY_ONE; k++) {
        const double other = push_p99(s, topology_states[k]);
        if (strcmp(topology_states[k], s->state) == 0 || isnan(other))
            continue;
        fprintf(f, "; %s: ", topology_states[k]);
        put_number(f, other);
    }
    const struct setting *alone = first_with(b, "single", "latency", 1, "ring_mpsc", "inline");
    const double undisturbed = alone && alone != s ? push_p99(alone, alone->state) : NAN;
    if (!isnan(undisturbed)) {
        fputs("; one thread alone: ", f);
        put_number(f, undisturbed);
    }
    fputc(')', f);
    return p99 < 100 ? HOLDS : p99 - clock < 100 ? UNSURE : MISSED;
}

static enum outcome memory(FILE *f, const struct book *b)
{
    const struct series *q = NULL;
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *s = &b->settings[i];
        const struct series *here = setting_find(s, "ring_mpsc", "inline");
        if (here && here->n > 0 && s->key->capacity >= 1000000 &&
            (!q || s->key->payload_bytes < q->key->payload_bytes))
            q = here;
    }
    if (!q) {
        put_number(f, NAN);
        return ABSENT;
    }
    const double overhead = (series_median(q, NULL, figure_bytes).mid -
                             (double)q->key->capacity * q->key->payload_bytes) /
                            1e6;
    put_number(f, overhead);
    fprintf(f, " MB beyond %llu items of %u bytes", (unsigned long long)q->key->capacity,
            q->key->payload_bytes);
    return overhead < 10 ? HOLDS : MISSED;
}

static const struct target targets[] = {
    {"`ring_spsc` through the interface against the same ring written by hand inside the loop: at "
     "most 1.2x the time",
     by_hand, false},
    {"the instrument itself (`null_queue`, one thread): less than 1 ns per operation", instrument,
     false},
    {"`ring_mpsc`, one producer: at least 1 M events/s", one_producer, true},
    {"`ring_mpsc`, four producers: at least 0.5 M events/s", four_producers, true},
    {"`ring_mpsc` push: p99 below 100 ns", push, true},
    {"`ring_mpsc`: less than 10 MB beyond the items at a capacity of 1 M", memory, true},
};
enum { TARGETS = sizeof targets / sizeof *targets };

/* The figure in words, to be freed, and what it says about the target. */
static char *judged(const struct target *t, const struct book *b, enum outcome *outcome)
{
    char *text = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&text, &size);
    *outcome = ABSENT;
    if (!m)
        return NULL;
    *outcome = t->judge(m, b);
    fclose(m);
    return text;
}

static void put_table(FILE *f, const struct book *b, const struct target *t, size_t n)
{
    fputs("| target | here | figure |\n|:--|:--|:--|\n", f);
    for (size_t i = 0; i < n; i++) {
        enum outcome outcome;
        char *text = judged(&t[i], b, &outcome);
        fprintf(f, "| %s | %s | %s |\n", t[i].what, words[outcome], text ? text : "");
        free(text);
    }
    fputc('\n', f);
}

void put_targets(FILE *f, const struct book *b)
{
    put_table(f, b, targets, TARGETS);
    fputs("The `ring_mpsc` targets are those of the telemetry design it follows.\n\n", f);
}

void put_goals(FILE *f, const struct book *b)
{
    fputs("#### What the best of each class is meant to reach\n\n", f);
    put_table(f, b, goals, goals_count);
    fputs("A target holds when the whole interval of the ratio is on its good side, is missed when "
          "the whole interval is on the other.\n\n",
          f);
}

void put_targets_verdict(FILE *f, const struct book *b)
{
    size_t count[OUTCOMES] = {0}, said = 0;
    char *list = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&list, &size);
    if (!m)
        return;
    for (size_t i = 0; i < TARGETS; i++) {
        enum outcome outcome;
        char *text = targets[i].source ? judged(&targets[i], b, &outcome) : NULL;
        if (text) {
            count[outcome]++;
            if (outcome == MISSED || outcome == UNSURE)
                fprintf(m, "%s %s (%s): %s", said++ ? ";" : ":", targets[i].what, words[outcome],
                        text);
        }
        free(text);
    }
    fclose(m);
    if (count[HOLDS] + count[MISSED] + count[UNSURE] > 0)
        fprintf(f, "- **The telemetry ring's own targets**: %zu of %zu hold%s%s.\n", count[HOLDS],
                count[HOLDS] + count[MISSED] + count[UNSURE] + count[ABSENT], list,
                count[ABSENT] ? "; the others were not measured" : "");
    free(list);
}
