/* flow.c: a flow from beginning to end, and who watches it. See flow.h. */
#include <stdlib.h>

#include "studies/telemetry_ring/flow_inner.h"

/* Says where each thread goes, and puts this one, which touches the ring first, beside one side. */
static int choose_places(struct flow_run *r, int *cpu)
{
    const struct flow *const f = r->f;
    static struct topology t;
    for (unsigned i = 0; i <= f->producers; i++)
        cpu[i] = -1;
    if (f->place == PLACE_ANYWHERE)
        return 0;
    int error = topology_load(&t);
    if (!error)
        error = topology_plan(&t, "spread", f->producers, 1, cpu);
    return error ? error : topology_pin(cpu[f->place == PLACE_BY_CONSUMER ? f->producers : 0]);
}

static int make_carrier(struct flow_run *r)
{
    const struct flow *const f = r->f;
    const struct q_config config = {
        .capacity = f->capacity,
        .when_full = f->carrier == CARRY_RING ? (enum q_when_full)f->when_full : Q_REFUSE,
        .spill_path = f->spill_path,
        .spill_max_bytes = f->spill_most,
    };
    switch (f->carrier) {
    case CARRY_RING:
        return ring_mpsc_init(&r->ring, &config);
    case CARRY_LOCKED:
        return mutex_ring_init(&r->locked, &config);
    case CARRY_GROWING:
        return growing_init(&r->growing, f->capacity, f->most);
    case CARRY_WRITTEN:
        r->written = written_new((enum written_policy)f->when_full, f->spill_path);
        return r->written ? 0 : errno;
    default:
        return 0;
    }
}

static uint64_t progress(const struct flow_run *r)
{
    uint64_t sum = a_load(&r->received, relaxed);
    for (unsigned i = 0; i < r->f->producers; i++)
        sum += a_load(&r->producer[i].done, relaxed);
    return sum;
}

/* Until all have ended, or nothing moves any more: false. */
static bool watch(struct flow_run *r, uint64_t begin)
{
    const struct flow *const f = r->f;
    const double patience_s = f->patience_s > 0             ? f->patience_s
                              : f->carrier == CARRY_WRITTEN ? 0.5
                                                            : 5;
    uint64_t seen = UINT64_MAX, moved = begin;
    for (;;) {
        const bool consumed = f->no_consumer || a_load(&r->consumed, acquire);
        if (a_load(&r->producing, acquire) == 0 && consumed)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        const uint64_t now = clock_monotonic_ns(), all = progress(r);
        if (f->seconds > 0 && (double)(now - begin) >= f->seconds * 1e9)
            __atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
        if (all != seen)
            seen = all, moved = now;
        else if ((double)(now - moved) > patience_s * 1e9)
            return false;
    }
}

static void sum_up(struct flow_run *r)
{
    struct flow *const f = r->f;
    for (unsigned i = 0; i < f->producers; i++) {
        struct producer *const p = &r->producer[i];
        f->offered += f->wedged ? a_load(&p->done, relaxed) : p->offered;
        f->counted_pushes += a_load(&p->pushes, relaxed);
        f->counted_drops += a_load(&p->drops, relaxed);
        f->wakes += p->ring.counts.wakes;
        if (p->depth > f->depth)
            f->depth = p->depth;
        if (f->wedged)
            continue; /* it is still running */
        f->accepted += p->accepted;
        f->refused += p->refused;
        f->dropped += p->dropped;
        f->spilled += p->spilled;
        f->io += p->io;
        f->producers_cpu_s += p->cpu_s;
        f->claims += p->calls + p->ring.counts.cas_failed;
        if (p->push)
            histogram_merge(&f->push, p->push);
    }
    f->counted_pushes += a_load(&r->shared_pushes, relaxed);
    f->parked = r->consumer.counts.parks;
    f->capacity_end = (double)f->capacity;
    if (f->wedged) {
        f->wedged_full = f->carrier == CARRY_WRITTEN && written_wedged(r->written);
        return;
    }
    f->lost = (int64_t)f->accepted - (int64_t)f->received;
    if (f->carrier == CARRY_RING) {
        const uint64_t counter = ring_mpsc_dropped(&r->ring);
        if (f->when_full == Q_DROP_OLDEST) { /* they had been accepted */
            f->dropped = counter;
            f->lost -= (int64_t)counter;
        } else {
            f->lost += (int64_t)f->dropped - (int64_t)counter; /* both count each answer */
        }
        f->spilled = ring_mpsc_spilled(&r->ring);
    }
    if (f->carrier == CARRY_GROWING)
        f->capacity_end = (double)growing_capacity(&r->growing);
    if (f->carrier == CARRY_NOTHING)
        f->received = f->accepted, f->lost = 0;
}

