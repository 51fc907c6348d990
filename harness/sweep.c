/* sweep.c: see sweep.h. */
#include "harness/sweep.h"

#include <string.h>

/* A new queue with one of these parameters goes in here if its default is to be defended. */
static const char *const backing_off[] = {"array_mpmc", "segment_mpmc", "segment_ring", NULL};
static const char *const segmented[] = {"segment_mpmc", "segment_ring", "segment_faa", NULL};

static const unsigned pauses[] = {0, 16, 64, 128, 256, 1024};
static const unsigned cells[] = {0, 64, 256, 1024, 4096, 8192};

static const struct sweep sweeps[] = {
    {"backoff", backing_off, pauses, sizeof pauses / sizeof *pauses},
    {"segment", segmented, cells, sizeof cells / sizeof *cells},
};
enum { SWEEPS = sizeof sweeps / sizeof *sweeps };

const struct sweep *sweep_find(const char *workload)
{
    for (size_t i = 0; i < SWEEPS; i++)
        if (strcmp(sweeps[i].workload, workload) == 0)
            return &sweeps[i];
    return NULL;
}

bool sweep_names(const struct sweep *s, const char *queue)
{
    for (const char *const *name = s->queues; *name; name++)
        if (strcmp(*name, queue) == 0)
            return true;
    return false;
}

void sweep_set(const struct sweep *s, size_t i, struct cell *c)
{
    if (s->queues == backing_off)
        c->backoff_max = s->settings[i];
    else
        c->segment = s->settings[i];
}
