/* report_ranking.c: the ranking page: class by class who is best, and what it costs beside time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/report_page.h"

/* ---- collecting ---------------------------------------------------------------------------- */

static struct place *place_of(struct page *p, const struct contender *c)
{
    for (size_t i = 0; i < p->queues; i++)
        if (strcmp(p->queue[i].key->queue, c->q->key->queue) == 0)
            return &p->queue[i];
    if (p->queues == RANKED_MOST)
        return NULL;
    p->queue[p->queues] = (struct place){.key = c->q->key, .standing = c->standing};
    return &p->queue[p->queues++];
}

/* Members first; in the order of the geometric mean of their ratios, which orders lines and is not
 * shown. */
static int by_mean(const void *pa, const void *pb)
{
    const struct place *a = pa, *b = pb;
    if (a->standing != b->standing)
        return a->standing > b->standing ? -1 : 1;
    const double x = a->cells ? a->sum / a->cells : -INFINITY;
    const double y = b->cells ? b->sum / b->cells : -INFINITY;
    if (x > y || x < y)
        return x > y ? -1 : 1;
    return strcmp(a->key->queue, b->key->queue);
}

static void page_free(struct page *p)
{
    for (size_t i = 0; p && i < p->n; i++)
        free(p->cell[i]);
    free(p);
}

/* Of many guests the best are shown, the reference, and whoever is the measure somewhere. */
static void leave_out(struct page *p)
{
    size_t kept = 0, guests = 0;
    for (size_t i = 0; i < p->queues; i++) {
        const struct place q = p->queue[i];
        bool keep = q.standing == CLASS_MEMBER || strcmp(q.key->queue, REPORT_REFERENCE) == 0;
        for (size_t k = 0; k < p->n; k++)
            keep |= p->cell[k]->base && strcmp(p->cell[k]->base->key->queue, q.key->queue) == 0;
        if (keep || guests++ < GUESTS_SHOWN)
            p->queue[kept++] = q;
    }
    p->left_out = p->queues - kept;
    p->queues = kept;
}

/* NULL: nothing of the class was measured, or no memory. */
static struct page *page_make(const struct book *b, enum q_class class)
{
    struct page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->b = b;
    p->class = class;
    for (size_t i = 0; i < b->n_settings && p->n < CELLS_MOST; i++) {
        struct ranking *r = malloc(sizeof *r);
        if (!r || !ranking_make(r, &b->settings[i], class)) {
            free(r);
            continue;
        }
        p->cell[p->n++] = r;
        for (size_t k = 0; k < r->n; k++) {
            struct place *place = place_of(p, &r->c[k]);
            if (place && r->c[k].r.n > 0) {
                place->sum += log(r->c[k].r.mid);
                place->cells++;
            }
        }
    }
    if (p->n == 0) {
        page_free(p);
        return NULL;
    }
    qsort(p->queue, p->queues, sizeof *p->queue, by_mean);
    leave_out(p);
    return p;
}

/* ---- ratios -------------------------------------------------------------------------------- */

void page_put_name(FILE *f, const struct place *q)
{
    const char *const mark = q->key->peer[0] ? "*" : "";
    fprintf(f, "| %s%s%s%s |", mark, q->key->queue, mark,
            q->standing == CLASS_GUEST ? " (guest)" : "");
}

void ranking_title(const struct ranking *r, unsigned cpus, char *text, size_t size)
{
    const struct record *const k = r->setting->key;
    char threads[32], batch[24] = "", payload[24] = "";
    if (k->batch > 1)
        snprintf(batch, sizeof batch, ", batch %u", k->batch);
    if (k->payload_bytes != 8)
        snprintf(payload, sizeof payload, ", %u B", k->payload_bytes);
    snprintf(text, size, "%s %s%s%s%s", k->workload,
             setting_threads(r->setting, threads, sizeof threads), batch, payload,
             record_threads(k) > cpus ? " †" : "");
}

static void put_cell(FILE *f, const struct page *p, const struct ranking *r, const char *queue)
{
    const struct contender *const c = ranking_find(r, queue);
    const struct contender *const best = ranking_ours(r, p->class);
    if (!c) {
        fputs(" |", f);
    } else if (c->q->failed) {
        fprintf(f, " failed %zu of %zu |", c->q->failed, c->q->failed + c->q->n);
    } else if (c->q == r->base) {
        fputs(c == best ? " **1 (measure)** |" : " 1 (measure) |", f);
    } else {
        const char *const bold = c == best ? "**" : "";
        fprintf(f, " %s%s", bold, c->r.coverage > 0 && ratio_is_tie(&c->r) ? "tie " : "");
        put_ratio(f, &c->r);
        fprintf(f, "%s |", bold);
    }
}

