/* sweep.c: many explorations of one program, each with one thing changed. */
#include "models/checker/explore/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/engine.h"

enum { SITES = 1024 };

static void forget(struct explore_result *r)
{
    free(r->failed);
    memset(r, 0, sizeof *r);
}

/* ---- weaker orders ----------------------------------------------------------------------- */

/* What sites.c does not know of an operation: seen in the executions as written. */
static struct {
    size_t n;
    uint32_t site[SITES];
} compare_and_swaps, light_fences;

static bool listed(const uint32_t *site, size_t n, uint32_t wanted)
{
    for (size_t i = 0; i < n; i++)
        if (site[i] == wanted)
            return true;
    return false;
}

#define LIST(list, wanted)                                                                         \
    do {                                                                                           \
        if ((list).n < SITES && !listed((list).site, (list).n, wanted))                            \
            (list).site[(list).n++] = wanted;                                                      \
    } while (0)

static void look_at_kinds(const struct graph *g, void *arg)
{
    (void)arg;
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        if (e->kind == EV_READ && (e->rule == RULE_CAS || e->rule == RULE_CAS_FAILS))
            LIST(compare_and_swaps, e->site);
        else if (e->kind == EV_FENCE && e->flags & EVENT_LIGHT)
            LIST(light_fences, e->site);
    }
}

static enum weakened operation_of(const struct site_use *u)
{
    if (u->kind == EV_FENCE)
        return listed(light_fences.site, light_fences.n, u->site) ? WEAKENED_FENCE_LIGHT
                                                                  : WEAKENED_FENCE;
    if (u->kind == EV_WRITE)
        return WEAKENED_STORE;
    if (u->order != u->order_bad || listed(compare_and_swaps.site, compare_and_swaps.n, u->site))
        return WEAKENED_CAS;
    return u->rmw ? WEAKENED_RMW : WEAKENED_LOAD;
}

/* All orders weaker than `from` that an operation which reads and writes as told can have. */
static unsigned weaker(enum order from, bool reads, bool writes, enum order to[4])
{
    unsigned n = 0;
    if (from == SEQ_CST && reads && writes)
        to[n++] = ACQ_REL;
    if (from > ACQUIRE && from != RELEASE && reads)
        to[n++] = ACQUIRE;
    if (from > RELEASE && writes)
        to[n++] = RELEASE;
    if (from != RELAXED)
        to[n++] = RELAXED;
    return n;
}

struct sweep {
    const struct explore_options *o;
    void (*program)(void *);
    void *argument;
    bool (*wanted)(const struct weakening *w, void *arg);
    void (*each)(const struct weakening *w, void *arg);
    void *arg;
};

static void try(const struct sweep *s, struct weakening w)
{
    struct explore_options o = *s->o;
    struct explore_result r = {0};
    if (!s->wanted(&w, s->arg))
        return;
    o.weaken_site = w.site;
    o.weaken_to = w.to;
    o.weaken_bad = w.to_bad;
    explore(&o, s->program, s->argument, &r);
    w.result = &r;
    s->each(&w, s->arg);
    forget(&r);
}

static void weaken(const struct sweep *s, const struct site_use *u)
{
    const struct weakening as_written = {.site = u->site,
                                         .operation = operation_of(u),
                                         .from = u->order,
                                         .from_bad = u->order_bad,
                                         .to = u->order,
                                         .to_bad = u->order_bad};
    const bool fence = u->kind == EV_FENCE, cas = as_written.operation == WEAKENED_CAS;
    enum order to[4];
    unsigned n =
        weaker(u->order, u->kind == EV_READ || fence, u->kind == EV_WRITE || u->rmw || fence, to);
    if (as_written.operation == WEAKENED_FENCE_LIGHT)
        to[0] = to[n - 1], n = 1;
    for (unsigned i = 0; i < n; i++) {
        struct weakening w = as_written;
        w.to = to[i];
        if (!cas)
            w.to_bad = to[i]; /* only a compare-and-swap has one */
        try(s, w);
    }
    n = cas ? weaker(u->order_bad, true, false, to) : 0;
    for (unsigned i = 0; i < n; i++) {
        struct weakening w = as_written;
        w.to_bad = to[i];
        try(s, w);
    }
}

