/* grow.c: TruSt's step: adding an event to a graph in every way that is consistent. The running
 * execution goes on with one of them, the others are put aside. */
#include <string.h>

#include "models/checker/explore/consistent.h"
#include "models/checker/explore/engine.h"
#include "models/checker/explore/rc11.h"
#include "models/checker/run/snapshot.h"

static struct graph revised; /* what a write makes by revisiting a read */

/* ---- small questions --------------------------------------------------------------------- */

bool explore_acquires(enum order o)
{
    return options_now->model != MODEL_RC11 || order_acquires(o);
}
bool explore_releases(enum order o)
{
    return options_now->model != MODEL_RC11 || order_releases(o);
}

/* The models that look at the whole graph. */
static bool acyclic(const struct graph *g)
{
    return options_now->model == MODEL_SC ? sc_consistent(g) : tso_consistent(g);
}

/* Is its thread alone: nobody else has begun, or all others have ended and it knows all they did? Then
 * it reads the newest value and writes the newest one: it has an edge from what was there before
 * and none back, and whatever comes later has none to it. No model forbids that. */
static bool alone(const struct graph *g, uint16_t id)
{
    const struct event *e = &g->e[id];
    for (unsigned t = 0; t < g->threads; t++) {
        const uint16_t last = g->last[t];
        if (t != e->thread && last != NONE &&
            (g->e[last].kind != EV_END || !event_before(&g->e[last], &e->hb)))
            return false;
    }
    return true;
}

/* May `id`, the newest event, be there as it is? What was there without it is consistent. */
static bool allows(const struct graph *g, uint16_t id)
{
    if (alone(g, id))
        return true;
    return options_now->model == MODEL_RC11 ? rc11_allows(g, id, options_now->pldi17) : acyclic(g);
}

/* It is there: what a graph keeps for allows(). */
static void accept(struct graph *g, uint16_t id)
{
    if (options_now->model == MODEL_RC11 && !alone(g, id))
        rc11_accept(g, id, options_now->pldi17);
}

/* The same for a graph that was cut down and changed. */
static bool allowed_anew(struct graph *g)
{
    return options_now->model == MODEL_RC11 ? rc11_rebuild(g, options_now->pldi17) : acyclic(g);
}

/* The write of loc that whoever knows `clock` cannot look behind. */
static uint16_t oldest_visible(const struct graph *g, uint16_t loc, const vclock *clock,
                               uint16_t except)
{
    uint16_t oldest = g->loc[loc].init;
    for (uint16_t i = g->loc[loc].last; i != NONE; i = g->e[i].loc_prev) {
        const struct event *e = &g->e[i];
        if (i == except || e->kind == EV_INIT || !event_before(e, clock))
            continue;
        const uint16_t w = e->kind == EV_READ ? e->rf : i;
        if (w != except && g->e[w].mo > g->e[oldest].mo)
            oldest = w;
    }
    return oldest;
}

/* The read-modify-write that reads from w, other than r: only one may. */
static uint16_t consumer(const struct graph *g, uint16_t w, uint16_t r)
{
    for (uint16_t i = g->loc[g->e[w].loc].last; i != NONE; i = g->e[i].loc_prev)
        if (i != r && g->e[i].kind == EV_READ && g->e[i].rf == w && g->e[i].flags & EVENT_WRITES)
            return i;
    return NONE;
}

/* ... with its newest event as it is now, which the running execution has otherwise. */
static void put_aside_with(struct graph *g, uint16_t id)
{
    struct graph_sc sc[SC_MAX];
    const uint16_t n = g->sc_events;
    const sc_set fences = g->sc_fences, light = g->sc_light, heavy = g->sc_heavy;
    memcpy(sc, g->sc, n * sizeof *sc);
    accept(g, id);
    explore_put_aside(g, id);
    g->sc_events = n;
    g->sc_fences = fences;
    g->sc_light = light;
    g->sc_heavy = heavy;
    memcpy(g->sc, sc, n * sizeof *sc);
}

static struct event *new_event(enum event_kind kind, unsigned t, uint16_t loc)
{
    struct event *e = graph_add(graph_now, kind, t, loc);
    if (!e)
        fault_raise(FAULT_UNBOUNDED, NULL, 0,
                    "more than %u events in one execution: a loop without a bound? (a pause or "
                    "sched_yield in a waiting loop lets the checker cut it)",
                    (unsigned)EVENTS_MAX);
    return e;
}

