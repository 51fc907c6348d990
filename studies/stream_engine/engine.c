/* engine.c: the threads of a run, from the first batch to the last result. See engine.h. */
#include "studies/stream_engine/engine_inside.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/clock.h"
#include "studies/observation_queue/team.h"

static void *room_for(size_t bytes) { return aligned_alloc(Q_LINE, (bytes / Q_LINE + 1) * Q_LINE); }

/* Who finds no room looks again a little later: to be woken for each batch costs all more. */
static void push(struct engine *e, void *const *handle, uint64_t number)
{
    const uint64_t item = number + 1; /* never 0 */
    for (unsigned q = 0; q < e->queues; q++)
        while (!engine_failed(e) && e->driver->push(e->queue[q], handle[q], &item) != Q_OK)
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
}

static void produce(struct engine *e, void *const *handle)
{
    const uint64_t begin = clock_monotonic_ns(), end = begin + (uint64_t)(e->c->seconds * 1e9);
    do {
        const uint64_t number = a_add(&e->next, 1, relaxed);
        if (e->c->most && number >= e->c->most)
            break;
        const struct batch b = batch_at(e, number);
        const uint64_t last = b.window + b.record[b.n - 1].window;
        while (tumbles(e) && last >= a_load(&e->closed, acquire) + PANES && !engine_failed(e))
            nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
        /* A batch is there when its last record is. */
        const double due =
            e->c->pace > 0 ? (double)((number + 1) * e->c->batch) / e->c->pace * 1e9 : 0;
        for (uint64_t now; (double)(now = clock_monotonic_ns() - begin) < due;) {
            const uint64_t left = (uint64_t)due - now;
            nanosleep(&(struct timespec){.tv_nsec = left < 999999999 ? (long)left : 999999999},
                      NULL);
        }
        push(e, handle, number);
    } while (!engine_failed(e) && clock_monotonic_ns() < end);
}

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* That this thread has waited for a processor, so far; negative: the kernel does not say. */
static double ready_s(void)
{
    char line[96] = "", *ran, *waited; /* nanoseconds that it ran, that it waited, turns */
    FILE *const f = fopen("/proc/thread-self/schedstat", "r");
    const bool there = f && fgets(line, sizeof line, f);
    if (f)
        fclose(f);
    (void)strtoull(line, &ran, 10);
    const unsigned long long ns = strtoull(ran, &waited, 10);
    return there && waited != ran ? (double)ns / 1e9 : -1;
}

static void work(struct engine *e, struct worker *w, void *queue, void *handle)
{
    struct rusage before, after;
    uint64_t item;
    enum q_status s;
    getrusage(RUSAGE_THREAD, &before);
    const double ready = ready_s();
    const uint64_t begin = clock_monotonic_ns();
    w->cpu_s = -cpu_s();
    while ((s = e->driver->pop_wait(queue, handle, &item, 100000000)) == Q_OK || s == Q_TIMEOUT) {
        if (engine_failed(e))
            break;
        if (s == Q_TIMEOUT)
            continue;
        execute_batch(e, w, item - 1);
        batch_done(e, item - 1);
    }
    w->cpu_s += cpu_s();
    w->asleep_s = (double)(clock_monotonic_ns() - begin) / 1e9 - w->cpu_s - (ready_s() - ready);
    if (w->asleep_s < 0 || ready < 0)
        w->asleep_s = ready < 0 ? NAN : 0;
    getrusage(RUSAGE_THREAD, &after);
    w->switches = (double)(after.ru_nvcsw - before.ru_nvcsw);
    w->forced = (double)(after.ru_nivcsw - before.ru_nivcsw);
}

/* Handles of one thread on all queues that it uses. False: no memory. */
static bool attach(struct engine *e, void **handle, unsigned first, unsigned n, enum q_role role)
{
    bool ok = true;
    for (unsigned i = 0; i < n; i++) {
        handle[i] = room_for(e->driver->handle_bytes);
        if (handle[i] && e->driver->attach(e->queue[first + i], handle[i], role) == 0)
            continue;
        free(handle[i]);
        handle[i] = NULL;
        ok = false;
        engine_fail(e);
    }
    return ok;
}

static void detach(struct engine *e, void **handle, unsigned first, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (handle[i])
            e->driver->detach(e->queue[first + i], handle[i]);
        free(handle[i]);
    }
}

