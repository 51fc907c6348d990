/* report_compare.c: the sections that set queues against each other: verdict, families, absolute
 * figures, more threads than processors. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/report_rank.h"

enum { COLUMNS_MOST = 12, QUEUES_MOST = 256 };

struct kind {
    const char *workload, *what;
};
static const struct kind kinds[] = {
    {"spsc", "one producer, one consumer"},
    {"mpsc", "several producers, one consumer"},
    {"mpmc", "several producers, several consumers"},
    {"pairs", "every thread pushes one item, then pops one"},
    {"waiting", "several producers and consumers that sleep when they cannot go on"},
    {"fill_drain", "one thread fills the queue, then drains it"},
    {"ping_pong", "one item to and fro through two queues; an item is a round trip"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const char *const own_unit[] = {"items", "items", "items",      "items",
                                       "items", "items", "round trips"};

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

static bool has_ranked(const struct setting *const *s, size_t n, const char *queue)
{
    for (size_t i = 0; i < n; i++) {
        const struct series *q = setting_find(s[i], queue, "inline");
        if (q && !q->key->floor)
            return true;
    }
    return false;
}

/* Each queue that appears in any of the settings, in order, each once. With peers: those of others
 * too, whose ratios are in the ranking. */
static size_t list_queues(const struct book *b, const struct setting *const *s, size_t n,
                          bool floors, bool peers, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < b->n_series; i++) {
        const struct record *k = b->series[i].key;
        bool known = strcmp(k->call, "inline") != 0 || k->floor != floors || count == QUEUES_MOST ||
                     (k->peer[0] && !peers);
        for (size_t j = 0; j < count && !known; j++)
            known = strcmp(names[j], k->queue) == 0;
        bool here = has_ranked(s, n, k->queue);
        for (size_t j = 0; floors && j < n && !here; j++)
            here = setting_find(s[j], k->queue, "inline") != NULL;
        if (!known && here)
            names[count++] = k->queue;
    }
    return count;
}

static void put_head(FILE *f, const struct book *b, const struct setting *const *s, size_t n)
{
    char text[COLUMNS_MOST][96];
    const char *titles[COLUMNS_MOST];
    for (size_t i = 0; i < n; i++) {
        column_title(b, s[i], s[0], text[i], sizeof text[i]);
        titles[i] = text[i];
    }
    put_table_head(f, "queue", titles, n);
}

