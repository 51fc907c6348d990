/* report_beside.c: the ranking page, beside time: memory, waiting, fairness, crowds, a stopped thread,
 * what was promised and what was proved. */
#include "harness/report_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/report_proof.h"

static const struct series *found_in(const struct setting *s, const char *queue)
{
    const struct series *q = s ? setting_find(s, queue, "inline") : NULL;
    return q && q->n > 0 ? q : NULL;
}

static bool serves(const struct page *p, const struct setting *s)
{
    for (size_t i = 0; i < p->queues; i++)
        if (p->queue[i].standing == CLASS_MEMBER && found_in(s, p->queue[i].key->queue))
            return true;
    return false;
}

/* The first setting of this kind that a member was measured in. Zero: any number. */
static const struct setting *any_setting(const struct page *p, const char *workload,
                                         const char *mode, unsigned producers, unsigned consumers,
                                         double rate)
{
    const struct setting *s[SETTINGS_MOST];
    const size_t n = book_base(p->b, workload, mode, s, SETTINGS_MOST);
    for (size_t i = 0; i < n; i++)
        if ((producers == 0 || s[i]->key->producers == producers) &&
            (consumers == 0 || s[i]->key->consumers == consumers) &&
            (rate <= 0 || (s[i]->key->rate >= rate && s[i]->key->rate <= rate)) && serves(p, s[i]))
            return s[i];
    return NULL;
}

static const struct ranking *cell_of(const struct page *p, unsigned producers, unsigned consumers)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->cell[i]->setting->key->producers == producers &&
            p->cell[i]->setting->key->consumers == consumers &&
            p->cell[i]->setting->key->batch == 1 && p->cell[i]->setting->key->payload_bytes == 8)
            return p->cell[i];
    return NULL;
}

static void put_median(FILE *f, const struct setting *s, const char *queue, figure *what, bool all)
{
    const struct series *q = found_in(s, queue);
    fputc(' ', f);
    put_number(f, q ? series_median(q, all ? NULL : s->state, what).mid : NAN);
    fputs(" |", f);
}

static void put_sojourn(FILE *f, const struct setting *s, const char *queue)
{
    double tick = 0;
    const struct series *q = found_in(s, queue);
    struct histogram *h = q ? series_merge(q, s->state, part_sojourn, &tick) : NULL;
    const bool enough = h && histogram_supports(h, 0.999);
    fputc(' ', f);
    put_number(f, enough ? (double)histogram_quantile(h, 0.999) * tick : NAN);
    fputs(" |", f);
    free(h);
}

static void put_kept(FILE *f, const struct ranking *narrow, const struct ranking *wide,
                     const char *queue)
{
    const struct series *a = found_in(narrow->setting, queue), *z = found_in(wide->setting, queue);
    fputc(' ', f);
    if (a && z) {
        const struct interval r = series_ratio(z, a, wide->setting->state, figure_mitems);
        put_ratio(f, &r);
    } else {
        fputs("–", f);
    }
    fputs(" |", f);
}

/* What the checker found of both operations; it says more ("in 5 steps") than fits here. */
static void put_proved(FILE *f, const struct book *b, const struct record *key)
{
    const struct table *const t = b->proof ? &b->proof->table[PROOF_PROGRESS] : NULL;
    char found[2][40] = {"", ""};
    for (size_t i = 0; t && t->there && i < t->rows; i++)
        if (strcmp(table_cell(t, i, "queue"), key->queue) == 0) {
            char *to = found[strcmp(table_cell(t, i, "operation"), "pop") == 0];
            snprintf(to, sizeof found[0], "%s", table_cell(t, i, "found"));
            to[strcspn(to, " ")] = '\0';
        }
    const bool both = strcmp(found[0], found[1]) == 0;
    fprintf(f, " %s | ", key->promised[0] ? key->promised : "–");
    if (!found[0][0] && !found[1][0])
        fputs("not checked |", f);
    else
        fprintf(f, "%s%s%s |", found[0], both ? "" : "/", both ? "" : found[1]);
}