static void producer_main(struct engine *e)
{
    void *handle[WORKERS_MOST] = {NULL};
    if (attach(e, handle, 0, e->queues, Q_PRODUCER))
        produce(e, handle);
    if (a_sub(&e->producers_left, 1, acq_rel) == 1)
        for (unsigned q = 0; q < e->queues; q++)
            if (handle[q])
                e->driver->close(e->queue[q], handle[q]);
    detach(e, handle, 0, e->queues);
}

static void worker_main(struct engine *e, unsigned index)
{
    struct worker *const w = &e->worker[index];
    const unsigned queue = e->queues > 1 ? index : 0;
    void *handle[1] = {NULL};
    w->start = clock_monotonic_ns();
    if (attach(e, handle, queue, 1, Q_CONSUMER) &&
        (w->meter = tally_attach(&e->tally, &e->memory))) {
        /* A window's states need no handle; and its pane may be made anew just now. */
        if (tumbles(e) || store_attach(&e->pane[0].shared, &w->handle) == 0) {
            work(e, w, e->queue[queue], handle[0]);
            if (!tumbles(e))
                store_detach(&e->pane[0].shared, &w->handle);
        } else {
            engine_fail(e);
        }
    } else {
        engine_fail(e);
    }
    detach(e, handle, queue, 1);
    if (a_sub(&e->workers_left, 1, acq_rel) != 1)
        return;
    const struct batch last = batch_at(e, e->low ? e->low - 1 : 0); /* what is open still */
    const uint64_t open = tumbles(e) ? last.window + last.record[last.n - 1].window + 1 : 1;
    while (e->low && a_load(&e->closed, relaxed) < open && !engine_failed(e))
        close_window(e, tumbles(e));
    e->result->seconds = (double)clock_monotonic_ns();
}

static void thread_main(void *arg, unsigned index)
{
    struct engine *const e = arg;
    if (index < e->c->producers)
        producer_main(e);
    else
        worker_main(e, index - e->c->producers);
}

/* ---- the whole ------------------------------------------------------------------------------------- */

double engine_calibrate(void)
{
    enum { TURNS = 100000 };
    double best = 0;
    for (unsigned i = 0; i < 5; i++) {
        const uint64_t begin = clock_monotonic_ns();
        engine_work(TURNS, i);
        const double rate = TURNS / (double)(clock_monotonic_ns() - begin + 1);
        best = rate > best ? rate : best; /* what disturbs, slows */
    }
    return best;
}

int engine_queue_will_do(const char *name, char *message, size_t size)
{
    const struct q_driver *const d = q_driver_find(name, sizeof(uint64_t), "inline");
    const char *why = NULL;
    if (!d)
        why = "there is none of this name";
    else if (!d->traits->bounded || d->traits->floor)
        why = "it is not bounded: a batch must wait when workers are behind";
    else if (d->traits->consumers || d->traits->producers || d->traits->one_thread)
        why = "it is not for many producers and many consumers";
    if (!why)
        return 0;
    snprintf(message, size, "the queue '%s' will not do: %s", name, why);
    return EINVAL;
}

static int check(const struct engine_config *c, char *message, size_t size)
{
    const bool tumbling = c->scenario == TUMBLING || c->scenario == TUMBLING_CHANGES,
               without_locks = c->way->state == STATE_ENTRY || c->way->state == STATE_ATOMIC,
               sums = c->way->state == STATE_PARTIAL || c->way->state == STATE_OWN;
    const char *const why =
        c->workers < 1 || c->workers > WORKERS_MOST || c->producers < 1 ||
                c->producers > PRODUCERS_MOST || c->batch < 1 || c->depth < 1 || c->depth > 256
            ? "so many threads or batches are not to be had"
        : tumbling && without_locks ? "the map without locks keeps what was in the last window"
        : c->scenario == ROWS && (sums || c->way->state == STATE_ATOMIC)
            ? "rows cannot be summed up out of order"
        : c->scenario == TUMBLING_CHANGES && c->way->state == STATE_OWN
            ? "a table of one's own does not know the group's state"
        : c->way->passing == PASS_CLONE && sums ? "a sum refers to keys of copies that are gone"
        : c->closes_at_once && c->way->guard == GUARD_NONE
            ? "a window can be closed at once only behind a guard"
        : c->way->state == STATE_PLAIN && c->way->guard == GUARD_NONE && c->workers > 1
            ? "a table without any lock, and many workers"
            : NULL;
    if (why)
        snprintf(message, size, "%s: %s", c->way->name, why);
    return why ? EINVAL : engine_queue_will_do(c->queue, message, size);
}

