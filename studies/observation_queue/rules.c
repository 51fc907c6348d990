/* rules.c: what admission and service do under load. */
#include "experiments.h"
#include "harness/clock.h"
#include "queues/lanes_fair.h"
#include "team.h"

enum { THREADS_MOST = 64 };

static bool make(struct observation_queue *q, struct study_sample *s,
                 const struct observation_config *config)
{
    char message[STUDY_ERROR];
    const int error = observation_queue_init(q, config, message, sizeof message);
    if (error)
        study_fail(s, "%s", message);
    return error == 0;
}

/* ---- admission ------------------------------------------------------------------------------------ */

/* Producers enqueue and consumers dequeue as fast as they can, for a while; who is refused, or finds
 * nothing, gives way now and then (q_relax).
 *
 * A refusal is spurious when the depth that it saw has its highest bit set: it is below zero. Then
 * fewer than P records are inside (those whose push has not been counted yet), and the capacity is
 * larger than P: the queue was nearly empty and said that it was full.
 *
 * Where consumers pause, so that the queue is kept full, `inside` is counted up after an enqueue and
 * down before a dequeue: never more than what is really inside, at no instant. What it shows above
 * the capacity was there. */
struct admission {
    struct observation_queue queue;
    unsigned producers, pauses; /* of a consumer after each try */
    bool counts;                /* `inside` */
    uint64_t ns;
    alignas(Q_LINE) atomic(int64_t) inside;
    struct admission_thread {
        alignas(Q_LINE) uint64_t admitted, refused, spurious, run_longest, signals, false_signals;
        int64_t inside_most, depth_least;
        bool failed;
    } thread[THREADS_MOST];
};

static void admit(struct admission *a, struct admission_thread *mine)
{
    struct observation_handle h;
    const struct observation o = observation_of(Q_NORMAL, 0, NULL);
    uint64_t run = 0;
    unsigned spins = 0;
    if ((mine->failed = observation_queue_attach(&a->queue, &h, Q_PRODUCER) != 0))
        return;
    for (const uint64_t end = clock_monotonic_ns() + a->ns; clock_monotonic_ns() < end;)
        for (unsigned i = 0; i < 64; i++) {
            const bool admitted = observation_enqueue(&a->queue, &h, &o) == Q_OK;
            const bool below = h.last_depth > SIZE_MAX / 2;
            if (below && (int64_t)h.last_depth < mine->depth_least)
                mine->depth_least = (int64_t)h.last_depth;
            mine->signals += h.last_depth >= a->queue.threshold;
            mine->false_signals += below;
            if (admitted) {
                const int64_t inside = a->counts ? a_add(&a->inside, 1, relaxed) + 1 : 0;
                if (inside > mine->inside_most)
                    mine->inside_most = inside;
                mine->admitted++;
                spins = 0;
            } else {
                mine->refused++;
                mine->spurious += below;
                q_relax(&spins);
            }
            run = !admitted && below ? run + 1 : 0;
            if (run > mine->run_longest)
                mine->run_longest = run;
        }
    observation_queue_detach(&a->queue, &h);
}

static void drain(struct admission *a, struct admission_thread *mine)
{
    struct observation_handle h;
    struct observation o;
    unsigned spins = 0;
    if ((mine->failed = observation_queue_attach(&a->queue, &h, Q_CONSUMER) != 0))
        return;
    for (const uint64_t end = clock_monotonic_ns() + a->ns; clock_monotonic_ns() < end;)
        for (unsigned i = 0; i < 64; i++) {
            if (a->counts)
                a_sub(&a->inside, 1, relaxed);
            if (observation_dequeue(&a->queue, &h, &o) == Q_OK) {
                spins = 0;
            } else {
                if (a->counts)
                    a_add(&a->inside, 1, relaxed);
                q_relax(&spins);
            }
            for (unsigned k = 0; k < a->pauses; k++)
                a_pause();
        }
    observation_queue_detach(&a->queue, &h);
}

static void admission_thread(void *arg, unsigned index)
{
    struct admission *const a = arg;
    (index < a->producers ? admit : drain)(a, &a->thread[index]);
}

