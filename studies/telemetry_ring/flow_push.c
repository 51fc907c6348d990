/* flow_push.c: the producers of a flow. See flow.h. */
#include "studies/telemetry_ring/flow_inner.h"

/* Offers it once. Q_FULL: not taken, try again. */
static inline enum q_status offer(struct flow_run *r, struct producer *p, const struct event *e)
{
    switch (r->f->carrier) {
    case CARRY_RING:
        return ring_mpsc_push(&r->ring, &p->ring, event_item(e));
    case CARRY_GROWING: {
        const enum q_status s = growing_push(&r->growing, &p->ring, event_item(e));
        return s == Q_FULL && r->f->when_full == Q_DROP_NEWEST ? Q_DROPPED : s;
    }
    case CARRY_LOCKED: {
        const enum q_status s = mutex_ring_push(&r->locked, &p->locked, event_item(e));
        return s == Q_FULL
                   ? mutex_ring_push_wait(&r->locked, &p->locked, event_item(e), 50000000) == Q_OK
                         ? Q_OK
                         : Q_FULL
                   : s;
    }
    case CARRY_WRITTEN: {
        const int item = (int)(p->id << WRITTEN_NUMBER_BITS | (unsigned)p->offered);
        switch (written_push(r->written, item, &r->stop, &p->depth)) {
        case WRITTEN_SPILLED:
            p->spilled++;
            return Q_OK; /* the answer, too */
        case WRITTEN_OK:
            return Q_OK;
        case WRITTEN_FULL:
            return Q_DROPPED;
        case WRITTEN_IO:
            return Q_IO;
        default:
            return Q_FULL;
        }
    }
    default:
        __asm__ volatile("" : : "r"(e) : "memory");
        return Q_OK;
    }
}

static inline void push(struct flow_run *r, struct producer *p, const struct event *e)
{
    unsigned spins = 0;
    enum q_status s;
    while ((s = offer(r, p, e)) == Q_FULL) {
        p->refused++;
        if (stopped(r))
            break;
        q_relax(&spins);
    }
    p->accepted += s == Q_OK;
    p->calls += s == Q_OK;
    p->dropped += s == Q_DROPPED;
    p->io += s == Q_IO;
}

static inline void push_timed(struct flow_run *r, struct producer *p, const struct event *e)
{
    const uint64_t before = clock_ticks_fenced();
    push(r, p, e);
    histogram_add(p->push, clock_ticks_fenced() - before);
}

/* The metrics that a telemetry library would keep of itself. */
static inline void push_counted(struct flow_run *r, struct producer *p, const struct event *e)
{
    const enum flow_metrics m = r->f->metrics;
    const bool timed =
        m == METRICS_ALL || (m == METRICS_SAMPLED && p->offered % SAMPLED_EVERY == 0);
    const uint64_t before = timed ? clock_ticks() : 0, dropped = p->dropped;
    push(r, p, e);
    if (timed)
        histogram_add(p->push, clock_ticks() - before);
    if (m == METRICS_SHARED) {
        a_add(&r->shared_pushes, 1, relaxed);
    } else {
        a_store(&p->pushes, a_load(&p->pushes, relaxed) + 1, relaxed);
        if (p->dropped != dropped)
            a_store(&p->drops, a_load(&p->drops, relaxed) + 1, relaxed);
    }
}

static inline struct event next_event(struct flow_run *r, struct producer *p)
{
    struct event e = r->f->events[p->offered % r->f->n_events];
    const uint64_t now = r->f->rate > 0 ? clock_ticks() : 0;
    p->offered++;
    p->last = now > p->last ? now : p->last + 1;
    e.time = p->last;
    e.producer = (uint8_t)p->id;
    event_seal(&e);
    return e;
}

static void push_batch(struct flow_run *r, struct producer *p, size_t n)
{
    q_item items[FLOW_BATCH];
    unsigned spins = 0;
    for (size_t i = 0; i < n; i++) {
        const struct event e = next_event(r, p);
        items[i] = event_item(&e);
    }
    for (size_t done = 0; done < n && !(stopped(r) && spins);) {
        const size_t k = r->f->carrier == CARRY_RING
                             ? ring_mpsc_push_n(&r->ring, &p->ring, items + done, n - done)
                             : mutex_ring_push_n(&r->locked, &p->locked, items + done, n - done);
        done += k;
        p->accepted += k;
        p->calls += k > 0;
        if (k == 0) {
            p->refused++;
            q_relax(&spins);
        }
    }
}

void *flow_produce(void *argument)
{
    struct producer *const p = argument;
    struct flow_run *const r = p->run;
    const struct flow *const f = r->f;
    topology_pin(p->cpu);
    const size_t batch = f->push_batch > 1 ? f->push_batch : 1;
    const uint64_t together = f->burst ? f->burst : batch;
    const uint64_t gap = f->rate > 0 ? clock_from_ns(1e9 * (double)together / f->rate) : 0;
    const uint64_t often = f->carrier == CARRY_WRITTEN ? 1 : PROGRESS_EVERY;
    pthread_barrier_wait(&r->begin);
    uint64_t due = clock_ticks() + gap * (p->id + 1) / (f->producers + 1), shown = 0;
    for (uint64_t burst = 0; !stopped(r) && (f->each == 0 || p->offered < f->each);) {
        if (gap && burst == 0) {
            for (unsigned spins = 0; clock_ticks() < due && !stopped(r);)
                q_relax(&spins);
            due += gap;
            burst = together;
        }
        burst -= burst < batch ? burst : batch;
        if (batch > 1) {
            push_batch(r, p, batch);
        } else {
            const struct event e = next_event(r, p);
            if (f->metrics)
                push_counted(r, p, &e);
            else if (f->timed && p->offered % f->timed == 0)
                push_timed(r, p, &e);
            else
                push(r, p, &e);
        }
        if (p->offered - shown >= often) {
            shown = p->offered;
            a_store(&p->done, shown, relaxed);
        }
    }
    a_store(&p->done, p->offered, relaxed);
    p->cpu_s = thread_cpu_s();
    a_sub(&r->producing, 1, release);
    return NULL;
}
