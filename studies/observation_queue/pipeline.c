/* pipeline.c: the whole way of an observation: from a line of text to the index. */
#include "experiments.h"
#include "harness/clock.h"
#include "near_index.h"
#include "team.h"

enum { THREADS_MOST = 64, BATCH_MOST = 1024 };

struct text observation_text;

struct pipeline {
    struct observation_queue queue;
    unsigned producers;
    uint64_t each;
    size_t batch;
    struct near_index *index; /* NULL: the consumers only look at what they get */
    atomic(unsigned) producers_left;
    atomic(bool) failed;
    struct pipeline_thread {
        alignas(Q_LINE) uint64_t got, characters, sum, pressed;
        uint64_t queue_ticks, vector_ticks, index_ticks, empty;
    } thread[THREADS_MOST];
};

/* Half the observations are normal, a quarter each high and low. */
static unsigned priority_of(uint64_t i) { return i & 1 ? Q_NORMAL : i & 2 ? Q_LOW : Q_HIGH; }

static void pipeline_produce(struct pipeline *p, unsigned index)
{
    struct observation_handle h;
    struct pipeline_thread *const mine = &p->thread[index];
    unsigned spins = 0;
    if (observation_queue_attach(&p->queue, &h, Q_PRODUCER) != 0) {
        a_store(&p->failed, true, relaxed);
        return;
    }
    for (uint64_t i = 0; i < p->each && !a_load(&p->failed, relaxed); i++) {
        const uint64_t number = i * p->producers + index;
        const struct text_line *const line = &observation_text.line[number % observation_text.n];
        struct episode *const e = episode_new(line->text, line->length);
        struct observation o = observation_of(priority_of(i), number, e);
        o.enqueued = clock_ticks();
        enum q_status s = e ? Q_FULL : Q_NOMEM;
        while (s == Q_FULL && (s = observation_enqueue(&p->queue, &h, &o)) == Q_FULL &&
               !a_load(&p->failed, relaxed))
            q_relax(&spins);
        spins = 0;
        if (s != Q_OK)
            a_store(&p->failed, true, relaxed);
        mine->pressed += observation_queue_pressed(&p->queue);
    }
    if (a_sub(&p->producers_left, 1, acq_rel) == 1)
        observation_queue_close(&p->queue, &h);
    observation_queue_detach(&p->queue, &h);
}

static void take_in(struct pipeline *p, struct pipeline_thread *mine, const struct observation *o)
{
    float vector[TEXT_PLACES];
    struct near_found near[10];
    if (p->index) {
        const uint64_t begin = clock_ticks();
        text_vector(o->episode->text, o->episode->length, vector);
        const uint64_t middle = clock_ticks();
        near_index_search(p->index, vector, 10, near); /* what is it like? */
        if (near_index_insert(p->index, vector) != 0)
            a_store(&p->failed, true, relaxed);
        mine->vector_ticks += middle - begin;
        mine->index_ticks += clock_ticks() - middle;
    }
    mine->characters += o->episode->length;
    mine->sum += o->sequence;
    mine->got++;
    episode_release(o->episode);
}

static void pipeline_consume(struct pipeline *p, struct pipeline_thread *mine)
{
    struct observation_handle h;
    struct observation batch[BATCH_MOST];
    unsigned spins = 0;
    if (observation_queue_attach(&p->queue, &h, Q_CONSUMER) != 0) {
        a_store(&p->failed, true, relaxed);
        return;
    }
    for (;;) {
        const uint64_t begin = clock_ticks();
        const size_t n = observation_dequeue_batch(&p->queue, &h, batch, p->batch);
        if (n == 0) { /* empty, or closed: a single dequeue says which */
            const enum q_status s = observation_dequeue(&p->queue, &h, batch);
            if (s == Q_CLOSED || a_load(&p->failed, relaxed))
                break;
            if (s == Q_OK) {
                take_in(p, mine, batch);
            } else {
                mine->empty++;
                q_relax(&spins);
            }
            continue;
        }
        spins = 0;
        mine->queue_ticks += clock_ticks() - begin;
        for (size_t i = 0; i < n; i++)
            take_in(p, mine, &batch[i]);
    }
    observation_queue_detach(&p->queue, &h);
}

static void pipeline_thread(void *arg, unsigned index)
{
    struct pipeline *const p = arg;
    if (index < p->producers)
        pipeline_produce(p, index);
    else
        pipeline_consume(p, &p->thread[index]);
}

