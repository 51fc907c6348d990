/* memory.h: where queues get their memory: counted, and able to fail on request. */
#ifndef QUEUES_MEMORY_H
#define QUEUES_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "queues/atomics.h"
#include "queues/item.h"
#include "queues/traits.h"

/* One per queue, named `memory`. Allocation is never on a fast path, so counting is free. */
struct q_memory {
    atomic(size_t) live, peak;
    atomic(uint64_t) calls;
    uint64_t fails_at;
};

static inline void q_memory_init(struct q_memory *m, const struct q_config *cfg)
{
    a_init(&m->live, 0);
    a_init(&m->peak, 0);
    a_init(&m->calls, 0);
    m->fails_at = cfg->alloc_fails_at;
}

/* `bytes` of memory on a boundary of `align` (a power of two), or NULL. Not cleared. */
static inline void *q_alloc(struct q_memory *m, size_t align, size_t bytes)
{
    if (align < sizeof(void *))
        align = sizeof(void *);
    if (bytes > SIZE_MAX - align)
        return NULL;
    bytes = (bytes + align - 1) & ~(align - 1);
    if (a_add(&m->calls, 1, relaxed) + 1 == m->fails_at)
        return NULL;
    void *p = aligned_alloc(align, bytes);
    if (!p)
        return NULL;
    const size_t live = a_add(&m->live, bytes, relaxed) + bytes;
    size_t peak = a_load(&m->peak, relaxed);
    while (peak < live && !a_cas_weak(&m->peak, &peak, live, relaxed, relaxed))
        ;
    return p;
}

/* Gives back what q_alloc(m, align, bytes) gave; NULL is nothing. */
static inline void q_free(struct q_memory *m, void *p, size_t align, size_t bytes)
{
    if (!p)
        return;
    if (align < sizeof(void *))
        align = sizeof(void *);
    a_sub(&m->live, (bytes + align - 1) & ~(align - 1), relaxed);
    free(p);
}

static inline struct q_bytes q_memory_bytes(const struct q_memory *m, size_t itself)
{
    return (struct q_bytes){.now = itself + a_load(&m->live, relaxed),
                            .peak = itself + a_load(&m->peak, relaxed)};
}

/* The smallest power of two >= n and >= least; 0 when there is none. */
static inline size_t q_round_up(size_t n, size_t least)
{
    size_t p = least;
    while (p && p < n)
        p <<= 1;
    return p;
}

#endif
