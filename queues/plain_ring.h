/* plain_ring.h: a circular buffer of a fixed size for one thread at a time: what mutex_ring, spin_ring
 * and combining_ring have under their lock. A part, not a queue: nothing here is atomic.
 *
 *        head & mask        tail & mask       item number i lives in slot[i & mask]
 *      ..[ ][ x ][ x ][ x ][ ]..              empty: tail == head; full: tail - head == mask + 1 */
#ifndef QUEUES_PLAIN_RING_H
#define QUEUES_PLAIN_RING_H

#include "queues/queue.h"

struct plain_ring {
    uint64_t head, tail; /* numbers of the oldest item and of the next; they only grow */
    size_t mask;
    q_item *slot;
};

static inline int plain_ring_init(struct plain_ring *r, struct q_memory *memory,
                                  const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    if (capacity == 0 || capacity > SIZE_MAX / 2 / sizeof *r->slot || cfg->when_full != Q_REFUSE)
        return EINVAL;
    *r = (struct plain_ring){.mask = capacity - 1,
                             .slot = q_alloc(memory, Q_LINE, capacity * sizeof *r->slot)};
    return r->slot ? 0 : ENOMEM;
}

static inline void plain_ring_destroy(struct plain_ring *r, struct q_memory *memory)
{
    q_free(memory, r->slot, Q_LINE, (r->mask + 1) * sizeof *r->slot);
}

static inline bool plain_ring_put(struct plain_ring *r, q_item item)
{
    if (r->tail - r->head > r->mask)
        return false;
    r->slot[r->tail++ & r->mask] = item;
    return true;
}

static inline bool plain_ring_get(struct plain_ring *r, q_item *item)
{
    if (r->tail == r->head)
        return false;
    *item = r->slot[r->head++ & r->mask];
    return true;
}

/* Takes the first of n items, as many as there is room for, in at most two pieces: how many. */
static inline size_t plain_ring_put_n(struct plain_ring *r, const q_item *items, size_t n)
{
    const size_t room = r->mask + 1 - (r->tail - r->head), at = r->tail & r->mask;
    if (n > room)
        n = room;
    const size_t first = n < r->mask + 1 - at ? n : r->mask + 1 - at;
    memcpy(r->slot + at, items, first * sizeof *items);
    memcpy(r->slot, items + first, (n - first) * sizeof *items);
    r->tail += n;
    return n;
}

/* Gives the oldest items, at most n: how many. */
static inline size_t plain_ring_get_n(struct plain_ring *r, q_item *items, size_t n)
{
    const size_t count = r->tail - r->head, at = r->head & r->mask;
    if (n > count)
        n = count;
    const size_t first = n < r->mask + 1 - at ? n : r->mask + 1 - at;
    memcpy(items, r->slot + at, first * sizeof *items);
    memcpy(items + first, r->slot, (n - first) * sizeof *items);
    r->head += n;
    return n;
}

#endif
