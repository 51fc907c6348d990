/* graph.c: adding to execution graphs, ordering writes, cutting graphs down, keeping copies. */
#include "models/checker/explore/graph.h"

#include <stdlib.h>
#include <string.h>

void graph_clear(struct graph *g)
{
    g->events = g->locs = g->threads = 0;
    g->urgent = NONE;
    g->spurious = g->timeouts = g->sc_events = 0;
    g->sc_fences = g->sc_light = g->sc_heavy = 0;
    g->weight = 1;
    memset(g->first, 0xff, sizeof g->first);
    memset(g->last, 0xff, sizeof g->last);
}

static void grow_locs(struct graph *g, uint16_t loc)
{
    while (g->locs <= loc)
        g->loc[g->locs++] = (struct graph_loc){.init = NONE, .mo_last = NONE, .last = NONE};
}

struct event *graph_add(struct graph *g, enum event_kind kind, unsigned t, uint16_t loc)
{
    if (g->events == EVENTS_MAX)
        return NULL;
    const uint16_t id = g->events++;
    struct event *e = &g->e[id];
    memset(e, 0, sizeof *e);
    e->kind = (uint8_t)kind;
    e->thread = (uint8_t)t;
    e->loc = loc;
    e->po_prev = e->po_next = e->loc_prev = e->rf = e->mo_prev = e->mo_next = NONE;
    if (t != NONE_THREAD) {
        const uint16_t prev = g->last[t];
        e->po = 1;
        if (prev != NONE) {
            struct event *p = &g->e[prev];
            e->po = (uint16_t)(p->po + 1);
            e->po_prev = prev;
            p->po_next = id;
            e->hb = p->hb;
            e->porf = p->porf;
        } else {
            g->first[t] = id;
        }
        e->hb[t] = e->porf[t] = e->po;
        g->last[t] = id;
        if (t >= g->threads)
            g->threads = (uint16_t)(t + 1);
    }
    if (loc != NONE) {
        grow_locs(g, loc);
        e->loc_prev = g->loc[loc].last;
        g->loc[loc].last = id;
        if (kind == EV_INIT)
            g->loc[loc].init = g->loc[loc].mo_last = id;
    }
    return e;
}

void graph_drop_last(struct graph *g)
{
    const struct event *e = &g->e[--g->events];
    if (e->thread != NONE_THREAD) {
        g->last[e->thread] = e->po_prev;
        if (e->po_prev != NONE)
            g->e[e->po_prev].po_next = NONE;
        else
            g->first[e->thread] = NONE;
    }
    if (e->loc != NONE)
        g->loc[e->loc].last = e->loc_prev;
}

void graph_place(struct graph *g, uint16_t w, uint16_t after)
{
    struct event *e = &g->e[w], *a = &g->e[after];
    e->mo_prev = after;
    e->mo_next = a->mo_next;
    a->mo_next = w;
    if (e->mo_next != NONE)
        g->e[e->mo_next].mo_prev = w;
    else
        g->loc[e->loc].mo_last = w;
    uint16_t mo = a->mo;
    for (uint16_t i = w; i != NONE; i = g->e[i].mo_next)
        g->e[i].mo = ++mo;
}

void graph_unplace(struct graph *g, uint16_t w)
{
    struct event *e = &g->e[w];
    g->e[e->mo_prev].mo_next = e->mo_next; /* an INIT comes before every write */
    if (e->mo_next != NONE)
        g->e[e->mo_next].mo_prev = e->mo_prev;
    else
        g->loc[e->loc].mo_last = e->mo_prev;
    for (uint16_t i = e->mo_next; i != NONE; i = g->e[i].mo_next)
        g->e[i].mo--;
    e->mo_prev = e->mo_next = NONE;
}