/* ---- reads ------------------------------------------------------------------------------- */

/* Makes r read from w: value, outcome, order, clocks. base_hb, base_porf: without w. */
static void set_source(struct graph *g, uint16_t r, uint16_t w, vclock base_hb, vclock base_porf,
                       word b)
{
    struct event *e = &g->e[r];
    const struct event *from = &g->e[w];
    word new_value;
    e->rf = w;
    e->value = from->value;
    const enum outcome o = rule_apply(e->rule, e->size, from->value, e->operand, b, &new_value);
    e->flags &= (uint8_t) ~(EVENT_WRITES | EVENT_BLOCKS);
    e->flags |= o == WRITES ? EVENT_WRITES : o == BLOCKS ? EVENT_BLOCKS : 0;
    e->order = o == WRITES ? e->order_good : e->order_bad;
    e->porf = from->kind == EV_INIT ? base_porf : clock_join(base_porf, from->porf);
    e->hb = explore_acquires(e->order) ? clock_join(base_hb, from->msg) : base_hb;
}

struct event *explore_read(unsigned t, uint16_t loc, const struct step *s)
{
    struct graph *g = graph_now;
    struct event *e = new_event(EV_READ, t, loc);
    const uint16_t r = event_id(g, e);
    e->rule = (uint8_t)s->rule;
    e->size = (uint8_t)s->size;
    e->order_good = (uint8_t)s->good;
    e->order_bad = (uint8_t)s->bad;
    e->operand = s->a;
    e->site = source_site(s->pc);
    const vclock hb = e->hb, porf = e->porf;

    static uint16_t source[EVENTS_MAX]; /* not on the stack, of which copies are made */
    unsigned n = 0;
    const uint16_t oldest = oldest_visible(g, loc, &hb, r);
    for (uint16_t w = g->loc[loc].mo_last;; w = g->e[w].mo_prev) {
        set_source(g, r, w, hb, porf, s->b);
        /* Blocked at a value that has been replaced: nothing would ever revisit it, and what waits
         * for a value to come waits for it in the execution that reads the newest. */
        bool possible = !(e->flags & EVENT_BLOCKS) || w == g->loc[loc].mo_last;
        /* A second read-modify-write of the same value is only there to take the first one's
         * place, by revisiting it; a sample revisits nothing. */
        const uint16_t u = e->flags & EVENT_WRITES ? consumer(g, w, r) : NONE;
        if (u != NONE)
            possible = !options_now->random && !(g->e[u].flags & EVENT_FIXED) &&
                       !event_before(&g->e[u], &porf);
        if (possible && allows(g, r))
            source[n++] = w;
        if (w == oldest)
            break;
    }
    if (n == 0) {
        graph_drop_last(g);
        return NULL;
    }
    unsigned chosen = 0;
    if (options_now->random) {
        chosen = (unsigned)(explore_random() % n);
    } else if (n == 1) {
        if (snapshot_due_at_read(r, e) && run_checkpoint(r))
            return NULL;
    } else {
        if (run_checkpoint(r))
            return NULL;
        g->weight /= n;
        for (unsigned i = n; i-- > 1;) {
            set_source(g, r, source[i], hb, porf, s->b);
            g->urgent = e->flags & EVENT_WRITES ? (uint16_t)t : NONE;
            put_aside_with(g, r);
        }
    }
    set_source(g, r, source[chosen], hb, porf, s->b);
    accept(g, r);
    g->urgent = NONE; /* the thread that runs goes straight on */
    return e;
}

/* ---- writes ------------------------------------------------------------------------------ */

/* Is e, of graph g, just as it would have been added had a's past been there and nothing of what
 * came after e? Then undoing it for a's sake is the only way to this revisit. */
static bool maximally_added(const struct graph *g, uint16_t id, uint16_t a)
{
    const struct event *e = &g->e[id];
    const vclock *past = &g->e[a].porf;
    if (e->kind == EV_CHOICE)
        return e->value == 0;
    if (e->kind != EV_READ && e->kind != EV_WRITE)
        return true;
    uint16_t w = id;
    if (e->kind == EV_READ) {
        w = e->rf;
        if (w > id && !event_before(&g->e[w], past))
            return false;
    } else {
        for (uint16_t r = g->loc[e->loc].last; r != NONE; r = g->e[r].loc_prev)
            if (g->e[r].rf == id && g->e[r].kind == EV_READ &&
                (r < id || event_before(&g->e[r], past)))
                return false;
    }
    for (uint16_t later = g->e[w].mo_next; later != NONE; later = g->e[later].mo_next)
        if (later != a && (later <= id || event_before(&g->e[later], past)))
            return false;
    return true;
}

