/* observation.h: what travels through the observation queue: a record of 64 bytes.
 *
 *      key      sequence  enqueued  episode ──> [ references | line of the text ]
 *   [ 8 bytes |    8    |    8    |    8   | note 8 | space 23 | priority 1 ]
 *
 * The document's record has the same parts in the same 64 bytes, but its memory space is a string
 * whose characters lie elsewhere: a heap block for each record that its 64 bytes do not show. Here a
 * name of up to 22 characters lies in the record. The key comes first, because the queues of the lab
 * find the lane in its top two bits (queues/item.h). */
#ifndef OBSERVATION_QUEUE_OBSERVATION_H
#define OBSERVATION_QUEUE_OBSERVATION_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "queues/atomics.h"
#include "queues/item.h"

/* What was observed, shared by all that still need it. */
struct episode {
    atomic(uint32_t) references;
    uint32_t length;
    const char *text; /* not ours: the input stays */
};

static inline struct episode *episode_new(const char *text, uint32_t length)
{
    struct episode *const e = malloc(sizeof *e);
    if (e) {
        a_init(&e->references, 1);
        e->length = length;
        e->text = text;
    }
    return e;
}

/* Edges  used   release -> release   nobody reads the episode any more */
static inline void episode_release(struct episode *e)
{
    if (a_sub(&e->references, 1, release) == 1) { /* [used>] */
        (void)a_load(&e->references, acquire);    /* [>used] */
        free(e);
    }
}

enum { OBSERVATION_SPACE = 23 };

struct observation {
    uint64_t key; /* lane (2 bits) | number, never 0 */
    uint64_t sequence;
    uint64_t enqueued; /* ticks (harness/clock.h) */
    struct episode *episode;
    uint64_t note; /* of an experiment */
    char space[OBSERVATION_SPACE];
    uint8_t priority; /* Q_HIGH, Q_NORMAL, Q_LOW */
};
_Static_assert(sizeof(struct observation) == 64, "a record is one cache line");

static inline struct observation observation_of(unsigned priority, uint64_t sequence,
                                                struct episode *episode)
{
    return (struct observation){.key = (uint64_t)priority << 62 | (sequence + 1),
                                .sequence = sequence,
                                .episode = episode,
                                .space = "default",
                                .priority = (uint8_t)priority};
}

#endif