/* One table for each workload of the class. */
static void put_ratios(FILE *f, const struct page *p)
{
    for (size_t from = 0, to; from < p->n; from = to) {
        const char *titles[CELLS_MOST];
        char text[CELLS_MOST][64];
        for (to = from; to < p->n && strcmp(p->cell[to]->setting->key->workload,
                                            p->cell[from]->setting->key->workload) == 0;
             to++) {
            ranking_title(p->cell[to], p->b->cpus, text[to], sizeof text[to]);
            titles[to - from] = text[to];
        }
        put_table_head(f, "queue", titles, to - from);
        for (size_t i = 0; i < p->queues; i++) {
            bool here = false;
            for (size_t k = from; k < to; k++)
                here |= ranking_find(p->cell[k], p->queue[i].key->queue) != NULL;
            if (!here)
                continue;
            page_put_name(f, &p->queue[i]);
            for (size_t k = from; k < to; k++)
                put_cell(f, p, p->cell[k], p->queue[i].key->queue);
            fputc('\n', f);
        }
        fputs("| *state, pairs at most* |", f);
        for (size_t k = from; k < to; k++) {
            size_t most = 0;
            for (size_t i = 0; i < p->cell[k]->n; i++)
                most = p->cell[k]->c[i].r.n > most ? p->cell[k]->c[i].r.n : most;
            fprintf(f, " *%s, %zu* |", p->cell[k]->setting->state, most);
        }
        fputs("\n\n", f);
    }
}

static void put_failures(FILE *f, const struct page *p)
{
    bool any = false;
    for (size_t k = 0; k < p->n; k++)
        for (size_t i = 0; i < p->cell[k]->n; i++) {
            const struct series *q = p->cell[k]->c[i].q;
            char name[160];
            if (q->failed == 0)
                continue;
            any = true;
            record_cell_name(q->key, name, sizeof name);
            fprintf(f, "- `%s` failed %zu of %zu: %s\n", name, q->failed, q->failed + q->n,
                    series_error(p->b, q));
        }
    fputs(any ? "\n" : "", f); /* else the table behind it would be part of the list */
}

/* ---- in a sentence ------------------------------------------------------------------------- */

/* Our best member in each cell against the best queue of others. False: there was none. */
static bool put_score(FILE *f, const struct page *p)
{
    size_t cells = 0, ahead = 0, tie = 0, behind = 0, unsure = 0, listed = 0;
    char *list = NULL;
    size_t size = 0;
    FILE *m = open_memstream(&list, &size);
    if (!m)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        const struct ranking *const r = p->cell[i];
        const struct contender *const best = ranking_ours(r, p->class);
        char title[64];
        if (!best || !r->base->key->peer[0])
            continue;
        cells++;
        const bool even = ratio_is_tie(&best->r);
        ahead += best->r.coverage > 0 && !even && best->r.mid > 1;
        unsure += best->r.coverage <= 0;
        tie += best->r.coverage > 0 && even;
        if (best->r.coverage <= 0 || even || best->r.mid > 1)
            continue;
        behind++;
        ranking_title(r, p->b->cpus, title, sizeof title);
        fprintf(m, "%s %s, where `%s` is the best of ours, ", listed++ ? ";" : ":", title,
                best->q->key->queue);
        put_ratio(m, &best->r);
        fprintf(m, " of `%s`", r->base->key->queue);
    }
    fclose(m);
    if (cells) {
        fprintf(f, "ours is ahead of the best queue of others in %zu of %zu cell%s", ahead, cells,
                cells == 1 ? "" : "s");
        if (tie)
            fprintf(f, ", tied in %zu", tie);
        if (unsure)
            fprintf(f, ", with too few pairs to say in %zu", unsure);
        if (behind)
            fprintf(f, ", behind in %zu%s", behind, list);
    }
    free(list);
    return cells > 0;
}

void put_ranking_verdict(FILE *f, const struct book *b)
{
    for (unsigned c = 0; c < CLASSES; c++) {
        struct page *p = page_make(b, c);
        char *text = NULL;
        size_t size = 0;
        FILE *m = p ? open_memstream(&text, &size) : NULL;
        const bool any = m && put_score(m, p);
        if (m)
            fclose(m);
        if (any)
            fprintf(f, "- **Next to the queues of others, %s**: %s.\n", class_names[c], text);
        free(text);
        page_free(p);
    }
}

