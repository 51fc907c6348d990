/* census.h: what one push and one pop are made of, counted instruction by instruction.
 *
 * A process of its own makes the queue and warms it up; then its operations run one machine
 * instruction at a time, and each is looked at: locked ones (with a lock prefix, or an exchange with
 * memory), fences, all. So what is counted is what was executed by one thread alone, not what stands
 * in the code; what rivals add (failed compare-and-swaps, waiting) is counted by the queues.
 *
 * x86-64 only: elsewhere, and where the kernel forbids it (ptrace), nothing is counted. */
#ifndef HARNESS_CENSUS_H
#define HARNESS_CENSUS_H

#include <stdint.h>

#include "harness/driver.h"

struct census {
    uint64_t operations; /* of each kind; 0: nothing was counted */
    struct {
        uint64_t instructions, locked, fences;
    } push, pop;
};

enum { CENSUS_OPERATIONS = 48 };

/* 0, or an errno: the queue could not be made, or its process died. */
int census_take(const struct q_driver *d, uint64_t capacity, struct census *out);

/* What the bytes at the beginning of an instruction say; for tests. */
enum census_kind { CENSUS_PLAIN, CENSUS_LOCKED, CENSUS_FENCE };
enum census_kind census_look(const unsigned char *code, unsigned size);

#endif