static void put_verdicts(FILE *f, const struct book *b, const char *queue)
{
    const struct table *const t = b->proof ? &b->proof->table[PROOF_EXPECTED] : NULL;
    size_t ok = 0, open = 0, violated = 0;
    for (size_t i = 0; t && t->there && i < t->rows; i++)
        if (strcmp(table_cell(t, i, "queue"), queue) == 0) {
            const char *const verdict = table_cell(t, i, "verdict");
            ok += verdict_ok(verdict);
            open += verdict_unfinished(verdict);
            violated += !verdict_ok(verdict) && !verdict_unfinished(verdict);
        }
    if (ok + open + violated == 0) {
        fputs(" not checked |", f);
        return;
    }
    fprintf(f, " %zu ok", ok);
    if (open)
        fprintf(f, ", %zu unfinished", open);
    if (violated)
        fprintf(f, ", **%zu violated**", violated);
    fputs(" |", f);
}

/* How often the others came to rest when one thread was stopped, and how fast they were when not. */
static void put_stopped(FILE *f, const struct setting *s, const char *queue)
{
    const struct series *q = found_in(s, queue);
    uint64_t stops = 0, rests = 0, rests_free = 0;
    for (size_t i = 0; q && i < q->n; i++) {
        stops += q->sample[i]->stops;
        rests += q->sample[i]->rests;
        rests_free += q->sample[i]->rests_free;
    }
    if (stops == 0) {
        fputs(" – | – |", f);
        return;
    }
    fprintf(f, " %llu of %llu", (unsigned long long)rests, (unsigned long long)stops);
    if (rests_free)
        fprintf(f, " (%llu with nobody stopped)", (unsigned long long)rests_free);
    fputs(" | ", f);
    put_number(f, series_median(q, NULL, figure_stopped_share).mid);
    fputs("x |", f);
}

void page_put_beside(FILE *f, const struct page *p)
{
    static const unsigned teams[][2] = {{4, 4}, {4, 1}, {1, 1}};
    const struct setting *full = any_setting(p, "fill_drain", "throughput", 0, 0, 0), *open = NULL;
    const bool one = p->class == CLASS_SPSC,
               many = p->class != CLASS_SPSC && p->class != CLASS_MPSC;
    for (size_t i = one ? 2 : many ? 0 : 1; i < 3 && !open; i++)
        open = any_setting(p, "open", "latency", teams[i][0], teams[i][1], 1e6);
    const struct ranking *fair = one ? NULL : cell_of(p, 4, many ? 4 : 1);
    const struct ranking *narrow = many ? cell_of(p, 1, 1) : cell_of(p, 2, 1);
    const struct ranking *wide = one ? NULL : many ? cell_of(p, 8, 8) : cell_of(p, 8, 1);
    const struct setting *stalled = any_setting(p, "stalled", "throughput", 0, 0, 0);
    char threads[32], to[32];
    fputs("| queue |", f);
    if (full)
        fputs(" bytes per item |", f);
    if (open)
        fprintf(f, " p99.9 sojourn, open %s at 1 M/s (%s), ns |",
                setting_threads(open, threads, sizeof threads), open->state);
    if (fair)
        fprintf(f, " fairness %s, pushing |%s", setting_threads(fair->setting, to, sizeof to),
                many ? " popping |" : "");
    if (narrow && wide)
        fprintf(f, " keeps at %s of %s |", setting_threads(wide->setting, to, sizeof to),
                setting_threads(narrow->setting, threads, sizeof threads));
    if (stalled)
        fprintf(f, " one of %u stopped: others at rest | their rate |", stalled->key->producers);
    fputs(" promised | proved | checker | version |\n|:--|", f);
    for (int i = (full != NULL) + (open != NULL) + (fair ? 1 + many : 0) + (narrow && wide) +
                 2 * (stalled != NULL);
         i > 0; i--)
        fputs("--:|", f);
    fputs(":--|:--|:--|:--|\n", f);
    for (size_t i = 0; i < p->queues; i++) {
        const struct record *const key = p->queue[i].key;
        if (p->queue[i].standing == CLASS_GUEST && strcmp(key->queue, REPORT_REFERENCE) != 0)
            continue; /* it stands in its own class */
        page_put_name(f, &p->queue[i]);
        if (full)
            put_median(f, full, key->queue, figure_bytes_per_item, true);
        if (open)
            put_sojourn(f, open, key->queue);
        if (fair)
            put_median(f, fair->setting, key->queue, figure_fair_push, false);
        if (fair && many)
            put_median(f, fair->setting, key->queue, figure_fair_pop, false);
        if (narrow && wide)
            put_kept(f, narrow, wide, key->queue);
        if (stalled)
            put_stopped(f, stalled, key->queue);
        put_proved(f, p->b, key);
        put_verdicts(f, p->b, key->queue);
        fprintf(f, " %s |\n", key->peer[0] ? key->peer : "ours");
    }
    fputc('\n', f);
}
