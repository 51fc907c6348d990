/* proof.h: the model checker on a document's code: cells whose samples are what it finds. */
#ifndef STUDIES_PROOF_H
#define STUDIES_PROOF_H

#include "studies/study.h"

/* models/mutants/PROGRAM.c, and what is to be found in it ("assertion", "livelock", ...). */
struct study_program {
    const char *program, *found;
};

/* A cell for each, in the experiment "checker"; its metric `found` is 1 or 0. How many: none, and a line
 * on stderr, where the checker is not: it wants the top of the project, and queuelab-model built. */
size_t study_proofs(struct study_cell *cells, const struct study_program *programs, size_t n);

/* 1: the checker found it in this run, 0: it did not, -1: it did not run. */
int study_proved(const struct study_judge *j, const char *program);

bool study_can_prove(void); /* models/qcheck and the checker are here */

/* Runs models/qcheck with this build's checker on a program, for as long as the sample may last. */
struct study_proof_result {
    bool violation, told; /* told: `words` begin a line of what it says, in upper or lower case */
    double executions;    /* all there are; -1: it did not come to its end */
};
/* False, and an error of the sample: it could not be run. */
bool study_prove(struct study_sample *s, const char *program, const char *flags, const char *words,
                 struct study_proof_result *r);

#endif
