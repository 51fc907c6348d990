/* report_goals.c: what the best queue of a class is meant to reach next to the queues of others, to
 * the limit of the machine, and to a plain lock. The best of ours may be another queue in another
 * cell: the figure names it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report.h"
#include "harness/report_rank.h"
#include "harness/report_targets.h"

/* Which cells; zero and NULL: any. */
struct which {
    enum q_class class;
    const char *workload;
    unsigned producers, consumers, batch, payload;
};

static bool chosen(const struct which *w, const struct record *k)
{
    return (!w->workload || strcmp(w->workload, k->workload) == 0) &&
           (!w->producers || (w->producers == k->producers && w->consumers == k->consumers)) &&
           (!w->batch || w->batch == k->batch) && (!w->payload || w->payload == k->payload_bytes);
}

/* The cells in which ours was measured against somebody. Of those where the target holds only the
 * closest is told. */
struct tally {
    size_t cells, holds, missed;
    double closest;
    char closest_text[320], last_text[320];
    char *others;
    size_t size;
    FILE *list; /* of the cells where it does not hold */
};

static void count(struct tally *t, const struct book *b, const struct ranking *r,
                  const struct contender *ours, const struct series *theirs,
                  const struct interval *ratio, double least)
{
    const enum outcome outcome = ratio->coverage > 0 ? outcome_at_least(ratio, least) : UNSURE;
    char title[64], text[320] = "";
    FILE *const m = fmemopen(text, sizeof text, "w");
    if (!m)
        return;
    ranking_title(r, b->cpus, title, sizeof title);
    fprintf(m, "%s, %s: ", title, r->setting->state);
    put_ratio(m, ratio);
    fprintf(m, " (`%s` against `%s`)", ours->q->key->queue, theirs->key->queue);
    fclose(m);
    t->cells++;
    snprintf(t->last_text, sizeof t->last_text, "%s", text);
    if (outcome == HOLDS) {
        if (t->holds++ == 0 || ratio->mid < t->closest) {
            t->closest = ratio->mid;
            snprintf(t->closest_text, sizeof t->closest_text, "%s", text);
        }
        return;
    }
    t->missed += outcome == MISSED;
    if (t->list || (t->list = open_memstream(&t->others, &t->size)))
        fprintf(t->list, "; %s %s", outcome == MISSED ? "missed" : "cannot tell", text);
}

static enum outcome sum_up(FILE *f, struct tally *t, const char *why_not)
{
    if (t->list)
        fclose(t->list);
    if (t->cells == 0)
        fputs(why_not, f);
    else if (t->cells == 1)
        fputs(t->last_text, f);
    else
        fprintf(f, "holds in %zu of %zu cells%s%s%s", t->holds, t->cells,
                t->holds ? ", closest in " : "", t->closest_text, t->others ? t->others : "");
    free(t->others);
    return t->cells == 0 ? ABSENT : t->missed ? MISSED : t->holds == t->cells ? HOLDS : UNSURE;
}

/* The best of ours against the best queue of others; against: or against this one. */
static enum outcome against_others(FILE *f, const struct book *b, struct which w, double least,
                                   const char *against)
{
    struct tally t = {.cells = 0};
    struct ranking *const r = malloc(sizeof *r);
    for (size_t i = 0; r && i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        if (!chosen(&w, s->key) || !ranking_make(r, s, w.class))
            continue;
        const struct contender *const ours = ranking_ours(r, w.class);
        const struct series *const theirs = against ? setting_find(s, against, "inline") : r->base;
        if (!ours || !theirs || theirs->n == 0 || (!against && !theirs->key->peer[0]))
            continue;
        const struct interval ratio =
            against ? series_ratio(ours->q, theirs, s->state, figure_mitems) : ours->r;
        count(&t, b, r, ours, theirs, &ratio, least);
    }
    free(r);
    return sum_up(f, &t, "no such cell with a queue of others");
}

