/* repair.h: which stronger orders take a fault away. Every answer was explored. */
#ifndef MODELS_CHECKER_REPAIR_H
#define MODELS_CHECKER_REPAIR_H

#include "models/checker/options.h"
#include "models/checker/report/report.h"

/* Tries single orders; if none of them works, looks for orders that do it together. Fills in what
 * *about says of repairs. *failed: as explore_again left it; it explores, so that the notes of the
 * failed execution are gone afterwards. */
void repair_search(const struct options *o, const struct explore_result *r,
                   const struct graph *failed, struct report_about *about);

#endif
