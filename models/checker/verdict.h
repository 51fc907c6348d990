/* verdict.h: what an exploration came to, told once it is over: text or JSON, and exit status. */
#ifndef MODELS_CHECKER_VERDICT_H
#define MODELS_CHECKER_VERDICT_H

#include <stdio.h>

#include "models/checker/options.h"

/* 0 nothing found, 1 a violation, 3 out of budget, 4 something that cannot be modelled. */
int verdict_status(const struct options *o, const struct explore_result *r);

/* After a fault this explores again, to report it and to try repairs. False: the picture of it could
 * not be written, and why; all else was. */
bool verdict_print(FILE *f, const struct options *o, struct explore_result *r, char *why,
                   size_t size);

/* The operation that --weaken names becomes o->explore.weaken_site; the orders are those of the
 * exploration that was just done. False: why. */
bool verdict_find_site(struct options *o, char *why, size_t size);

#endif
