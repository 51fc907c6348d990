/* options.h: the command line of queuelab-model. */
#ifndef MODELS_CHECKER_OPTIONS_H
#define MODELS_CHECKER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "models/checker/explore/explore.h"

struct options {
    struct explore_options explore;
    const char *object;   /* the shared object */
    const char *name;     /* what to call the program: its source file */
    const char *replay;   /* the command that shows this again, or NULL */
    const char *svg;      /* the counterexample as a picture goes into this file, or NULL */
    const char *function; /* start here instead of at main, or NULL */
    const char *weaken;   /* WHERE of --weaken WHERE=ORDER, or NULL */
    size_t weaken_length;
    bool weaken_both;  /* the order of failure was given as well */
    bool weaken_all;   /* --weaken all: every one in turn */
    const char *known; /* but for those in this file, or NULL */
    bool freeze_all;   /* --freeze all: every thread after every step */
    bool freeze_any;   /* --freeze any: the same, until each operation has been held up */
    bool json, sites, edges, scenarios, quiet, gdb, help;
    bool colour; /* main decides */
};

/* False: why names the word that is wrong and what to write instead. */
bool options_read(int argc, char **argv, struct options *o, char *why, size_t size);

void options_help(FILE *f); /* the options, one per line: also part of qcheck's manual */

const char *options_model_name(const struct explore_options *o); /* "RC11", "SC", "TSO" */

#endif