static enum outcome spsc_packaged(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_SPSC, "spsc", 1, 1, 1, 8}, 3, NULL);
}
static enum outcome spsc_batches(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_SPSC, "spsc", 1, 1, 32, 8}, 1, NULL);
}
static enum outcome spsc_large(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_SPSC, "spsc", 1, 1, 1, 64}, 1, NULL);
}
static enum outcome bounded_all(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){.class = CLASS_MPMC_BOUNDED}, 1, NULL);
}
static enum outcome bounded_4_4(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_MPMC_BOUNDED, "mpmc", 4, 4, 1, 8}, 1.3, NULL);
}
static enum outcome unbounded_all(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){.class = CLASS_MPMC_UNBOUNDED}, 1, NULL);
}
static enum outcome many_to_one(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_MPSC, "mpsc", 4, 1, 1, 8}, 1.2, NULL);
}
static enum outcome waiting(FILE *f, const struct book *b)
{
    return against_others(f, b, (struct which){CLASS_BLOCKING, "waiting", 4, 4, 1, 8}, 2, NULL);
}

static enum outcome segqueue(FILE *f, const struct book *b)
{
    static const char name[] = "crossbeam_seg_queue";
    char *text[2] = {NULL, NULL};
    enum outcome o[2];
    for (unsigned i = 0; i < 2; i++) {
        size_t size = 0;
        FILE *m = open_memstream(&text[i], &size);
        const struct which w = {
            CLASS_MPMC_UNBOUNDED, i ? "pairs" : "mpmc", i ? 1 : 4, i ? 0 : 4, 1, 8};
        o[i] = m ? against_others(m, b, w, 2, name) : ABSENT;
        if (m)
            fclose(m);
    }
    fprintf(f, "%s", o[0] == ABSENT ? text[1] : text[0]);
    if (o[0] != ABSENT && o[1] != ABSENT)
        fprintf(f, "; %s", text[1]);
    free(text[0]);
    free(text[1]);
    if (o[0] == ABSENT || o[1] == ABSENT)
        return o[0] == ABSENT ? o[1] : o[0];
    return o[0] == MISSED || o[1] == MISSED ? MISSED
           : o[0] == HOLDS && o[1] == HOLDS ? HOLDS
                                            : UNSURE;
}

/* Published, and built here as they are in the paper: not packages, and not ours. (ring_batch, ring_spsc
 * and ring_flag begin with published ideas, too, and change them: their headers say how.) */
static const char *const published[] = {"ring_lamport", "ring_flag.plain", "ring_iffq", "ring_bbq"};

static bool is_published(const struct contender *c)
{
    for (size_t k = 0; k < sizeof published / sizeof *published; k++)
        if (strcmp(c->q->key->queue, published[k]) == 0)
            return true;
    return false;
}

/* The best of some of them would be a lower bar than is promised. */
static bool all_published(const struct ranking *r)
{
    for (size_t k = 0; k < sizeof published / sizeof *published; k++) {
        const struct contender *const c = ranking_find(r, published[k]);
        if (!c || c->absolute.n == 0)
            return false;
    }
    return true;
}

static enum outcome against_published(FILE *f, const struct book *b, struct which w, double least)
{
    struct tally t = {.cells = 0};
    struct ranking *const r = malloc(sizeof *r);
    for (size_t i = 0; r && i < b->n_settings; i++) {
        const struct setting *const s = &b->settings[i];
        const struct contender *ours = NULL, *theirs = NULL;
        if (!chosen(&w, s->key) || !ranking_make(r, s, w.class) || !all_published(r))
            continue;
        for (size_t k = 0; k < r->n; k++) {
            const struct contender *const c = &r->c[k];
            const struct contender **const best = is_published(c) ? &theirs : &ours;
            if (!c->q->key->peer[0] && c->absolute.n > 0 &&
                (!*best || c->absolute.mid > (*best)->absolute.mid))
                *best = c;
        }
        if (!ours || !theirs)
            continue;
        const struct interval ratio = series_ratio(ours->q, theirs->q, s->state, figure_mitems);
        count(&t, b, r, ours, theirs->q, &ratio, least);
    }
    free(r);
    return sum_up(f, &t, "not all of the published designs were measured there");
}

static enum outcome spsc_published(FILE *f, const struct book *b)
{
    return against_published(f, b, (struct which){CLASS_SPSC, "spsc", 1, 1, 1, 8}, 1.2);
}
static enum outcome spsc_batches_published(FILE *f, const struct book *b)
{
    return against_published(f, b, (struct which){CLASS_SPSC, "spsc", 1, 1, 32, 8}, 1);
}

