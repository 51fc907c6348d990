/* report_verdict.c: the section that answers in a few lines who is fastest where, and the one about
 * more threads than processors. */
#include "harness/report_book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/report_rank.h"

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
    const struct setting *s[BOOK_COLUMNS];
    const char *names[BOOK_QUEUES];
    bool any = false;
    for (size_t k = 0; k < CROWDED; k++) {
        const size_t n = book_columns(b, crowded[k], s);
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
        const size_t queues = book_queues(b, &wide, 1, false, false, names);
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

/* What keeps less order is marked where it stands beside those that keep one for all. */
static void put_rival(FILE *f, const struct series *q)
{
    fprintf(f, "`%s`%s", q->key->queue, series_in_one_order(q) ? "" : " (relaxed)");
}

/* A leader holds for its own number of threads: who is among the fastest at all of them? */
static void put_always_fastest(FILE *f, const struct setting *const *s, size_t n, unsigned cpus)
{
    const struct setting *compared[BOOK_COLUMNS];
    size_t columns_n = 0, always = 0;
    for (size_t i = 0; i < n; i++)
        if (setting_rivals(s[i]) > 1)
            compared[columns_n++] = s[i];
    if (columns_n < 2)
        return;
    size_t times[BOOK_QUEUES] = {0};
    for (size_t i = 0; i < columns_n; i++) {
        struct interval unused;
        bool *tied = calloc(compared[i]->n + 1, sizeof *tied);
        if (tied && setting_fastest(compared[i], &unused, tied))
            for (size_t j = 0; j < compared[0]->n && j < BOOK_QUEUES; j++) {
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
    for (size_t j = 0; j < compared[0]->n && j < BOOK_QUEUES; j++)
        if (times[j] == columns_n) {
            fputs(always++ ? ", " : "", f);
            put_rival(f, &compared[0]->series[j]);
        }
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
        fprintf(f, "- **%c%s** (%s %s%s, %s): ", what[0] - 'a' + 'A', what + 1, s->key->workload,
                setting_threads(s, threads, sizeof threads),
                record_threads(s->key) > cpus ? " †" : "", s->state);
        put_rival(f, best);
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
            if (tied[i] && &s->series[i] != best) {
                fputs(also++ ? ", " : "; not told apart from it: ", f);
                put_rival(f, &s->series[i]);
            }
        const struct series *strict =
            series_in_one_order(best) ? NULL : setting_fastest_of(s, series_in_one_order, &r);
        if (strict) {
            const struct interval behind = series_ratio(strict, best, s->state, figure_mitems);
            fprintf(f, ". Of those that keep one order for all: `%s`, ", strict->key->queue);
            put_ratio(f, &behind);
            fputs(" of it", f);
        }
        fputc('.', f);
    }
    free(tied);
}

int section_verdict(FILE *f, const struct book *b)
{
    const struct setting *s[BOOK_COLUMNS];
    for (size_t k = 0; k < 4; k++) {
        const size_t all = book_columns(b, book_kinds[k].workload, s);
        const bool many = strcmp(book_kinds[k].workload, "mpmc") == 0; /* 1:1 is spsc, said above */
        size_t n = 0;
        for (size_t i = 0; i < all; i++)
            if (!many || (s[i]->key->producers > 1 && s[i]->key->consumers > 1))
                s[n++] = s[i];
        const struct setting *shown = book_widest(b, s, n, false);
        if (shown) {
            put_leader(f, shown, book_kinds[k].what, b->cpus);
            put_always_fastest(f, s, n, b->cpus);
            fputc('\n', f);
        }
    }

    struct interval worst = {NAN, NAN, NAN, 0, 0};
    const struct setting *where = NULL, *against = NULL;
    const char *who = NULL, *names[BOOK_QUEUES];
    bool loses = false, others = false;
    for (size_t k = 0; k < CROWDED; k++) {
        const size_t n = book_columns(b, crowded[k], s);
        const struct setting *wide = book_widest(b, s, n, true);
        const struct setting *narrow = book_widest(b, s, n, false);
        const size_t queues =
            wide && narrow && wide != narrow ? book_queues(b, &wide, 1, false, false, names) : 0;
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
    put_claims_verdict(f, b);

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
