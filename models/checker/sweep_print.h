/* sweep_print.h: --weaken all and --freeze all: explores many times and prints a line for each. */
#ifndef MODELS_CHECKER_SWEEP_PRINT_H
#define MODELS_CHECKER_SWEEP_PRINT_H

#include <stdio.h>

#include "models/checker/options.h"

/* Text or JSON. The exit status: 0 all was explored, else as verdict_status of what was not. */
int sweep_print(FILE *f, const struct options *o, struct explore_result *base);

#endif
