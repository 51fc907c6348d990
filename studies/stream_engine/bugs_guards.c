/* bugs_guards.c: who waits for whom: an entry's guard that is held over another operation of the map, or
 * by a thread that stands still. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/observation_queue/team.h"
#include "studies/stream_engine/cells.h"

static const struct timespec a_while = {.tv_nsec = 300000000};

static struct timespec deadline(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += a_while.tv_nsec;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* ---- a guard that is held over another operation --------------------------------------------------------- */

struct guards {
    struct map_sharded map;
    uint64_t from[2], to[2]; /* of each thread */
    bool dropped_first;
    atomic(unsigned) holding, stuck;
};

static void move_count(struct guards *g, unsigned thread, unsigned threads)
{
    const uint64_t from = map_hash(g->from[thread]), to = map_hash(g->to[thread]);
    struct map_shard *const first = map_sharded_lock(&g->map, from),
                            *const second = &g->map.shard[to >> (64 - MAP_SHARD_BITS)];
    a_add(&g->holding, 1, acq_rel);
    if (g->dropped_first)
        pthread_mutex_unlock(&first->lock);
    else /* each has one: what is to be shown needs no luck */
        for (unsigned spins = 0; a_load(&g->holding, acquire) < threads;)
            q_relax(&spins);
    const struct timespec until = deadline();
    if (pthread_mutex_timedlock(&second->lock, &until) == 0)
        pthread_mutex_unlock(&second->lock);
    else
        a_add(&g->stuck, 1, relaxed);
    if (!g->dropped_first) {
        /* The other one's wait is over only when this thread's is: both are stuck, or none. */
        for (unsigned spins = 0; threads > 1 && a_load(&g->stuck, relaxed) == 1 && spins < 100;
             spins++)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pthread_mutex_unlock(&first->lock);
    }
}

static void guards_thread(void *arg, unsigned index) { move_count(arg, index, 2); }

/* Two keys of different shards, or of one. */
static void choose_keys(struct guards *g, bool one_shard)
{
    const uint64_t first = 1, shard = map_hash(first) >> (64 - MAP_SHARD_BITS);
    uint64_t other = 2;
    while ((map_hash(other) >> (64 - MAP_SHARD_BITS) == shard) != one_shard)
        other++;
    g->from[0] = g->to[1] = first;
    g->to[0] = g->from[1] = other;
}

static void measure_guards(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *sample)
{
    static struct guards g;
    const unsigned threads = (unsigned)cell->number[1];
    (void)run;
    g.dropped_first = cell->number[0] == AS_IT_SHOULD_BE;
    choose_keys(&g, threads == 1);
    if (map_sharded_init(&g.map, &(struct map_config){.capacity = 64})) {
        study_fail(sample, "no memory");
        return;
    }
    if (threads == 1)
        move_count(&g, 0, 1);
    else if (team_run(0, 2, guards_thread, &g) < 0)
        study_fail(sample, "cannot start threads");
    study_put(sample, "stuck", a_load(&g.stuck, relaxed));
    study_put(sample, "threads", threads);
}

/* The same of DashMap itself: a process that does it, and how long it may take. */
struct nested {
    const struct map_driver *driver;
    void *map;
};

static void look_up_others(void *context, uint64_t *value)
{
    const struct nested *const n = context;
    *value = 1;
    for (uint64_t key = 2, found; key < 1000; key++) /* one of them is in this shard */
        n->driver->find(n->map, NULL, key, &found);
}

static void measure_dashmap_guards(const struct study_run *run, const struct study_cell *cell,
                                   struct study_sample *sample)
{
    struct nested n = {.driver = map_driver_named("dashmap")};
    int error, status = 0;
    (void)run;
    n.map = n.driver->create(&(struct map_config){.capacity = 1000}, &error);
    const pid_t pid = fork();
    if (pid == 0) {
        uint64_t value = 0;
        if (cell->number[0] == AS_PRINTED)
            n.driver->update(n.map, NULL, 1, look_up_others, &n);
        else
            look_up_others(&n, &value); /* no guard is held */
        _exit(0);
    }
    if (pid < 0) {
        study_fail(sample, "no process: %s", strerror(errno));
        return;
    }
    const uint64_t begin = clock_monotonic_ns();
    pid_t ended = 0;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 &&
           clock_monotonic_ns() - begin < (uint64_t)a_while.tv_nsec)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (ended == 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    } else if (status) {
        study_fail(sample, "it ended with status %d", status);
    }
    study_put(sample, "stuck", ended == 0);
    study_put(sample, "threads", 1);
}

