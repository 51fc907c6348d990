/* consistent.h: which execution graphs a memory model allows.
 *
 * Coherence and the atomicity of read-modify-writes are kept by the explorer while it builds
 * (explore.c: a read never reads, and a write is never placed, behind what its clock knows). This
 * is the rest, for the stronger models: what a whole graph must obey. RC11's rest is in rc11.h. */
#ifndef MODELS_CHECKER_CONSISTENT_H
#define MODELS_CHECKER_CONSISTENT_H

#include "models/checker/explore/explore.h"

/* SC (Lamport 1979): po, rf, mo and from-read together are acyclic. */
bool sc_consistent(const struct graph *g);

/* x86-TSO (Owens, Sarkar, Sewell 2009), in its axiomatic form: the global order made of po without
 * write-to-read, of fences and locked instructions, of reads from other threads, of mo and
 * from-read is acyclic. */
bool tso_consistent(const struct graph *g);

#endif
