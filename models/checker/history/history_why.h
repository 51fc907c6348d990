/* history_why.h: which results of a history no order explains, in words. */
#ifndef MODELS_CHECKER_HISTORY_WHY_H
#define MODELS_CHECKER_HISTORY_WHY_H

#include "models/checker/history/spec.h"

/* Some order of the operations that explains all results; false: none does. */
bool history_solve(const struct problem *p, uint8_t *order);

/* At most three sentences about a history that history_solve says no to. */
void history_why(const struct problem *p, char *why, size_t size);

#endif
