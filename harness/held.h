/* held.h: one thread of a team stands still in the middle of a pop, and it is counted how many bytes
 * the queue holds after the others have passed so many items. Private to sample.c and judge.c.
 *
 *   thread 0        stops |          |          |          |  one pair
 *   the others            | 1000     | 10 000   | ...      |  100 000     items in all, in pairs
 *   bytes           0     ^ 1k       ^ 10k      ^          ^ after        everybody waits for the look
 *
 * The queue itself leaves the handle as such a thread has it (q_driver.stop): a signal would stop it
 * inside a pop only now and then. A worker that loses its processor inside an operation is a stopped
 * reader too, until it goes on. */
#ifndef HARNESS_HELD_H
#define HARNESS_HELD_H

#include "harness/record.h"
#include "queues/atomics.h"

enum { HELD_LOOKS = 5 }; /* after 0, 1000, 10 000, 100 000, 1 000 000 items */

struct member;
struct held {
    atomic(uint64_t) arrived; /* at all looks so far */
    uint64_t bytes[HELD_LOOKS], after;
};

/* What each thread does instead of its kernel. */
void held_work(struct held *h, struct member *m);

void held_collect(const struct held *h, struct record *r);

#endif
