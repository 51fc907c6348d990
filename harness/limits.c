/* limits.c: see limits.h. Every body is a loop of n items that the compiler can neither shorten nor
 * fold: shared memory is touched with the queues' own words (atomics.h), and an empty asm makes the
 * loop counter opaque where nothing else does. */
#include "harness/limits.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "harness/clock.h"
#include "harness/topology.h"
#include "queues/memory.h"
#include "queues/wait.h"

/* Looks at a line before the first pause: what a pause costs (140 cycles on recent Intel) is not
 * the price of moving the line. */
#define TIGHT 1000

/* Spins until the condition holds; gives the processor away when that takes long. */
#define SPIN_UNTIL(condition)                                                                      \
    for (unsigned looks_ = 0, spins_ = 0; !(condition); looks_++)                                  \
    looks_ < TIGHT ? (void)0 : q_relax(&spins_)

enum {
    BLOCK = 256,    /* operations between two looks at `finished` and at the time */
    LINES = 256,    /* stream_2: length of its ring, 16 KiB */
    LINE_ITEMS = 7, /* stream_2: 8-byte items beside the flag in a 64-byte line */
    CREDIT = 64,    /* stream_2: lines between two reports of the consumer */
};

static const uint64_t OVER = UINT64_MAX;

struct word {
    alignas(Q_LINE) atomic(uint64_t) v;
};

/* Seven items and the number that says which pass over the ring they belong to: the consumer gets
 * both with one transfer of the line. */
struct line {
    alignas(64) uint64_t item[LINE_ITEMS];
    atomic(uint64_t) pass;
};

struct arena {
    struct word word[2];
    struct word credit;
    alignas(Q_LINE) pthread_mutex_t mutex;
    uint64_t guarded;
    alignas(Q_LINE) atomic(uint32_t) turn; /* futex_round_trip: whose turn it is */
    alignas(Q_LINE) atomic(bool) finished; /* one thread is through: the other stops as well */
    struct line line[LINES];

    alignas(Q_LINE) atomic(unsigned) ready; /* the start line */
    atomic(bool) abandoned;
    unsigned threads;
    uint64_t n, most_ticks; /* a pass ends after either */
    const struct body *body;
};

struct runner {
    alignas(Q_LINE) struct arena *arena;
    unsigned me;
    int cpu, error;
    uint64_t start, end, done, sum; /* sum: of what was read, so that it must be read */
};

/* The pace of two threads can fall a hundredfold from one pass to the next (somebody else runs on
 * one of the processors): a number of items alone would not bound the time. */
static bool late(const struct runner *r) { return clock_ticks() - r->start > r->arena->most_ticks; }

/* ---- one thread ------------------------------------------------------------------------------ */

static void empty_loop(struct runner *r, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        __asm__ volatile("" : "+r"(i));
    r->done = n;
}

static void store_line(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    for (uint64_t i = 0; i < n; i++)
        a_store(&w->v, i, relaxed);
    r->done = n;
}

static void faa_one(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += a_add(&w->v, 1, acq_rel);
    r->sum = sum;
    r->done = n;
}

static void faa_pair_one(struct runner *r, uint64_t n)
{
    struct word *const w = r->arena->word;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        sum += a_add(&w[0].v, 1, acq_rel);
        sum += a_add(&w[1].v, 1, acq_rel);
    }
    r->sum = sum;
    r->done = n;
}

static void cas_one(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    uint64_t seen = a_load(&w->v, relaxed);
    for (uint64_t i = 0; i < n; i++)
        if (a_cas(&w->v, &seen, seen + 1, acq_rel, acquire))
            seen++;
    r->done = n;
}

static void xchg_one(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += a_swap(&w->v, i, acq_rel);
    r->sum = sum;
    r->done = n;
}

static void fence_one(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    for (uint64_t i = 0; i < n; i++) {
        a_store(&w->v, i, relaxed); /* something to wait for */
        a_fence(seq_cst);
    }
    r->done = n;
}

