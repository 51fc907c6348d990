/* windows.c: the windows of time that are open, and what of them is over. See engine_inside.h.
 *
 *   pane   [ w % 4 ][     ][     ][     ]   a window is closed when all batches before its end are done:
 *                                           then nobody changes its groups any more */
#include <errno.h>
#include <stdlib.h>

#include "studies/stream_engine/engine_inside.h"

static enum store_kind shared_kind(const struct engine *e)
{
    const enum state state = e->c->way->state;
    return state == STATE_PARTIAL                             ? STORE_SHARDED
           : state == STATE_OWN || state == STATE_PARTITIONED ? STORE_PLAIN
                                                              : (enum store_kind)state;
}

int pane_init(const struct engine *e, struct pane *p)
{
    const unsigned rows = e->c->scenario == ROWS ? e->c->rows : 0;
    const size_t groups = e->c->stream->groups;
    unsigned ready = 0;
    int error = 0;
    if (!own_tables(e)) {
        error = store_init(&p->shared, shared_kind(e), groups, rows);
        p->there = !error;
        return error;
    }
    p->own = calloc(e->c->workers, sizeof *p->own);
    error = p->own ? 0 : ENOMEM;
    while (!error && ready < e->c->workers)
        if (!(error = store_init(&p->own[ready], STORE_PLAIN, groups, rows)))
            ready++;
    p->there = !error;
    while (error && ready)
        store_destroy(&p->own[--ready]);
    if (error)
        free(p->own);
    return error;
}

void pane_destroy(const struct engine *e, struct pane *p)
{
    if (!p->there)
        return;
    p->there = false;
    if (!own_tables(e)) {
        store_destroy(&p->shared);
        return;
    }
    for (unsigned i = 0; i < e->c->workers; i++)
        store_destroy(&p->own[i]);
    free(p->own);
}

/* All groups of a pane in which nobody works any more. */
static struct group *gather(struct engine *e, struct pane *p)
{
    if (!own_tables(e))
        return store_take(&p->shared);
    for (unsigned i = 1; i < e->c->workers && e->c->way->state == STATE_OWN; i++) {
        struct group *const part = store_take(&p->own[i]);
        for (const struct group *g = part; g; g = g->made) {
            const struct update all = group_all(g);
            struct change change;
            if (!store_update(&p->own[0], NULL, &all, &change))
                engine_fail(e);
        }
        groups_free(part);
    }
    struct group *first = store_take(&p->own[0]);
    for (unsigned i = 1; i < e->c->workers; i++) /* partitioned: the groups of the others */
        for (struct group *g = store_take(&p->own[i]), *next; g; g = next) {
            next = g->made;
            g->made = first;
            first = g;
        }
    return first;
}

void close_window(struct engine *e, bool again)
{
    struct engine_result *const r = e->result;
    const uint64_t window = a_load(&e->closed, relaxed);
    struct pane *const p = &e->pane[window % PANES];
    if ((window & (window - 1)) == 0) {
        struct closed *const more = realloc(r->closed, (window ? 2 * window : 1) * sizeof *more);
        if (!more) {
            engine_fail(e);
            return;
        }
        r->closed = more;
    }
    r->closed[window].groups = gather(e, p);
    r->windows = window + 1;
    if (again) {
        pane_destroy(e, p);
        if (pane_init(e, p))
            engine_fail(e);
    }
    a_store(&e->closed, window + 1, release);
}

void batch_done(struct engine *e, uint64_t number)
{
    if (e->c->way->state == STATE_PARTITIONED) {
        if (a_add(&e->parts[number % RING], 1, acq_rel) + 1 < e->c->workers)
            return;
        a_store(&e->parts[number % RING], 0, relaxed);
    }
    pthread_mutex_lock(&e->closing);
    e->done[number % RING] = true;
    for (; e->done[e->low % RING]; e->low++)
        e->done[e->low % RING] = false;
    const struct batch low = batch_at(e, e->low);
    while (tumbles(e) && !e->c->closes_at_once && !engine_failed(e) &&
           a_load(&e->closed, relaxed) < low.window + low.record->window)
        close_window(e, true);
    pthread_mutex_unlock(&e->closing);
}

bool close_at_once(struct engine *e, struct worker *w, uint64_t window)
{
    pthread_mutex_lock(&e->closing);
    while (a_load(&e->closed, relaxed) < window && !engine_failed(e))
        close_window(e, true);
    const bool late = a_load(&e->closed, relaxed) > window;
    pthread_mutex_unlock(&e->closing);
    w->late += late;
    return !late;
}