void measure_admission(const struct study_run *run, const struct study_cell *cell,
                       struct study_sample *s)
{
    static struct admission a;
    struct admission_thread all = {0};
    const unsigned side = (unsigned)cell->number[1];
    const struct observation_config config = {.lane = "segment_mpmc",
                                              .admission = cell->flags ? OBSERVATION_RESERVED
                                                                       : OBSERVATION_AS_WRITTEN,
                                              .capacity = (size_t)cell->number[2],
                                              .threads = 2 * side};
    (void)run;
    a.producers = side;
    a.pauses = (unsigned)cell->number[3];
    a.counts = cell->number[3] > 0;
    a.ns = (uint64_t)(cell->number[0] * 1e9);
    a_init(&a.inside, 0);
    if (!make(&a.queue, s, &config))
        return;
    if (team_run(side, side, admission_thread, &a) < 0) {
        study_fail(s, "%u threads cannot be had", 2 * side);
        return;
    }
    for (unsigned i = 0; i < 2 * side; i++) {
        const struct admission_thread *const t = &a.thread[i];
        all.admitted += t->admitted, all.refused += t->refused, all.spurious += t->spurious;
        all.signals += t->signals, all.false_signals += t->false_signals;
        all.failed |= t->failed;
        if (t->run_longest > all.run_longest)
            all.run_longest = t->run_longest;
        if (t->inside_most > all.inside_most)
            all.inside_most = t->inside_most;
        if (t->depth_least < all.depth_least)
            all.depth_least = t->depth_least;
    }
    if (all.failed)
        study_fail(s, "no memory for a handle");
    study_put(s, "admitted", (double)all.admitted);
    study_put(s, "refused", (double)all.refused);
    study_put(s, "spurious", (double)all.spurious);
    study_put(s, "spurious_in_a_row", (double)all.run_longest);
    study_put(s, "signals", (double)all.signals);
    study_put(s, "false_signals", (double)all.false_signals);
    study_put(s, "depth_least", (double)all.depth_least);
    if (!a.counts)
        return;
    study_put(s, "beyond_capacity", (double)all.inside_most - cell->number[2]);
    study_put(s, "bound", side - 1); /* as derived: P producers, one enqueue under way in each */
}

/* ---- service: one low record under continuous high load ------------------------------------------- */

/* A record is pushed in high before every dequeue, so high is never found empty: for how many
 * dequeues does one low record wait? */
void measure_continuous(const struct study_run *run, const struct study_cell *cell,
                        struct study_sample *s)
{
    static struct observation_queue q;
    struct observation_handle h;
    const uint64_t most = (uint64_t)cell->number[0];
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_RESERVED,
                                              .service = (enum observation_service)cell->number[1],
                                              .threads = 2};
    (void)run;
    if (!make(&q, s, &config))
        return;
    if (observation_queue_attach(&q, &h, Q_BOTH) != 0) {
        study_fail(s, "no memory");
        return;
    }
    struct observation o = observation_of(Q_LOW, 1, NULL);
    uint64_t served_after = 0;
    observation_enqueue(&q, &h, &o);
    for (uint64_t i = 1; i <= most && !served_after; i++) {
        o = observation_of(Q_HIGH, i, NULL);
        if (observation_enqueue(&q, &h, &o) != Q_OK || observation_dequeue(&q, &h, &o) != Q_OK) {
            study_fail(s, "an enqueue or a dequeue failed");
            return;
        }
        if (o.priority == Q_LOW)
            served_after = i;
    }
    study_put(s, "low_served", served_after > 0);
    study_put(s, "dequeues", (double)(served_after ? served_after : most));
    study_put(s, "bound", (double)lanes_fair_bound(1, 1));
}

/* A normal record comes for every dequeue, so normal is never found empty, and for every hundredth a
 * low one, too. How many low ones came, were served, and are left, at ten points of time? */
