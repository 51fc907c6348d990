#include "harness/workload.h"

#include <stdio.h>
#include <string.h>

#include "harness/class.h"

const struct workload workloads[] = {
    {"pairs", "each of n threads pushes one item, then pops one", SHAPE_PAIRS, false, 0},
    {"spsc", "one producer, one consumer, until closed", SHAPE_FLOW, false, 0},
    {"mpsc", "several producers, one consumer, until closed", SHAPE_FLOW, false, 0},
    {"mpmc", "several producers and consumers, until closed", SHAPE_FLOW, false, 0},
    {"waiting", "producers and consumers that sleep when they cannot go on", SHAPE_WAIT, false, 0},
    {"fill_drain", "one thread fills to the capacity, then drains", SHAPE_FILL, false, 0},
    {"ping_pong", "one item to and fro through two queues: a round trip", SHAPE_PING, false, 0},
    {"single", "one thread, every push and pop timed: service time", SHAPE_PAIRS, true, 0},
    {"open", "items at a fixed mean rate, exponential gaps, latency from the intended time",
     SHAPE_PACED, true, 1},
    {"burst", "bursts of 64 items at a fixed mean rate, latency from the intended time",
     SHAPE_PACED, true, 64},
    {"overload", "bursts of 4096, twice as many as the consumer takes: what a full queue does",
     SHAPE_OVER, true, 4096},
    {"stalled", "pairs, while one thread stops at random points: what do the others do?",
     SHAPE_STALL, false, 0},
    {"held", "pairs, while one thread stands still inside a pop: memory kept for it", SHAPE_HELD,
     false, 0},
    {"backoff", "pairs or flows with shorter and longer back-offs", SHAPE_SWEEP, false, 0},
    {"segment", "pairs or flows with shorter and longer segments", SHAPE_SWEEP, false, 0},
    {"rank_error", "pairs with 64 items inside for each thread: how far out of order do they come?",
     SHAPE_RANK, false, 0},
    {"census", "one push and one pop, instruction by instruction: locked ones, fences",
     SHAPE_CENSUS, false, 0},
    {"limit", "a physical limit of the machine, no queue", SHAPE_PAIRS, false, 0},
};
const size_t workload_count = sizeof workloads / sizeof *workloads;

const struct workload *workload_find(const char *name)
{
    for (size_t i = 0; i < workload_count; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    return NULL;
}

const char *const policy_names[] = {
    [Q_REFUSE] = "refuse",           [Q_BLOCK] = "block", [Q_DROP_NEWEST] = "drop newest",
    [Q_DROP_OLDEST] = "drop oldest", [Q_SPILL] = "spill",
};
const char *const progress_names[] = {"blocking", "obstruction-free", "lock-free", "wait-free"};

static bool over(unsigned asked, unsigned most) { return most != 0 && asked > most; }

const char *cell_forbidden(const struct cell *c)
{
    if (!c->driver)
        return NULL;
    const struct q_traits *t = c->driver->traits;
    const bool both = c->consumers == 0; /* every thread pushes and pops */
    if (t->floor && c->workload->shape != SHAPE_PAIRS)
        return "a floor moves no items between threads";
    if (c->workload->shape == SHAPE_RANK && t->order == Q_PRIORITY_FIFO)
        return "its order is not that of coming";
    if (c->workload->shape == SHAPE_OVER && !c->driver->dropped)
        return "can only refuse when it is full";
    if (c->workload->shape == SHAPE_HELD && !c->driver->stop)
        return "cannot be stopped on purpose inside a pop (N_stop)";
    if (c->workload->shape == SHAPE_WAIT && t->peer && !(t->native & Q_WAIT))
        return "does not wait by itself";
    if (t->one_thread && c->producers + c->consumers > 1)
        return "carries items only within one thread";
    if (c->workload->shape == SHAPE_PING && (c->producers != 1 || c->consumers != 1))
        return "ping_pong takes one thread on each side";
    if (over(c->producers, t->producers))
        return "more producers than it allows";
    if (over(both ? c->producers : c->consumers, t->consumers))
        return "more consumers than it allows";
    if (t->most_capacity && c->capacity > t->most_capacity)
        return "more capacity than it can have";
    if (strcmp(c->workload->name, "spsc") == 0 && (c->producers != 1 || c->consumers != 1))
        return "spsc is one producer and one consumer";
    return NULL;
}

unsigned cell_backoff(const struct cell *c)
{
    return strcmp(c->workload->name, "backoff") == 0 ? c->backoff_max : Q_BACKOFF_MAX;
}

void cell_describe(const struct cell *c, struct record *r)
{
    const struct q_driver *d = c->driver;
    snprintf(r->workload, sizeof r->workload, "%s", c->workload->name);
    snprintf(r->queue, sizeof r->queue, "%s", d ? d->name : c->limit->name);
    snprintf(r->family, sizeof r->family, "%s", d ? d->traits->family : "limit");
    snprintf(r->call, sizeof r->call, "%s", d ? d->call : "inline");
    snprintf(r->mode, sizeof r->mode, "%s", c->latency ? "latency" : "throughput");
    snprintf(r->pin, sizeof r->pin, "%s", c->pin);
    r->producers = c->producers;
    r->consumers = c->consumers;
    r->batch = c->batch;
    r->payload_bytes = d ? d->item_bytes : 8;
    r->capacity = c->capacity;
    r->rate = c->rate;
    r->backoff_max = cell_backoff(c);
    r->segment = c->segment;
    if (c->workload->shape == SHAPE_OVER)
        snprintf(r->policy, sizeof r->policy, "%s", policy_names[c->when_full]);
    r->floor = d ? d->traits->floor : true;
    if (!d)
        return;
    const struct q_traits *t = d->traits;
    snprintf(r->peer, sizeof r->peer, "%s", t->peer ? t->peer : "");
    if (t->floor)
        return;
    const char *const push = progress_names[t->push], *const pop = progress_names[t->pop];
    const bool both = t->push == t->pop;
    snprintf(r->class_name, sizeof r->class_name, "%s", class_names[class_of(t)]);
    snprintf(r->promised, sizeof r->promised, "%s%s%s", push, both ? "" : "/", both ? "" : pop);
}
