/* shape.c: the document's own programs, as it prints them and as they were meant.
 *
 * Its benchmark makes its threads in two lazy iterators, which a loop then takes one by one and
 * joins at once: so one thread runs at a time, the producers first. And its consumers end when they
 * first find nothing. ALL_AT_ONCE mends the first, UNTIL_CLOSED both. */
#include <pthread.h>

#include "experiments.h"
#include "harness/clock.h"
#include "team.h"

enum { SIDE = 4 };

struct benchmark {
    struct observation_queue queue;
    uint64_t each;
    bool until_closed;
    atomic(unsigned) alive, alive_most, producers_left, refused;
    atomic(uint64_t) enqueued, dequeued, refused_at;
};

static void alive(struct benchmark *b)
{
    const unsigned now = a_add(&b->alive, 1, relaxed) + 1;
    unsigned most = a_load(&b->alive_most, relaxed);
    while (most < now && !a_cas_weak(&b->alive_most, &most, now, relaxed, relaxed))
        ;
}

static void produce(struct benchmark *b)
{
    struct observation_handle h;
    uint64_t done = 0;
    alive(b);
    if (observation_queue_attach(&b->queue, &h, Q_PRODUCER) == 0) {
        while (done < b->each) {
            const struct observation o = observation_of(Q_NORMAL, done, NULL);
            if (observation_enqueue(&b->queue, &h, &o) != Q_OK) { /* .unwrap(): the thread dies */
                a_add(&b->refused, 1, relaxed);
                a_store(&b->refused_at, a_load(&b->enqueued, relaxed) + done, relaxed);
                break;
            }
            done++;
        }
        a_add(&b->enqueued, done, relaxed);
        if (a_sub(&b->producers_left, 1, acq_rel) == 1 && b->until_closed)
            observation_queue_close(&b->queue, &h);
        observation_queue_detach(&b->queue, &h);
    }
    a_sub(&b->alive, 1, relaxed);
}

static void consume(struct benchmark *b)
{
    struct observation_handle h;
    struct observation o;
    uint64_t done = 0;
    unsigned spins = 0;
    alive(b);
    if (observation_queue_attach(&b->queue, &h, Q_CONSUMER) == 0) {
        for (enum q_status s; (s = observation_dequeue(&b->queue, &h, &o)) != Q_CLOSED;) {
            if (s == Q_OK)
                done++, spins = 0;
            else if (b->until_closed)
                q_relax(&spins);
            else
                break;
        }
        a_add(&b->dequeued, done, relaxed);
        observation_queue_detach(&b->queue, &h);
    }
    a_sub(&b->alive, 1, relaxed);
}

static void benchmark_thread(void *arg, unsigned index) { (index < SIDE ? produce : consume)(arg); }

static void *lone_producer(void *arg) { return produce(arg), NULL; }
static void *lone_consumer(void *arg) { return consume(arg), NULL; }

/* for h in producers.chain(consumers) { h.join() }: the iterators make a thread when asked for it. */
static double one_after_another(struct benchmark *b)
{
    const uint64_t begin = clock_monotonic_ns();
    for (unsigned i = 0; i < 2 * SIDE; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, i < SIDE ? lone_producer : lone_consumer, b) != 0)
            return -1;
        pthread_join(thread, NULL);
    }
    return (double)(clock_monotonic_ns() - begin) / 1e9;
}

void measure_benchmark(const struct study_run *run, const struct study_cell *cell,
                       struct study_sample *s)
{
    static struct benchmark b;
    const enum shape_of how = (enum shape_of)cell->number[1];
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_AS_WRITTEN,
                                              .capacity = (size_t)cell->number[2],
                                              .threads = 2 * SIDE};
    char message[STUDY_ERROR];
    (void)run;
    if (observation_queue_init(&b.queue, &config, message, sizeof message) != 0) {
        study_fail(s, "%s", message);
        return;
    }
    b.each = (uint64_t)cell->number[0] / SIDE;
    b.until_closed = how == UNTIL_CLOSED;
    a_init(&b.producers_left, SIDE);
    const double seconds =
        how == AS_PRINTED ? one_after_another(&b) : team_run(SIDE, SIDE, benchmark_thread, &b);
    if (seconds < 0) {
        study_fail(s, "%d threads cannot be had", 2 * SIDE);
        return;
    }
    const double n = (double)(b.each * SIDE), out = (double)a_load(&b.dequeued, relaxed);
    study_put(s, "claimed_per_s", n / seconds); /* what such a benchmark prints */
    study_put(s, "records_per_s", out / seconds);
    study_put(s, "threads_alive", a_load(&b.alive_most, relaxed));
    study_put(s, "left_share", ((double)a_load(&b.enqueued, relaxed) - out) / n);
    study_put(s, "threads_died", a_load(&b.refused, relaxed));
    study_put(s, "died_at", (double)a_load(&b.refused_at, relaxed));
}

