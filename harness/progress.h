/* progress.h: one line that says what runs now and how much is left.
 *
 * On a terminal the line is rewritten in place; piped, a plain line appears every tenth of the
 * work. NO_COLOR and TERM=dumb are respected. Everything goes to standard error. */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    size_t total, done, said_tenths;
    uint64_t start_ns;
    bool terminal, color;
};

void progress_begin(struct progress *p, size_t total);

/* One step is about to run / has run; `what` names it, `result` is what came out of the last one. */
void progress_step(struct progress *p, const char *what, const char *result);

/* A line of its own above the progress line (a failure, a warning). */
void progress_say(const struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void progress_end(const struct progress *p);

#endif