void graph_restrict(struct graph *to, const struct graph *from, const bool *keep, uint16_t *map)
{
    bool used[LOCS_MAX];
    memset(used, 0, from->locs);
    for (unsigned i = 0; i < from->events; i++)
        if (keep[i] && from->e[i].kind != EV_INIT && from->e[i].loc != NONE)
            used[from->e[i].loc] = true;

    to->events = 0;
    to->locs = from->locs;
    to->threads = to->sc_events = 0; /* rc11_rebuild finds them again */
    to->urgent = NONE;
    to->weight = from->weight;
    memset(to->first, 0xff, sizeof to->first);
    memset(to->last, 0xff, sizeof to->last);
    for (unsigned l = 0; l < to->locs; l++)
        to->loc[l] = (struct graph_loc){.init = NONE, .mo_last = NONE, .last = NONE};

    for (unsigned i = 0; i < from->events; i++) {
        const struct event *e = &from->e[i];
        if (!keep[i] || (e->kind == EV_INIT && !used[e->loc])) {
            map[i] = NONE;
            continue;
        }
        const uint16_t id = map[i] = to->events++;
        struct event *n = &to->e[id];
        *n = *e;
        n->po_next = NONE;
        if (n->po_prev != NONE) { /* a thread's prefix is kept: its predecessor is there */
            n->po_prev = map[n->po_prev];
            to->e[n->po_prev].po_next = id;
        }
        if (n->thread != NONE_THREAD) {
            if (n->po == 1)
                to->first[n->thread] = id;
            to->last[n->thread] = id;
            if (n->thread >= to->threads)
                to->threads = (uint16_t)(n->thread + 1);
        }
        if (n->loc != NONE) {
            n->loc_prev = to->loc[n->loc].last;
            to->loc[n->loc].last = id;
            if (n->kind == EV_INIT)
                to->loc[n->loc].init = to->loc[n->loc].mo_last = id;
        }
    }
    to->spurious = to->timeouts = 0;
    for (unsigned i = 0; i < to->events; i++) {
        struct event *e = &to->e[i];
        if (e->rf != NONE)
            e->rf = map[e->rf];
        e->mo_prev = e->mo_next = NONE;
        if (e->kind == EV_CHOICE && e->value != 0) {
            to->spurious = (uint16_t)(to->spurious +
                                      (e->rule == BUDGET_SPURIOUS || e->rule == BUDGET_WAKEUPS));
            to->timeouts = (uint16_t)(to->timeouts + (e->rule == BUDGET_TIMEOUTS));
        }
    }
    for (unsigned l = 0; l < to->locs; l++) {
        if (to->loc[l].init == NONE)
            continue;
        uint16_t last = to->loc[l].init, mo = 0;
        for (uint16_t w = from->e[from->loc[l].init].mo_next; w != NONE; w = from->e[w].mo_next) {
            const uint16_t id = map[w];
            if (id == NONE)
                continue;
            to->e[last].mo_next = id;
            to->e[id].mo_prev = last;
            to->e[id].mo = ++mo;
            last = id;
        }
        to->loc[l].mo_last = last;
    }
}

/* ---- copies ------------------------------------------------------------------------------ */

/* One block: the head of a graph, then the used parts of its arrays. */
struct saved_graph {
    size_t bytes;
    struct snapshot *from;
    uint16_t events, locs, sc_events;
    unsigned char data[];
};

static const size_t head_bytes = offsetof(struct graph, loc);

struct saved_graph *graph_save(const struct graph *g)
{
    const size_t locs = g->locs * sizeof g->loc[0], sc = g->sc_events * sizeof g->sc[0],
                 events = g->events * sizeof g->e[0];
    struct saved_graph *s = malloc(sizeof *s + head_bytes + locs + sc + events);
    if (!s)
        return NULL;
    s->bytes = sizeof *s + head_bytes + locs + sc + events;
    s->from = NULL;
    s->events = g->events;
    s->locs = g->locs;
    s->sc_events = g->sc_events;
    unsigned char *to = s->data;
    memcpy(to, g, head_bytes);
    memcpy(to += head_bytes, g->loc, locs);
    memcpy(to += locs, g->sc, sc);
    memcpy(to + sc, g->e, events);
    return s;
}

void graph_load(struct graph *g, const struct saved_graph *s)
{
    const size_t locs = s->locs * sizeof g->loc[0], sc = s->sc_events * sizeof g->sc[0];
    const unsigned char *from = s->data;
    memcpy(g, from, head_bytes);
    memcpy(g->loc, from += head_bytes, locs);
    memcpy(g->sc, from += locs, sc);
    memcpy(g->e, from + sc, s->events * sizeof g->e[0]);
}

struct snapshot **graph_saved_from(struct saved_graph *saved) { return &saved->from; }
size_t graph_saved_bytes(const struct saved_graph *saved) { return saved->bytes; }

struct saved_graph *graph_saved_clone(const void *bytes)
{
    size_t n;
    memcpy(&n, bytes, sizeof n);
    struct saved_graph *s = malloc(n);
    if (s) {
        memcpy(s, bytes, n);
        s->from = NULL;
    }
    return s;
}

void graph_saved_set_weight(struct saved_graph *saved, double weight)
{
    memcpy(saved->data + offsetof(struct graph, weight), &weight, sizeof weight);
}

/* ---- identity ---------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t x)
{
    h ^= x + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

/* An event's name that does not depend on stamps. */
static uint64_t name_of(const struct graph *g, uint16_t id)
{
    const struct event *e = &g->e[id];
    return e->kind == EV_INIT ? 0x100000u + e->loc : (uint64_t)e->thread << 16 | e->po;
}

uint64_t graph_hash(const struct graph *g)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        uint64_t h = mix(name_of(g, (uint16_t)i), e->kind);
        if (e->rf != NONE)
            h = mix(h, name_of(g, e->rf));
        if (e->mo_prev != NONE)
            h = mix(h, 0x200000u + name_of(g, e->mo_prev));
        if (e->kind == EV_CHOICE)
            h = mix(h, (uint64_t)e->value);
        sum += h; /* whatever the order in which they were added */
    }
    return mix(sum, g->events);
}
