/* locations.h: what atomics, locks and sleepers there are, by number; their memory. */
#ifndef MODELS_CHECKER_RUN_LOCATIONS_H
#define MODELS_CHECKER_RUN_LOCATIONS_H

#include "models/checker/run/step.h"

/* Numbered in the order in which they were first met, and for good: a graph that one exploration
 * leaves is run again by another one. */
struct location {
    uintptr_t address;
    uint8_t space, size;
    bool pair; /* may be accessed by halves */
};
extern struct locations {
    struct location at[LOCS_MAX];
    uint16_t hashed[4 * LOCS_MAX]; /* 1 + the location's number */
    unsigned n;
    bool pairs; /* are there any? */
} locations;

static inline bool location_overlaps(const struct location *l, uintptr_t a, size_t n)
{
    return l->space == SPACE_MEMORY && l->address < a + n && a < l->address + l->size;
}

/* These 16 bytes are a pair, from the write on that follows: see rules.h. */
void location_pair(const volatile void *address);

/* The size of an access as rules have it: FIRST_HALF and SECOND_HALF in a pair. */
unsigned location_view(const volatile void *address, enum space space, unsigned size);

/* Its first access in this execution: it holds what memory holds. */
void location_begin(uint16_t loc, uintptr_t pc);

/* Atomics that live in these bytes get their last value in memory: a plain read finds it there. */
void locations_to_memory(uintptr_t a, size_t n);

/* The same everywhere, for a debugger in the middle of an execution. */
void locations_show(void);

#endif
