/* axioms.h: is one candidate execution allowed? The memory models in relational form. */
#ifndef MODELS_LITMUS_AXIOMS_H
#define MODELS_LITMUS_AXIOMS_H

#include "models/litmus/executions.h"
#include "models/litmus/relation.h"

/* A candidate as events and relations. Initial writes are events, too. */
struct candidate {
    unsigned n;
    event_set reads, writes, fences;
    event_set acquires, releases, seq_cst; /* by order, of any kind */
    event_set locked;                      /* both halves of read-modify-writes, also of a
                                              compare-exchange that failed */
    struct relation sb;                    /* program order; initial writes before all others */
    struct relation same_location;         /* among reads and writes */
    struct relation internal;              /* of the same thread */
    struct relation rmw;                   /* from the read of a read-modify-write to its write */
    struct relation rf, mo, rb;
};

/* p's execution e in these terms. */
void candidate_build(struct candidate *c, const struct litmus *p, const struct execution *e);

/* Is the union of program order and reads-from assumed to have no cycle: the caller's business. */
bool candidate_allowed(const struct candidate *c, enum memory m);

#endif