void sweep_weaken(const struct explore_options *o, void (*program)(void *), void *argument,
                  struct explore_result *base, bool (*wanted)(const struct weakening *w, void *arg),
                  void (*each)(const struct weakening *w, void *arg), void *arg)
{
    static struct site_use uses[SITES];
    const struct sweep s = {o, program, argument, wanted, each, arg};
    struct explore_options one = *o;
    one.jobs = 1; /* what other processes execute is not noted here */
    one.on_complete = look_at_kinds;
    compare_and_swaps.n = light_fences.n = 0;
    explore(&one, program, argument, base);
    if (base->fault.kind != FAULT_NONE || !base->finished)
        return;
    const size_t n = explore_sites(uses, SITES);
    for (size_t i = 0; i < n; i++)
        weaken(&s, &uses[i]);
}

/* ---- frozen threads ---------------------------------------------------------------------- */

static struct {
    unsigned events[MODEL_THREADS];
    struct freeze_steps *steps;
    const struct spec *spec;
} seen;

/* Would this operation, made again now, find everything as it found it? */
static bool nothing_changed_since(const struct graph *g, const struct op *op)
{
    for (uint16_t i = g->last[op->thread]; i != NONE && g->e[i].po > op->call;
         i = g->e[i].po_prev) {
        const struct event *e = &g->e[i];
        if (e->po > op->ret || e->kind != EV_READ)
            continue;
        const struct event *const from = &g->e[e->rf];
        if (from->thread == op->thread && from->po > op->call)
            continue; /* its own write: follows from what it read before */
        if (g->e[g->loc[e->loc].mo_last].value != e->value)
            return false;
    }
    return true;
}

/* The kinds of operations that answer EMPTY or FULL here for ever, against what was pushed and
 * popped: what a pending operation may have done speaks for the answer. */
static void look_at_refusals(const struct graph *g, bool refused[OP_KINDS])
{
    unsigned done[OP_KINDS] = {0}, pending[OP_KINDS] = {0};
    const struct history *const h = &history_now;
    for (unsigned i = 0; i < h->n; i++) {
        done[h->op[i].kind] += h->op[i].result == RESULT_OK;
        pending[h->op[i].kind] += h->op[i].result == RESULT_PENDING;
    }
    const bool has_item = done[OP_PUSH] > done[OP_POP] + pending[OP_POP];
    const bool has_room = seen.spec && seen.spec->capacity > 0 &&
                          done[OP_PUSH] + pending[OP_PUSH] < seen.spec->capacity + done[OP_POP];
    for (unsigned i = 0; i < h->n; i++) {
        const struct op *const op = &h->op[i];
        if (((has_item && op->kind == OP_POP && op->result == RESULT_EMPTY) ||
             (has_room && op->kind == OP_PUSH && op->result == RESULT_FULL)) &&
            nothing_changed_since(g, op))
            refused[op->kind] = true;
    }
}

static void look_at_steps(const struct graph *g, void *arg)
{
    (void)arg;
    for (unsigned t = 0; t < g->threads; t++)
        if (g->last[t] != NONE && g->e[g->last[t]].po > seen.events[t])
            seen.events[t] = g->e[g->last[t]].po;
    for (unsigned i = 0; i < history_now.n; i++) {
        const struct op *const op = &history_now.op[i];
        struct freeze_steps *const s = &seen.steps[op->kind];
        if (op->result == RESULT_PENDING)
            continue;
        if ((unsigned)(op->ret - op->call) > s->longest)
            s->longest = (unsigned)(op->ret - op->call);
        for (uint16_t k = g->last[op->thread]; k != NONE && g->e[k].po > op->call;
             k = g->e[k].po_prev)
            s->retried |= g->e[k].po <= op->ret && g->e[k].kind == EV_READ &&
                          (g->e[k].rule == RULE_CAS || g->e[k].rule == RULE_CAS_FAILS) &&
                          !(g->e[k].flags & EVENT_WRITES);
    }
    bool refused[OP_KINDS] = {false};
    look_at_refusals(g, refused);
    for (unsigned i = 0; i < OP_KINDS; i++)
        seen.steps[i].refused |= refused[i];
}

