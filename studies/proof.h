/* proof.h: the model checker on a document's code: a cell whose sample is what it finds. */
#ifndef STUDIES_PROOF_H
#define STUDIES_PROOF_H

#include "studies/study.h"

/* models/mutants/VARIANT.c, in which SETTING is to be found ("assertion", "livelock", ...): the metric
 * `found` is 1 or 0. From the top of the project, with the checker built. */
struct study_cell study_proof(const char *program, const char *found);

bool study_can_prove(void); /* both are here */

#endif
