/* near_index.h: which of many vectors are nearest to this one: a hierarchical navigable small world.
 *
 *   layer 2                  o ──────────────── o           few vectors, long links: the search
 *   layer 1        o ─────── o ──── o ───────── o           enters here, walks to the nearest,
 *   layer 0   o ── o ── o ── o ── o ─ o ── o ── o ── o      and goes down; all vectors are in 0
 *
 * Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical
 * navigable small world graphs", 2016: algorithms 1, 2, 4, 5. One thread at a time. */
#ifndef OBSERVATION_QUEUE_NEAR_INDEX_H
#define OBSERVATION_QUEUE_NEAR_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "harness/stats.h"
#include "text.h"

enum {
    NEAR_LINKS = 12,  /* of a vector in each layer; twice as many in layer 0 */
    NEAR_LAYERS = 16, /* at most */
    NEAR_BUILD = 64,  /* candidates that an insertion looks at */
    NEAR_SEARCH = 64, /* ... and a search, or as many as it is asked for */
    NEAR_MOST = 512,  /* neighbours one search can be asked for */
};

struct near_found {
    float distance; /* squared */
    uint32_t id;    /* by order of insertion */
};

struct near_index {
    size_t capacity, n;
    float *vector;   /* [capacity][TEXT_PLACES] */
    uint8_t *layers; /* of each vector: it is in layers 0 to layers[id] */
    uint32_t **link; /* of each vector: for each of its layers a count, then so many ids */
    uint32_t entry;
    uint32_t *seen, round; /* seen[id] == round: visited by this search */
    struct near_found *candidate, *found;
    struct stats_random random;
};

int near_index_init(struct near_index *x, size_t capacity, uint64_t seed); /* 0 or ENOMEM */
void near_index_release(struct near_index *x);

/* 0; ENOSPC: there is no room for more; ENOMEM: nothing has changed. */
int near_index_insert(struct near_index *x, const float vector[TEXT_PLACES]);

/* The k nearest (k <= NEAR_MOST), nearest first; how many there are. Approximate. */
size_t near_index_search(struct near_index *x, const float vector[TEXT_PLACES], size_t k,
                         struct near_found *to);

/* The same by looking at all of them: what the approximation is held against. */
size_t near_index_exact(const struct near_index *x, const float vector[TEXT_PLACES], size_t k,
                        struct near_found *to);

#endif
