/* execute.c: what is done with a record, and with a batch of them. See engine_inside.h. */
#include "studies/stream_engine/engine_inside.h"

static inline void emit(struct worker *w, const struct change *c)
{
    w->emitted++;
    w->emitted_count += c->count;
    w->emitted_gain += c->count - c->before;
    w->emitted_rows += c->rows_sum;
    w->overtaken += c->overtaken;
}

static inline void change_state(struct engine *e, struct worker *w, struct store *s,
                                const struct update *u)
{
    struct change c;
    if (!store_update(s, &w->handle, u, &c))
        engine_fail(e);
    else if (e->c->scenario == ROWS || e->c->scenario == TUMBLING_CHANGES)
        emit(w, &c);
}

/* The sums of a batch, as far as they are of this window, to the states of all. */
static void merge(struct engine *e, struct worker *w, uint64_t window)
{
    for (size_t i = 0; i < w->batch.n; i++)
        change_state(e, w, &e->pane[window % PANES].shared, &w->batch.sum[i]);
    sums_clear(&w->batch);
}

static inline void execute(struct engine *e, struct worker *w, struct record *r, uint64_t window,
                           uint64_t order)
{
    const struct way *const way = e->c->way;
    struct record *mine = r;
    if (way->passing == PASS_CLONE) {
        if (!(mine = record_clone(r))) {
            engine_fail(e);
            return;
        }
    } else if (way->passing == PASS_COUNTED) {
        a_add(&r->references, 1, relaxed);
    }
    if (w->turns)
        w->x = engine_work(w->turns, w->x);
    const struct update u = {.hash = mine->hash,
                             .key = mine->key,
                             .lasting = mine == r,
                             .group = mine->group,
                             .count = 1,
                             .sum = mine->number,
                             .least = mine->number,
                             .most = mine->number,
                             .order = order};
    struct pane *const p = &e->pane[window % PANES];
    const size_t me = (size_t)(w - e->worker);
    if (e->c->closes_at_once && tumbles(e) && !close_at_once(e, w, window))
        ; /* too late: dropped */
    else if (way->state == STATE_PARTIAL)
        sums_add(&w->batch, &u) ? (void)0 : engine_fail(e);
    else if (way->state == STATE_OWN)
        sums_add(&p->sums[me], &u) ? (void)0 : engine_fail(e);
    else
        change_state(e, w, way->state == STATE_PARTITIONED ? &p->own[me] : &p->shared, &u);
    if (way->passing == PASS_CLONE)
        record_drop(mine);
    else if (way->passing == PASS_COUNTED)
        a_sub(&r->references, 1, acq_rel); /* the stream keeps the last one */
}

static inline void meter(struct engine *e, struct worker *w)
{
    switch (e->c->way->metering) {
    case METER_MUTEX:
        pthread_mutex_lock(&e->meter_lock);
        e->metered++;
        pthread_mutex_unlock(&e->meter_lock);
        break;
    case METER_ATOMIC:
        a_add(&e->meter, 1, relaxed);
        break;
    case METER_OWN:
        tally_add(w->meter, 1);
        break;
    }
}

void execute_batch(struct engine *e, struct worker *w, uint64_t number)
{
    const struct way *const way = e->c->way;
    const struct batch b = batch_at(e, number);
    const bool tumbling = tumbles(e), parted = way->state == STATE_PARTITIONED;
    const unsigned me = (unsigned)(w - e->worker);
    uint64_t window = tumbling ? b.window + b.record->window : 0;
    if (way->per_batch)
        guard_lock(&e->guard, &w->waiter);
    for (size_t i = 0; i < b.n; i++) {
        struct record *const r = &b.record[i];
        if (parted && (uint64_t)b.share[i] * e->c->workers >> 32 != me)
            continue;
        if (tumbling && b.window + r->window != window) {
            merge(e, w, window);
            window = b.window + r->window;
        }
        if (!way->per_batch)
            guard_lock(&e->guard, &w->waiter);
        execute(e, w, r, window, b.order + i);
        if (!way->per_batch)
            guard_unlock(&e->guard);
        meter(e, w);
        w->records++;
    }
    merge(e, w, window);
    if (way->per_batch)
        guard_unlock(&e->guard);
}