static double processor_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Runs it; what the threads left, all together, in *sum. The seconds, or negative: it failed. */
static double pipeline_run(struct pipeline *p, struct study_sample *s,
                           const struct study_cell *cell, uint64_t n, unsigned producers,
                           unsigned consumers, size_t batch, struct pipeline_thread *sum)
{
    const struct observation_config config = {.lane = cell->subject,
                                              .by_pointer = cell->flags != 0,
                                              .admission = OBSERVATION_RESERVED,
                                              .service = OBSERVATION_FAIR,
                                              .threads = producers + consumers};
    char message[STUDY_ERROR];
    if (observation_queue_init(&p->queue, &config, message, sizeof message) != 0) {
        study_fail(s, "%s", message);
        return -1;
    }
    clock_calibrate();
    p->producers = producers;
    p->each = n / producers;
    p->batch = batch < BATCH_MOST ? batch : BATCH_MOST;
    a_init(&p->producers_left, producers);
    const double before = processor_ns(), /* all threads, also while they look for work in vain */
        seconds = team_run(producers, consumers, pipeline_thread, p);
    const double used = processor_ns() - before;
    for (unsigned i = 0; i < producers + consumers; i++) {
        const struct pipeline_thread *const t = &p->thread[i];
        sum->got += t->got, sum->characters += t->characters, sum->sum += t->sum;
        sum->pressed += t->pressed, sum->queue_ticks += t->queue_ticks;
        sum->vector_ticks += t->vector_ticks, sum->index_ticks += t->index_ticks;
    }
    n = p->each * producers;
    if (seconds < 0 || a_load(&p->failed, relaxed) || sum->got != n ||
        sum->sum != n * (n - 1) / 2) {
        study_fail(s, "%llu of %llu observations came through%s", (unsigned long long)sum->got,
                   (unsigned long long)n,
                   a_load(&p->failed, relaxed) ? ": no memory, or no threads" : "");
        return -1;
    }
    study_put(s, "observations_per_s", (double)n / seconds);
    study_put(s, "processor_ns", used / (double)n);
    return seconds;
}

void measure_end_to_end(const struct study_run *run, const struct study_cell *cell,
                        struct study_sample *s)
{
    static struct pipeline p;
    struct pipeline_thread sum = {0};
    (void)run;
    const double seconds =
        pipeline_run(&p, s, cell, (uint64_t)cell->number[0], (unsigned)cell->number[1],
                     (unsigned)cell->number[2], (size_t)cell->number[3], &sum);
    if (seconds < 0)
        return;
    study_put(s, "characters_per_s", (double)sum.characters / seconds);
    study_put(s, "pressed_share", (double)sum.pressed / (double)sum.got);
}

/* How many of the ten nearest that there are the index finds, for a hundred vectors that it holds. */
static double recall_of(struct near_index *x)
{
    struct near_found found[10], exact[10];
    unsigned hits = 0, all = 0;
    for (size_t i = 0; i < 100; i++) {
        const float *const v = x->vector + i * (x->n / 100) * TEXT_PLACES;
        const size_t n = near_index_exact(x, v, 10, exact);
        const size_t m = near_index_search(x, v, 10, found);
        all += (unsigned)n;
        for (size_t k = 0; k < m; k++) /* as near as the tenth: lines that are alike tie */
            hits += found[k].distance <= exact[n - 1].distance;
    }
    return all ? (double)hits / (double)all : 0;
}

void measure_indexing(const struct study_run *run, const struct study_cell *cell,
                      struct study_sample *s)
{
    static struct pipeline p;
    static struct near_index index;
    struct pipeline_thread sum = {0};
    const uint64_t n = (uint64_t)cell->number[0];
    if (near_index_init(&index, n, study_seed(run)) != 0) {
        study_fail(s, "no memory for an index of %llu vectors", (unsigned long long)n);
        return;
    }
    p.index = &index;
    const double seconds = pipeline_run(&p, s, cell, n, 1, 1, (size_t)cell->number[1], &sum);
    if (seconds < 0)
        return;
    const double got = (double)sum.got, queue = clock_ns(sum.queue_ticks) / got,
                 vector = clock_ns(sum.vector_ticks) / got, in = clock_ns(sum.index_ticks) / got;
    study_put(s, "queue_ns", queue);
    study_put(s, "vector_ns", vector);
    study_put(s, "index_ns", in);
    study_put(s, "index_share", in / (queue + vector + in));
    study_put(s, "queue_share", queue / (queue + vector + in));
    study_put(s, "recall_at_10", recall_of(&index));
}
