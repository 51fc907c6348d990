/* event.h: one telemetry event, as it travels through a ring by value: 24 bytes, so that a cell of
 * ring_mpsc (turn and event) is 32 and never lies on two cache lines.
 *
 *   | time                    | message    source   | length level producer check |
 *
 * message and source are hashes of the text of a log line. check makes the exclusive or of all words
 * come out at EVENT_MAGIC: a record that was torn, overwritten or never written fails it. */
#ifndef TELEMETRY_EVENT_H
#define TELEMETRY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EVENT_MAGIC UINT32_C(0x7e1e3e77)

enum event_level { EVENT_DEBUG, EVENT_INFO, EVENT_WARN, EVENT_ERROR, EVENT_FATAL, EVENT_LEVELS };
extern const char *const event_levels[EVENT_LEVELS];

struct event {
    uint64_t time; /* ns since 1970; in measured flows the producer's own number, from 1 */
    uint32_t message, source;
    uint16_t length; /* of the message in bytes, at most UINT16_MAX */
    uint8_t level, producer;
    uint32_t check;
};
_Static_assert(sizeof(struct event) == 24, "an event is three words");

static inline uint32_t event_fold(const struct event *e)
{
    uint64_t w[3];
    memcpy(w, e, sizeof w);
    const uint64_t x = w[0] ^ w[1] ^ w[2];
    return (uint32_t)x ^ (uint32_t)(x >> 32);
}

static inline void event_seal(struct event *e)
{
    e->check = 0;
    e->check = event_fold(e) ^ EVENT_MAGIC;
}

static inline bool event_valid(const struct event *e)
{
    return event_fold(e) == EVENT_MAGIC && e->level < EVENT_LEVELS && e->time != 0;
}

/* How many of the first records are valid: n, or the index of the first that is not. The second one
 * takes four at a time with AVX2; false: this processor has none. */
size_t events_valid(const struct event *e, size_t n);
size_t events_valid_vector(const struct event *e, size_t n);
bool events_have_vector(void);

#endif
