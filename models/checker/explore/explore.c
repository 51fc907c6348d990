/* explore.c: every graph once: which are put aside for later, budgets, samples, parts for jobs. */
#include "models/checker/explore/explore.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "models/checker/explore/engine.h"
#include "models/checker/explore/jobs.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/snapshot.h"
#include "models/checker/run/trace.h"

static struct graph now; /* the running graph */
struct graph *const graph_now = &now;
const struct explore_options *options_now;
struct explore_result *result_now;

static uint64_t random_state;

uint64_t explore_random(void)
{
    random_state += 0x9e3779b97f4a7c15u;
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- graphs put aside -------------------------------------------------------------------- */

static struct saved_graph **stack;
static size_t stacked, stack_room;

size_t explore_aside(void) { return stacked; }

void explore_share(size_t first, double weight)
{
    for (size_t i = first; i < stacked; i++)
        graph_saved_set_weight(stack[i], weight);
}

void explore_put_aside(const struct graph *g, unsigned shared)
{
    if (stacked == stack_room) {
        const size_t room = stack_room ? 2 * stack_room : 256;
        struct saved_graph **bigger = realloc(stack, room * sizeof *bigger);
        if (!bigger)
            fault_raise(FAULT_UNBOUNDED, NULL, 0, "out of memory: %zu graphs are set aside",
                        stacked);
        stack = bigger;
        stack_room = room;
    }
    struct saved_graph *copy = graph_save(g);
    if (!copy)
        fault_raise(FAULT_UNBOUNDED, NULL, 0, "out of memory: %zu graphs are set aside", stacked);
    *graph_saved_from(copy) = snapshot_up_to(shared);
    stack[stacked++] = copy;
    if (stacked > result_now->stack_max)
        result_now->stack_max = (unsigned)stacked;
}

/* ---- all of it --------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void drop(struct saved_graph *saved)
{
    snapshot_release(*graph_saved_from(saved));
    free(saved);
}

static void drop_stack(void)
{
    while (stacked)
        drop(stack[--stacked]);
}

/* Returns where its execution begins. */
static struct snapshot *next_graph(size_t at)
{
    struct saved_graph *next = stack[at];
    struct snapshot *const from = *graph_saved_from(next);
    graph_load(graph_now, next);
    free(next);
    stack[at] = stack[--stacked];
    return from;
}

static void count_run(enum run_end how, struct explore_result *r)
{
    r->explored += graph_now->weight;
    if (graph_now->events > r->events_max)
        r->events_max = graph_now->events;
    if (graph_now->threads > r->threads_max)
        r->threads_max = graph_now->threads;
    switch (how) {
    case RUN_COMPLETE:
        r->complete++;
        break;
    case RUN_BLOCKED:
        r->blocked++;
        break;
    default:
        r->moot++;
    }
}

void explore_add(struct explore_result *to, const struct explore_result *from)
{
    to->complete += from->complete;
    to->blocked += from->blocked;
    to->moot += from->moot;
    to->explored += from->explored;
    if (from->events_max > to->events_max)
        to->events_max = from->events_max;
    if (from->threads_max > to->threads_max)
        to->threads_max = from->threads_max;
    if (from->stack_max > to->stack_max)
        to->stack_max = from->stack_max;
    if (to->fault.kind == FAULT_NONE && from->fault.kind != FAULT_NONE) {
        to->fault = from->fault;
        to->history = from->history;
        to->failed = from->failed;
    }
}

static void begin(void)
{
    drop_stack();
    graph_clear(graph_now);
    snapshot_go(NULL);
    explore_put_aside(graph_now, 0);
}

static double started;

enum stop {
    STOP_EMPTY,  /* nothing is left */
    STOP_ENOUGH, /* as many graphs are set aside as were wanted */
    STOP_BUDGET,
    STOP_FAULT,
    STOP_AGAIN, /* shadow_restart */
};

/* Explores what is set aside. enough > 0: only until that many are, taking them in turn. */
static enum stop drain(const struct explore_options *o, struct explore_result *r, size_t enough)
{
    uint64_t runs = 0;
    while (stacked) {
        if (enough && stacked >= enough)
            return STOP_ENOUGH;
        struct snapshot *const from = next_graph(enough ? runs % stacked : stacked - 1);
        shadow_restart = false;
        const enum run_end how = run_graph(from);
        runs++;
        if (shadow_restart)
            return STOP_AGAIN;
        if (how == RUN_FAULT) {
            if (o->on_fault)
                o->on_fault(graph_now, r, o->arg);
            else if (!r->failed)
                r->failed = graph_save(graph_now);
            if (!o->keep_going || r->fault.kind > FAULT_KINDS)
                return STOP_FAULT;
        }
        count_run(how, r);
        if (o->on_complete && (how == RUN_COMPLETE || (how == RUN_BLOCKED && o->blocked_too)))
            o->on_complete(graph_now, o->arg);
        if (o->max_executions && r->complete + r->blocked >= o->max_executions)
            return STOP_BUDGET;
        if ((runs & 0xff) == 0) {
            const double spent = seconds() - started;
            if ((o->max_seconds > 0 && spent > o->max_seconds) || jobs_stopped())
                return STOP_BUDGET;
            if (o->progress)
                progress_show(r, spent);
        }
    }
    return STOP_EMPTY;
}

static enum stop sample(const struct explore_options *o, struct explore_result *r)
{
    for (unsigned i = 0; i < o->random; i++) {
        begin();
        const enum stop s = drain(o, r, 0);
        if (s != STOP_EMPTY)
            return s;
    }
    return STOP_BUDGET; /* a sample is never everything */
}

static struct saved_graph **items; /* what jobs share out */
static size_t item_count;

static bool work_on(size_t item, struct explore_result *r)
{
    stacked = 0;
    stack[stacked++] = items[item];
    const enum stop s = drain(options_now, r, 0);
    if (s == STOP_AGAIN)
        jobs_restart();
    return s == STOP_EMPTY;
}

enum { ITEMS_PER_JOB = 64 };

/* Everything, or this shard of it, by one process or several. */
static enum stop all(const struct explore_options *o, struct explore_result *r)
{
    const unsigned shards = o->shards > 1 ? o->shards : 1, jobs = o->jobs > 1 ? o->jobs : 1;
    if (shards == 1 && jobs == 1)
        return drain(o, r, 0);
    enum stop s = drain(o, r, (size_t)ITEMS_PER_JOB * (shards > 1 ? shards : jobs));
    if (s != STOP_ENOUGH && !(s == STOP_EMPTY && shards > 1))
        return s;
    if (shards > 1 && o->shard != 0) { /* the trunk counts for the first shard only */
        const struct fault none = {.kind = FAULT_NONE};
        const double before = r->explored;
        memset(r, 0, sizeof *r);
        r->fault = none;
        r->explored = before;
    }
    size_t mine = 0;
    for (size_t i = 0; i < stacked; i++)
        if (i % shards == o->shard)
            stack[mine++] = stack[i];
        else
            drop(stack[i]);
    stacked = mine;
    if (jobs == 1)
        return drain(o, r, 0);
    item_count = stacked;
    items = malloc((item_count + 1) * sizeof *items);
    if (!items)
        fault_raise(FAULT_UNBOUNDED, NULL, 0, "out of memory");
    memcpy(items, stack, item_count * sizeof *items);
    s = jobs_run(jobs, item_count, work_on, r, started) ? STOP_EMPTY
        : r->fault.kind != FAULT_NONE                   ? STOP_FAULT
                                                        : STOP_BUDGET;
    for (size_t i = 0; i < item_count; i++)
        drop(items[i]);
    free(items);
    stacked = 0;
    return s;
}

void explore(const struct explore_options *o, void (*program)(void *), void *argument,
             struct explore_result *result)
{
    struct explore_options one = *o;
    options_now = &one;
    result_now = result;
    replay_only = false;
    tracing = false;
    started = seconds();
    enum stop s;
    do {
        memset(result, 0, sizeof *result);
        random_state = o->seed;
        run_prepare(program, argument);
        begin();
        s = o->random ? sample(&one, result) : all(&one, result);
        if (s == STOP_BUDGET &&
            jobs_restarted()) { /* found out by a job: alone then, from the start */
            one.jobs = 1;
            s = STOP_AGAIN;
        }
    } while (s == STOP_AGAIN);
    result->finished = s == STOP_EMPTY;
    result->seconds = seconds() - started;
    progress_clear();
    const double executions = (double)(result->complete + result->blocked);
    result->estimate =
        result->finished || result->explored <= 0 ? executions : executions / result->explored;
    drop_stack();
    options_now = o;
}

struct explore_options explore_in_silence(const struct explore_options *o)
{
    struct explore_options silent = *o;
    silent.progress = silent.keep_going = silent.blocked_too = false;
    silent.shards = 0;
    silent.on_complete = NULL;
    silent.on_fault = NULL;
    return silent;
}

void explore_again(const struct explore_options *o, void (*program)(void *), void *argument,
                   struct explore_result *result, struct graph *g)
{
    if (!result->failed)
        return;
    struct explore_result again = {0};
    options_now = o;
    result_now = &again;
    replay_only = true;
    run_prepare(program, argument);
    graph_load(graph_now, result->failed);
    graph_now->urgent = NONE;
    step_log_clear();
    run_graph(NULL);
    replay_only = false;
    tracing = false;
    *g = *graph_now;
    if (again.fault.kind == result->fault.kind) /* places may be named better now */
        result->fault = again.fault;
    result_now = result;
}
