/* contract_kernels_test.c: the measured kernels keep right books and hear the call to stop. Those of
 * our queues are one source, compiled per queue; those in queues/peers/rust are another. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/histogram.h"
#include "queues/memory.h"
#include "tests/contract.h"

enum { PRODUCER = 3, ITEMS = 60, CAPACITY = 64 };

/* One thread that is both ends. */
struct bench {
    struct subject subject;
    struct end end;
    bool stop;
    struct histogram push, pop, sojourn;
    uint64_t last[Q_KEY_SOURCES];
    struct q_worker worker;
};

static void open_bench(struct bench *b, const struct q_driver *d)
{
    memset(b, 0, sizeof *b);
    subject_open(&b->subject, d, &(struct q_config){.capacity = CAPACITY});
    end_attach(&b->end, &b->subject, Q_BOTH);
    histogram_clear(&b->push);
    histogram_clear(&b->pop);
    histogram_clear(&b->sojourn);
    b->worker = (struct q_worker){.queue = b->subject.queue,
                                  .handle = b->end.handle,
                                  .driver = d,
                                  .n = ITEMS,
                                  .batch = 1,
                                  .depth = ITEMS / 4,
                                  .producer = PRODUCER,
                                  .epoch = clock_ticks(),
                                  .sample = 4,
                                  .last = b->last,
                                  .push_ticks = &b->push,
                                  .pop_ticks = &b->pop,
                                  .sojourn_ticks = &b->sojourn,
                                  .stop = &b->stop};
}

static void close_bench(struct bench *b)
{
    end_detach(&b->end);
    subject_destroy(&b->subject);
}

/* Its books after ITEMS went in and came out: each key once, in order. */
static void books_are_right(const struct bench *b, const char *what, bool numbered)
{
    const struct q_worker *const w = &b->worker;
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= ITEMS; i++)
        sum += (uint64_t)PRODUCER << Q_KEY_NUMBER_BITS | i;
    check(w->pushed == ITEMS && w->popped == ITEMS, "%s: pushed %llu, popped %llu of %d", what,
          (unsigned long long)w->pushed, (unsigned long long)w->popped, ITEMS);
    check(w->sum_pushed == w->sum_popped, "%s: what came out is not what went in", what);
    if (numbered && w->driver->traits->order != Q_PRIORITY_FIFO) {
        check(w->sum_pushed == sum, "%s: the keys are not those of producer %d", what, PRODUCER);
        check(b->last[PRODUCER] == ITEMS, "%s: the last number is %llu", what,
              (unsigned long long)b->last[PRODUCER]);
    }
    check(w->disorder == 0 && w->torn == 0 && w->other == 0,
          "%s: %llu out of order, %llu torn, %llu strange answers", what,
          (unsigned long long)w->disorder, (unsigned long long)w->torn,
          (unsigned long long)w->other);
    check(w->start != 0 && w->end > w->start, "%s: began at %llu, ended at %llu", what,
          (unsigned long long)w->start, (unsigned long long)w->end);
}

static void keeps_books(const struct q_driver *d)
{
    static struct bench b;
    static const uint64_t batches[] = {1, 7, 64};
    for (size_t i = 0; i < N_OF(batches); i++) {
        context("batch %llu", (unsigned long long)batches[i]);
        open_bench(&b, d);
        b.worker.batch = batches[i];
        d->produce(&b.worker);
        d->consume(&b.worker);
        books_are_right(&b, "produce, consume", true);
        close_bench(&b);
    }
    open_bench(&b, d);
    d->pairs(&b.worker);
    books_are_right(&b, "pairs", true);
    close_bench(&b);
    open_bench(&b, d);
    d->fill_drain(&b.worker);
    books_are_right(&b, "fill_drain", true);
    close_bench(&b);
}

static void sees_disorder(const struct q_driver *d)
{
    static struct bench b;
    open_bench(&b, d);
    d->produce(&b.worker);
    for (unsigned lane = 0; lane < 4; lane++)
        b.last[lane << Q_KEY_PRODUCER_BITS | PRODUCER] = Q_KEY_NUMBER_MASK;
    d->consume(&b.worker);
    check(b.worker.disorder > 0, "ITEMS came after a later one, and it counts none");
    close_bench(&b);
}

