#include "harness/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"

void progress_begin(struct progress *p, size_t total)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    *p = (struct progress){.total = total, .start_ns = clock_monotonic_ns()};
    p->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
    p->color = p->terminal && !(no_color && *no_color);
}

static void left(const struct progress *p, char *text, size_t size)
{
    const double spent = (double)(clock_monotonic_ns() - p->start_ns) / 1e9;
    if (p->done == 0) {
        snprintf(text, size, "--");
        return;
    }
    const double eta = spent * (double)(p->total - p->done) / (double)p->done;
    if (eta >= 90)
        snprintf(text, size, "%um%02us", (unsigned)eta / 60, (unsigned)eta % 60);
    else
        snprintf(text, size, "%.0fs", eta);
}

void progress_step(struct progress *p, const char *what, const char *result)
{
    char eta[32];
    left(p, eta, sizeof eta);
    if (p->terminal) {
        fprintf(stderr, "\r\033[K[%zu/%zu] %s%s%s  %s  %s left", p->done + 1, p->total,
                p->color ? "\033[36m" : "", what, p->color ? "\033[0m" : "", result, eta);
    } else if (p->done * 10 / p->total > p->said_tenths || p->done == 0) {
        p->said_tenths = p->done * 10 / p->total;
        fprintf(stderr, "[%zu/%zu] %s  %s left\n", p->done + 1, p->total, what, eta);
    }
    p->done++;
}

void progress_say(const struct progress *p, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->terminal)
        fprintf(stderr, "\r\033[K");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void progress_end(const struct progress *p)
{
    if (p->terminal)
        fprintf(stderr, "\r\033[K");
}
