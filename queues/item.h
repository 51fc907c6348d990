/* item.h: what travels through a queue, and what C and C++ both need to carry it. */
#ifndef QUEUES_ITEM_H
#define QUEUES_ITEM_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define Q_LINE                                                                                     \
    128 /* separation of what different threads write: two 64-byte lines, because
                      Intel's spatial prefetcher fetches them in pairs */

/* Items travel by value: 8 bytes, or with -DQ_ITEM_BYTES=64 a record of one cache line. Queues
 * only copy them; priority queues ask q_lane. The key of an item is never 0 (some algorithms
 * write 0 for "nothing here"). */
#ifndef Q_ITEM_BYTES
#define Q_ITEM_BYTES 8
#endif

#if Q_ITEM_BYTES == 8
typedef uint64_t q_item;
static inline uint64_t q_key(const q_item *item) { return *item; }
static inline q_item q_item_of(uint64_t key) { return key; }
static inline bool q_intact(const q_item *item) /* all of it was written by one push */
{
    return *item != 0;
}
#else
static_assert(Q_ITEM_BYTES % 8 == 0 && Q_ITEM_BYTES > 8, "an item is a whole number of words");
typedef struct {
    uint64_t word[Q_ITEM_BYTES / 8]; /* the key first, the rest derived from it */
} q_item;
static inline uint64_t q_key(const q_item *item) { return item->word[0]; }
static inline q_item q_item_of(uint64_t key)
{
    q_item item;
    for (uint64_t i = 0; i < Q_ITEM_BYTES / 8; i++)
        item.word[i] = key ^ i;
    return item;
}
static inline bool q_intact(const q_item *item)
{
    return (item->word[Q_ITEM_BYTES / 8 - 1] ^ (Q_ITEM_BYTES / 8 - 1)) == item->word[0];
}
#endif

/* Priority lanes: the top two bits of the key. 0 is the most urgent; 3 counts as 2. */
enum { Q_HIGH, Q_NORMAL, Q_LOW, Q_LANES };
static inline unsigned q_lane(const q_item *item)
{
    const unsigned lane = (unsigned)(q_key(item) >> 62);
    return lane < Q_LANES ? lane : (unsigned)Q_LOW;
}
static inline uint64_t q_in_lane(unsigned lane, uint64_t key) { return (uint64_t)lane << 62 | key; }

/* On push and pop of more than a few lines: `static inline q_hot enum q_status N_push(...)`. Left
 * to themselves gcc 12 and clang 14 call such operations from the measured loops instead of
 * inlining them. Not without optimisation: there every function keeps its frame. Nor in Debug builds of
 * the lab (Q_CALLED, cmake/Stamps.cmake), which measure nothing: a stamp compiles in half the time. */
#if defined __OPTIMIZE__ && !defined Q_CALLED
#define q_hot __attribute__((always_inline))
#else
#define q_hot
#endif

/* push_n and pop_n as loops over push and pop. */
#define Q_BATCH_BY_LOOP(N)                                                                         \
    static inline size_t N##_push_n(struct N *q, struct N##_handle *h, const q_item *items,        \
                                    size_t n)                                                      \
    {                                                                                              \
        size_t done = 0;                                                                           \
        while (done < n && N##_push(q, h, items[done]) == Q_OK)                                    \
            done++;                                                                                \
        return done;                                                                               \
    }                                                                                              \
    static inline size_t N##_pop_n(struct N *q, struct N##_handle *h, q_item *items, size_t n)     \
    {                                                                                              \
        size_t done = 0;                                                                           \
        while (done < n && N##_pop(q, h, &items[done]) == Q_OK)                                    \
            done++;                                                                                \
        return done;                                                                               \
    }

#endif
