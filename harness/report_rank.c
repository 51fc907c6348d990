/* report_rank.c: see report_rank.h. */
#include "harness/report_rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool sound(const struct contender *c) { return c->q->failed == 0 && c->absolute.n > 0; }

static int by_rank(const void *pa, const void *pb)
{
    const struct contender *a = pa, *b = pb;
    if (a->standing != b->standing)
        return a->standing > b->standing ? -1 : 1;
    const bool known = a->r.n > 0;
    if (known != (b->r.n > 0))
        return known ? -1 : 1;
    if (known && (a->r.mid > b->r.mid || a->r.mid < b->r.mid))
        return a->r.mid > b->r.mid ? -1 : 1;
    return strcmp(a->q->key->queue, b->q->key->queue);
}

/* A queue of others before ours, and of ours a member before a guest. */
static int claim(const struct contender *c)
{
    return c->q->key->peer[0] ? CLASS_MEMBER + 1 : (int)c->standing;
}

static const struct contender *choose_base(const struct ranking *r)
{
    const struct contender *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct contender *c = &r->c[i];
        if (sound(c) && (!best || claim(c) > claim(best) ||
                         (claim(c) == claim(best) && c->absolute.mid > best->absolute.mid)))
            best = c;
    }
    return best;
}

bool ranking_make(struct ranking *r, const struct setting *s, enum q_class c)
{
    size_t members = 0;
    *r = (struct ranking){.setting = s};
    if (!class_has_cell(c, s->key))
        return false;
    for (size_t i = 0; i < s->n && r->n < RANKED_MOST; i++) {
        const struct series *q = &s->series[i];
        const enum standing standing = class_standing(c, q->key);
        if (standing == CLASS_OUT || (q->n == 0 && q->failed == 0))
            continue;
        members += standing == CLASS_MEMBER;
        r->c[r->n++] = (struct contender){
            .q = q, .standing = standing, .absolute = series_median(q, s->state, figure_mitems)};
    }
    if (members == 0) {
        r->n = 0;
        return false;
    }
    const struct contender *const base = choose_base(r);
    r->base = base ? base->q : NULL;
    for (size_t i = 0; i < r->n; i++) {
        struct contender *k = &r->c[i];
        k->r = (struct interval){NAN, NAN, NAN, 0, 0};
        if (k->q == r->base)
            k->r = (struct interval){1, 1, 1, k->absolute.n, 1};
        else if (r->base && sound(k))
            k->r = series_ratio(k->q, r->base, s->state, figure_mitems);
    }
    qsort(r->c, r->n, sizeof *r->c, by_rank);
    return true;
}

const struct contender *ranking_find(const struct ranking *r, const char *queue)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->c[i].q->key->queue, queue) == 0)
            return &r->c[i];
    return NULL;
}

const struct contender *ranking_best(const struct ranking *r, bool peer, enum standing least)
{
    const struct contender *best = NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct contender *c = &r->c[i];
        if (c->r.n > 0 && (c->q->key->peer[0] != 0) == peer && c->standing >= least &&
            (!best || c->r.mid > best->r.mid))
            best = c;
    }
    return best;
}

const struct contender *ranking_ours(const struct ranking *r, enum q_class c)
{
    const bool few = c == CLASS_SPSC || c == CLASS_MPSC;
    return ranking_best(r, false, few ? CLASS_GUEST : CLASS_MEMBER);
}

/* ---- as plain text ------------------------------------------------------------------------- */

static void print_one(FILE *f, const struct book *b, const struct ranking *r,
                      const struct contender *c)
{
    fprintf(f, "  %-32s ", c->q->key->queue);
    if (c->q->failed) {
        fprintf(f, "failed %zu of %zu: %s\n", c->q->failed, c->q->failed + c->q->n,
                series_error(b, c->q));
        return;
    }
    if (c->r.n == 0) {
        fprintf(f, "no sample in the state %s\n", r->setting->state);
        return;
    }
    char ratio[128] = "1", mid[40];
    const bool base = c->q == r->base;
    const bool tie = !base && c->r.coverage > 0 && ratio_is_tie(&c->r);
    FILE *m = base ? NULL : fmemopen(ratio, sizeof ratio, "w");
    if (m) {
        put_ratio(m, &c->r);
        fclose(m);
    }
    fprintf(f, "%s %-26s %6s M/s%s%s\n", tie ? "tie" : "   ", ratio,
            digits(c->absolute.mid, mid, sizeof mid), c->q->key->peer[0] ? "   " : "",
            c->q->key->peer);
}

static void print_ranking(FILE *f, const struct book *b, const struct ranking *r,
                          enum q_class class)
{
    const struct record *const k = r->setting->key;
    char threads[32];
    fprintf(f, "%s: %s %s", class_names[class], k->workload,
            setting_threads(r->setting, threads, sizeof threads));
    if (k->batch > 1)
        fprintf(f, ", batches of %u", k->batch);
    if (k->payload_bytes != 8)
        fprintf(f, ", %u-byte items", k->payload_bytes);
    if (!r->base)
        fputs(": no queue has a number\n", f);
    else
        fprintf(f, " (%s), times %s, the best %s\n", r->setting->state, r->base->key->queue,
                r->base->key->peer[0] ? "queue of others" : "queue; none of others was measured");
    enum standing standing = CLASS_MEMBER;
    for (size_t i = 0; i < r->n; i++) {
        if (r->c[i].standing != standing)
            fputs("  guests\n", f);
        standing = r->c[i].standing;
        print_one(f, b, r, &r->c[i]);
    }
    fputc('\n', f);
}

size_t ranking_print(FILE *f, const struct book *b, enum q_class only)
{
    size_t cells = 0;
    struct ranking *const r = malloc(sizeof *r);
    for (unsigned c = 0; r && c < CLASSES; c++)
        for (size_t i = 0; (only == CLASSES || c == only) && i < b->n_settings; i++)
            if (ranking_make(r, &b->settings[i], c)) {
                print_ranking(f, b, r, c);
                cells++;
            }
    free(r);
    return cells;
}
