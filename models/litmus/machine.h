/* machine.h: all executions of a litmus program on a machine that takes its steps one by one: one
 * memory, and for TSO a queue of stores before it per thread. A third way to get SC and TSO, to
 * check the axioms with. */
#ifndef MODELS_LITMUS_MACHINE_H
#define MODELS_LITMUS_MACHINE_H

#include "models/litmus/executions.h"

/* Adds the executions to *set, sorted. buffered: TSO, else SC. */
void machine_explore(const struct litmus *p, bool buffered, struct executions *set);

#endif