/* What revisiting r by a leaves; false: it must not be done. */
static bool revisit_keeps(const struct graph *g, uint16_t r, uint16_t a, bool *keep)
{
    const vclock *past = &g->e[a].porf;
    if (!maximally_added(g, r, a))
        return false;
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        keep[i] = i <= r || i == a || event_before(e, past) ||
                  (e->kind == EV_START && keep[e->rf]); /* a thread is born with its creation */
        if (!keep[i] && !maximally_added(g, (uint16_t)i, a))
            return false;
    }
    return true;
}

struct places {
    uint16_t after[EVENTS_MAX];
    unsigned n, tried;
};

static bool allows_place(struct graph *g, uint16_t a)
{
    return g == &revised ? allowed_anew(g) : allows(g, a);
}

/* Where in mo write a may be placed: directly behind each of these, in the order to be tried.
 * `oldest`: not before this one. a is in no order yet. */
static void find_places(struct graph *g, uint16_t a, uint16_t oldest, struct places *p)
{
    const struct event *e = &g->e[a];
    p->n = p->tried = 0;
    if (e->flags & EVENT_RMW) {
        const uint16_t read = e->po_prev, source = g->e[read].rf;
        if (g->e[source].mo < g->e[oldest].mo || consumer(g, source, read) != NONE)
            return;
        graph_place(g, a, source);
        p->tried++;
        if (allows_place(g, a))
            p->after[p->n++] = source;
        graph_unplace(g, a);
        return;
    }
    for (uint16_t w = g->loc[e->loc].mo_last;; w = g->e[w].mo_prev) {
        if (consumer(g, w, NONE) == NONE) { /* nothing may come between it and what consumed it */
            graph_place(g, a, w);
            p->tried++;
            if (allows_place(g, a))
                p->after[p->n++] = w;
            graph_unplace(g, a);
        }
        if (w == oldest)
            break;
    }
}

/* The graph `revised`: r, added before a, reads from a. Returns its possible places of a. */
static void revise(uint16_t r, uint16_t a, const bool *keep, uint16_t *new_a, struct places *p)
{
    static uint16_t map[EVENTS_MAX];
    struct graph *g = &revised;
    graph_restrict(g, graph_now, keep, map);
    const uint16_t r2 = map[r], a2 = map[a];
    struct event *e = &g->e[r2];
    vclock hb = {0}, porf = {0};
    if (e->po_prev != NONE) {
        hb = g->e[e->po_prev].hb;
        porf = g->e[e->po_prev].porf;
    }
    hb[e->thread] = porf[e->thread] = e->po;
    set_source(g, r2, a2, hb, porf, 0);
    g->urgent = e->flags & EVENT_WRITES ? e->thread : NONE;
    for (unsigned i = 0; i < g->events; i++)
        if (g->e[i].kind == EV_READ && event_before(&g->e[i], &g->e[a2].porf))
            g->e[i].flags |= EVENT_FIXED;
    const uint16_t loc = g->e[a2].loc;
    const uint16_t by_a = oldest_visible(g, loc, &g->e[a2].hb, a2);
    const uint16_t by_r = oldest_visible(g, loc, &hb, r2);
    const uint16_t oldest = g->e[by_a].mo > g->e[by_r].mo ? by_a : by_r;
    *new_a = a2;
    find_places(g, a2, oldest, p);
}

