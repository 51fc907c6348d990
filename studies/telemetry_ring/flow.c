/* flow.c: see flow.h. */
#include "studies/telemetry_ring/flow.h"

#include <stdlib.h>

#include "harness/clock.h"
#include "harness/topology.h"
#include "studies/telemetry_ring/growing.h"
#include "studies/telemetry_ring/written.h"

enum { PROGRESS_EVERY = 256, SAMPLED_EVERY = 64, WRITTEN_NUMBER_BITS = 27 };

struct flow_run;
struct producer {
    alignas(Q_LINE) atomic(uint64_t) done; /* offered so far, for who watches */
    struct flow_run *run;
    struct ring_mpsc_handle ring;
    struct mutex_ring_handle locked;
    unsigned id, depth;
    int cpu; /* -1: any */
    uint64_t offered, accepted, calls, refused, dropped, io, last;
    atomic(uint64_t) pushes, drops; /* the flow's own metrics */
    struct histogram *push;
    pthread_t thread;
};

struct flow_run {
    struct flow *f;
    struct ring_mpsc ring;
    struct mutex_ring locked;
    struct growing growing;
    struct written *written;
    pthread_barrier_t begin;
    alignas(Q_LINE) bool stop; /* by __atomic: written.h reads it too */
    alignas(Q_LINE) atomic(uint64_t) shared_pushes;
    alignas(Q_LINE) atomic(unsigned) producing;
    alignas(Q_LINE) atomic(uint64_t) received;
    atomic(bool) consumed;
    uint64_t last[FLOW_PRODUCERS], end_ns;
    int consumer_cpu;
    struct ring_mpsc_handle consumer;
    struct mutex_ring_handle locked_consumer;
    struct producer producer[FLOW_PRODUCERS];
};

static bool stopped(const struct flow_run *r)
{
    return __atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

/* ---- producers --------------------------------------------------------------------------------- */

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
        case WRITTEN_OK:
        case WRITTEN_SPILLED: /* the answer is Ok, too */
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

static void *produce(void *argument)
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
    a_sub(&r->producing, 1, release);
    return NULL;
}

/* ---- the consumer ------------------------------------------------------------------------------- */

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

static void *consume(void *argument)
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
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    f->consumer_cpu_s = (double)cpu.tv_sec + 1e-9 * (double)cpu.tv_nsec;
    r->end_ns = clock_monotonic_ns();
    free(items);
    a_store(&r->consumed, true, release);
    return NULL;
}

/* ---- the whole ---------------------------------------------------------------------------------- */

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
        f->io += p->io;
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
        if (pthread_create(&p->thread, NULL, produce, p) != 0)
            abort();
    }
    if (!f->no_consumer && pthread_create(&consumer, NULL, consume, r) != 0)
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
            consume(r);
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