/* ---- a thread that stands still with a group in its hand ----------------------------------------------------- */

enum { HELD_MS = 40, OTHER_KEYS = 500 };

struct standing {
    struct store store;
    atomic(bool) held, gone;
    double longest_ms;
    bool no_memory;
};

static const struct update held_update = {.hash = 1, .key = "held", .count = 1};

static void stand_still(void *context, uint64_t *value)
{
    struct standing *const s = context;
    (void)value;
    a_store(&s->held, true, release);
    nanosleep(&(struct timespec){.tv_nsec = HELD_MS * 1000000}, NULL);
    a_store(&s->gone, true, release);
}

static void hold(struct standing *s)
{
    struct group *const g = a_load(&s->store.made, acquire); /* there is but this one */
    struct map_shard *shard;
    switch (s->store.kind) {
    case STORE_SHARDED:
        shard = map_sharded_lock(&s->store.map.sharded, map_hash(held_update.hash));
        stand_still(s, NULL);
        pthread_mutex_unlock(&shard->lock);
        break;
    case STORE_DASHMAP:
        s->store.map.dashmap.driver->update(s->store.map.dashmap.map, NULL, held_update.hash,
                                            stand_still, s);
        break;
    default:
        pthread_mutex_lock(&g->lock);
        stand_still(s, NULL);
        pthread_mutex_unlock(&g->lock);
        break;
    }
}

static void standing_thread(void *arg, unsigned index)
{
    struct standing *const s = arg;
    struct store_handle h;
    if (index == 0) {
        hold(s);
        return;
    }
    s->no_memory = store_attach(&s->store, &h) != 0;
    for (unsigned spins = 0; !a_load(&s->held, acquire);)
        q_relax(&spins);
    for (uint64_t i = 0; !s->no_memory && i < OTHER_KEYS && !a_load(&s->gone, acquire); i++) {
        const struct update u = {.hash = 2 + i, .key = "another", .count = 1};
        struct change c;
        const uint64_t begin = clock_monotonic_ns();
        s->no_memory |= !store_update(&s->store, &h, &u, &c);
        const double ms = (double)(clock_monotonic_ns() - begin) / 1e6;
        s->longest_ms = ms > s->longest_ms ? ms : s->longest_ms;
    }
    if (!s->no_memory)
        store_detach(&s->store, &h);
}

static void measure_standing(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *sample)
{
    static struct standing s;
    struct store_handle h;
    struct change c;
    (void)run;
    if (store_init(&s.store, (enum store_kind)cell->number[0], 4096, 0) ||
        store_attach(&s.store, &h) || !store_update(&s.store, &h, &held_update, &c)) {
        study_fail(sample, "no memory");
        return;
    }
    store_detach(&s.store, &h);
    if (team_run(1, 1, standing_thread, &s) < 0 || s.no_memory)
        study_fail(sample, "no memory, or no threads");
    study_put(sample, "longest_ms", s.longest_ms);
    study_put(sample, "held_ms", HELD_MS);
}

/* ---- cells ------------------------------------------------------------------------------------------------- */

void stream_engine_guard_bugs(struct cells *c)
{
    static const char *const names[] = {[AS_PRINTED] = "held", [AS_IT_SHOULD_BE] = "let go before"};
    for (unsigned threads = 1; threads <= 2; threads++)
        for (unsigned how = AS_PRINTED; how <= AS_IT_SHOULD_BE; how += AS_IT_SHOULD_BE)
            bug_add(c, "two guards", names[how], measure_guards, how, threads,
                    threads == 1 ? "map_sharded, 1 thread, one shard" : "map_sharded, 2 threads")
                ->rounds = 3;
    for (unsigned how = AS_PRINTED; how <= AS_IT_SHOULD_BE && store_has_dashmap();
         how += AS_IT_SHOULD_BE)
        bug_add(c, "two guards", names[how], measure_dashmap_guards, how, 1, "DashMap, 1 thread")
            ->rounds = 3;
    bug_add(c, "standing still", "sharded map", measure_standing, STORE_SHARDED, 0, "other groups");
    if (store_has_dashmap())
        bug_add(c, "standing still", "DashMap", measure_standing, STORE_DASHMAP, 0, "other groups");
    bug_add(c, "standing still", "lock in the group", measure_standing, STORE_ENTRY, 0,
            "other groups");
}
