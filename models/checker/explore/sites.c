/* sites.c: which atomic operations were executed, and which of them synchronized. */
#include "models/checker/explore/sites.h"

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

void sites_synchronize(uint32_t from, uint32_t to)
{
    if (!from || !to)
        return;
    for (uint32_t i = (from * 2654435761u ^ to * 40503u) % EDGES_MAX, n = 0; n < EDGES_MAX;
         i = (i + 1) % EDGES_MAX, n++) {
        if (edges[i].from == 0)
            edges[i] = (struct site_edge){from, to};
        if (edges[i].from == from && edges[i].to == to)
            return;
    }
}

size_t explore_sites(struct site_use *out, size_t max)
{
    size_t n = 0;
    for (unsigned i = 0; i < SITES_MAX && n < max; i++)
        if (uses[i].site)
            out[n++] = uses[i];
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