/* ---- the priority test ------------------------------------------------------------------------------- */

/* Four observations of mixed priority go in and come out, again and again, with random pauses. An
 * overtaking: B came out before A although A is more urgent, was completely inside before B began to
 * enter, and nobody had it yet. All operations are stamped; a strict priority queue has none. */
enum { FOUR = 4 };
struct stamps {
    uint64_t in_begin, in_end, out_begin, out_end;
};
struct interleavings {
    struct observation_queue queue;
    struct observation_handle producer, consumer;
    struct stats_random random[2];
    uint64_t n;
    bool together;
    atomic(uint64_t) begun, entered, emptied; /* rounds: enqueues begun, ended, all out */
    uint8_t priority[FOUR];
    struct stamps stamp[FOUR];
    uint64_t overtakings, rounds_wrong;
};

static void pause_up_to(struct stats_random *random, uint64_t most)
{
    for (uint64_t i = stats_random_below(random, most + 1); i > 0; i--)
        a_pause();
}

static void enqueue_four(struct interleavings *t)
{
    for (unsigned i = 0; i < FOUR; i++) {
        const struct observation o = observation_of(t->priority[i], i, NULL);
        pause_up_to(&t->random[0], 8);
        t->stamp[i].in_begin = clock_ticks_fenced();
        observation_enqueue(&t->queue, &t->producer, &o);
        t->stamp[i].in_end = clock_ticks_fenced();
    }
}

static void dequeue_four(struct interleavings *t)
{
    struct observation o;
    unsigned spins = 0;
    for (unsigned i = 0; i < FOUR;) {
        pause_up_to(&t->random[1], 8);
        const uint64_t begin = clock_ticks_fenced();
        if (observation_dequeue(&t->queue, &t->consumer, &o) != Q_OK) {
            q_relax(&spins);
            continue;
        }
        t->stamp[o.sequence].out_begin = begin;
        t->stamp[o.sequence].out_end = clock_ticks_fenced();
        i++;
    }
}

static void judge_four(struct interleavings *t)
{
    unsigned wrong = 0;
    for (unsigned b = 0; b < FOUR; b++)
        for (unsigned a = 0; a < FOUR; a++)
            wrong += t->priority[a] < t->priority[b] && t->stamp[a].in_end < t->stamp[b].in_begin &&
                     t->stamp[a].out_begin > t->stamp[b].out_end;
    t->overtakings += wrong;
    t->rounds_wrong += wrong > 0;
}

static void interleaving_thread(void *arg, unsigned index)
{
    struct interleavings *const t = arg;
    for (uint64_t round = 0; round < t->n; round++) {
        unsigned spins = 0;
        if (index == 0) {
            while (a_load(&t->emptied, acquire) < round)
                q_relax(&spins);
            for (unsigned i = 0; i < FOUR; i++)
                t->priority[i] = (uint8_t)stats_random_below(&t->random[0], Q_LANES);
            a_store(&t->begun, round + 1, release);
            enqueue_four(t);
            a_store(&t->entered, round + 1, release);
        } else {
            while ((t->together ? a_load(&t->begun, acquire) : a_load(&t->entered, acquire)) <=
                   round)
                q_relax(&spins);
            dequeue_four(t);
            while (a_load(&t->entered, acquire) <= round)
                q_relax(&spins);
            judge_four(t);
            a_store(&t->emptied, round + 1, release);
        }
    }
}

void measure_interleavings(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    static struct interleavings t;
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_RESERVED,
                                              .service = (enum observation_service)cell->number[1],
                                              .threads = 4};
    char message[STUDY_ERROR];
    t.n = (uint64_t)cell->number[0];
    t.together = cell->number[2] > 0;
    stats_random_seed(&t.random[0], study_seed(run));
    stats_random_seed(&t.random[1], study_seed(run) ^ 1);
    clock_calibrate();
    if (observation_queue_init(&t.queue, &config, message, sizeof message) != 0) {
        study_fail(s, "%s", message);
    } else if (observation_queue_attach(&t.queue, &t.producer, Q_PRODUCER) != 0 ||
               observation_queue_attach(&t.queue, &t.consumer, Q_CONSUMER) != 0 ||
               team_run(1, 1, interleaving_thread, &t) < 0) {
        study_fail(s, "no memory, or no threads");
    } else {
        study_put(s, "rounds", (double)t.n);
        study_put(s, "rounds_wrong", (double)t.rounds_wrong);
        study_put(s, "overtakings", (double)t.overtakings);
    }
}