static void destroy(struct flow_run *r)
{
    switch (r->f->carrier) {
    case CARRY_RING:
        ring_mpsc_destroy(&r->ring);
        break;
    case CARRY_LOCKED:
        mutex_ring_destroy(&r->locked);
        break;
    case CARRY_GROWING:
        growing_destroy(&r->growing);
        break;
    case CARRY_WRITTEN:
        written_free(r->written);
        break;
    default:
        break;
    }
    for (unsigned i = 0; i < r->f->producers; i++)
        free(r->producer[i].push);
    pthread_barrier_destroy(&r->begin);
    free(r);
}

int flow_run(struct flow *f)
{
    struct flow_run *const r = aligned_alloc(Q_LINE, (sizeof *r + Q_LINE - 1) / Q_LINE * Q_LINE);
    if (!r)
        return ENOMEM;
    memset(r, 0, sizeof *r);
    r->f = f;
    histogram_clear(&f->push);
    histogram_clear(&f->sojourn);
    clock_calibrate();
    const bool wrong =
        f->producers > FLOW_PRODUCERS || f->producers == 0 || f->n_events == 0 ||
        f->push_batch > FLOW_BATCH || f->take_batch > FLOW_BATCH ||
        (f->push_batch > 1 && f->carrier != CARRY_RING && f->carrier != CARRY_LOCKED);
    int cpu[FLOW_PRODUCERS + 1] = {-1}, error = wrong ? EINVAL : choose_places(r, cpu);
    if (!error)
        error = make_carrier(r);
    if (error) {
        free(r);
        return error;
    }
    a_init(&r->producing, f->producers);
    pthread_barrier_init(&r->begin, NULL, f->producers + (f->no_consumer ? 1 : 2));
    pthread_t consumer;
    r->consumer_cpu = cpu[f->producers];
    for (unsigned i = 0; i < f->producers; i++) {
        struct producer *const p = &r->producer[i];
        *p = (struct producer){.run = r, .id = i, .cpu = cpu[i]};
        p->push = f->timed || f->metrics > METRICS_OWN ? malloc(sizeof *p->push) : NULL;
        if (p->push)
            histogram_clear(p->push);
        else if (f->timed || f->metrics > METRICS_OWN)
            abort(); /* no memory for 30 KB: nothing can be measured */
        if (pthread_create(&p->thread, NULL, flow_produce, p) != 0)
            abort();
    }
    if (!f->no_consumer && pthread_create(&consumer, NULL, flow_consume, r) != 0)
        abort();
    if (f->place != PLACE_ANYWHERE)
        topology_pin(-1);
    pthread_barrier_wait(&r->begin);
    const uint64_t begin = clock_monotonic_ns();
    f->wedged = !watch(r, begin);
    if (!f->wedged) {
        for (unsigned i = 0; i < f->producers; i++)
            pthread_join(r->producer[i].thread, NULL);
        if (f->no_consumer) {
            r->end_ns = clock_monotonic_ns();
            const uint64_t end = r->end_ns;
            flow_consume(r);
            r->end_ns = end;
        } else {
            pthread_join(consumer, NULL);
        }
    }
    f->took_s = (double)((f->wedged ? clock_monotonic_ns() : r->end_ns) - begin) * 1e-9;
    sum_up(r);
    if (!f->wedged)
        destroy(r);
    return 0;
}