static uint32_t last_site(const struct graph *g, unsigned t)
{
    return t >= g->threads || g->last[t] == NONE ? 0 : g->e[g->last[t]].site;
}

static void look_at_frozen(const struct graph *g, void *arg)
{
    struct freeze *const f = arg;
    bool refused[OP_KINDS] = {false};
    look_at_refusals(g, refused);
    for (unsigned i = 0; i < OP_KINDS; i++)
        if (refused[i] && !seen.steps[i].refused) {
            f->refused[i] = true;
            f->site = last_site(g, f->thread);
        }
}

static bool blocking_kind(enum fault_kind kind)
{
    return kind == FAULT_DEADLOCK || kind == FAULT_LIVELOCK || kind == FAULT_LOST_WAKEUP;
}

bool sweep_blocks(const struct freeze *f)
{
    for (unsigned i = 0; i < OP_KINDS; i++)
        if (f->waits[i] || f->refused[i])
            return true;
    return blocking_kind(f->result->fault.kind);
}

static void freeze(const struct explore_options *o, void (*program)(void *), void *argument,
                   struct freeze *f, struct explore_result *r)
{
    static struct graph g;
    struct explore_options one = *o;
    one.freeze_thread = (int)f->thread;
    one.freeze_after = f->after;
    one.on_complete = look_at_frozen;
    one.arg = f;
    explore(&one, program, argument, r);
    f->result = r;
    if (r->failed) {
        graph_load(&g, r->failed);
        f->site = last_site(&g, f->thread);
    }
    for (unsigned i = 0; blocking_kind(r->fault.kind) && i < r->history.n; i++) {
        const struct op *const op = &r->history.op[i];
        if (op->result == RESULT_PENDING && op->thread != f->thread)
            f->waits[op->kind] = true;
    }
}

/* Has each operation that the program makes been held up? */
static bool all_seen(const struct freeze_steps steps[OP_KINDS], const bool held_up[OP_KINDS])
{
    bool any = false;
    for (unsigned i = 0; i < OP_KINDS; i++) {
        if (steps[i].longest > 0 && !held_up[i])
            return false;
        any |= held_up[i];
    }
    return any;
}

void sweep_freeze(const struct explore_options *o, bool until_seen, void (*program)(void *),
                  void *argument, struct explore_result *base, struct freeze_steps steps[OP_KINDS],
                  void (*each)(const struct freeze *f, void *arg), void *arg)
{
    struct explore_options one = *o;
    bool held_up[OP_KINDS] = {false};
    memset(&seen, 0, sizeof seen);
    memset(steps, 0, OP_KINDS * sizeof *steps);
    seen.steps = steps;
    seen.spec = o->spec;
    one.jobs = 1; /* so that every execution can be looked at */
    one.on_complete = look_at_steps;
    explore(&one, program, argument, base);
    if (base->fault.kind != FAULT_NONE)
        return;
    one.spec = NULL; /* operations that never end have no verdict */
    one.no_leaks = true;
    for (unsigned t = 1; t < MODEL_THREADS; t++)
        for (unsigned k = 1; k < seen.events[t]; k++) {
            struct explore_result r = {0};
            struct freeze f = {.thread = t, .after = k};
            freeze(&one, program, argument, &f, &r);
            each(&f, arg);
            forget(&r);
            for (unsigned i = 0; i < OP_KINDS; i++)
                held_up[i] |= f.waits[i] || f.refused[i];
            if (until_seen && all_seen(steps, held_up))
                return;
        }
}