static size_t add_head(const char **names, size_t n, size_t most, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return n;
    if (n < most)
        names[n++] = name;
    return n;
}

size_t ranking_heads(const struct book *b, const char **names, size_t most)
{
    size_t n = add_head(names, 0, most, REPORT_REFERENCE);
    for (unsigned turn = 0; turn < 3; turn++) /* first, best of others, second */
        for (unsigned c = 0; c < CLASSES; c++) {
            struct page *p = page_make(b, c);
            unsigned seen = 0;
            for (size_t i = 0; p && i < p->queues; i++) {
                const struct place *const q = &p->queue[i];
                if (q->standing == CLASS_MEMBER && (q->key->peer[0] != 0) == (turn == 1) &&
                    seen++ == (turn == 2))
                    n = add_head(names, n, most, q->key->queue);
            }
            page_free(p);
        }
    return n;
}

/* For plots/rank.gnuplot: a line for each queue in each cell, the best queue in the highest row. */
void ranking_data(FILE *f, const struct book *b, enum q_class c)
{
    struct page *p = page_make(b, c);
    fputs("panel\ttitle\trow\tqueue\tpeer\tguest\tratio\tlow\thigh\tn\ttie\tfailed\n", f);
    for (size_t k = 0; p && k < p->n; k++)
        for (size_t i = 0; i < p->queues; i++) {
            const struct place *const q = &p->queue[i];
            const struct contender *const here = ranking_find(p->cell[k], q->key->queue);
            const bool known = here && here->r.n > 0;
            char title[64];
            ranking_title(p->cell[k], b->cpus, title, sizeof title);
            fprintf(f, "%zu\t%s\t%zu\t%s\t%d\t%d", k + 1, title, p->queues - 1 - i, q->key->queue,
                    q->key->peer[0] != 0, q->standing == CLASS_GUEST);
            if (known)
                fprintf(f, "\t%.6g\t%.6g\t%.6g", here->r.mid, here->r.low, here->r.high);
            else
                fputs("\tNaN\tNaN\tNaN", f);
            fprintf(f, "\t%zu\t%d\t%d\n", known ? here->r.n : 0,
                    known && (here->q == p->cell[k]->base || ratio_is_tie(&here->r)),
                    here && here->q->failed > 0);
        }
    page_free(p);
}

int section_ranking(FILE *f, const struct book *b)
{
    bool any = false;
    for (unsigned c = 0; c < CLASSES; c++) {
        struct page *p = page_make(b, c);
        if (!p)
            continue;
        any = true;
        fprintf(f,
                "#### %s: %s\n\n[![%s: every queue against the best of others](plots/rank_%s.png)]"
                "(plots/rank_%s.svg)\n\n",
                class_names[c], class_sentences[c], class_names[c], class_names[c], class_names[c]);
        fputs("Here ", f);
        if (!put_score(f, p))
            fputs("no queue of others has a number: ratios are to the best of ours, cell by cell",
                  f);
        fputs(".\n\n", f);
        put_ratios(f, p);
        if (p->left_out)
            fprintf(f, "%zu more guest%s are behind these.\n\n", p->left_out,
                    p->left_out == 1 ? "" : "s");
        put_failures(f, p);
        page_put_beside(f, p);
        page_free(p);
    }
    if (b->env.peers[0] && b->env.peers_absent[0])
        fprintf(f, "Queues of others that are not in this build: %s.\n\n", b->env.peers_absent);
    put_goals(f, b);
    if (!any) {
        fputs("Not measured: no record names the class of its queue.\n\n", f);
        return 0;
    }
    fprintf(f,
            "Ratios are medians of pairs taken in one round and one state, with their 95 %% "
            "interval; *(measure)* is the best queue of others in that cell, or without any the "
            "best member. **Bold**: the best of ours. *tie*: the interval touches 1 %% around 1. "
            "*Cursive*: queues of others. Guests promise more than the class asks for. † more "
            "threads than the %u processor%s. Bytes per item: high water over the most items "
            "inside. Fairness: the least busy thread over the busiest. *Keeps*: of its own "
            "throughput, with more threads. *At rest*: of the times "
            "one thread was stopped at a random point, those in which no other finished anything "
            "until it went on; *their rate*: with it stopped, over that with nobody stopped. "
            "*Proved*: what the model checker found within its "
            "bounds; *checker*: its cells, scenario by scenario.\n\n",
            b->cpus, b->cpus == 1 ? "" : "s");
    return 0;
}