/* Whoever sends items one way cannot pass it. */
static enum outcome spsc_limit(FILE *f, const struct book *b)
{
    const struct series *const limit = book_stream(b, 8);
    struct tally t = {.cells = 0};
    struct ranking *const r = malloc(sizeof *r);
    for (size_t i = 0; r && limit && i < b->n_settings; i++) {
        const struct which w = {CLASS_SPSC, "spsc", 1, 1, 1, 8};
        const struct setting *const s = &b->settings[i];
        if (!chosen(&w, s->key) || !ranking_make(r, s, w.class))
            continue;
        const struct contender *const ours = ranking_ours(r, w.class);
        if (!ours)
            continue;
        const struct interval ratio = series_ratio(ours->q, limit, s->state, figure_mitems);
        if (ratio.n > 0)
            count(&t, b, r, ours, limit, &ratio, 0.7);
    }
    free(r);
    return sum_up(f, &t, "no stream beside the queues");
}

/* Every class that has the cell 8:8: its best against the plain lock. */
static enum outcome crowded(FILE *f, const struct book *b)
{
    struct tally t = {.cells = 0};
    struct ranking *const r = malloc(sizeof *r);
    for (unsigned c = 0; r && c < CLASSES; c++)
        for (size_t i = 0; i < b->n_settings; i++) {
            const struct which w = {c, "mpmc", 8, 8, 1, 8};
            const struct setting *const s = &b->settings[i];
            const struct series *const lock = setting_find(s, REPORT_REFERENCE, "inline");
            if (!chosen(&w, s->key) || !lock || lock->n == 0 || !ranking_make(r, s, c))
                continue;
            const struct contender *const ours = ranking_ours(r, w.class);
            if (!ours || ours->q == lock)
                continue;
            const struct interval ratio = series_ratio(ours->q, lock, s->state, figure_mitems);
            count(&t, b, r, ours, lock, &ratio, 1);
        }
    free(r);
    return sum_up(f, &t, "no such cell");
}

/* Two segments of 4096 cells of 16 bytes for the one thread of fill_drain. */
static enum outcome memory_returns(FILE *f, const struct book *b)
{
    enum { MOST = 2 * 4096 * 16 };
    double worst = -1;
    const struct series *who = NULL;
    for (size_t i = 0; i < b->n_settings; i++)
        for (size_t k = 0; k < b->settings[i].n; k++) {
            const struct series *const q = &b->settings[i].series[k];
            const bool unbounded =
                strcmp(q->key->class_name, class_names[CLASS_MPMC_UNBOUNDED]) == 0;
            if (strcmp(q->key->workload, "fill_drain") != 0 || !unbounded || q->n == 0 ||
                q->key->peer[0] || q->key->capacity < 1000000 || !series_ranked(q))
                continue;
            const double left = series_median(q, NULL, figure_bytes_left).mid;
            if (left > worst) {
                worst = left;
                who = q;
            }
        }
    if (!who) {
        fputs("no burst of a million items", f);
        return ABSENT;
    }
    fputs("most: `", f);
    fprintf(f, "%s`, ", who->key->queue);
    put_number(f, worst / 1024);
    fprintf(f, " KiB after %llu items", (unsigned long long)who->key->capacity);
    return worst <= MOST ? HOLDS : MISSED;
}

const struct target goals[] = {
    {"spsc, 8-byte items one at a time: at least 3x the best packaged queue", spsc_packaged, false},
    {"the same: at least 1.2x the best published (FastForward without slipping, IFFQ, BBQ, all "
     "built here)",
     spsc_published, false},
    {"the same: at least 0.7x the measured limit", spsc_limit, false},
    {"spsc, batches of 32: at least 1x the best queue of others", spsc_batches, false},
    {"the same: at least 1x the best published", spsc_batches_published, false},
    {"spsc, 64-byte items: at least 1x the best queue of others", spsc_large, false},
    {"mpmc_bounded: at least 1x the best queue of others in every cell", bounded_all, false},
    {"mpmc_bounded 4:4: at least 1.3x", bounded_4_4, false},
    {"mpmc_unbounded: at least 1x the best queue of others in every cell", unbounded_all, false},
    {"mpmc_unbounded 4:4, and one thread: at least 2x SegQueue", segqueue, false},
    {"mpsc 4:1: at least 1.2x the best queue of others", many_to_one, false},
    {"blocking 4:4: at least 2x the best queue of others", waiting, false},
    {"8:8: the best of each class is not slower than `" REPORT_REFERENCE "`", crowded, false},
    {"unbounded queues: at most two segments (128 KiB) left after a burst", memory_returns, false},
};
const size_t goals_count = sizeof goals / sizeof *goals;
