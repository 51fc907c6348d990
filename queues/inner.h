/* inner.h: the inner queue of a queue that is made of several others (lanes.h, relaxed_lanes.h):
 * LANES_INNER from LANES_INNER_H, by default segment_mpmc. A part, not a queue.
 *
 *   LANES_IN(_push)(&l->lane[i], ...)     the inner queue's push */
#ifndef QUEUES_INNER_H
#define QUEUES_INNER_H

#ifndef LANES_INNER
#define LANES_INNER   segment_mpmc
#define LANES_INNER_H "queues/segment_mpmc.h"
#endif
#include LANES_INNER_H

#define LANES_PASTE_(a, b) a##b
#define LANES_PASTE(a, b)  LANES_PASTE_(a, b)
#define LANES_IN(name)     LANES_PASTE(LANES_INNER, name)

/* Inner handles count for themselves: on detach, what they went through goes to the outer one. */
static inline void inner_counts_move(struct q_counts *outer, struct q_counts *inner)
{
    outer->cas_failed += inner->cas_failed;
    outer->retries += inner->retries;
    outer->parks += inner->parks;
    outer->wakes += inner->wakes;
    *inner = (struct q_counts){0};
}

/* alloc_fails_at counts through all inner queues: what is left of it after one of them. */
static inline uint64_t inner_fails_at(uint64_t fails_at, const struct q_memory *inner)
{
    const uint64_t calls = a_load(&inner->calls, relaxed);
    return fails_at > calls ? fails_at - calls : 0;
}

#endif
