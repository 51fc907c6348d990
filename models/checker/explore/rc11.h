/* rc11.h: RC11's axiom about seq_cst accesses and fences: the relation psc among them is acyclic.
 *
 * psc (Lahav et al., PLDI 2017, section 3; C++20 has it with sb;hb;sb for sb|!=loc;hb;sb|!=loc):
 *   scb      = sb | sb;hb;sb | hb|loc | mo | fr
 *   psc_base = ([Esc] | [Fsc];hb?) ; scb ; ([Esc] | hb?;[Fsc])
 *   psc_F    = [Fsc] ; (hb | hb;eco;hb) ; [Fsc]
 * A graph keeps what each seq_cst event reaches. A new event has nothing after it in hb, so it can
 * only add edges that begin at it (or at fences before it), and, if seq_cst itself, edges that end
 * at it: that is what is looked at. After a revisit the relation is built from nothing. */
#ifndef MODELS_CHECKER_RC11_H
#define MODELS_CHECKER_RC11_H

#include "models/checker/explore/graph.h"

/* May the newest event (a read with its source, or a write in its place) be there? */
bool rc11_allows(const struct graph *g, uint16_t id, bool pldi17);

/* It is there: g's relation with it. Also for fences. */
void rc11_accept(struct graph *g, uint16_t id, bool pldi17);

/* The relation of a whole graph; false: it has a cycle. */
bool rc11_rebuild(struct graph *g, bool pldi17);

/* Is it one of the relation's events? */
static inline bool rc11_counts(const struct event *e)
{
    return e->order == SEQ_CST &&
           (e->kind == EV_READ || e->kind == EV_WRITE || e->kind == EV_FENCE);
}

#endif