static void put_failed(FILE *f, const struct series *s)
{
    fprintf(f, "failed %zu of %zu", s->failed, s->failed + s->n);
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
    const char *names[QUEUES_MOST];
    const size_t queues = list_queues(b, s, n, false, false, names);
    bool *tied[COLUMNS_MOST];
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
    const char *names[QUEUES_MOST];
    put_head(f, b, s, n);
    for (int floors = 0; floors < 2; floors++) {
        const size_t queues = list_queues(b, s, n, floors, true, names);
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

/* The settings of a table: those of the usual capacity, save for fill_drain, whose capacity is its
 * size. */
static size_t columns(const struct book *b, const char *workload, const struct setting **s)
{
    if (strcmp(workload, "fill_drain") == 0)
        return book_base(b, workload, "throughput", s, COLUMNS_MOST);
    return book_usual(b, workload, "throughput", s, COLUMNS_MOST);
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
    const struct setting *v[COLUMNS_MOST];
    char text[COLUMNS_MOST][40], threads[32];
    const char *titles[COLUMNS_MOST], *names[QUEUES_MOST];
    size_t n = 0;
    for (size_t i = 0; i < b->n_settings && n < COLUMNS_MOST; i++)
        if (variant_of(&b->settings[i], base, text[n], sizeof text[n])) {
            titles[n] = text[n];
            v[n++] = &b->settings[i];
        }
    if (n == 0)
        return;
    fprintf(f, "%s %s:\n\n", base->key->workload, setting_threads(base, threads, sizeof threads));
    put_table_head(f, "queue", titles, n);
    const size_t queues = list_queues(b, v, n, false, false, names);
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
    const struct setting *s[COLUMNS_MOST];
    fprintf(f,
            "How many times the throughput of `" REPORT_REFERENCE "`: median of the ratios taken "
            "pair by pair within one round, all pairs of a column in the one state of the machine "
            "that its "
            "last line names, with its 95 %% interval. "
            "**Bold**: the fastest of the column, and all that cannot be told from it. *tie*: the "
            "interval touches 1 %% around 1. Round brackets: too few pairs (n) for an interval, "
            "the extremes instead.\n\n");
    for (size_t k = 0; k < KINDS; k++) {
        const size_t n = columns(b, kinds[k].workload, s);
        if (n == 0)
            continue;
        fprintf(f, "#### %s: %s\n\n", kinds[k].workload, kinds[k].what);
        ratio_table(f, b, s, n);
    }
    put_dagger(f, b);
    bool said = false;
    for (size_t k = 0; k < KINDS; k++) {
        const size_t n =
            strcmp(kinds[k].workload, "fill_drain") ? columns(b, kinds[k].workload, s) : 0;
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
    const struct setting *s[COLUMNS_MOST];
    fputs("Millions per second: median and 95 % interval over the rounds that found the machine in "
          "the state named in the last line. They hold for this machine in this hour; compare by "
          "the ratios above.\n\n",
          f);
    for (size_t k = 0; k < KINDS; k++) {
        const size_t n = columns(b, kinds[k].workload, s);
        if (n == 0)
            continue;
        fprintf(f, "#### %s (million %s per second)\n\n", kinds[k].workload, own_unit[k]);
        absolute_table(f, b, s, n);
    }
    put_dagger(f, b);
    return 0;
}

/* How much of its throughput a queue keeps with more threads than processors. */
static struct interval kept(const struct setting *narrow, const struct setting *wide,
                            const char *queue)
{
    const struct series *a = setting_find(narrow, queue, "inline");
    const struct series *z = setting_find(wide, queue, "inline");
    if (!a || !z)
        return (struct interval){NAN, NAN, NAN, 0, 0};
    return series_ratio(z, a, wide->state, figure_mitems);
}

static const char *const crowded[] = {"mpmc", "mpsc", "pairs"};
enum { CROWDED = sizeof crowded / sizeof *crowded };

int section_oversubscription(FILE *f, const struct book *b)
{
    const struct setting *s[COLUMNS_MOST];
    const char *names[QUEUES_MOST];
    bool any = false;
    for (size_t k = 0; k < CROWDED; k++) {
        const size_t n = columns(b, crowded[k], s);
        const struct setting *wide = book_widest(b, s, n, true);
        const struct setting *narrow = book_widest(b, s, n, false);
        if (!wide || !narrow || wide == narrow)
            continue;
        char from[32], to[32], title[96];
        setting_threads(narrow, from, sizeof from);
        setting_threads(wide, to, sizeof to);
        fprintf(f, "#### %s: %s threads against %s (%s)\n\n", crowded[k], to, from, wide->state);
        snprintf(title, sizeof title, "keeps, of its throughput at %s", from);
        const char *titles[] = {title, "fairness, pushing", "fairness, popping",
                                "preempted, per 1000 items", "slept, per 1000 items"};
        put_table_head(f, "queue", titles, 5);
        const size_t queues = list_queues(b, &wide, 1, false, false, names);
        for (size_t q = 0; q < queues; q++) {
            const struct series *z = setting_find(wide, names[q], "inline");
            const struct interval r = kept(narrow, wide, names[q]);
            figure *const figures[] = {figure_fair_push, figure_fair_pop, figure_involuntary,
                                       figure_voluntary};
            fprintf(f, "| %s | ", names[q]);
            if (z->n == 0)
                put_failed(f, z);
            else
                put_ratio(f, &r);
            for (size_t i = 0; i < 4; i++) {
                const unsigned sides[] = {wide->key->producers, wide->key->consumers};
                fputs(" | ", f);
                if (z->n == 0 || (i < 2 && sides[i] < 2)) /* one has nobody to be compared with */
                    fputs("–", f);
                else
                    put_number(f,
                               (i < 2 ? 1 : 1000) * series_median(z, wide->state, figures[i]).mid);
            }
            fputs(" |\n", f);
        }
        fputc('\n', f);
        any = true;
    }
    if (any)
        fprintf(
            f,
            "Fairness: the least busy thread over the busiest, by its rate when pushing, by its "
            "items when popping (1: all alike, "
            "0: one had nothing, –: one thread or none does that alone). This machine has %u "
            "processor%s.\n\n",
            b->cpus, b->cpus == 1 ? "" : "s");
    else
        fprintf(f, "No workload was measured both within and beyond the %u processors here.\n\n",
                b->cpus);
    return 0;
}

/* A leader holds for its own number of threads: who is among the fastest at all of them? */
static void put_always_fastest(FILE *f, const struct setting *const *s, size_t n, unsigned cpus)
{
    const struct setting *compared[COLUMNS_MOST];
    size_t columns_n = 0, always = 0;
    for (size_t i = 0; i < n; i++)
        if (setting_rivals(s[i]) > 1)
            compared[columns_n++] = s[i];
    if (columns_n < 2)
        return;
    size_t times[QUEUES_MOST] = {0};
    for (size_t i = 0; i < columns_n; i++) {
        struct interval unused;
        bool *tied = calloc(compared[i]->n + 1, sizeof *tied);
        if (tied && setting_fastest(compared[i], &unused, tied))
            for (size_t j = 0; j < compared[0]->n && j < QUEUES_MOST; j++) {
                const struct series *q =
                    setting_find(compared[i], compared[0]->series[j].key->queue, "inline");
                times[j] +=
                    series_ranked(&compared[0]->series[j]) && q && tied[q - compared[i]->series];
            }
        free(tied);
    }
    fputs(" Among the fastest at every one of ", f);
    for (size_t i = 0; i < columns_n; i++) {
        char threads[32];
        fprintf(f, "%s%s%s", i ? ", " : "", setting_threads(compared[i], threads, sizeof threads),
                record_threads(compared[i]->key) > cpus ? " †" : "");
    }
    fputs(": ", f);
    for (size_t j = 0; j < compared[0]->n && j < QUEUES_MOST; j++)
        if (times[j] == columns_n)
            fprintf(f, "%s`%s`", always++ ? ", " : "", compared[0]->series[j].key->queue);
    fputs(always ? "." : "none.", f);
}

static void put_leader(FILE *f, const struct setting *s, const char *what, unsigned cpus)
{
    char threads[32];
    struct interval r;
    bool *tied = calloc(s->n + 1, sizeof *tied);
    const struct series *best = tied ? setting_fastest(s, &r, tied) : NULL;
    if (best) {
        const bool is_reference = strcmp(best->key->queue, REPORT_REFERENCE) == 0;
        fprintf(f, "- **%c%s** (%s %s%s, %s): `%s`", what[0] - 'a' + 'A', what + 1,
                s->key->workload, setting_threads(s, threads, sizeof threads),
                record_threads(s->key) > cpus ? " †" : "", s->state, best->key->queue);
        const struct series *reference = setting_find(s, REPORT_REFERENCE, "inline");
        if (setting_rivals(s) < 2) {
            fputs(", and nothing else was measured there", f);
        } else if (is_reference) {
            fputs(", the reference, is beaten by none", f);
        } else if (reference && r.n > 0) {
            fputs(", ", f);
            put_ratio(f, &r);
            fprintf(f, " the throughput of `" REPORT_REFERENCE "`%s",
                    r.coverage <= 0    ? ", too few rounds to be sure"
                    : ratio_is_tie(&r) ? ": a tie"
                                       : "");
        }
        size_t also = 0;
        for (size_t i = 0; i < s->n; i++)
            if (tied[i] && &s->series[i] != best)
                fprintf(f, "%s `%s`",
                        also++ ? "," : "; not told apart from it:", s->series[i].key->queue);
        fputc('.', f);
    }
    free(tied);
}

int section_verdict(FILE *f, const struct book *b)
{
    const struct setting *s[COLUMNS_MOST];
    for (size_t k = 0; k < 4; k++) {
        const size_t all = columns(b, kinds[k].workload, s);
        const bool many = strcmp(kinds[k].workload, "mpmc") == 0; /* 1:1 is spsc, said above */
        size_t n = 0;
        for (size_t i = 0; i < all; i++)
            if (!many || (s[i]->key->producers > 1 && s[i]->key->consumers > 1))
                s[n++] = s[i];
        const struct setting *shown = book_widest(b, s, n, false);
        if (shown) {
            put_leader(f, shown, kinds[k].what, b->cpus);
            put_always_fastest(f, s, n, b->cpus);
            fputc('\n', f);
        }
    }

    struct interval worst = {NAN, NAN, NAN, 0, 0};
    const struct setting *where = NULL, *against = NULL;
    const char *who = NULL, *names[QUEUES_MOST];
    bool loses = false, others = false;
    for (size_t k = 0; k < CROWDED; k++) {
        const size_t n = columns(b, crowded[k], s);
        const struct setting *wide = book_widest(b, s, n, true);
        const struct setting *narrow = book_widest(b, s, n, false);
        const size_t queues =
            wide && narrow && wide != narrow ? list_queues(b, &wide, 1, false, false, names) : 0;
        for (size_t q = 0; q < queues; q++) {
            const struct interval r = kept(narrow, wide, names[q]);
            const bool lost = r.coverage > 0 && r.mid < 1 && !ratio_is_tie(&r);
            others |= who && r.n > 0 && strcmp(who, names[q]) != 0;
            if (r.n > 0 && (!who || lost > loses || (lost == loses && r.mid < worst.mid))) {
                loses = lost; /* one that is sure comes before a lower one that is not */
                worst = r;
                who = names[q];
                where = wide;
                against = narrow;
            }
        }
    }
    if (who) {
        char from[32], to[32];
        fprintf(f, "- **More threads than the %u processor%s** (†): ", b->cpus,
                b->cpus == 1 ? "" : "s");
        if (!others)
            fprintf(f, "`%s`, the only queue measured so, keeps ", who);
        else if (loses)
            fprintf(f, "`%s` loses most: it keeps ", who);
        else
            fprintf(f, "no queue is seen to lose by it; `%s` keeps least, ", who);
        put_ratio(f, &worst);
        fprintf(f, " of its %s throughput when %s threads become %s (%s%s).\n",
                where->key->workload, setting_threads(against, from, sizeof from),
                setting_threads(where, to, sizeof to), where->state,
                worst.coverage <= 0    ? ", too few rounds to be sure"
                : ratio_is_tie(&worst) ? ", which may be no change"
                                       : "");
    }

    put_ranking_verdict(f, b);
    put_targets_verdict(f, b);

    size_t ok = 0, failed = 0, compared = 0, ties = 0, few = 0;
    for (size_t i = 0; i < b->n_records; i++) {
        const struct record *r = &b->records[i];
        ok += r->ok;
        failed += !r->ok;
    }
    for (size_t i = 0; i < b->n_settings; i++) {
        const struct setting *t = &b->settings[i];
        const struct series *reference = setting_find(t, REPORT_REFERENCE, "inline");
        for (size_t j = 0; j < t->n; j++) {
            const struct series *q = &t->series[j];
            if (!reference || q == reference || !series_ranked(q) ||
                strcmp(q->key->mode, "throughput") != 0 ||
                strcmp(q->key->workload, "stalled") == 0 ||
                strcmp(q->key->workload, "census") == 0 ||
                strcmp(q->key->workload, "rank_error") == 0)
                continue;
            const struct interval r = series_ratio(q, reference, t->state, figure_mitems);
            compared++;
            few += r.coverage <= 0;
            ties += r.coverage > 0 && ratio_is_tie(&r);
        }
    }
    fputs("- **Not told here**: ", f);
    if (compared)
        fprintf(f,
                "%zu of %zu comparisons with `" REPORT_REFERENCE "` are ties, %zu rest on too few "
                "pairs; ",
                ties, compared, few);
    else
        fputs("nothing was compared with `" REPORT_REFERENCE "`; ", f);
    if (failed)
        fprintf(f, "%zu of %zu samples failed their checks and have no number", failed,
                ok + failed);
    else
        fprintf(f, "all %zu samples passed their checks", ok);
    fputs(". Samples by where the processors were: ", f);
    put_states(f, b);
    fputs(".\n", f);
    return 0;
}
