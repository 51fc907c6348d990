/* counters.c: what it costs to count: alone, and beside a find. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "harness/clock.h"
#include "studies/indexing/indexing.h"
#include "studies/maps/map_lockfree.h"

enum way { COUNT_NOTHING, COUNT_MUTEX, COUNT_SHARED, COUNT_ADJACENT, COUNT_OWN };
static const char *const ways[] = {"none", "mutex", "one atomic", "adjacent", "own line", NULL};

struct counting {
    enum way way;
    bool finds;
    uint64_t turns, keys;
    alignas(Q_LINE) pthread_mutex_t lock;
    uint64_t locked; /* under the lock */
    alignas(Q_LINE) atomic(uint64_t) shared;
    alignas(Q_LINE) atomic(uint64_t) adjacent[THREADS_MOST];
    struct tally tally;
    struct q_memory memory;
    alignas(Q_LINE) struct map_lockfree map;
    bool no_memory;
    uint64_t found; /* so that the finds are not left out */
};

static q_hot inline void count(struct counting *c, enum way way, unsigned i,
                               struct tally_part *part)
{
    switch (way) {
    case COUNT_NOTHING:
        break;
    case COUNT_MUTEX:
        pthread_mutex_lock(&c->lock);
        c->locked++;
        pthread_mutex_unlock(&c->lock);
        break;
    case COUNT_SHARED:
        a_add(&c->shared, 1, relaxed);
        break; /* as the document prints it */
    case COUNT_ADJACENT:
        a_add(&c->adjacent[i], 1, relaxed);
        break;
    case COUNT_OWN:
        tally_add(part, 1);
        break;
    }
}

static q_hot inline uint64_t turns(struct counting *c, enum way way, bool finds, unsigned i,
                                   struct map_lockfree_handle *h, struct tally_part *part)
{
    uint64_t found = 0, x = i + 1;
    for (uint64_t n = 0; n < c->turns; n++) {
        if (finds) {
            uint64_t value;
            x = x * 6364136223846793005u + 1442695040888963407u;
            found +=
                map_lockfree_find(&c->map, h, key_of((x >> 33) % c->keys + 1), &value) == MAP_OK;
        } else {
            __asm__ volatile("" ::: "memory"); /* a turn is a turn */
        }
        count(c, way, i, part);
    }
    return found;
}

/* A loop for each way, so that none pays for the choice. */
static void counter_thread(void *context, unsigned i)
{
    struct counting *const c = context;
    struct map_lockfree_handle h;
    struct tally_part *const part = tally_attach(&c->tally, &c->memory);
    uint64_t found = 0;
    if (!part || map_lockfree_attach(&c->map, &h)) {
        __atomic_store_n(&c->no_memory, true, __ATOMIC_RELAXED);
        return;
    }
#define LOOP(W)                                                                                    \
    case W:                                                                                        \
        found = c->finds ? turns(c, W, true, i, &h, part) : turns(c, W, false, i, &h, part);       \
        break
    switch (c->way) {
        LOOP(COUNT_NOTHING);
        LOOP(COUNT_MUTEX);
        LOOP(COUNT_SHARED);
        LOOP(COUNT_ADJACENT);
        LOOP(COUNT_OWN);
    }
    __atomic_fetch_add(&c->found, found, __ATOMIC_RELAXED);
    map_lockfree_detach(&c->map, &h);
    tally_detach(part);
}

static void measure_counters(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *sample)
{
    const unsigned threads = (unsigned)cell->number[0];
    struct counting *const c = aligned_alloc(Q_LINE, sizeof *c);
    if (!c) {
        study_fail(sample, "no memory");
        return;
    }
    memset(c, 0, sizeof *c);
    c->way = (enum way)cell->number[1];
    c->finds = cell->number[2] != 0;
    c->turns = (uint64_t)study_number(run, "counts") / (c->finds ? 4 : 1) / threads;
    c->keys = 4096; /* in the nearest caches: where a counter is felt most */
    pthread_mutex_init(&c->lock, NULL);
    tally_init(&c->tally);
    q_memory_init(&c->memory, &(struct q_config){.capacity = 0});
    struct map_lockfree_handle h;
    if (map_lockfree_init(&c->map, &(struct map_config){.capacity = c->keys}) ||
        map_lockfree_attach(&c->map, &h)) {
        study_fail(sample, "no memory");
        return;
    }
    for (uint64_t rank = 1; rank <= c->keys; rank += 2)
        map_lockfree_insert(&c->map, &h, key_of(rank), rank);
    map_lockfree_detach(&c->map, &h);

    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    const double seconds = together(threads, counter_thread, c);
    getrusage(RUSAGE_SELF, &after);
    uint64_t counted = c->locked + a_load(&c->shared, relaxed) + tally_sum(&c->tally);
    for (unsigned i = 0; i < THREADS_MOST; i++)
        counted += a_load(&c->adjacent[i], relaxed);
    const uint64_t all = threads * c->turns;
    if (seconds < 0 || c->no_memory)
        study_fail(sample, seconds < 0 ? "cannot start threads" : "no memory");
    else if (c->way != COUNT_NOTHING && counted != all)
        study_fail(sample, "%llu turns, but %llu counted", (unsigned long long)all,
                   (unsigned long long)counted);
    if (sample->error[0])
        return;
    study_put(sample, "turns_per_s", (double)all / seconds);
    study_put(sample, "cpu_ns",
              ((double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                        before.ru_stime.tv_sec) *
                   1e9 +
               (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec -
                        before.ru_stime.tv_usec) *
                   1e3) /
                  (double)all);
}

void plan_counters(struct plan *p, const struct study_run *run)
{
    static const unsigned counts[] = {1, 2, 8};
    for (unsigned t = 0; t < 3; t++)
        for (unsigned finds = 0; finds < 2; finds++)
            for (unsigned way = 0; ways[way]; way++) {
                if (study_quick(run) && counts[t] == 8)
                    continue;
                struct study_cell *const c = plan_add(p, "counters", ways[way], "%s, %u threads",
                                                      finds ? "beside a find" : "alone", counts[t]);
                c->measure = measure_counters;
                c->number[0] = counts[t];
                c->number[1] = way;
                c->number[2] = finds;
            }
}
