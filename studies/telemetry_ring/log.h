/* log.h: where the events come from: the lines of a log.
 *
 *   2026-01-31T12:00:00.000001Z WARN build/dev/.ninja_log: message ...      all of it
 *   [12/400] Building C object a.o                                          best effort
 *
 * A line without a time goes on from the one before it; without a level it gets one from words
 * such as "error" and "warning"; its source is what stands before the first colon, or its first word.
 * A line with bytes that are no text is passed over and counted, as is an empty one. */
#ifndef TELEMETRY_LOG_H
#define TELEMETRY_LOG_H

#include <stdio.h>

#include "studies/telemetry_ring/event.h"

struct log_counts {
    uint64_t lines, events, binary, empty, cut; /* cut: the last line has no end, or is too long */
    uint64_t level[EVENT_LEVELS];
};

/* Goes through text line by line. */
struct log_reader {
    const char *at, *end;
    uint64_t time; /* of the last line */
    struct log_counts counts;
};
static inline struct log_reader log_reader(const char *text, size_t size)
{
    return (struct log_reader){.at = text, .end = text + size, .time = 1};
}

/* The next event, sealed; false: there are no more. */
bool log_next(struct log_reader *r, struct event *e);

/* Where the n-th of so many equal parts of the text begins: at a line. */
const char *log_part(const char *text, size_t size, unsigned n, unsigned parts);

/* Writes a structured log of so many lines to `path`, made of the lines of the logs that building
 * and testing this project left under build/ (dir: the project). Answers 0 or an errno, and a
 * message; ENOENT: there are no such logs. */
int log_make(const char *path, const char *dir, uint64_t lines, char *message, size_t size);

#endif
