/* snapshot.c: see snapshot.h. */
#include "models/checker/run/snapshot.h"

#include <stdlib.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/image.h"

struct snapshot {
    struct snapshot *parent; /* the next one up; or the next one in `unused` */
    unsigned events, held;   /* held by graphs that are put aside, deeper snapshots, `path` */
    size_t rest;             /* in image: what is not a thread's */
    struct image image;
    struct { /* each thread's part: in the image of the snapshot before which it ran last */
        struct snapshot *of;
        size_t at;
        uint64_t number;
    } thread[MODEL_THREADS];
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

/* Others may write to a stack that is shared. */
static bool has_changed(unsigned t) { return thread_changed[t] || shadow_stack_shared(t); }

void snapshot_take(unsigned events)
{
    struct snapshot *s = unused;
    if (s)
        unused = s->parent;
    else if (!(s = calloc(1, sizeof *s)))
        return;
    bytes -= s->image.room;
    static uint64_t numbers;
    s->image.at = 0;
    s->image.restoring = false;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        if (path && !has_changed(t)) {
            s->thread[t] = path->thread[t];
            continue;
        }
        s->thread[t].of = s;
        s->thread[t].at = s->image.at;
        s->thread[t].number = ++numbers;
        thread_image(&s->image, &threads[t]);
        thread_changed[t] = false;
    }
    s->rest = s->image.at;
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
    uint64_t number[MODEL_THREADS] = {0}; /* what the threads are now */
    for (unsigned t = 0; t < MODEL_THREADS && path; t++)
        number[t] = has_changed(t) ? 0 : path->thread[t].number;
    snapshot_release(path);
    path = s;
    if (!s)
        return;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        if (s->thread[t].number == number[t])
            continue;
        struct image *m = &s->thread[t].of->image;
        m->at = s->thread[t].at;
        m->restoring = true;
        thread_image(m, &threads[t]);
        thread_changed[t] = false;
    }
    s->image.at = s->rest;
    s->image.restoring = true;
    run_image(&s->image);
}
