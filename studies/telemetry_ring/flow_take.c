/* flow_take.c: the consumer of a flow. See flow.h. */
#include "studies/telemetry_ring/flow_inner.h"

#include <stdlib.h>

static size_t take_written(struct flow_run *r, q_item *items, size_t n)
{
    int batch[FLOW_BATCH];
    const int got = written_take(r->written, batch, (int)(n < FLOW_BATCH ? n : FLOW_BATCH));
    for (int i = 0; i < got; i++) {
        const unsigned number = (unsigned)batch[i] & ((1u << WRITTEN_NUMBER_BITS) - 1);
        struct event e = r->f->events[(number - 1) % r->f->n_events];
        e.time = number;
        e.producer = (uint8_t)((unsigned)batch[i] >> WRITTEN_NUMBER_BITS);
        event_seal(&e);
        items[i] = event_item(&e);
    }
    return got > 0 ? (size_t)got : 0;
}

static size_t take(struct flow_run *r, q_item *items, size_t n)
{
    const struct flow *const f = r->f;
    switch (f->carrier) {
    case CARRY_RING:
        return n == 1 ? ring_mpsc_pop(&r->ring, &r->consumer, items) == Q_OK
                      : ring_mpsc_pop_n(&r->ring, &r->consumer, items, n);
    case CARRY_LOCKED:
        return n == 1 ? mutex_ring_pop(&r->locked, &r->locked_consumer, items) == Q_OK
                      : mutex_ring_pop_n(&r->locked, &r->locked_consumer, items, n);
    case CARRY_GROWING:
        return growing_pop_n(&r->growing, &r->consumer, items, n);
    case CARRY_WRITTEN:
        return take_written(r, items, n);
    default:
        return 0;
    }
}

static void count(struct flow_run *r, const struct event *e, size_t n)
{
    struct flow *const f = r->f;
    const uint64_t now = f->rate > 0 ? clock_ticks() : 0;
    if (f->validation != VALID_NOT) {
        const size_t good =
            f->validation == VALID_VECTOR ? events_valid_vector(e, n) : events_valid(e, n);
        for (size_t i = good; i < n; i++) /* none, unless something is broken */
            f->invalid += !event_valid(&e[i]);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t *const last = &r->last[e[i].producer % FLOW_PRODUCERS];
        f->disorder += e[i].time <= *last;
        *last = e[i].time;
        f->level[e[i].level % EVENT_LEVELS]++;
        f->source[e[i].source % FLOW_SOURCES]++;
        if (f->rate > 0)
            histogram_add(&f->sojourn, now > e[i].time ? now - e[i].time : 0);
        if (f->work_ns > 0)
            for (const uint64_t end = clock_ticks() + clock_from_ns(f->work_ns);
                 clock_ticks() < end;)
                a_pause();
    }
    f->received += n;
    a_store(&r->received, f->received, relaxed);
}

void *flow_consume(void *argument)
{
    struct flow_run *const r = argument;
    struct flow *const f = r->f;
    const size_t most = f->snapshot_us > 0 ? f->capacity : f->take_batch ? f->take_batch : 1;
    q_item *const items = calloc(most, sizeof *items);
    const struct timespec nap = {.tv_nsec = (long)(f->snapshot_us * 1000)};
    if (!f->no_consumer) {
        topology_pin(r->consumer_cpu);
        pthread_barrier_wait(&r->begin);
    }
    for (unsigned spins = 0; items;) {
        const bool over = a_load(&r->producing, acquire) == 0;
        if (f->snapshot_us > 0 && !over)
            nanosleep(&nap, NULL);
        size_t got = take(r, items, most);
        if (got == 0 && f->parks && !over)
            got = ring_mpsc_pop_wait(&r->ring, &r->consumer, items, 20000000) == Q_OK;
        if (got) {
            struct event e[FLOW_BATCH];
            spins = 0;
            f->snapshots++;
            for (size_t at = 0; at < got; at += FLOW_BATCH) {
                const size_t n = got - at < FLOW_BATCH ? got - at : FLOW_BATCH;
                memcpy(e, items + at, n * sizeof *e);
                count(r, e, n);
            }
        } else if (over) {
            break;
        } else if (!f->parks) {
            q_relax(&spins);
        }
    }
    f->consumer_cpu_s = thread_cpu_s();
    r->end_ns = clock_monotonic_ns();
    free(items);
    a_store(&r->consumed, true, release);
    return NULL;
}