void measure_backlog(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s)
{
    static struct observation_queue q;
    struct observation_handle h;
    const uint64_t n = (uint64_t)cell->number[0] / BACKLOG_POINTS;
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_RESERVED,
                                              .service = (enum observation_service)cell->number[1],
                                              .capacity = (size_t)(cell->number[0] / 50) + 1000,
                                              .threads = 2}; /* more than can come to wait */
    uint64_t arrived = 0, served = 0, age_most = 0, number = 0;
    (void)run;
    if (!make(&q, s, &config))
        return;
    if (observation_queue_attach(&q, &h, Q_BOTH) != 0) {
        study_fail(s, "no memory");
        return;
    }
    for (unsigned point = 1; point <= BACKLOG_POINTS; point++) {
        char name[STUDY_WORD];
        for (uint64_t i = 0; i < n; i++, number++) {
            const bool low = number % 100 == 99;
            struct observation o = observation_of(Q_LOW, number, NULL);
            o.note = number;
            arrived += low;
            bool fine = !low || observation_enqueue(&q, &h, &o) == Q_OK;
            o = observation_of(Q_NORMAL, number, NULL);
            fine &= observation_enqueue(&q, &h, &o) == Q_OK;
            fine &= observation_dequeue(&q, &h, &o) == Q_OK;
            if (!fine) {
                study_fail(s, "an enqueue or a dequeue failed");
                return;
            }
            if (o.priority == Q_LOW) {
                served++;
                if (number - o.note > age_most)
                    age_most = number - o.note;
            }
        }
        snprintf(name, sizeof name, "backlog_%u", point);
        study_put(s, name, (double)(arrived - served));
    }
    study_put(s, "arrived", (double)arrived);
    study_put(s, "served", (double)served);
    study_put(s, "dequeues", (double)number);
    study_put(s, "age_most", (double)age_most); /* dequeues that a served one had waited */
}

/* ---- service: the bound under load ------------------------------------------------------------------ */

/* Producer 0 pushes the low records, and only it, so that all before one in its lane are complete;
 * the others push high and normal ones until it has ended: they are what keeps consumers busy. For
 * each low record it is counted how many dequeues returned from after its push until before the
 * dequeue that brought it was called, as lanes_fair.h says, and held against its bound for the
 * low records that were ahead. `ahead` is counted from above: low pushes that had begun less low
 * dequeues that had ended. */
struct watch {
    struct observation_queue queue;
    unsigned producers, consumers;
    uint64_t n;
    struct watched {
        atomic(uint64_t) returned; /* dequeues when its push had returned, + 1; 0: not yet */
        uint64_t ahead;
    } * low;
    alignas(Q_LINE) atomic(uint64_t) returned, low_served;
    atomic(unsigned) producing;
    atomic(bool) low_ended, failed;
    struct watch_thread {
        alignas(Q_LINE) uint64_t watched, beyond, waited_most, dequeues;
        double share_most, age_most_ns;
        struct histogram age;
    } thread[THREADS_MOST];
};

static void enqueue_surely(struct watch *w, struct observation_handle *h, struct observation *o)
{
    unsigned spins = 0;
    for (enum q_status s; (s = observation_enqueue(&w->queue, h, o)) != Q_OK; q_relax(&spins))
        if (s != Q_FULL || a_load(&w->failed, relaxed)) {
            a_store(&w->failed, true, relaxed);
            return;
        }
}

static void watch_low(struct watch *w, struct observation_handle *h)
{
    for (uint64_t i = 0; i < w->n && !a_load(&w->failed, relaxed); i++) {
        struct observation o = observation_of(Q_LOW, i, NULL);
        o.enqueued = clock_ticks_fenced();
        enqueue_surely(w, h, &o);
        w->low[i].ahead = i + 1 - a_load(&w->low_served, acquire);
        a_store(&w->low[i].returned, a_load(&w->returned, acquire) + 1, release);
        for (unsigned k = 0; k < 200; k++) /* low records are few */
            a_pause();
    }
    a_store(&w->low_ended, true, release);
}

static void watch_others(struct watch *w, struct observation_handle *h, unsigned index)
{
    for (uint64_t i = 0; !a_load(&w->low_ended, relaxed) && !a_load(&w->failed, relaxed); i++) {
        struct observation o = observation_of((i + index) % 4 ? Q_HIGH : Q_NORMAL, i, NULL);
        enqueue_surely(w, h, &o);
    }
}

