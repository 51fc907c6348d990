/* costs.c: what single operations cost: an enqueue, a lock, a new segment, a batch. */
#include <pthread.h>

#include "experiments.h"
#include "harness/clock.h"
#include "team.h"

/* ---- one thread enqueues ---------------------------------------------------------------------------- */

/* As in the document: a queue that only grows, one thread. `calls` 1: each call between two looks at
 * the clock, whose cost is in every figure; more: so many calls between two looks. */
void measure_enqueue(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s)
{
    static struct observation_queue q;
    static struct histogram h;
    struct observation_handle handle;
    const uint64_t n = (uint64_t)cell->number[0], calls = (uint64_t)cell->number[1];
    const struct observation_config config = {.lane = cell->subject,
                                              .admission = OBSERVATION_AS_WRITTEN,
                                              .capacity = n + calls,
                                              .threads = 1};
    char message[STUDY_ERROR];
    (void)run;
    histogram_clear(&h);
    clock_calibrate();
    if (observation_queue_init(&q, &config, message, sizeof message) != 0 ||
        observation_queue_attach(&q, &handle, Q_PRODUCER) != 0) {
        study_fail(s, "%s", message);
        return;
    }
    for (uint64_t i = 0; i < n;) {
        const uint64_t begin = clock_ticks_fenced();
        for (uint64_t k = 0; k < calls; k++, i++) {
            const struct observation o = observation_of(Q_NORMAL, i, NULL);
            if (observation_enqueue(&q, &handle, &o) != Q_OK) {
                study_fail(s, "enqueue %llu failed", (unsigned long long)i);
                return;
            }
        }
        histogram_add(&h, clock_ticks_fenced() - begin);
    }
    put_percentiles(s, "enqueue", &h, (double)calls);
    study_put(s, "clock_ns", clock_calibrate()->cost_ns);
}

/* ---- a lock ------------------------------------------------------------------------------------------- */

struct locking {
    alignas(Q_LINE) pthread_mutex_t lock;
    alignas(Q_LINE) uint64_t value; /* under the lock */
    uint64_t each;
    atomic(uint64_t) waited; /* times it was not free */
};

static void locking_thread(void *arg, unsigned index)
{
    struct locking *const l = arg;
    uint64_t waited = 0;
    (void)index;
    for (uint64_t i = 0; i < l->each; i++) {
        if (pthread_mutex_trylock(&l->lock) != 0) {
            waited++;
            pthread_mutex_lock(&l->lock);
        }
        l->value++;
        pthread_mutex_unlock(&l->lock);
    }
    a_add(&l->waited, waited, relaxed);
}

