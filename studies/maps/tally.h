/* tally.h: a count that many threads change and few read: a line for each thread that is attached.
 *
 *   [ n ][ n ][ n ]   each changed by its owner alone, by a load and a store; their sum is the count
 *
 * No locked instruction and no line that moves between processors: what counting costs where it is
 * done right (java.util.concurrent's LongAdder, Lea 2012, here without its collisions). The sum is
 * exact while nobody counts; else each part is from some instant of the call.
 *
 * Edges   listed    attach -> attach, sum   the part's fields are initialised
 *         left      detach -> attach        what the last owner counted */
#ifndef STUDIES_MAPS_TALLY_H
#define STUDIES_MAPS_TALLY_H

#include "queues/queue.h"

struct tally_part {
    alignas(Q_LINE) struct tally_part *next; /* constant in the list */
    atomic(uint32_t) taken;
    atomic(uint64_t) n; /* the owner's; others read */
};

struct tally {
    atomic(struct tally_part *) parts; /* never freed before the tally is */
};

static inline void tally_init(struct tally *t) { a_init(&t->parts, NULL); }

static inline void tally_destroy(struct tally *t, struct q_memory *memory)
{
    for (struct tally_part *p = a_load(&t->parts, relaxed); p;) {
        struct tally_part *const next = p->next;
        q_free(memory, p, Q_LINE, sizeof *p);
        p = next;
    }
}

/* A part for the caller alone, or NULL: no memory. */
static inline struct tally_part *tally_attach(struct tally *t, struct q_memory *memory)
{
    for (struct tally_part *p = a_load(&t->parts, acquire); p; p = p->next) { /* [>listed] */
        uint32_t taken = 0;
        if (a_load(&p->taken, relaxed) == 0 &&
            a_cas(&p->taken, &taken, 1, acquire, relaxed)) /* [>left] */
            return p;
    }
    struct tally_part *const p = q_alloc(memory, Q_LINE, sizeof *p);
    if (!p)
        return NULL;
    a_init(&p->taken, 1);
    a_init(&p->n, 0);
    p->next = a_load(&t->parts, relaxed);
    while (!a_cas_weak(&t->parts, &p->next, p, release, relaxed)) /* [listed>] */
        ;
    return p;
}

static inline void tally_detach(struct tally_part *p)
{
    a_store(&p->taken, 0, release); /* [left>] */
}

/* The owner's; n may be negative, modulo 2^64. */
static inline void tally_add(struct tally_part *p, uint64_t n)
{
    a_store(&p->n, a_load(&p->n, relaxed) + n, relaxed);
}

static inline uint64_t tally_sum(const struct tally *t)
{
    uint64_t sum = 0;
    for (const struct tally_part *p = a_load(&t->parts, acquire); p; p = p->next) /* [>listed] */
        sum += a_load(&p->n, relaxed);
    return sum;
}

/* The sum as a number of things: an insert may be missed that its remove is not. */
static inline size_t tally_size(const struct tally *t)
{
    const uint64_t n = tally_sum(t);
    return (int64_t)n > 0 ? (size_t)n : 0;
}

#endif
