/* sc_tso.c: sequential consistency and x86-TSO as acyclicity of one relation. */
#include <string.h>

#include "models/checker/explore/consistent.h"

/* Runs the graph: an event may go when its thread has come to it and memory is as it must be. The
 * relation is acyclic exactly if everything gets its turn, whoever goes first. */
bool sc_consistent(const struct graph *g)
{
    static uint16_t next[MODEL_THREADS], holds[LOCS_MAX], readers[EVENTS_MAX];
    unsigned left = 0;
    memset(readers, 0, g->events * sizeof readers[0]);
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        if (e->kind == EV_INIT)
            holds[e->loc] = (uint16_t)i;
        else
            left++;
        if (e->kind == EV_READ)
            readers[e->rf]++;
    }
    memcpy(next, g->first, sizeof next);
    for (bool moved = true; moved && left;) {
        moved = false;
        for (unsigned t = 0; t < g->threads; t++) {
            for (; next[t] != NONE; next[t] = g->e[next[t]].po_next, left--, moved = true) {
                const struct event *e = &g->e[next[t]];
                if (e->kind == EV_READ) {
                    if (holds[e->loc] != e->rf)
                        break;
                    readers[e->rf]--;
                } else if (e->kind == EV_WRITE) {
                    if (holds[e->loc] != e->mo_prev || readers[e->mo_prev] != 0)
                        break;
                    holds[e->loc] = next[t];
                } else if (e->rf != NONE) { /* START and JOIN wait for their cause */
                    const struct event *cause = &g->e[e->rf];
                    const uint16_t at = next[cause->thread];
                    if (at != NONE && g->e[at].po <= cause->po)
                        break;
                }
            }
        }
    }
    return left == 0;
}

/* ---- TSO --------------------------------------------------------------------------------- */

static uint16_t edge_from[EVENTS_MAX][6]; /* at most six successors each, see below */
static uint8_t edges[EVENTS_MAX];

static void edge(uint16_t a, uint16_t b)
{
    if (a != NONE && b != NONE)
        edge_from[a][edges[a]++] = b;
}

/* Writes before it are in memory before it happens. */
static bool drains(const struct event *e)
{
    switch (e->kind) {
    case EV_READ:
        return e->rule != 0; /* locked, whether it writes or not */
    case EV_WRITE:
        return false;
    case EV_FENCE:
        return e->order == SEQ_CST;
    default:
        return true; /* births, ends and joins of threads */
    }
}

/* Reads after it read memory after it. */
static bool holds_reads(const struct event *e)
{
    if (e->kind == EV_WRITE)
        return e->order == SEQ_CST || e->flags & EVENT_RMW;
    return e->kind == EV_READ || drains(e);
}

static void program_order(const struct graph *g, unsigned t)
{
    uint16_t read = NONE, write = NONE, barrier = NONE; /* the nearest ones behind, from the end */
    for (uint16_t i = g->last[t]; i != NONE; i = g->e[i].po_prev) {
        const struct event *e = &g->e[i];
        if (e->kind == EV_FENCE && e->order != SEQ_CST)
            continue; /* for the compiler only */
        edge(i, write);
        if (barrier != write && barrier != read)
            edge(i, barrier);
        if (holds_reads(e))
            edge(i, read);
        else if (barrier == read)
            edge(i, barrier);
        if (e->kind == EV_READ)
            read = i;
        if (e->kind == EV_WRITE)
            write = i;
        if (drains(e))
            barrier = i;
    }
}

bool tso_consistent(const struct graph *g)
{
    static uint16_t degree[EVENTS_MAX], ready[EVENTS_MAX];
    memset(edges, 0, g->events);
    for (unsigned t = 0; t < g->threads; t++)
        program_order(g, t);
    for (unsigned i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        if (e->kind == EV_WRITE)
            edge((uint16_t)i, e->mo_next);
        else if (e->kind == EV_READ)
            edge((uint16_t)i, g->e[e->rf].mo_next);
    }
    memset(degree, 0, g->events * sizeof degree[0]);
    for (unsigned i = 0; i < g->events; i++) {
        for (unsigned k = 0; k < edges[i]; k++)
            degree[edge_from[i][k]]++;
        const struct event *e = &g->e[i];
        if (e->rf != NONE && g->e[e->rf].thread != e->thread && g->e[e->rf].kind != EV_INIT)
            degree[i]++; /* reads from another thread, births and joins */
    }
    unsigned n = 0, done = 0;
    for (unsigned i = 0; i < g->events; i++)
        if (degree[i] == 0)
            ready[n++] = (uint16_t)i;
    for (; done < n; done++) {
        const uint16_t i = ready[done];
        for (unsigned k = 0; k < edges[i]; k++)
            if (--degree[edge_from[i][k]] == 0)
                ready[n++] = edge_from[i][k];
        const struct event *c = &g->e[i];
        if (c->kind == EV_INIT ||
            !(c->kind == EV_WRITE || c->kind == EV_CREATE || c->kind == EV_END))
            continue;
        for (unsigned r = 0; r < g->events; r++)
            if (g->e[r].rf == i && g->e[r].thread != c->thread && --degree[r] == 0)
                ready[n++] = (uint16_t)r;
    }
    return n == g->events;
}
