/* smaller.c: a smaller execution that goes wrong in the same way.
 *
 * The first one found is whatever the search came to first. A reader wants the one with the fewest
 * threads, operations, steps and changes of thread: the search goes on for a while and keeps the
 * smallest. It stops after so many executions, not after so much time, so that the same program
 * always shows the same. */
#include <stdlib.h>

#include "models/checker/explore/explore.h"

enum { EXECUTIONS = 20000 };

struct size {
    unsigned threads, operations, changes, steps;
};

struct smallest {
    enum fault_kind kind;
    struct size size;
    struct explore_result *found;
};

static bool another_thread(const struct graph *g, const struct event *e, uint16_t of)
{
    return of != NONE && g->e[of].thread != NONE_THREAD && g->e[of].thread != e->thread;
}

static struct size size_of(const struct graph *g, const struct history *h)
{
    struct size s = {.threads = g->threads, .operations = h->n};
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *const e = &g->e[i];
        if (e->kind == EV_INIT)
            continue;
        s.steps++;
        if (e->kind == EV_READ)
            s.changes += another_thread(g, e, e->rf);
        else if (e->kind == EV_WRITE)
            s.changes += another_thread(g, e, e->mo_prev);
    }
    return s;
}

static bool smaller(struct size a, struct size b)
{
    return a.threads != b.threads         ? a.threads < b.threads
           : a.operations != b.operations ? a.operations < b.operations
           : a.changes != b.changes       ? a.changes < b.changes
                                          : a.steps < b.steps;
}

static void look(const struct graph *g, struct explore_result *r, void *arg)
{
    struct smallest *const s = arg;
    const struct size size = size_of(g, &r->history);
    if (r->fault.kind == s->kind && smaller(size, s->size)) {
        struct saved_graph *const copy = graph_save(g);
        if (copy) { /* without memory for it: the one that is there */
            free(s->found->failed);
            s->found->failed = copy;
            s->found->fault = r->fault;
            s->found->history = r->history;
            s->size = size;
        }
    }
    if (r->fault.kind < FAULT_KINDS)
        r->fault.kind = FAULT_NONE; /* so that the next one is noted */
}

void explore_smaller(const struct explore_options *o, void (*program)(void *), void *argument,
                     struct explore_result *result)
{
    static struct graph g;
    if (!result->failed)
        return;
    graph_load(&g, result->failed);
    struct smallest s = {result->fault.kind, size_of(&g, &result->history), result};
    struct explore_options on = explore_in_silence(o);
    on.keep_going = true;
    on.max_executions = EXECUTIONS;
    on.max_seconds = 0;
    on.jobs = on.random = 0;
    on.on_fault = look;
    on.arg = &s;
    struct explore_result rest;
    explore(&on, program, argument, &rest);
}
