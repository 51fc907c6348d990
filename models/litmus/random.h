/* random.h: small litmus programs drawn by chance. */
#ifndef MODELS_LITMUS_RANDOM_H
#define MODELS_LITMUS_RANDOM_H

#include "harness/stats.h"
#include "models/litmus/notation.h"

/* 2 to 6 threads of 1 to 5 operations on 1 to 3 variables, small enough for enumerate(); `large`:
 * larger than that. */
void litmus_random(struct litmus *p, struct stats_random *r, bool large);

#endif
