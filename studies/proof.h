/* proof.h: the model checker on a document's code: a cell whose sample is what it finds. */
#ifndef STUDIES_PROOF_H
#define STUDIES_PROOF_H

#include "studies/study.h"

/* models/mutants/VARIANT.c, in which SETTING is to be found ("assertion", "livelock", ...): the metric
 * `found` is 1 or 0. From the top of the project, with the checker built. */
struct study_cell study_proof(const char *program, const char *found);

bool study_can_prove(void); /* both are here */

/* Runs models/qcheck with this build's checker on a program, for as long as the sample may last. */
struct study_proof_result {
    bool violation, told; /* told: `words` begin a line of what it says, in upper or lower case */
    double executions;    /* all there are; -1: it did not come to its end */
};
/* False, and an error of the sample: it could not be run. */
bool study_prove(struct study_sample *s, const char *program, const char *flags, const char *words,
                 struct study_proof_result *r);

#endif
