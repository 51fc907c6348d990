/* compare.h: the checker against the naive enumeration, the machine, and itself. */
#ifndef MODELS_LITMUS_COMPARE_H
#define MODELS_LITMUS_COMPARE_H

#include "models/litmus/executions.h"

enum { COMPARE_ALL = (1 << MEMORIES) - 1 };

/* The same executions under each wanted model (bit m: model m), whichever thread goes first?
 * False: `why` says what differs. */
bool compare(const struct litmus *p, unsigned wanted, char *why, size_t why_size);

/* For larger programs: the same executions whichever thread goes first, and under SC and TSO those
 * of the step-by-step machine? */
bool compare_policies(const struct litmus *p, unsigned wanted, char *why, size_t why_size);

/* Takes out of p, for which `agrees` (one of the above) is false, all that is not needed for
 * that. */
typedef bool comparison(const struct litmus *p, unsigned wanted, char *why, size_t why_size);
void compare_shrink(struct litmus *p, comparison *agrees, unsigned wanted, char *why,
                    size_t why_size);

#endif
