/* locations.h: what atomics, locks and sleepers there are, by number; their memory. */
#ifndef MODELS_CHECKER_RUN_LOCATIONS_H
#define MODELS_CHECKER_RUN_LOCATIONS_H

#include "models/checker/run/step.h"

/* Numbered in the order in which they were first met, and for good: a graph that one exploration
 * leaves is run again by another one. */
struct location {
    uintptr_t address;
    uint8_t space, size;
};
extern struct locations {
    struct location at[LOCS_MAX];
    uint16_t hashed[4 * LOCS_MAX]; /* 1 + the location's number */
    unsigned n;
} locations;

static inline bool location_overlaps(const struct location *l, uintptr_t a, size_t n)
{
    return l->space == SPACE_MEMORY && l->address < a + n && a < l->address + l->size;
}

/* Its first access in this execution: it holds what memory holds. */
void location_begin(uint16_t loc, uintptr_t pc);

/* Atomics that live in these bytes get their last value in memory: a plain read finds it there. */
void locations_to_memory(uintptr_t a, size_t n);

/* The same everywhere, for a debugger in the middle of an execution. */
void locations_show(void);

#endif
