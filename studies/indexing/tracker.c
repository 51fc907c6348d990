/* tracker.c: who was here last, and are the figures of one moment? What the document's tracker and
 * statistics say while others write, as printed and mended.
 *
 *   "access"   count and time of the last access: two atomics, the time stored (as printed); the time
 *              only ever raised; both in one word
 *   "rates"    queries and hits, from which a rate is made: two relaxed counters, queries read first
 *              (as printed); hits read first, and released; both in one word */
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "queues/atomics.h"
#include "queues/item.h"
#include "studies/indexing/indexing.h"

enum { PRINTED, ORDERED, ONE_WORD };
static const char *const access_ways[] = {"two atomics, stored", "two atomics, raised", "one word"};
static const char *const rate_ways[] = {"two counters", "two counters, ordered", "one word"};

struct watch {
    unsigned way, writers;
    uint64_t turns, begin;
    _Alignas(Q_LINE) atomic(uint64_t) count; /* accesses; queries */
    atomic(uint64_t) last;                   /* ticks since `begin`; hits */
    _Alignas(Q_LINE) atomic(uint64_t) both;  /* count or queries in the upper 24 bits */
    _Alignas(Q_LINE) atomic(unsigned) writing;
    uint64_t newest[THREADS_MOST]; /* what each writer stored last */
    uint64_t looks, bad, worst;    /* the reader's */
};
enum { TIME_BITS = 40, HIT_BITS = 32 };
#define TIME_MASK (((uint64_t)1 << TIME_BITS) - 1)

/* ---- access ----------------------------------------------------------------------------------- */

static void touch(struct watch *w, uint64_t now)
{
    uint64_t seen;
    switch (w->way) {
    case PRINTED:
        a_add(&w->count, 1, relaxed);
        a_store(&w->last, now, relaxed);
        break;
    case ORDERED:
        a_add(&w->count, 1, relaxed);
        seen = a_load(&w->last, relaxed);
        while (seen < now && !a_cas_weak(&w->last, &seen, now, relaxed, relaxed))
            ;
        break;
    default:
        seen = a_load(&w->both, relaxed);
        for (uint64_t next;;) {
            const uint64_t last = seen & TIME_MASK;
            next = ((seen >> TIME_BITS) + 1) << TIME_BITS | (last < now ? now : last);
            if (a_cas_weak(&w->both, &seen, next, relaxed, relaxed))
                break;
        }
        break;
    }
}

static void access_thread(void *context, unsigned i)
{
    struct watch *const w = context;
    if (i < w->writers) {
        for (uint64_t n = 0; n < w->turns; n++) {
            const uint64_t now = (clock_ticks() - w->begin) & TIME_MASK;
            touch(w, now);
            w->newest[i] = now;
        }
        a_sub(&w->writing, 1, relaxed);
        return;
    }
    for (uint64_t before = 0; a_load(&w->writing, relaxed); w->looks++) {
        const uint64_t last =
            w->way == ONE_WORD ? a_load(&w->both, relaxed) & TIME_MASK : a_load(&w->last, relaxed);
        if (last < before) {
            w->bad++;
            w->worst = before - last > w->worst ? before - last : w->worst;
        }
        before = last;
    }
}

/* ---- rates ------------------------------------------------------------------------------------ */

static void rate_thread(void *context, unsigned i)
{
    struct watch *const w = context;
    if (i < w->writers) {
        for (uint64_t n = 0; n < w->turns; n++)
            if (w->way == ONE_WORD) {
                a_add(&w->both, (uint64_t)1 << HIT_BITS | 1, relaxed);
            } else {
                a_add(&w->count, 1, relaxed);
                a_add(&w->last, 1, release); /* relaxed where it is printed: the same on x86 */
            }
        a_sub(&w->writing, 1, relaxed);
        return;
    }
    for (; a_load(&w->writing, relaxed); w->looks++) {
        uint64_t queries, hits;
        if (w->way == ONE_WORD) {
            const uint64_t both = a_load(&w->both, relaxed);
            queries = both >> HIT_BITS;
            hits = both & UINT32_MAX;
        } else if (w->way == ORDERED) {
            hits = a_load(&w->last, acquire);
            queries = a_load(&w->count, relaxed);
        } else {
            queries = a_load(&w->count, relaxed);
            hits = a_load(&w->last, relaxed);
        }
        if (hits > queries) {
            w->bad++;
            w->worst = hits - queries > w->worst ? hits - queries : w->worst;
        }
    }
}

/* ---- both ------------------------------------------------------------------------------------- */

static void measure_watch(const struct study_run *run, const struct study_cell *cell,
                          struct study_sample *sample)
{
    const bool rates = cell->number[2] != 0;
    struct watch *const w = aligned_alloc(Q_LINE, sizeof *w);
    if (!w) {
        study_fail(sample, "no memory");
        return;
    }
    memset(w, 0, sizeof *w);
    clock_calibrate();
    w->way = (unsigned)cell->number[0];
    w->writers = (unsigned)cell->number[1];
    w->turns = (uint64_t)study_number(run, "counts") * 2 / w->writers;
    w->begin = clock_ticks();
    a_init(&w->writing, w->writers);
    const double seconds = together(w->writers + 1, rates ? rate_thread : access_thread, w);
    if (seconds < 0) {
        study_fail(sample, "cannot start threads");
        return;
    }
    study_put(sample, "writes_per_s", (double)(w->turns * w->writers) / seconds);
    study_put(sample, "looks", (double)w->looks);
    study_put(sample, "wrong_looks", (double)w->bad);
    if (rates) {
        study_put(sample, "worst_excess", (double)w->worst);
        return;
    }
    uint64_t newest = 0;
    for (unsigned i = 0; i < w->writers; i++)
        newest = w->newest[i] > newest ? w->newest[i] : newest;
    const uint64_t last =
        w->way == ONE_WORD ? a_load(&w->both, relaxed) & TIME_MASK : a_load(&w->last, relaxed);
    study_put(sample, "worst_step_back_us", clock_ns(w->worst) / 1e3);
    study_put(sample, "late_at_the_end_us", clock_ns(newest - last) / 1e3);
}

void plan_tracker(struct plan *p, const struct study_run *run)
{
    (void)run;
    for (unsigned rates = 0; rates < 2; rates++)
        for (unsigned way = 0; way < 3; way++)
            for (unsigned writers = 2; writers <= 4; writers += 2) {
                struct study_cell *const c = plan_add(p, rates ? "rates" : "access",
                                                      rates ? rate_ways[way] : access_ways[way],
                                                      "%u threads write, one reads", writers);
                c->measure = measure_watch;
                c->number[0] = way;
                c->number[1] = writers;
                c->number[2] = rates;
            }
}
