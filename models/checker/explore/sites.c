/* sites.c: which atomic operations were executed, and which of them synchronized. */
#include "models/checker/explore/sites.h"

#include <stdlib.h>
#include <string.h>

enum { SITES_MAX = 1024, EDGES_MAX = 4096 }; /* powers of two; more than a program has */

static struct site_use uses[SITES_MAX];
static struct site_edge edges[EDGES_MAX];

void sites_clear(void)
{
    memset(uses, 0, sizeof uses);
    memset(edges, 0, sizeof edges);
}

void sites_use(uint32_t site, enum event_kind kind, bool rmw, enum order order,
               enum order order_bad)
{
    if (!site)
        return;
    for (uint32_t i = site * 2654435761u % SITES_MAX, n = 0; n < SITES_MAX;
         i = (i + 1) % SITES_MAX, n++) {
        if (uses[i].site == 0)
            uses[i] = (struct site_use){.site = site,
                                        .kind = (uint8_t)kind,
                                        .order = (uint8_t)order,
                                        .order_bad = (uint8_t)order_bad};
        if (uses[i].site == site) {
            uses[i].rmw |= rmw;
            uses[i].times++;
            return;
        }
    }
}

/* Was it written by the program? What modelled calls are made of has no use. */
static bool is_written(uint32_t site)
{
    for (uint32_t i = site * 2654435761u % SITES_MAX, n = 0; site && n < SITES_MAX;
         i = (i + 1) % SITES_MAX, n++)
        if (uses[i].site == site || uses[i].site == 0)
            return uses[i].site == site;
    return false;
}

static void synchronize(uint32_t from, uint32_t to)
{
    if (!is_written(from) || !is_written(to))
        return;
    for (uint32_t i = (from * 2654435761u ^ to * 40503u) % EDGES_MAX, n = 0; n < EDGES_MAX;
         i = (i + 1) % EDGES_MAX, n++) {
        if (edges[i].from == 0)
            edges[i] = (struct site_edge){from, to};
        if (edges[i].from == from && edges[i].to == to)
            return;
    }
}

static bool is_fence(const struct event *e)
{
    return e->kind == EV_FENCE && !(e->flags & EVENT_LIGHT);
}

/* What makes write w a release: itself, or the fence before it; NULL: it is none. */
static const struct event *release_of(const struct graph *g, const struct event *w)
{
    if (order_releases((enum order)w->order))
        return w;
    for (uint16_t i = w->po_prev; i != NONE; i = g->e[i].po_prev)
        if (is_fence(&g->e[i]) && order_releases((enum order)g->e[i].order))
            return &g->e[i];
    return NULL;
}

/* Read r hands what the writes that it reads from released to `to`: itself, or a fence after it.
 * What `to` knew without that is no news. */
static void hand_over(const struct graph *g, const struct event *r, const struct event *to)
{
    const vclock nothing = {0};
    vclock known = to->po_prev == NONE ? nothing : g->e[to->po_prev].hb;
    for (const struct event *w = &g->e[r->rf]; w->kind == EV_WRITE;) {
        const struct event *from = release_of(g, w);
        if (from && from->thread != to->thread && !event_before(from, &known)) {
            synchronize(from->site, to->site);
            known = clock_join(known, from->hb);
        }
        if (!(w->flags & EVENT_RMW)) /* a release sequence goes on through what it read */
            break;
        w = &g->e[g->e[w->po_prev].rf];
    }
}

void sites_edges(const struct graph *g, void *unused)
{
    (void)unused;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const struct event *pending[EVENTS_MAX]; /* reads that a fence would complete */
        unsigned n = 0;
        for (uint16_t i = t < g->threads ? g->first[t] : NONE; i != NONE; i = g->e[i].po_next) {
            const struct event *e = &g->e[i];
            if (e->kind == EV_READ && order_acquires((enum order)e->order)) {
                hand_over(g, e, e);
            } else if (e->kind == EV_READ && is_written(e->site)) {
                pending[n++] = e;
            } else if (is_fence(e) && order_acquires((enum order)e->order)) {
                for (; n > 0; n--)
                    hand_over(g, pending[n - 1], e);
            }
        }
    }
}

static int by_site(const void *a, const void *b)
{
    const uint32_t x = ((const struct site_use *)a)->site, y = ((const struct site_use *)b)->site;
    return (x > y) - (x < y);
}

size_t explore_sites(struct site_use *out, size_t max)
{
    size_t n = 0;
    for (unsigned i = 0; i < SITES_MAX && n < max; i++)
        if (uses[i].site)
            out[n++] = uses[i];
    qsort(out, n, sizeof *out, by_site);
    return n;
}

size_t explore_edges(struct site_edge *out, size_t max)
{
    size_t n = 0;
    for (unsigned i = 0; i < EDGES_MAX && n < max; i++)
        if (edges[i].from)
            out[n++] = edges[i];
    return n;
}