void measure_lock(const struct study_run *run, const struct study_cell *cell,
                  struct study_sample *s)
{
    static struct locking l = {.lock = PTHREAD_MUTEX_INITIALIZER};
    const unsigned threads = (unsigned)cell->number[1];
    struct timespec before, after;
    (void)run;
    l.each = (uint64_t)cell->number[0] / threads;
    a_init(&l.waited, 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    const double seconds = team_run(threads, 0, locking_thread, &l);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const double n = (double)(l.each * threads);
    if (seconds < 0 || (double)l.value != n) {
        study_fail(s, "%.0f of %.0f increments", (double)l.value, n);
        return;
    }
    study_put(s, "lock_ns", seconds * 1e9 / n);
    study_put(
        s, "processor_ns",
        ((double)(after.tv_sec - before.tv_sec) * 1e9 + (double)(after.tv_nsec - before.tv_nsec)) /
            n);
    study_put(s, "waited_share", (double)a_load(&l.waited, relaxed) / n);
}

/* ---- a new segment ------------------------------------------------------------------------------------- */

enum { PASSES = 5 }; /* of what is short: one that was interrupted is not to be the sample */

enum { SLOTS = 31, SLOT_BYTES = 72 }; /* as SegQueue's block: a record and a state; and a pointer */

/* Allocating and clearing one segment. Kept: the heap grows, as under a queue that fills; freed at
 * once: the allocator hands out the same memory, as under a queue that is drained. */
void measure_segment_alloc(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    const size_t n = (size_t)cell->number[0], bytes = sizeof(void *) + SLOTS * SLOT_BYTES;
    const bool kept = cell->number[1] > 0;
    double pass[PASSES];
    (void)run;
    clock_calibrate();
    for (unsigned p = 0; p < PASSES; p++) {
        const uint64_t begin = clock_ticks_fenced();
        for (size_t i = 0; i < n; i++) {
            char *const segment = malloc(bytes);
            if (!segment) {
                study_fail(s, "no memory");
                return;
            }
            for (size_t k = 0; k < SLOTS; k++) /* the states: what SegQueue must clear */
                memset(segment + sizeof(void *) + k * SLOT_BYTES, 0, sizeof(uint64_t));
            __asm__ volatile("" : : "r"(segment) : "memory");
            if (!kept)
                free(segment);
        }
        pass[p] = clock_ns(clock_ticks_fenced() - begin) / (double)n;
    }
    const double each = stats_median(pass, PASSES);
    study_put(s, "segment_ns", each);
    study_put(s, "per_push_ns", each / SLOTS);
}

/* Filling a queue whose segments have so many slots: with longer ones there are fewer to allocate,
 * and as many records. */
void measure_filling(const struct study_run *run, const struct study_cell *cell,
                     struct study_sample *s)
{
    const uint64_t n = (uint64_t)cell->number[0];
    const struct q_config config = {.segment = (size_t)cell->number[1]};
    static uint64_t last[Q_KEY_SOURCES];
    static const bool stop;
    double pass[PASSES];
    (void)run;
    clock_calibrate();
    for (unsigned i = 0; i < PASSES; i++) { /* a new queue each: its memory is new, too */
        struct plain p;
        if (!plain_init(&p, s, cell->subject, sizeof(struct observation), &config))
            return;
        struct q_worker w = {.queue = p.queue,
                             .handle = plain_attach(&p, Q_BOTH),
                             .driver = p.driver,
                             .n = n,
                             .batch = 1,
                             .last = last,
                             .stop = &stop};
        if (!w.handle) {
            study_fail(s, "no memory");
            return;
        }
        p.driver->produce(&w);
        pass[i] = clock_ns(w.end - w.start) / (double)n;
    }
    study_put(s, "push_ns", stats_median(pass, PASSES));
}

/* ---- batches -------------------------------------------------------------------------------------------- */

/* Fills the queue and takes all out, `most` at a time; the nanoseconds that each dequeue took. */
static double batch_pass(struct observation_queue *q, struct observation_handle *h, uint64_t n,
                         size_t most, struct study_sample *s)
{
    static struct observation batch[1024];
    uint64_t got = 0, sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        const struct observation o = observation_of(Q_NORMAL, i, NULL);
        if (observation_enqueue(q, h, &o) != Q_OK)
            study_fail(s, "enqueue %llu failed", (unsigned long long)i);
    }
    const uint64_t begin = clock_ticks_fenced();
    for (size_t k = 1; k > 0; got += k) {
        k = most == 1 ? observation_dequeue(q, h, batch) == Q_OK
                      : observation_dequeue_batch(q, h, batch, most);
        for (size_t i = 0; i < k; i++)
            sum += batch[i].sequence;
    }
    const double ns = clock_ns(clock_ticks_fenced() - begin);
    if (got != n || sum != n * (n - 1) / 2)
        study_fail(s, "%llu of %llu records came out", (unsigned long long)got,
                   (unsigned long long)n);
    return ns / (double)n;
}

/* The cost of taking a record out of a deep queue, one by one or so many at a time. */
void measure_batch(const struct study_run *run, const struct study_cell *cell,
                   struct study_sample *s)
{
    static struct observation_queue q;
    struct observation_handle h;
    const uint64_t n = (uint64_t)cell->number[0];
    const struct observation_config config = {
        .lane = cell->subject, .admission = OBSERVATION_RESERVED, .capacity = n, .threads = 1};
    char message[STUDY_ERROR] = "no memory";
    double pass[PASSES];
    (void)run;
    clock_calibrate();
    if (observation_queue_init(&q, &config, message, sizeof message) != 0 ||
        observation_queue_attach(&q, &h, Q_BOTH) != 0) {
        study_fail(s, "%s", message);
        return;
    }
    for (unsigned i = 0; i < PASSES; i++)
        pass[i] = batch_pass(&q, &h, n, (size_t)cell->number[1], s);
    study_put(s, "dequeue_ns", stats_median(pass, PASSES));
}
