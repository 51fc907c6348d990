/* snapshot.c: see snapshot.h. */
#include "models/checker/run/snapshot.h"

#include <stdlib.h>

#include "models/checker/explore/engine.h"
#include "models/checker/run/image.h"

struct snapshot {
    struct snapshot *parent; /* the next one up; or the next one in `unused` */
    unsigned events, held;   /* held by graphs that are put aside, deeper snapshots, `path` */
    struct image image;
};

enum {
    BYTES_MAX = 8 << 20, /* of all of them: more are not taken */
    DISTANCE = 3,        /* repeating fewer events than that costs less than a snapshot */
    COST = 8,            /* as many events as can be repeated for what a snapshot costs */
};

bool snapshot_never;
static struct snapshot *path, *unused;
static size_t bytes;

bool snapshot_due(unsigned events)
{
    return !snapshot_never && options_now->random == 0 && !replay_only && bytes < BYTES_MAX &&
           (!path || events >= path->events + DISTANCE);
}

/* A read in program order, over all executions: how often it was added, and revisited. */
static struct {
    unsigned added, revisited;
} reads[MODEL_THREADS][EVENTS_MAX + 1];

void snapshot_read_revisited(const struct event *read)
{
    reads[read->thread][read->po].revisited++;
}

bool snapshot_due_at_read(unsigned events, const struct event *read)
{
    const unsigned added = ++reads[read->thread][read->po].added;
    if (!snapshot_due(events))
        return false;
    const unsigned distance = events - (path ? path->events : 0);
    return reads[read->thread][read->po].revisited * distance > added * COST;
}

void snapshot_take(unsigned events)
{
    struct snapshot *s = unused;
    if (s)
        unused = s->parent;
    else if (!(s = calloc(1, sizeof *s)))
        return;
    bytes -= s->image.room;
    s->image.at = 0;
    s->image.restoring = false;
    run_image(&s->image);
    bytes += s->image.room;
    s->events = events;
    s->held = 1;
    s->parent = path;
    path = s;
}

struct snapshot *snapshot_up_to(unsigned events)
{
    struct snapshot *s = path;
    while (s && s->events > events)
        s = s->parent;
    if (s)
        s->held++;
    return s;
}

void snapshot_release(struct snapshot *s)
{
    while (s && --s->held == 0) {
        struct snapshot *const parent = s->parent;
        s->parent = unused;
        unused = s;
        s = parent;
    }
}

void snapshot_go(struct snapshot *s)
{
    snapshot_release(path);
    path = s;
    if (!s)
        return;
    s->image.at = 0;
    s->image.restoring = true;
    run_image(&s->image);
}
