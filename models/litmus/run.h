/* run.h: all executions of a litmus program as the checker finds them. */
#ifndef MODELS_LITMUS_RUN_H
#define MODELS_LITMUS_RUN_H

#include "models/litmus/executions.h"

/* Tells the checker about the programs' variables, once per process. 0 or an errno. */
int run_litmus_init(void);

/* Adds what the checker finds to *set, sorted. right_to_left: the last thread first. False: the
 * checker reported something that no litmus program can do, counted other than it showed, or
 * showed a graph that is not one of this program; then `why` says what. */
bool run_litmus(const struct litmus *p, enum memory m, bool right_to_left, struct executions *set,
                char *why, size_t why_size);

#endif
