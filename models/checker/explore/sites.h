/* sites.h: which atomic operations were executed, and which of them synchronized. */
#ifndef MODELS_CHECKER_SITES_H
#define MODELS_CHECKER_SITES_H

#include "models/checker/explore/explore.h"

void sites_clear(void);
void sites_use(uint32_t site, enum event_kind kind, bool rmw, enum order order,
               enum order order_bad);
/* An execution is over: its edges (explore_edges); an on_complete of explore(). */
void sites_edges(const struct graph *g, void *unused);

#endif
