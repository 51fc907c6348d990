/* executions.h: sets of executions of a litmus program, so that two ways to find them can be
 * compared. An execution is identified by which write each operation read from and by the place
 * that each write has in its variable's coherence order. */
#ifndef MODELS_LITMUS_EXECUTIONS_H
#define MODELS_LITMUS_EXECUTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "models/litmus/notation.h"

enum memory { MEMORY_RC11, MEMORY_PLDI17, MEMORY_SC, MEMORY_TSO, MEMORIES };
extern const char *const memory_names[MEMORIES];

enum { FROM_INITIAL = -1, FROM_NOTHING = -2 }; /* the variable's initial value; it does not read */

/* No padding: executions are compared as bytes. */
struct execution {
    int16_t from[LITMUS_OPS];  /* the operation whose write it reads */
    int16_t place[LITMUS_OPS]; /* of what it writes: 1, 2, ...; 0: it writes nothing */
    int32_t value[LITMUS_OPS]; /* what it reads */
    int32_t wrote[LITMUS_OPS];
};

struct executions {
    size_t n, room;
    struct execution *e;
};

void executions_clear(struct executions *s); /* empty, memory returned */
void execution_none(struct execution *e);    /* of no operation anything is known */
void executions_add(struct executions *s, const struct execution *e);
void executions_sort(struct executions *s);

/* How many are there twice? (Sorted.) */
size_t executions_duplicates(const struct executions *s);

/* Both sorted: the first that only one of them has, NULL when they are equal; *in_a: which one. */
const struct execution *executions_difference(const struct executions *a,
                                              const struct executions *b, bool *in_a);

/* "y=1 x=0 : x=1 y=1": the values read, in the program's order, then the variables' last values. */
void execution_outcome(const struct litmus *p, const struct execution *e, char *text, size_t size);

/* "y<-#1 x<-init ; x: #0": who read from whom and the order of writes; #n: the n-th operation. */
void execution_print(const struct litmus *p, const struct execution *e, char *text, size_t size);

/* Is every outcome of a one of b, and the other way round? */
bool executions_same_outcomes(const struct litmus *p, const struct executions *a,
                              const struct executions *b);

/* One line per outcome with its number of executions in a, and in b (which may be NULL). Returns
 * the number of outcomes. */
size_t executions_table(FILE *out, const struct litmus *p, const struct executions *a,
                        const struct executions *b);

#endif
