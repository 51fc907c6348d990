/* enumerate.h: all executions of a litmus program, the slow and simple way.
 *
 * Every choice of a write for each read, times every order of each variable's writes, is held
 * against the axioms of the memory model, which are written down as in the papers (relation.h).
 * Shares nothing with the checker, so that the two can be compared. */
#ifndef MODELS_LITMUS_ENUMERATE_H
#define MODELS_LITMUS_ENUMERATE_H

#include "models/litmus/executions.h"

/* At most this many candidates have to be judged. */
double enumerate_candidates(const struct litmus *p);

/* Adds the executions that each memory model allows to its set; `wanted` has bit m for model m. */
void enumerate(const struct litmus *p, unsigned wanted, struct executions set[MEMORIES]);

#endif