static void clock_read(struct runner *r, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += clock_ticks_fenced();
    r->sum = sum;
    r->done = n;
}

/* ---- one or two threads ---------------------------------------------------------------------- *
 * The first thread through stops the other: alone on its line that one would be fast. */

static void faa_line(struct runner *r, struct word *w, uint64_t n)
{
    uint64_t sum = 0;
    while (r->done < n && !a_load(&r->arena->finished, relaxed) && !late(r)) {
        for (unsigned k = 0; k < BLOCK; k++)
            sum += a_add(&w->v, 1, acq_rel);
        r->done += BLOCK;
    }
    r->sum = sum;
    a_store(&r->arena->finished, true, relaxed);
}

static void faa_shared(struct runner *r, uint64_t n) { faa_line(r, &r->arena->word[0], n / 2); }

static void faa_two_lines(struct runner *r, uint64_t n)
{
    faa_line(r, &r->arena->word[r->me], n / 2);
}

static void mutex_pass(struct runner *r, uint64_t n)
{
    struct arena *const a = r->arena;
    while (r->done < n / a->threads && !a_load(&a->finished, relaxed) && !late(r)) {
        for (unsigned k = 0; k < BLOCK; k++) {
            pthread_mutex_lock(&a->mutex);
            a->guarded++;
            pthread_mutex_unlock(&a->mutex);
        }
        r->done += BLOCK;
    }
    a_store(&a->finished, true, relaxed);
}

/* ---- two threads, hand in hand --------------------------------------------------------------- *
 * Thread 0 leads, and says when it is over. */

static void line_lead(struct runner *r, uint64_t n)
{
    struct word *const w = &r->arena->word[0];
    uint64_t i = 0;
    for (; i < n && (i % BLOCK != 0 || !late(r)); i++) {
        a_store(&w->v, 2 * i + 1, release);
        SPIN_UNTIL(a_load(&w->v, acquire) == 2 * i + 2);
    }
    a_store(&w->v, OVER, release);
    r->done = i;
}

static void line_follow(struct runner *r)
{
    struct word *const w = &r->arena->word[0];
    for (uint64_t mine = 0, seen;; mine = seen + 1) {
        SPIN_UNTIL((seen = a_load(&w->v, acquire)) != mine);
        if (seen == OVER)
            break;
        a_store(&w->v, seen + 1, release);
    }
}

static void line_round_trip(struct runner *r, uint64_t n)
{
    if (r->me == 0)
        line_lead(r, n);
    else
        line_follow(r);
}

static void stream_send(struct runner *r, uint64_t lines)
{
    struct arena *const a = r->arena;
    uint64_t credit = 0;
    for (uint64_t i = 0;; i++) {
        const bool over = i == lines || (i % CREDIT == 0 && late(r));
        if (i - credit >= LINES)
            SPIN_UNTIL(i - (credit = a_load(&a->credit.v, acquire)) < LINES);
        struct line *const l = &a->line[i % LINES];
        for (uint64_t k = 0; k < LINE_ITEMS; k++)
            l->item[k] = i + k;
        a_store(&l->pass, over ? OVER : i / LINES + 1, release);
        if (over)
            break;
    }
}

static void stream_receive(struct runner *r, uint64_t items_of_a_line)
{
    struct arena *const a = r->arena;
    uint64_t sum = 0, i = 0;
    for (uint64_t pass;; i++) {
        const struct line *const l = &a->line[i % LINES];
        SPIN_UNTIL((pass = a_load(&l->pass, acquire)) > i / LINES);
        if (pass == OVER)
            break;
        for (uint64_t k = 0; k < LINE_ITEMS; k++)
            sum += l->item[k];
        if ((i + 1) % CREDIT == 0)
            a_store(&a->credit.v, i + 1, release);
    }
    r->sum = sum;
    r->done = i * items_of_a_line;
}

static void stream(struct runner *r, uint64_t n)
{
    if (r->me == 0)
        stream_send(r, (n + LINE_ITEMS - 1) / LINE_ITEMS);
    else
        stream_receive(r, LINE_ITEMS);
}