struct event *explore_write(unsigned t, uint16_t loc, word value, unsigned size, enum order order,
                            unsigned flags, uint32_t site)
{
    static struct places places, other;
    struct graph *g = graph_now;
    struct event *e = new_event(EV_WRITE, t, loc);
    const uint16_t a = event_id(g, e);
    e->size = (uint8_t)size;
    e->order = (uint8_t)order;
    e->flags = (uint8_t)flags;
    e->value = value;
    e->site = site;
    const struct thread *me = &threads[t];
    e->msg = explore_releases(order) ? e->hb : me->fence;
    if (flags & EVENT_RMW)
        e->msg = clock_join(e->msg, g->e[g->e[e->po_prev].rf].msg);
    if (options_now->pldi17 && !explore_releases(order)) /* the thread's own earlier releases */
        for (uint16_t w = e->loc_prev; w != NONE; w = g->e[w].loc_prev)
            if (g->e[w].kind == EV_WRITE && g->e[w].thread == t &&
                explore_releases(g->e[w].order)) /* not what a read-modify-write passes on */
                e->msg = clock_join(e->msg, g->e[w].hb);

    const double weight = g->weight;
    size_t first = explore_aside();
    if (!options_now->random) {
        for (uint16_t r = e->loc_prev; r != NONE; r = g->e[r].loc_prev) {
            static bool keep[EVENTS_MAX];
            const struct event *read = &g->e[r];
            if (read->kind != EV_READ || read->flags & EVENT_FIXED ||
                event_before(read, &e->porf) || !revisit_keeps(g, r, a, keep))
                continue;
            uint16_t a2;
            revise(r, a, keep, &a2, &other);
            for (unsigned i = 0; i < other.n; i++) {
                graph_place(&revised, a2, other.after[i]);
                if (other.tried > 1)
                    allowed_anew(&revised); /* the last one tried may be another */
                explore_put_aside(&revised, r);
                snapshot_read_revisited(read);
                graph_unplace(&revised, a2);
            }
        }
    }
    find_places(g, a, oldest_visible(g, loc, &e->hb, a), &places);
    unsigned chosen = 0;
    if (options_now->random) {
        if (places.n)
            chosen = (unsigned)(explore_random() % places.n);
    } else {
        if (places.n > 1 && run_checkpoint(a))
            return NULL;
        for (unsigned i = 1; i < places.n; i++) {
            graph_place(g, a, places.after[i]);
            put_aside_with(g, a);
            graph_unplace(g, a);
        }
        const size_t shares = explore_aside() - first + (places.n > 0);
        if (shares == 0)
            g->weight = weight; /* a dead end: its share is done with */
        else
            g->weight = places.n ? weight / (double)shares : 0;
        if (shares > 0)
            explore_share(first, weight / (double)shares);
    }
    if (places.n == 0)
        return NULL;
    graph_place(g, a, places.after[chosen]);
    accept(g, a);
    return e;
}

/* ---- the rest ---------------------------------------------------------------------------- */

struct event *explore_other(unsigned t, enum event_kind kind, uint32_t site)
{
    struct event *e = new_event(kind, t, NONE);
    e->site = site;
    return e;
}

struct event *explore_fence(unsigned t, enum order order, unsigned flags, uint32_t site)
{
    struct event *e = explore_other(t, EV_FENCE, site);
    if (flags & EVENT_LIGHT && options_now->model != MODEL_RC11 && options_now->light_is_none)
        order = RELAXED;
    e->order = (uint8_t)order;
    e->flags = (uint8_t)flags;
    if (explore_acquires(order) && !(flags & EVENT_LIGHT))
        e->hb = clock_join(e->hb, threads[t].pending);
    accept(graph_now, event_id(graph_now, e));
    return e;
}

void explore_learns(struct event *e, uint16_t cause)
{
    const struct event *c = &graph_now->e[cause];
    e->rf = cause;
    e->hb = clock_join(e->hb, c->hb);
    e->porf = clock_join(e->porf, c->porf);
}

struct event *explore_choice(unsigned t, unsigned n, enum budget budget, uint32_t site)
{
    struct graph *g = graph_now;
    struct event *e = new_event(EV_CHOICE, t, NONE);
    e->site = site;
    e->choices = (uint16_t)n;
    e->rule = (uint8_t)budget;
    uint16_t *spent = budget == BUDGET_NONE       ? NULL
                      : budget == BUDGET_TIMEOUTS ? &g->timeouts
                                                  : &g->spurious;
    const unsigned limit =
        budget == BUDGET_TIMEOUTS ? options_now->timeouts : options_now->spurious;
    if (spent && *spent >= limit)
        n = 1;
    if (options_now->random) {
        e->value = explore_random() % n;
        if (spent && e->value)
            ++*spent;
        return e;
    }
    if (n > 1 && run_checkpoint(event_id(g, e)))
        return NULL;
    g->weight /= n; /* NOLINT(clang-analyzer-core.NullDereference): there is a graph */
    if (spent)
        ++*spent;
    for (unsigned i = n; i-- > 1;) {
        e->value = i;
        explore_put_aside(g, event_id(g, e));
    }
    if (spent)
        --*spent;
    e->value = 0;
    return e;
}
