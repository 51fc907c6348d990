#include "harness/sample.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"

void judge_fail(struct record *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!r->error[0])
        vsnprintf(r->error, sizeof r->error, format, args);
    va_end(args);
    r->ok = false;
}

void judge_verify(const struct cell *c, const struct member *members, const struct team *t,
                  struct record *r)
{
    const struct q_driver *d = c->driver;
    const bool oldest = c->when_full == Q_DROP_OLDEST;
    uint64_t pushed = 0, popped = 0, in = 0, out = 0, disorder = 0, torn = 0, refused = 0;
    for (unsigned i = 0; i < t->size; i++) {
        const struct q_worker *w = &members[i].worker;
        if (members[i].failed)
            judge_fail(r, "thread %u could not start: %s", i, strerror(members[i].failed));
        if (w->other && w->failed_status == Q_IO)
            judge_fail(r, "thread %u: the spill file: %s", i, strerror(members[i].counts.error));
        if (w->other)
            judge_fail(r, "thread %u got status %d, which must not happen here", i,
                       w->failed_status);
        refused += w->dropped;
        pushed += w->pushed, popped += w->popped;
        in += w->sum_pushed, out += w->sum_popped;
        disorder += w->disorder, torn += w->torn;
    }
    if (t->stop)
        judge_fail(r, "did not finish in time: %llu of %llu items had come through",
                   (unsigned long long)popped, (unsigned long long)pushed);
    if (t->stall && a_load(&t->stall->stops, relaxed) == 0)
        judge_fail(r, "the thread to be stopped never was");
    r->items = popped;
    if (d->traits->floor)
        return;
    if (c->workload->shape == SHAPE_OVER) {
        r->offered = pushed + refused;
        r->dropped = d->dropped(t->queue);
        r->spilled = d->spilled(t->queue);
    }
    /* Nothing is lost silently: what was taken was given out again, or counted as dropped. */
    if (oldest && pushed != popped + r->dropped)
        judge_fail(r, "%llu items pushed, %llu popped, %llu dropped", (unsigned long long)pushed,
                   (unsigned long long)popped, (unsigned long long)r->dropped);
    if (!oldest && pushed != popped)
        judge_fail(r, "%llu items pushed, %llu popped", (unsigned long long)pushed,
                   (unsigned long long)popped);
    if (!oldest && r->dropped != refused)
        judge_fail(r, "%llu answers were 'dropped', the queue counted %llu",
                   (unsigned long long)refused, (unsigned long long)r->dropped);
    if (oldest && refused)
        judge_fail(r, "%llu new items were dropped, not the oldest", (unsigned long long)refused);
    if (in != out && !(oldest && r->dropped))
        judge_fail(r, "the popped items are not the pushed ones: sums differ");
    if (torn)
        judge_fail(r, "%llu items were torn", (unsigned long long)torn);
    /* in rounds, each of which counts its items anew, order is not to be seen */
    if (disorder && d->traits->order != Q_UNORDERED && !t->stall && !t->held)
        judge_fail(r, "%llu items came out of their producer's order",
                   (unsigned long long)disorder);
}

static double fairness(const struct member *members, unsigned from, unsigned to, bool by_time)
{
    double least = INFINITY, most = 0;
    for (unsigned i = from; i < to; i++) {
        const struct q_worker *w = &members[i].worker;
        const double ticks = (double)(w->end - w->start);
        const double x = by_time ? (double)w->pushed / (ticks > 0 ? ticks : 1) : (double)w->popped;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    return most > 0 ? least / most : 0;
}

void judge_collect(const struct cell *c, const struct member *members, const struct team *t,
                   struct result *result)
{
    struct record *r = &result->record;
    uint64_t start = UINT64_MAX, end = 0;
    for (unsigned i = 0; i < t->size; i++) {
        const struct member *m = &members[i];
        const bool paced = cell_paced(c); /* begins at the epoch, not before */
        const uint64_t begin = paced ? t->epoch : m->worker.start;
        start = begin < start ? begin : start;
        end = m->worker.end > end ? m->worker.end : end;
        r->full += m->worker.full;
        r->empty += m->worker.empty;
        r->cas_failed += m->counts.cas_failed;
        r->retries += m->counts.retries;
        r->parks += m->counts.parks;
        r->wakes += m->counts.wakes;
        r->ctx_voluntary += (uint64_t)(m->after.ru_nvcsw - m->before.ru_nvcsw);
        r->ctx_involuntary += (uint64_t)(m->after.ru_nivcsw - m->before.ru_nivcsw);
        if (c->latency) {
            histogram_merge(&result->push, &m->push);
            histogram_merge(&result->pop, &m->pop);
            histogram_merge(&result->sojourn, &m->sojourn);
        }
    }
    result->has_push = result->push.total > 0;
    result->has_pop = result->pop.total > 0;
    result->has_sojourn = result->sojourn.total > 0;
    r->tick_ns = c->latency ? clock_ns(1u << 20) / (1u << 20) : 0;
    r->elapsed_ns = clock_ns(end - start);
    r->ns_per_item = r->items ? r->elapsed_ns / (double)r->items : 0;
    r->items_per_s = r->elapsed_ns > 0 ? 1e9 * (double)r->items / r->elapsed_ns : 0;
    if (t->stall) {
        const struct stall *const s = t->stall;
        const uint64_t free_ns = s->seen[STALL_FREE].ns, stopped_ns = s->seen[STALL_STOPPED].ns;
        const double rate = (double)s->seen[STALL_FREE].pairs / (double)(free_ns ? free_ns : 1);
        r->stops = s->seen[STALL_STOPPED].windows;
        r->rests = s->seen[STALL_STOPPED].rests;
        r->rests_free = s->seen[STALL_FREE].rests;
        if (rate > 0 && stopped_ns)
            r->stopped_share = (double)s->seen[STALL_STOPPED].pairs / (double)stopped_ns / rate;
    }
    if (t->held)
        held_collect(t->held, r);
    if (c->workload->shape == SHAPE_RANK) {
        const struct rank_error_log *logs[1u << Q_KEY_PRODUCER_BITS];
        for (unsigned i = 0; i < t->size; i++)
            logs[i] = &members[i].log;
        const int error = rank_error_judge(logs, t->size, r);
        if (error)
            judge_fail(r, "rank errors: %s",
                       error == EINVAL ? "an item that nobody pushed" : strerror(error));
    }
    if (c->producers > 1)
        r->fair_push = fairness(members, 0, c->producers, true);
    if (c->consumers > 1)
        r->fair_pop = fairness(members, c->producers, t->size, false);
}
