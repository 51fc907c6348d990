/* rc11.c: the partial SC order of RC11, kept while a graph grows. */
#include "models/checker/explore/rc11.h"

#include <string.h>

#include "models/checker/explore/fault.h"

typedef sc_set set; /* by places in g->sc */

static set bit(unsigned i) { return (set)1 << i; }
static bool hb(const struct event *a, const struct event *b)
{
    return a != b && event_before(a, &b->hb);
}

static unsigned lowest(set s)
{
    const uint64_t low = (uint64_t)s;
    return low ? (unsigned)__builtin_ctzll(low)
               : 64 + (unsigned)__builtin_ctzll((uint64_t)(s >> 64));
}

/* x itself, if it is one of them: they are in the order of their stamps. */
static set itself(const struct graph *g, uint16_t x)
{
    if (!rc11_counts(&g->e[x]))
        return 0;
    unsigned low = 0, high = g->sc_events;
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (g->sc[middle].id < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low < g->sc_events && g->sc[low].id == x ? bit(low) : 0;
}

/* Who can begin an edge that goes on at x: x itself, fences hb-before it. */
static set begins(const struct graph *g, uint16_t x)
{
    const vclock *clock = &g->e[x].hb;
    set s = itself(g, x);
    for (set left = g->sc_fences; left; left &= left - 1) {
        const unsigned i = lowest(left);
        if ((*clock)[g->sc[i].thread] >= g->sc[i].po)
            s |= bit(i);
    }
    return s;
}

/* Where an edge that comes to x can end: x itself, fences hb-after it. */
static set ends(const struct graph *g, uint16_t x)
{
    set s = itself(g, x);
    for (set left = g->sc_fences; left; left &= left - 1) {
        const unsigned i = lowest(left);
        if (event_before(&g->e[x], &g->e[g->sc[i].id].hb))
            s |= bit(i);
    }
    return s;
}

/* The same for many events: by thread and po, the fences up to there, and those that know of it; the
 * accesses up to there. */
static struct {
    set upto[MODEL_THREADS][EVENTS_MAX + 1], knows[MODEL_THREADS][EVENTS_MAX + 1];
    set accesses[MODEL_THREADS][EVENTS_MAX + 1];
} table;

static unsigned length(const struct graph *g, unsigned t)
{
    return g->last[t] == NONE ? 0 : g->e[g->last[t]].po;
}

static void table_begins(const struct graph *g)
{
    for (unsigned t = 0; t < g->threads; t++)
        memset(table.upto[t], 0, (length(g, t) + 1) * sizeof(set));
    for (set left = g->sc_fences; left; left &= left - 1)
        table.upto[g->sc[lowest(left)].thread][g->sc[lowest(left)].po] = left & -left;
    for (unsigned t = 0; t < g->threads; t++)
        for (unsigned po = 1, n = length(g, t); po <= n; po++)
            table.upto[t][po] |= table.upto[t][po - 1];
}

static void table_ends(const struct graph *g)
{
    for (unsigned t = 0; t < g->threads; t++) {
        const unsigned n = length(g, t);
        memset(table.knows[t], 0, (n + 1) * sizeof(set));
        for (set left = g->sc_fences; left; left &= left - 1)
            table.knows[t][g->e[g->sc[lowest(left)].id].hb[t]] |= left & -left;
        for (unsigned po = n; po-- > 1;)
            table.knows[t][po] |= table.knows[t][po + 1];
    }
}

static void table_accesses(const struct graph *g)
{
    for (unsigned t = 0; t < g->threads; t++)
        memset(table.accesses[t], 0, (length(g, t) + 1) * sizeof(set));
    for (unsigned i = 0; i < g->sc_events; i++)
        if (!(g->sc_fences & bit(i)))
            table.accesses[g->sc[i].thread][g->sc[i].po] = bit(i);
    for (unsigned t = 0; t < g->threads; t++)
        for (unsigned po = 1, n = length(g, t); po <= n; po++)
            table.accesses[t][po] |= table.accesses[t][po - 1];
}

static set begins_by_table(const struct graph *g, uint16_t x)
{
    set s = itself(g, x);
    for (unsigned t = 0; t < g->threads; t++)
        s |= table.upto[t][g->e[x].hb[t]];
    return s;
}

static set ends_by_table(const struct graph *g, uint16_t x)
{
    const struct event *e = &g->e[x];
    return itself(g, x) | (e->kind == EV_INIT ? g->sc_fences : table.knows[e->thread][e->po]);
}

/* An edge from or to a light fence is one only if its other end is a heavy one (P1202): what costs
 * the light side nothing cannot order it against anything but what interrupts it. */
static set beyond_kind(const struct graph *g, set to, unsigned flags)
{
    return flags & EVENT_HEAVY ? to : flags & EVENT_LIGHT ? to & g->sc_heavy : to & ~g->sc_light;
}

/* Those of the same kind in `from`, for the three kinds. */
struct kinds {
    set heavy, light, other;
};
static struct kinds kinds_of(const struct graph *g, set from)
{
    return (struct kinds){from & g->sc_heavy, from & g->sc_light,
                          from & ~(g->sc_heavy | g->sc_light)};
}

static set all_sc(const struct graph *g)
{
    return g->sc_events == SC_MAX ? ~(set)0 : bit(g->sc_events) - 1;
}

/* Does every edge that there can be lead from a light fence to a light fence? Such edges are none. */
static bool only_light(const struct graph *g) { return g->sc_light == all_sc(g); }

/* One more of them. */
static void enlist(struct graph *g, uint16_t id, set reaches)
{
    const struct event *e = &g->e[id];
    const set me = bit(g->sc_events);
    g->sc_fences |= e->kind == EV_FENCE ? me : 0;
    g->sc_light |= e->flags & EVENT_LIGHT ? me : 0;
    g->sc_heavy |= e->kind == EV_FENCE && e->flags & EVENT_HEAVY ? me : 0;
    g->sc[g->sc_events++] =
        (struct graph_sc){.id = id, .po = e->po, .thread = e->thread, .reaches = reaches};
}

static set reached(const struct graph *g, set from)
{
    set s = from;
    for (set left = from; left; left &= left - 1)
        s |= g->sc[lowest(left)].reaches;
    return s;
}

/* ---- edges by program order and happens-before ------------------------------------------- */

static uint16_t beyond(const struct graph *g, uint16_t id, bool forwards, bool other_location)
{
    const struct event *e = &g->e[id];
    uint16_t n = forwards ? e->po_next : e->po_prev;
    while (n != NONE && other_location && g->e[n].loc == e->loc)
        n = forwards ? g->e[n].po_next : g->e[n].po_prev;
    return n;
}

static bool reaches(const struct graph *g, uint16_t a, uint16_t b)
{
    return a != NONE && b != NONE && (a == b || hb(&g->e[a], &g->e[b]));
}

static bool ordered(const struct graph *g, uint16_t i, uint16_t j, bool pldi17)
{
    const struct event *a = &g->e[i], *b = &g->e[j];
    if (a->kind == EV_FENCE && b->kind == EV_FENCE)
        return hb(a, b);
    if (a->kind == EV_FENCE)
        return reaches(g, i, b->po_prev);
    if (b->kind == EV_FENCE)
        return reaches(g, a->po_next, j);
    if (a->thread == b->thread)
        return a->po < b->po;
    return reaches(g, beyond(g, i, true, pldi17), beyond(g, j, false, pldi17));
}

/* Whoever is ordered() before j, by the tables: not for two accesses by PLDI 2017. */
static set ordered_by_table(const struct graph *g, uint16_t j)
{
    const struct event *b = &g->e[j];
    const bool fence = b->kind == EV_FENCE;
    set s = 0;
    for (unsigned t = 0; t < g->threads; t++) {
        if (t == b->thread) {
            s |= table.upto[t][b->po - 1] | table.accesses[t][b->po - 1];
        } else if (fence || b->po_prev != NONE) { /* an access is left, and come to, by sb */
            const unsigned known = (fence ? b : &g->e[b->po_prev])->hb[t];
            s |= table.upto[t][known] | table.accesses[t][known ? known - 1 : 0];
        }
    }
    return s; /* what a light fence orders is for the callers: beyond_kind() */
}

/* ---- what a new event adds --------------------------------------------------------------- */

struct edges {
    set begin;         /* old fences where new edges begin (those of the new one: target) */
    set target;        /* ... and end */
    set target_fences; /* ... those from fences only, through rf */
    set into;          /* old events with an edge to the new one, if it is seq_cst */
};

static unsigned place_in_mo(const struct graph *g, const struct event *e)
{
    return e->kind == EV_READ ? g->e[e->rf].mo : e->mo;
}

/* mo and fr from e, and rf after them. */
static void outgoing(const struct graph *g, uint16_t id, struct edges *n)
{
    const struct event *e = &g->e[id];
    const unsigned at = place_in_mo(g, e);
    n->begin = begins(g, id);
    if (!n->begin && !rc11_counts(e))
        return;
    if (g->e[g->loc[e->loc].mo_last].mo == at)
        return; /* nothing is later */
    for (uint16_t x = g->loc[e->loc].last; x != NONE; x = g->e[x].loc_prev) {
        const struct event *y = &g->e[x];
        if (x == id || y->kind == EV_INIT || place_in_mo(g, y) <= at)
            continue;
        const set to = ends(g, x);
        if (y->kind == EV_WRITE)
            n->target |= to;
        n->target_fences |= to; /* only fences among them count */
    }
    n->target_fences = (n->target_fences | n->target) & g->sc_fences;
}

/* Edges into a new seq_cst access. */
static void into_access(const struct graph *g, uint16_t id, bool pldi17, struct edges *n)
{
    const struct event *e = &g->e[id];
    for (unsigned i = 0; i < g->sc_events; i++)
        if (ordered(g, g->sc[i].id, id, pldi17))
            n->into |= bit(i);
    for (uint16_t x = g->loc[e->loc].last; x != NONE; x = g->e[x].loc_prev) {
        const struct event *y = &g->e[x];
        if (x == id || y->kind == EV_INIT)
            continue;
        if (hb(y, e) || (e->kind == EV_WRITE && place_in_mo(g, y) < e->mo))
            n->into |= begins(g, x);
    }
}

/* Edges into a new seq_cst fence f. */
static void into_fence(const struct graph *g, uint16_t id, struct edges *n)
{
    const struct event *f = &g->e[id];
    const set all_fences = g->sc_fences;
    table_begins(g);
    for (unsigned i = 0; i < g->sc_events; i++)
        if (ordered(g, g->sc[i].id, id, false))
            n->into |= bit(i);
    for (unsigned l = 0; l < g->locs; l++) {
        if (g->loc[l].init == NONE)
            continue;
        unsigned written = 0, seen = 0; /* the newest write known, the newest one seen */
        for (uint16_t x = g->loc[l].last; x != NONE; x = g->e[x].loc_prev) {
            const struct event *y = &g->e[x];
            if (y->kind == EV_INIT || !hb(y, f))
                continue;
            const unsigned at = place_in_mo(g, y);
            seen = at > seen ? at : seen;
            if (y->kind == EV_WRITE)
                written = at > written ? at : written;
        }
        for (uint16_t x = g->loc[l].last; x != NONE; x = g->e[x].loc_prev) {
            const struct event *y = &g->e[x];
            if (y->kind == EV_INIT)
                continue;
            const set begin = begins_by_table(g, x);
            if (!begin)
                continue;
            const unsigned at = place_in_mo(g, y);
            if (at < written)
                n->into |= begin;
            else if (at < seen || (y->kind == EV_WRITE && at == seen && seen > 0))
                n->into |= begin & all_fences;
            if (rc11_counts(y) && hb(y, f) && begin & ~n->into) /* hb|loc, then hb */
                for (uint16_t z = g->loc[l].last; z != NONE; z = g->e[z].loc_prev)
                    if (hb(y, &g->e[z]) && hb(&g->e[z], f))
                        n->into |= begin;
        }
    }
}

static struct edges edges_of(const struct graph *g, uint16_t id, bool pldi17)
{
    struct edges n = {0};
    const struct event *e = &g->e[id];
    if (e->kind == EV_FENCE) {
        into_fence(g, id, &n);
        return n;
    }
    outgoing(g, id, &n);
    if (rc11_counts(e))
        into_access(g, id, pldi17, &n);
    return n;
}

static unsigned fence_flags(const struct event *e)
{
    return e->kind == EV_FENCE ? e->flags & (EVENT_LIGHT | EVENT_HEAVY) : 0;
}

/* Whoever is reached from these, through the new edges too. */
static set reach_of(const struct graph *g, const struct edges *n, set from, unsigned kind_of_new)
{
    const set to = n->target | n->target_fences;
    const set into = beyond_kind(g, n->into, kind_of_new);
    const struct kinds begin = kinds_of(g, n->begin);
    set all = reached(g, from), before;
    do { /* the kinds reach differently far: on from each that is reached */
        before = all;
        if (all & begin.heavy)
            all |= reached(g, to);
        if (all & begin.other)
            all |= reached(g, beyond_kind(g, to, 0));
        if (all & begin.light)
            all |= reached(g, beyond_kind(g, to, EVENT_LIGHT));
        if (all & into)
            all |= reached(g, beyond_kind(g, n->target, kind_of_new));
    } while (all != before);
    return all;
}

static bool closes_cycle(const struct graph *g, const struct edges *n, unsigned kind_of_new)
{
    const set to = n->target | n->target_fences;
    const set into = beyond_kind(g, n->into, kind_of_new);
    const set of_new = beyond_kind(g, n->target, kind_of_new);
    const struct kinds begin = kinds_of(g, n->begin);
    return to &&
           ((into && reach_of(g, n, of_new, kind_of_new) & into) ||
            (begin.heavy && reach_of(g, n, to, kind_of_new) & begin.heavy) ||
            (begin.other && reach_of(g, n, beyond_kind(g, to, 0), kind_of_new) & begin.other) ||
            (begin.light &&
             reach_of(g, n, beyond_kind(g, to, EVENT_LIGHT), kind_of_new) & begin.light));
}

/* The edges of the event that was asked about last: accepting it asks again, if it is where it was. */
static struct {
    bool valid;
    uint16_t id, rf, mo_prev;
    struct edges edges;
} last;

bool rc11_allows(const struct graph *g, uint16_t id, bool pldi17)
{
    last.valid = false;
    if (g->sc_events == 0 || (only_light(g) && !rc11_counts(&g->e[id])))
        return true;
    const struct edges n = edges_of(g, id, pldi17);
    last.valid = true;
    last.id = id;
    last.rf = g->e[id].rf;
    last.mo_prev = g->e[id].mo_prev;
    last.edges = n;
    return !closes_cycle(g, &n, fence_flags(&g->e[id]));
}

/* Whoever is in `from`, or comes before one who is, now reaches `to`. */
static void connect(struct graph *g, set from, set to)
{
    if (!to)
        return;
    for (unsigned i = 0; i < g->sc_events; i++)
        if ((g->sc[i].reaches | bit(i)) & from)
            g->sc[i].reaches |= to;
}

static void connect_kinds(struct graph *g, set from, set to)
{
    const struct kinds k = kinds_of(g, from);
    connect(g, k.heavy, reached(g, to));
    connect(g, k.other, reached(g, beyond_kind(g, to, 0)));
    connect(g, k.light, reached(g, beyond_kind(g, to, EVENT_LIGHT)));
}

void rc11_accept(struct graph *g, uint16_t id, bool pldi17)
{
    const bool counts = rc11_counts(&g->e[id]);
    const bool none = only_light(g);
    if (none && !counts)
        return;
    if (g->sc_events == SC_MAX && counts)
        fault_raise(FAULT_UNBOUNDED, NULL, 0,
                    "more than %u seq_cst operations in one execution: a loop of many turns? use "
                    "fewer turns, threads, operations or seq_cst orders when checking",
                    (unsigned)SC_MAX);
    if (none && g->e[id].flags & EVENT_LIGHT) {
        enlist(g, id, 0);
        return;
    }
    const struct event *e = &g->e[id];
    const bool asked = last.valid && last.id == id && last.rf == e->rf &&
                       last.mo_prev == e->mo_prev && e->kind != EV_FENCE;
    const struct edges n = asked ? last.edges : edges_of(g, id, pldi17);
    connect_kinds(g, n.begin, n.target | n.target_fences);
    if (!counts)
        return;
    const unsigned flags = fence_flags(&g->e[id]);
    const set after = reached(g, beyond_kind(g, n.target, flags));
    connect(g, beyond_kind(g, n.into, flags), after | bit(g->sc_events));
    enlist(g, id, after);
}

/* ---- a whole graph ------------------------------------------------------------------------ */

static void edge(struct graph *g, set from, set to)
{
    for (; from && to; from &= from - 1) {
        const unsigned i = lowest(from);
        g->sc[i].reaches |= beyond_kind(g, to, fence_flags(&g->e[g->sc[i].id]));
    }
}

static set before(const struct graph *g, unsigned j, bool pldi17)
{
    if (!pldi17)
        return ordered_by_table(g, g->sc[j].id);
    set s = 0;
    for (unsigned i = 0; i < g->sc_events; i++)
        if (i != j && ordered(g, g->sc[i].id, g->sc[j].id, true))
            s |= bit(i);
    return s;
}

static void location_edges(struct graph *g, unsigned loc, set all_fences)
{
    static set begin[EVENTS_MAX], end[EVENTS_MAX];
    for (uint16_t x = g->loc[loc].last; x != NONE; x = g->e[x].loc_prev) {
        begin[x] = begins_by_table(g, x);
        end[x] = ends_by_table(g, x);
    }
    set later = 0, later_f = 0; /* the ends of mo-later writes; with what reads from those */
    for (uint16_t w = g->loc[loc].mo_last; w != NONE; w = g->e[w].mo_prev) {
        set readers = 0;
        for (uint16_t r = g->loc[loc].last; r != NONE; r = g->e[r].loc_prev) {
            if (g->e[r].kind != EV_READ || g->e[r].rf != w)
                continue;
            edge(g, begin[r], later);
            edge(g, begin[r] & all_fences, later_f);
            readers |= end[r];
        }
        if (g->e[w].kind == EV_WRITE) {
            edge(g, begin[w], later);
            edge(g, begin[w] & all_fences, later_f | (readers & all_fences));
            later |= end[w];
        }
        later_f |= (end[w] | readers) & all_fences;
    }
    if (g->sc_fences == all_sc(g))
        return; /* of a fence and a fence it is known already */
    for (uint16_t y = g->loc[loc].last; y != NONE; y = g->e[y].loc_prev)
        if (g->e[y].kind != EV_INIT && end[y])
            for (uint16_t x = g->loc[loc].last; x != NONE; x = g->e[x].loc_prev)
                if (g->e[x].kind != EV_INIT && begin[x] &&
                    (rc11_counts(&g->e[x]) || rc11_counts(&g->e[y])) && hb(&g->e[x], &g->e[y]))
                    edge(g, begin[x], end[y]);
}

bool rc11_rebuild(struct graph *g, bool pldi17)
{
    g->sc_events = 0;
    g->sc_fences = g->sc_light = g->sc_heavy = 0;
    unsigned first =
        0; /* what main did alone is in no cycle: grow.c does not give it to us either */
    while (first < g->events && g->e[first].kind != EV_CREATE)
        first++;
    for (unsigned i = first; i < g->events; i++)
        if (rc11_counts(&g->e[i]))
            enlist(g, (uint16_t)i, 0); /* no more than the graph had before */
    if (g->sc_events < 2 || only_light(g))
        return true;
    const set all_fences = g->sc_fences;
    table_begins(g);
    table_ends(g);
    table_accesses(g);
    for (unsigned j = 0; j < g->sc_events; j++)
        edge(g, before(g, j, pldi17), bit(j));
    for (unsigned l = 0; l < g->locs; l++)
        if (g->loc[l].init != NONE)
            location_edges(g, l, all_fences);
    for (unsigned k = 0; k < g->sc_events; k++)
        for (unsigned i = 0; i < g->sc_events; i++)
            if (g->sc[i].reaches & bit(k))
                g->sc[i].reaches |= g->sc[k].reaches;
    for (unsigned i = 0; i < g->sc_events; i++)
        if (g->sc[i].reaches & bit(i))
            return false;
    return true;
}