static void counted(const struct histogram *h, const char *what, uint64_t expected)
{
    check(h->total == expected, "%s: %llu times were noted, not %llu", what,
          (unsigned long long)h->total, (unsigned long long)expected);
}

static void times_samples(const struct q_driver *d)
{
    static struct bench b;
    uint64_t schedule[ITEMS];
    for (unsigned i = 0; i < ITEMS; i++)
        schedule[i] = i / 3; /* ticks: some at the same time, all as good as at once */
    open_bench(&b, d);
    d->produce_timed(&b.worker);
    d->consume_timed(&b.worker);
    books_are_right(&b, "produce_timed, consume_timed", false);
    counted(&b.push, "produce_timed", ITEMS / 4);
    counted(&b.pop, "consume_timed", ITEMS / 4);
    counted(&b.sojourn, "consume_timed, sojourn", ITEMS / 4);
    close_bench(&b);

    open_bench(&b, d);
    b.worker.schedule = schedule;
    d->produce_paced(&b.worker);
    check(b.worker.end > b.worker.epoch + schedule[ITEMS - 1], "the last item was before its time");
    d->consume_timed(&b.worker);
    books_are_right(&b, "produce_paced, consume_timed", false);
    counted(&b.push, "produce_paced", ITEMS / 4);
    counted(&b.sojourn, "produce_paced, sojourn", ITEMS / 4);
    close_bench(&b);

    open_bench(&b, d);
    d->pairs_timed(&b.worker);
    books_are_right(&b, "pairs_timed", false);
    counted(&b.push, "pairs_timed, push", ITEMS / 4);
    counted(&b.pop, "pairs_timed, pop", ITEMS / 4);
    counted(&b.sojourn, "pairs_timed, sojourn", 0);
    close_bench(&b);
}

/* ---- abandoned -------------------------------------------------------------------------------- */

struct running {
    struct bench *bench;
    atomic(bool) ended, early;
};

static void *calls_to_stop(void *argument)
{
    struct running *const r = argument;
    const struct timespec nap = {.tv_nsec = 2000000};
    nanosleep(&nap, NULL);
    a_store(&r->early, a_load(&r->ended, acquire), relaxed);
    __atomic_store_n(&r->bench->stop, true, __ATOMIC_RELAXED);
    return NULL;
}

/* The kernel waits for ever: until the call. It runs here, in the thread that attached. */
static void ends(q_kernel *kernel, struct bench *b, const char *what)
{
    context("%s", what);
    struct running r = {.bench = b};
    pthread_t thread;
    a_init(&r.ended, false);
    a_init(&r.early, false);
    check(pthread_create(&thread, NULL, calls_to_stop, &r) == 0, "no thread");
    kernel(&b->worker); /* one that does not hear ends the program here */
    a_store(&r.ended, true, release);
    pthread_join(thread, NULL);
    check(!a_load(&r.early, relaxed), "it ends though it can go on");
    check(b->worker.other == 0, "a strange answer");
}

static void hears_stop(const struct q_driver *d)
{
    static struct bench b;
    q_kernel *const waits_for_items[] = {d->consume, d->consume_timed};
    for (size_t i = 0; i < N_OF(waits_for_items); i++) {
        open_bench(&b, d);
        ends(waits_for_items[i], &b, "popping from an empty queue");
        check(b.worker.popped == 0, "items from an empty queue");
        close_bench(&b);
    }
    open_bench(&b, d);
    b.worker.batch = 7;
    ends(d->consume, &b, "popping batches from an empty queue");
    close_bench(&b);
    q_kernel *const waits_for_room[] = {d->produce, d->produce_timed};
    for (size_t i = 0; i < N_OF(waits_for_room) && d->traits->bounded; i++)
        for (uint64_t batch = 1; batch <= 7; batch += 6) {
            open_bench(&b, d);
            b.worker.n = UINT64_MAX;
            b.worker.batch = batch;
            ends(waits_for_room[i], &b, "pushing to a full queue");
            check(b.worker.pushed >= CAPACITY, "gave up before the queue was full");
            close_bench(&b);
        }
}

int main(int argc, char **argv)
{
    clock_calibrate();
    static const struct contract_case cases[] = {
        {"keeps its books", keeps_books, NULL},
        {"sees items that come out of order", sees_disorder, NULL},
        {"times one operation in so many", times_samples, NULL},
        {"hears the call to stop", hears_stop, NULL},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
