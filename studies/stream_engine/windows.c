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
    const unsigned rows = e->c->scenario == ROWS ? e->c->rows : 0, workers = e->c->workers;
    const size_t groups = e->c->stream->groups;
    const enum state state = e->c->way->state;
    int error = store_init(&p->shared, shared_kind(e), groups, rows);
    p->there = !error;
    if (state == STATE_PARTITIONED && !error && !(p->own = calloc(workers, sizeof *p->own)))
        error = ENOMEM;
    if (state == STATE_OWN && !error && !(p->sums = calloc(workers, sizeof *p->sums)))
        error = ENOMEM;
    for (unsigned i = 0; i < workers && p->own && !error; i++)
        error = store_init(&p->own[i], STORE_PLAIN, groups / workers, rows);
    for (unsigned i = 0; i < workers && p->sums && !error; i++)
        error = sums_init(&p->sums[i], groups);
    return error;
}

void pane_destroy(const struct engine *e, struct pane *p)
{
    for (unsigned i = 0; i < e->c->workers && p->own; i++)
        store_destroy(&p->own[i]);
    for (unsigned i = 0; i < e->c->workers && p->sums; i++)
        sums_destroy(&p->sums[i]);
    free(p->own);
    free(p->sums);
    if (p->there)
        store_destroy(&p->shared);
    *p = (struct pane){.there = false};
}

/* All groups of a pane in which nobody works any more. */
static struct group *gather(struct engine *e, struct pane *p)
{
    for (unsigned i = 0; i < e->c->workers && p->sums; i++) {
        for (size_t k = 0; k < p->sums[i].n; k++) {
            struct change change;
            if (!store_update(&p->shared, NULL, &p->sums[i].sum[k], &change))
                engine_fail(e);
        }
        sums_clear(&p->sums[i]);
    }
    struct group *first = store_take(&p->shared);
    for (unsigned i = 0; i < e->c->workers && p->own; i++)
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