static void watch_consume(struct watch *w, struct observation_handle *h, struct watch_thread *mine)
{
    struct observation o;
    unsigned spins = 0;
    histogram_clear(&mine->age);
    for (;;) {
        const uint64_t before = a_load(&w->returned, acquire);
        const enum q_status s = observation_dequeue(&w->queue, h, &o);
        if (s == Q_CLOSED)
            return;
        if (s != Q_OK) {
            q_relax(&spins);
            continue;
        }
        spins = 0;
        mine->dequeues++;
        if (o.priority == Q_LOW) {
            struct watched *const x = &w->low[o.sequence];
            const uint64_t pushed = a_load(&x->returned, acquire);
            const double age = clock_ns(clock_ticks_fenced() - o.enqueued);
            a_add(&w->low_served, 1, release);
            histogram_add(&mine->age, (uint64_t)age);
            mine->age_most_ns = age > mine->age_most_ns ? age : mine->age_most_ns;
            if (pushed && before > pushed - 1) {
                const uint64_t waited = before - (pushed - 1);
                const uint64_t bound = lanes_fair_bound(w->consumers, x->ahead);
                const double share = (double)waited / (double)bound;
                mine->watched++;
                mine->beyond += waited > bound;
                mine->waited_most = waited > mine->waited_most ? waited : mine->waited_most;
                mine->share_most = share > mine->share_most ? share : mine->share_most;
            }
        }
        a_add(&w->returned, 1, release);
    }
}

static void watch_thread(void *arg, unsigned index)
{
    struct watch *const w = arg;
    struct observation_handle h;
    const bool producer = index < w->producers;
    if (observation_queue_attach(&w->queue, &h, producer ? Q_PRODUCER : Q_CONSUMER) != 0) {
        a_store(&w->failed, true, relaxed);
        return;
    }
    if (!producer)
        watch_consume(w, &h, &w->thread[index]);
    else if (index == 0)
        watch_low(w, &h);
    else
        watch_others(w, &h, index);
    if (producer && a_sub(&w->producing, 1, acq_rel) == 1)
        observation_queue_close(&w->queue, &h);
    observation_queue_detach(&w->queue, &h);
}

void measure_watch(const struct study_run *run, const struct study_cell *cell,
                   struct study_sample *s)
{
    static struct watch w;
    static struct histogram age;
    struct watch_thread all = {0};
    w.n = (uint64_t)cell->number[0];
    w.producers = (unsigned)cell->number[1];
    w.consumers = (unsigned)cell->number[2];
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_RESERVED,
                                              .service = (enum observation_service)cell->number[3],
                                              .capacity = 4096,
                                              .threads = w.producers + w.consumers};
    (void)run;
    clock_calibrate();
    a_init(&w.producing, w.producers);
    if (!(w.low = calloc(w.n, sizeof *w.low))) {
        study_fail(s, "no memory");
        return;
    }
    if (!make(&w.queue, s, &config))
        return;
    const double seconds = team_run(w.producers, w.consumers, watch_thread, &w);
    if (seconds < 0 || a_load(&w.failed, relaxed)) {
        study_fail(s, "no threads or no memory");
        return;
    }
    histogram_clear(&age);
    for (unsigned i = w.producers; i < w.producers + w.consumers; i++) {
        const struct watch_thread *const t = &w.thread[i];
        all.watched += t->watched, all.beyond += t->beyond, all.dequeues += t->dequeues;
        all.waited_most = t->waited_most > all.waited_most ? t->waited_most : all.waited_most;
        all.share_most = t->share_most > all.share_most ? t->share_most : all.share_most;
        all.age_most_ns = t->age_most_ns > all.age_most_ns ? t->age_most_ns : all.age_most_ns;
        histogram_merge(&age, &t->age);
    }
    study_put(s, "beyond_bound", (double)all.beyond);
    study_put(s, "watched", (double)all.watched);
    study_put(s, "low", (double)w.n);
    study_put(s, "waited_most", (double)all.waited_most);
    study_put(s, "share_of_bound_most", all.share_most);
    study_put(s, "dequeues_per_s", (double)all.dequeues / seconds);
    study_put(s, "age_most_ms", all.age_most_ns / 1e6);
    if (histogram_supports(&age, 0.99))
        study_put(s, "age_p99_ms", (double)histogram_quantile(&age, 0.99) / 1e6);
}
