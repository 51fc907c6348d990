/* sums.h: what one worker has summed up for each key, in a table that nobody else looks into. A part.
 *
 *   hash ─► slot [ . 3 . 1 . 2 ... ] ─► sum [ 1 ][ 2 ][ 3 ]   in the order in which keys came
 *
 * Keys must last as long as the sums. Of a batch (put to the states of all when it is over), or of a
 * whole window. */
#ifndef STUDIES_STREAM_ENGINE_SUMS_H
#define STUDIES_STREAM_ENGINE_SUMS_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "studies/stream_engine/groups.h"

struct sums {
    struct update *sum;
    uint32_t *slot; /* 0: free; else one more than the place in `sum` */
    size_t n, room, mask;
};

/* Lines that no other worker's sums are in; zeroed. */
static inline void *sums_lines(size_t bytes)
{
    bytes = (bytes + Q_LINE - 1) & ~(size_t)(Q_LINE - 1);
    void *const p = aligned_alloc(Q_LINE, bytes);
    return p ? memset(p, 0, bytes) : NULL;
}

static inline int sums_init(struct sums *s, size_t room)
{
    room = room < 8 ? 8 : room;
    const size_t slots = q_round_up(4 * room, 64);
    *s = (struct sums){.mask = slots - 1, .room = room};
    s->sum = sums_lines(room * sizeof *s->sum);
    s->slot = sums_lines(slots * sizeof *s->slot);
    return s->sum && s->slot ? 0 : ENOMEM;
}

static inline void sums_destroy(struct sums *s)
{
    free(s->sum);
    free(s->slot);
}

static inline void sums_clear(struct sums *s)
{
    if (s->n)
        memset(s->slot, 0, (s->mask + 1) * sizeof *s->slot);
    s->n = 0;
}

static __attribute__((noinline)) bool sums_grow(struct sums *s)
{
    struct sums larger;
    if (sums_init(&larger, 2 * s->room)) {
        sums_destroy(&larger);
        return false;
    }
    memcpy(larger.sum, s->sum, s->n * sizeof *s->sum);
    for (; larger.n < s->n; larger.n++) {
        size_t at = map_hash(s->sum[larger.n].hash) & larger.mask;
        while (larger.slot[at])
            at = (at + 1) & larger.mask;
        larger.slot[at] = (uint32_t)larger.n + 1;
    }
    sums_destroy(s);
    *s = larger;
    return true;
}

/* False: no memory, and nothing is changed. */
static inline bool sums_add(struct sums *s, const struct update *u)
{
    for (size_t at = map_hash(u->hash) & s->mask;; at = (at + 1) & s->mask) {
        if (!s->slot[at]) {
            if (s->n == s->room)
                return sums_grow(s) && sums_add(s, u);
            s->sum[s->n] = *u;
            s->slot[at] = (uint32_t)++s->n;
            return true;
        }
        struct update *const sum = &s->sum[s->slot[at] - 1];
        if (sum->key != u->key && (sum->hash != u->hash || strcmp(sum->key, u->key) != 0))
            continue;
        sum->count += u->count;
        sum->sum += u->sum;
        sum->least = u->least < sum->least ? u->least : sum->least;
        sum->most = u->most > sum->most ? u->most : sum->most;
        return true;
    }
}

#endif
