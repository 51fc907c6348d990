#include "harness/rank_error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/clock.h"
#include "queues/wait.h"

int rank_error_open(struct rank_error_log *log, uint64_t items)
{
    *log = (struct rank_error_log){.push = calloc(items, sizeof *log->push),
                                   .pop = calloc(items, sizeof *log->pop),
                                   .room = items};
    if (log->push && log->pop)
        return 0;
    rank_error_close(log);
    return ENOMEM;
}

void rank_error_close(struct rank_error_log *log)
{
    free(log->push);
    free(log->pop);
    *log = (struct rank_error_log){0};
}

/* ---- the kernel ---------------------------------------------------------------------------- */

static bool go_on(struct q_worker *w, enum q_status got, enum q_status expected, unsigned *spins)
{
    if (got != expected) {
        w->other++;
        w->failed_status = (int)got;
        return false;
    }
    q_relax(spins);
    return !__atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

static bool push_stamped(struct q_worker *w, struct rank_error_log *log, void *item)
{
    const struct q_driver *const d = w->driver;
    const uint64_t key = w->producer << Q_KEY_NUMBER_BITS | (log->pushes + 1);
    d->make(item, key);
    for (unsigned spins = 0;;) {
        const uint64_t begin = clock_ticks_fenced();
        const enum q_status s = d->push(w->queue, w->handle, item);
        if (s == Q_OK) {
            log->push[log->pushes++] = (struct rank_error_stamps){begin, clock_ticks_fenced()};
            w->sum_pushed += key;
            w->pushed++;
            return true;
        }
        w->full++;
        if (!go_on(w, s, Q_FULL, &spins))
            return false;
    }
}

static bool pop_stamped(struct q_worker *w, struct rank_error_log *log, void *item)
{
    const struct q_driver *const d = w->driver;
    for (unsigned spins = 0;;) {
        const uint64_t begin = clock_ticks_fenced();
        const enum q_status s = d->pop(w->queue, w->handle, item);
        if (s == Q_OK) {
            log->pop[log->pops].at = (struct rank_error_stamps){begin, clock_ticks_fenced()};
            const uint64_t key = d->key(item), number = key & Q_KEY_NUMBER_MASK;
            uint64_t *const last = &w->last[key >> Q_KEY_NUMBER_BITS];
            log->pop[log->pops++].key = key;
            w->torn += key == 0;
            w->disorder += number <= *last;
            *last = number;
            w->sum_popped += key;
            w->popped++;
            return true;
        }
        w->empty++;
        if (!go_on(w, s, Q_EMPTY, &spins))
            return false;
    }
}

void rank_error_pairs(struct q_worker *w, struct rank_error_log *log)
{
    void *const item = calloc(1, w->driver->item_bytes);
    bool go = item != NULL;
    w->start = clock_ticks_fenced();
    for (unsigned i = 0; go && i < RANK_ERROR_INSIDE; i++)
        go = push_stamped(w, log, item);
    for (uint64_t i = 0; go && i < w->n; i++)
        go = push_stamped(w, log, item) && pop_stamped(w, log, item);
    for (unsigned i = 0; go && i < RANK_ERROR_INSIDE; i++)
        go = pop_stamped(w, log, item);
    w->end = clock_ticks_fenced();
    free(item);
}

/* ---- counting ------------------------------------------------------------------------------ *
 * Two orders at once: "pushed before" is the index of a Fenwick tree, "popped after" the order in
 * which items are entered into it, the last to leave first. */

struct event {
    uint64_t at;
    size_t item;
};

static int by_time(const void *a, const void *b)
{
    const struct event *const x = a, *const y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* How many of the sorted events are before `at`. */
static size_t before(const struct event *events, size_t n, uint64_t at)
{
    size_t low = 0;
    while (n > 0) {
        const size_t half = n / 2;
        if (events[low + half].at < at) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

static void tree_add(uint64_t *tree, size_t n, size_t i)
{
    for (i++; i <= n; i += i & -i)
        tree[i]++;
}

/* How many of the first k places are taken. */
static uint64_t tree_count(const uint64_t *tree, size_t k)
{
    uint64_t sum = 0;
    for (; k > 0; k -= k & -k)
        sum += tree[k];
    return sum;
}

int rank_error_of(const struct rank_error_item *items, size_t n, uint64_t *error)
{
    struct event *const events = malloc((3 * n + 1) * sizeof *events);
    size_t *const place = malloc((n + 1) * sizeof *place); /* in the order of the ends of pushes */
    uint64_t *const tree = calloc(n + 1, sizeof *tree);
    if (!events || !place || !tree) {
        free(events);
        free(place);
        free(tree);
        return ENOMEM;
    }
    struct event *const pushed = events, *const begun = events + n, *const left = events + 2 * n;
    for (size_t i = 0; i < n; i++) {
        pushed[i] = (struct event){items[i].push.end, i};
        begun[i] = (struct event){items[i].pop.begin, i};
        left[i] = (struct event){items[i].pop.end, i};
    }
    qsort(pushed, n, sizeof *pushed, by_time);
    qsort(begun, n, sizeof *begun, by_time);
    qsort(left, n, sizeof *left, by_time);
    for (size_t k = 0; k < n; k++)
        place[pushed[k].item] = k;
    for (size_t k = n, later = n; k-- > 0;) {
        for (; later > 0 && begun[later - 1].at > left[k].at; later--)
            tree_add(tree, n, place[begun[later - 1].item]);
        const size_t i = left[k].item;
        error[i] = tree_count(tree, before(pushed, n, items[i].push.begin));
    }
    free(events);
    free(place);
    free(tree);
    return 0;
}

/* ---- the figures --------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int rank_error_judge(const struct rank_error_log *const *logs, unsigned threads, struct record *r)
{
    size_t n = 0;
    for (unsigned t = 0; t < threads; t++)
        n += logs[t]->pops;
    struct rank_error_item *const items = calloc(n + 1, sizeof *items);
    uint64_t *const error = calloc(n + 1, sizeof *error);
    int failed = items && error ? 0 : ENOMEM;
    size_t k = 0;
    for (unsigned t = 0; t < threads && !failed; t++)
        for (uint64_t i = 0; i < logs[t]->pops && !failed; i++, k++) {
            const uint64_t key = logs[t]->pop[i].key, number = key & Q_KEY_NUMBER_MASK;
            const uint64_t from = key >> Q_KEY_NUMBER_BITS & ((1u << Q_KEY_PRODUCER_BITS) - 1);
            if (from >= threads || number == 0 || number > logs[from]->pushes)
                failed = EINVAL;
            else
                items[k] =
                    (struct rank_error_item){logs[from]->push[number - 1], logs[t]->pop[i].at};
        }
    if (!failed)
        failed = rank_error_of(items, n, error);
    if (!failed && n > 0) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += (double)error[i];
        qsort(error, n, sizeof *error, by_value);
        r->rank_error_mean = sum / (double)n;
        r->rank_error_p50 = error[n / 2];
        r->rank_error_p99 = error[n - 1 - n / 100];
        r->rank_error_max = error[n - 1];
    }
    free(items);
    free(error);
    return failed;
}
