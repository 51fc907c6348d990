/* spec.h: sequential queues: what an operation may answer in which state (the rules: history.h). */
#ifndef MODELS_CHECKER_SPEC_H
#define MODELS_CHECKER_SPEC_H

#include "models/checker/history/history.h"

/* A history and what follows from it once and for all. */
struct problem {
    const struct history *h;
    const struct spec *spec;
    uint32_t before[OPS_MAX]; /* operations that precede this one */
    uint32_t must;            /* those that returned */
    uint32_t overlaps;        /* those that overlap at least one other */
    uint8_t queue[OPS_MAX];   /* of a push: which of the spec's queues it goes to */
    uint8_t same[OPS_MAX];    /* of a push: the first push with the same item to the same queue */
};

/* Operations done, and the queue they leave behind. */
struct abstract {
    uint32_t done;
    uint8_t n;
    bool closed;
    uint8_t item[OPS_MAX]; /* pushes, by queue, the oldest first */
};

enum { SPEC_WAYS = OPS_MAX + 1 }; /* in which one operation may take effect */

void spec_prepare(struct problem *p, const struct history *h, const struct spec *spec);

/* The states that operation i may lead to from *s; none if it cannot answer what it did. */
unsigned spec_apply(const struct problem *p, const struct abstract *s, unsigned i,
                    struct abstract next[SPEC_WAYS]);

#endif
