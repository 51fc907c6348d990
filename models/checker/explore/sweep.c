/* sweep.c: many explorations of one program, each with one thing changed. */
#include "models/checker/explore/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/engine.h"

enum { SITES = 512 };

static void forget(struct explore_result *r)
{
    free(r->failed);
    memset(r, 0, sizeof *r);
}

/* ---- weaker orders ----------------------------------------------------------------------- */

/* The orders one step below `o` for an event of this kind; how many. */
static unsigned weaker(enum order o, enum event_kind kind, bool rmw, enum order out[2])
{
    const bool reads = kind == EV_READ, writes = kind == EV_WRITE || rmw;
    const bool both = kind == EV_FENCE || (reads && writes);
    switch (o) {
    case SEQ_CST:
        out[0] = both ? ACQ_REL : reads ? ACQUIRE : RELEASE;
        return 1;
    case ACQ_REL:
        out[0] = ACQUIRE;
        out[1] = RELEASE;
        return 2;
    case ACQUIRE:
    case CONSUME:
    case RELEASE:
        out[0] = RELAXED;
        return kind == EV_FENCE ? 0 : 1; /* a relaxed fence is none: see no_fence */
    default:
        return 0;
    }
}

struct sweep {
    const struct explore_options *o;
    void (*program)(void *);
    void *argument;
    void (*each)(const struct weakening *w, void *arg);
    void *arg;
};

static bool holds_with(const struct sweep *s, const struct site_use *u, enum order to,
                       enum order to_bad)
{
    struct explore_options o = *s->o;
    struct explore_result r = {0};
    o.weaken_site = u->site;
    o.weaken_to = to;
    o.weaken_bad = to_bad;
    explore(&o, s->program, s->argument, &r);
    const struct weakening w = {.site = u->site,
                                .kind = u->kind,
                                .rmw = u->rmw,
                                .from = u->order,
                                .from_bad = u->order_bad,
                                .to = to,
                                .to_bad = to_bad,
                                .result = &r};
    s->each(&w, s->arg);
    const bool holds = r.fault.kind == FAULT_NONE;
    forget(&r);
    return holds;
}

/* All orders below `order`, breadth first; stops below those that do not hold. */
static void descend(const struct sweep *s, const struct site_use *u, enum order order)
{
    enum order next[2];
    const unsigned n = weaker(order, u->kind, u->rmw, next);
    bool held = false;
    for (unsigned i = 0; i < n; i++)
        held |= holds_with(s, u, next[i], u->order_bad > next[i] ? RELAXED : u->order_bad);
    if (held)
        descend(s, u, next[0]); /* both lead to the same: relaxed */
    if (u->kind == EV_FENCE && n == 0 && order != RELAXED)
        holds_with(s, u, RELAXED, RELAXED);
}

static int by_site(const void *a, const void *b)
{
    const uint32_t x = ((const struct site_use *)a)->site, y = ((const struct site_use *)b)->site;
    return (x > y) - (x < y);
}

void sweep_weaken(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, void (*each)(const struct weakening *w, void *arg),
                  void *arg)
{
    static struct site_use uses[SITES];
    const struct sweep s = {o, program, argument, each, arg};
    explore(o, program, argument, base);
    if (base->fault.kind != FAULT_NONE)
        return;
    const size_t n = explore_sites(uses, SITES);
    qsort(uses, n, sizeof *uses, by_site);
    for (size_t i = 0; i < n; i++) {
        const struct site_use *u = &uses[i];
        descend(&s, u, u->order);
        if (u->order_bad != u->order && u->order_bad != RELAXED) /* the failure's alone */
            holds_with(&s, u, u->order, RELAXED);
    }
}

/* ---- frozen threads ---------------------------------------------------------------------- */

static struct {
    unsigned events[MODEL_THREADS], steps;
} longest;

static void measure(const struct graph *g, void *arg)
{
    (void)arg;
    for (unsigned t = 0; t < g->threads; t++)
        if (g->last[t] != NONE && g->e[g->last[t]].po > longest.events[t])
            longest.events[t] = g->e[g->last[t]].po;
    for (unsigned i = 0; i < history_now.n; i++) {
        const struct op *op = &history_now.op[i];
        if (op->result != RESULT_PENDING && (unsigned)(op->ret - op->call) > longest.steps)
            longest.steps = (unsigned)(op->ret - op->call);
    }
}

bool sweep_blocks(const struct explore_result *r)
{
    return r->fault.kind == FAULT_DEADLOCK || r->fault.kind == FAULT_LIVELOCK ||
           r->fault.kind == FAULT_LOST_WAKEUP;
}

void sweep_freeze(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, unsigned *steps,
                  void (*each)(const struct freeze *f, void *arg), void *arg)
{
    static struct graph g;
    struct explore_options one = *o;
    memset(&longest, 0, sizeof longest);
    one.jobs = 1; /* so that every execution can be looked at */
    one.on_complete = measure;
    explore(&one, program, argument, base);
    *steps = longest.steps;
    if (base->fault.kind != FAULT_NONE)
        return;
    one.on_complete = NULL;
    one.spec = NULL; /* operations that never end have no verdict */
    one.no_leaks = true;
    for (unsigned t = 1; t < MODEL_THREADS; t++)
        for (unsigned k = 1; k < longest.events[t]; k++) {
            struct explore_result r = {0};
            one.freeze_thread = (int)t;
            one.freeze_after = k;
            explore(&one, program, argument, &r);
            struct freeze f = {.thread = t, .after = k, .result = &r};
            if (r.failed) {
                graph_load(&g, r.failed);
                f.site = g.last[t] == NONE ? 0 : g.e[g.last[t]].site;
            }
            each(&f, arg);
            forget(&r);
        }
}