static void stream_64(struct runner *r, uint64_t n)
{
    if (r->me == 0)
        stream_send(r, n);
    else
        stream_receive(r, 1);
}

enum { LEADER, FOLLOWER, NOBODY }; /* whose turn it is */

static uint32_t sleep_while(struct arena *a, uint32_t turn)
{
    uint32_t now;
    while ((now = a_load(&a->turn, acquire)) == turn)
        syscall(SYS_futex, &a->turn, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
    return now;
}

static void wake_for(struct arena *a, uint32_t turn)
{
    a_store(&a->turn, turn, release);
    syscall(SYS_futex, &a->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_round_trip(struct runner *r, uint64_t n)
{
    struct arena *const a = r->arena;
    if (r->me == 0) {
        for (; r->done < n && !late(r); r->done++) {
            wake_for(a, FOLLOWER);
            sleep_while(a, FOLLOWER);
        }
        wake_for(a, NOBODY);
    } else {
        while (sleep_while(a, LEADER) == FOLLOWER)
            wake_for(a, LEADER);
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

#define LIMITS(X)                                                                                  \
    X(empty_loop, 1, empty_loop, "nothing: a loop that counts; item: one turn")                    \
    X(store_line, 1, store_line, "plain stores to one line; item: one store")                      \
    X(faa_one, 1, faa_one, "fetch-and-add, alone; item: one")                                      \
    X(faa_pair_one, 1, faa_pair_one,                                                               \
      "fetch-and-add on two lines, alone: a ticket to push and one to pop; item: both")            \
    X(cas_one, 1, cas_one, "compare-and-swap that succeeds, alone; item: one")                     \
    X(xchg_one, 1, xchg_one, "exchange, alone; item: one")                                         \
    X(fence_one, 1, fence_one, "a store and the compiler's seq_cst fence, alone; item: both")      \
    X(mutex_one, 1, mutex_pass, "pthread mutex nobody else wants; item: lock and unlock")          \
    X(clock_read, 1, clock_read, "fenced reading of the clock; item: one")                         \
    X(faa_shared_2, 2, faa_shared, "fetch-and-add, two threads on one line; item: one")            \
    X(faa_two_lines_2, 2, faa_two_lines, "fetch-and-add, two threads, a line each; item: one")     \
    X(mutex_shared_2, 2, mutex_pass, "pthread mutex, two threads; item: lock and unlock")          \
    X(line_round_trip, 2, line_round_trip,                                                         \
      "one cache line to and fro between two threads that spin; item: a round trip")               \
    X(stream_2, 2, stream,                                                                         \
      "8-byte items, seven and their flag to a line, one thread to another; item: one")            \
    X(stream_64_2, 2, stream_64,                                                                   \
      "64-byte items, each a line and its own flag, one thread to another; item: one")             \
    X(futex_round_trip, 2, futex_round_trip,                                                       \
      "two threads that sleep and wake each other; item: a round trip")

#define LIMIT(name, threads, run, what) {#name, what, threads},
const struct limit limits[] = {LIMITS(LIMIT)};
const size_t limits_count = sizeof limits / sizeof *limits;

static const struct body {
    void (*run)(struct runner *, uint64_t n);
} bodies[] = {
#define BODY(name, threads, run, what) {run},
    LIMITS(BODY)};

const struct limit *limit_find(const char *name)
{
    for (size_t i = 0; i < limits_count; i++)
        if (strcmp(limits[i].name, name) == 0)
            return &limits[i];
    return NULL;
}

/* ---- one pass: all threads over the start line ----------------------------------------------- */

static void *runner_main(void *arg)
{
    struct runner *const r = arg;
    struct arena *const a = r->arena;
    r->error = topology_pin(r->cpu);
    if (r->error)
        a_store(&a->abandoned, true, relaxed);
    a_add(&a->ready, 1, acq_rel);
    SPIN_UNTIL(a_load(&a->ready, acquire) >= a->threads);
    if (a_load(&a->abandoned, relaxed))
        return NULL;
    r->start = clock_ticks_fenced();
    a->body->run(r, a->n);
    r->end = clock_ticks_fenced();
    return NULL;
}

struct pass {
    uint64_t items;
    double ns;
    bool cut; /* time ended it */
};

static int run_pass(const struct limit *l, const int *cpus, uint64_t n, double most_ns,
                    struct pass *pass)
{
    struct arena *const a = aligned_alloc(Q_LINE, sizeof *a);
    if (!a)
        return ENOMEM;
    memset(a, 0, sizeof *a);
    a->threads = l->threads;
    a->n = n;
    a->most_ticks = clock_from_ns(most_ns);
    a->body = &bodies[l - limits];
    pthread_mutex_init(&a->mutex, NULL);

    struct runner runner[2];
    pthread_t thread[2];
    unsigned started = 0;
    int error = 0;
    for (unsigned i = 0; i < l->threads && !error; i++) {
        runner[i] = (struct runner){.arena = a, .me = i, .cpu = cpus ? cpus[i] : -1};
        error = pthread_create(&thread[i], NULL, runner_main, &runner[i]);
        started += !error;
    }
    if (error) { /* stand in for those who are missing, so that the others can leave */
        a_store(&a->abandoned, true, relaxed);
        a_add(&a->ready, l->threads - started, acq_rel);
    }
    uint64_t first = UINT64_MAX, last = 0;
    pass->items = 0;
    for (unsigned i = 0; i < started; i++) {
        pthread_join(thread[i], NULL);
        error = error ? error : runner[i].error;
        pass->items += runner[i].done;
        first = runner[i].start < first ? runner[i].start : first;
        last = runner[i].end > last ? runner[i].end : last;
    }
    pass->ns = clock_ns(last > first ? last - first : 0);
    pass->cut = pass->ns > most_ns;
    pthread_mutex_destroy(&a->mutex);
    free(a);
    return error;
}

/* A pass counts when it was long enough at the faster of its own pace and that of the pass before:
 * being preempted in one short pass makes it look long, but not both. Two passes that were cut for
 * time say that this is the pace. */
static int measure(const struct limit *l, const int *cpus, uint64_t target_ns, struct pass *pass)
{
    const double target = (double)(target_ns ? target_ns : 1);
    const double most = 4 * (target > 1e6 ? target : 1e6);
    double before = 0; /* items per ns of the pass before */
    unsigned cuts = 0;
    for (uint64_t n = UINT64_C(2) * BLOCK;;) {
        const int error = run_pass(l, cpus, n, most, pass);
        if (error)
            return error;
        const double pace = pass->ns > 0 ? (double)pass->items / pass->ns : 0;
        const double wanted = target * (pace > before ? pace : before);
        cuts += pass->cut;
        if (before > 0 && pace > 0 && ((double)pass->items >= wanted / 2 || cuts > 1))
            return 0;
        before = pace;
        const double next = wanted < 16 * (double)n ? wanted : 16 * (double)n;
        n = next > 2 * (double)n ? (uint64_t)next : 2 * n;
    }
}

int limit_run(const struct limit *l, const int *cpus, uint64_t target_ns, struct record *out)
{
    struct pass pass;
    const int error = measure(l, cpus, target_ns, &pass);
    snprintf(out->workload, sizeof out->workload, "limit");
    snprintf(out->queue, sizeof out->queue, "%s", l->name);
    out->producers = l->threads;
    out->consumers = 0;
    out->floor = true;
    out->ok = error == 0;
    if (error) {
        snprintf(out->error, sizeof out->error, "limit %s: %s", l->name, strerror(error));
        return error;
    }
    out->items = pass.items;
    out->elapsed_ns = pass.ns;
    out->ns_per_item = pass.ns / (double)pass.items;
    out->items_per_s = 1e9 / out->ns_per_item;
    return 0;
}