static int prepare(struct engine *e)
{
    const struct engine_config *const c = e->c;
    int error = 0;
    e->queues = c->way->state == STATE_PARTITIONED ? c->workers : 1;
    e->worker = room_for(c->workers * sizeof *e->worker);
    if (!e->worker)
        return ENOMEM;
    memset(e->worker, 0, c->workers * sizeof *e->worker);
    for (unsigned i = 0; i < c->workers && !error; i++) {
        e->worker[i].turns = (uint64_t)(c->work_ns * c->turns_per_ns + 0.5);
        error = sums_init(&e->worker[i].batch, c->batch);
    }
    for (unsigned q = 0; q < e->queues && !error; q++) {
        const struct q_config config = {.capacity = c->depth,
                                        .producers = c->producers,
                                        .consumers = e->queues > 1 ? 1 : c->workers};
        void *const queue = room_for(e->driver->queue_bytes);
        error = queue ? e->driver->init(queue, &config) : ENOMEM;
        if (error)
            free(queue);
        else
            e->queue[q] = queue;
    }
    for (unsigned p = 0; p < (tumbles(e) ? PANES : 1) && !error; p++)
        error = pane_init(e, &e->pane[p]);
    return error;
}

static void clear(struct engine *e)
{
    for (unsigned p = 0; p < PANES; p++)
        pane_destroy(e, &e->pane[p]);
    for (unsigned q = 0; q < e->queues; q++) {
        if (e->queue[q])
            e->driver->destroy(e->queue[q]);
        free(e->queue[q]);
    }
    for (unsigned i = 0; e->worker && i < e->c->workers; i++)
        sums_destroy(&e->worker[i].batch);
    free(e->worker);
    guard_destroy(&e->guard);
    pthread_mutex_destroy(&e->closing);
    pthread_mutex_destroy(&e->meter_lock);
    tally_destroy(&e->tally, &e->memory);
    free(e);
}

static void sum_up(const struct engine *e, struct engine_result *r)
{
    uint64_t start = UINT64_MAX;
    for (unsigned i = 0; i < e->c->workers; i++) {
        const struct worker *const w = &e->worker[i];
        r->records += w->records;
        r->emitted += w->emitted;
        r->emitted_count += w->emitted_count;
        r->emitted_gain += w->emitted_gain;
        r->emitted_rows += w->emitted_rows;
        r->overtaken += w->overtaken;
        r->late += w->late;
        r->cpu_s += w->cpu_s;
        r->asleep_s += w->asleep_s;
        r->switches += w->switches;
        r->forced += w->forced;
        start = w->start < start ? w->start : start;
    }
    r->batches = e->low;
    r->seconds = (r->seconds - (double)start) / 1e9;
    r->metered = e->metered + a_load(&e->meter, relaxed) + tally_sum(&e->tally);
}

int engine_run(const struct engine_config *c, struct engine_result *r, char *message, size_t size)
{
    *r = (struct engine_result){0};
    int error = check(c, message, size);
    if (error)
        return error;
    struct engine *const e = room_for(sizeof *e);
    if (!e) {
        snprintf(message, size, "no memory");
        return ENOMEM;
    }
    memset(e, 0, sizeof *e);
    e->c = c;
    e->result = r;
    e->driver = q_driver_find(c->queue, sizeof(uint64_t), "inline");
    e->per_lap = (c->stream->n + c->batch - 1) / c->batch;
    guard_init(&e->guard, c->way->guard);
    pthread_mutex_init(&e->closing, NULL);
    pthread_mutex_init(&e->meter_lock, NULL);
    tally_init(&e->tally);
    q_memory_init(&e->memory, &(struct q_config){0});
    a_init(&e->producers_left, c->producers);
    a_init(&e->workers_left, c->workers);
    error = prepare(e);
    if (!error) {
        if (team_run(c->producers, c->workers, thread_main, e) < 0)
            error = EAGAIN;
        else if (engine_failed(e))
            error = ENOMEM;
        else
            sum_up(e, r);
    }
    if (error)
        snprintf(message, size, "%s: %s", c->way->name,
                 error == EAGAIN ? "cannot start its threads" : strerror(error));
    clear(e);
    return error;
}

void engine_result_free(struct engine_result *r)
{
    for (uint64_t w = 0; w < r->windows; w++)
        groups_free(r->closed[w].groups);
    free(r->closed);
    *r = (struct engine_result){0};
}
