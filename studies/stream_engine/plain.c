/* plain.c: the query once more, by one thread and with arrays: what must come out. See engine.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "studies/stream_engine/engine.h"

struct expected {
    uint64_t count, told; /* told: sum of all counts so far */
    int64_t sum, least, most;
    int64_t rows_sum;
    unsigned at;
    bool seen;
};

struct plain {
    const struct engine_config *c;
    struct expected *group;
    int64_t *row; /* c->rows of each group */
    uint64_t told;
    int64_t told_rows;
};

static void differs(struct difference *d, const char *what, uint64_t window, const char *key)
{
    if (!d->what[0])
        snprintf(d->what, sizeof d->what, "window %llu, group %s: %s", (unsigned long long)window,
                 key, what);
    d->wrong++;
}

/* What came out of one window against what is expected. */
static void compare_window(struct plain *p, const struct group *g, uint64_t window,
                           struct difference *d)
{
    const struct stream *const s = p->c->stream;
    for (; g; g = g->made) {
        struct expected *const x = g->number < s->groups ? &p->group[g->number] : NULL;
        if (!x || strcmp(g->key, s->key[g->number]) != 0 || x->seen)
            differs(d, "there is none of this name, or it is there twice", window, g->key);
        else if (a_load(&g->count, relaxed) != x->count || a_load(&g->sum, relaxed) != x->sum ||
                 a_load(&g->least, relaxed) != x->least || a_load(&g->most, relaxed) != x->most)
            differs(d, "count, sum, least or most is wrong", window, g->key);
        if (x) {
            x->seen = true;
            d->wrong_rows += p->c->scenario == ROWS && g->rows_sum != x->rows_sum;
        }
    }
    for (size_t i = 0; i < s->groups; i++) {
        struct expected *const x = &p->group[i];
        d->groups += x->count > 0;
        if (x->count && !x->seen)
            differs(d, "it is missing", window, s->key[i]);
        p->told += x->told;
        *x = (struct expected){.least = INT64_MAX, .most = INT64_MIN};
    }
}

static void take(struct plain *p, const struct record *r)
{
    struct expected *const x = &p->group[r->group];
    x->count++;
    x->told += x->count;
    x->sum += r->number;
    x->least = r->number < x->least ? r->number : x->least;
    x->most = r->number > x->most ? r->number : x->most;
    if (p->c->scenario == ROWS) {
        int64_t *const row = &p->row[r->group * p->c->rows + x->at];
        x->rows_sum += r->number - *row;
        *row = r->number;
        x->at = x->at + 1 == p->c->rows ? 0 : x->at + 1;
        p->told_rows += x->rows_sum;
    }
}

void plain_compare(const struct engine_config *c, const struct engine_result *r,
                   struct difference *d)
{
    const struct stream *const s = c->stream;
    const bool tumbling = c->scenario == TUMBLING || c->scenario == TUMBLING_CHANGES;
    const uint64_t per_lap = (s->n + c->batch - 1) / c->batch;
    struct plain p = {.c = c,
                      .group = calloc(s->groups, sizeof *p.group),
                      .row = calloc(s->groups * (c->rows ? c->rows : 1), sizeof *p.row)};
    uint64_t window = 0, records = 0;
    *d = (struct difference){0};
    if (!p.group || !p.row) {
        d->error = ENOMEM;
        snprintf(d->what, sizeof d->what, "no memory to check the results");
        goto out;
    }
    for (size_t i = 0; i < s->groups; i++)
        p.group[i] = (struct expected){.least = INT64_MAX, .most = INT64_MIN};
    for (uint64_t b = 0; b < r->batches; b++) {
        const size_t first = (size_t)(b % per_lap) * c->batch;
        for (size_t i = first; i < first + c->batch && i < s->n; i++) {
            const uint64_t of = tumbling ? b / per_lap * s->windows + s->record[i].window : 0;
            for (; window < of; window++)
                compare_window(&p, window < r->windows ? r->closed[window].groups : NULL, window,
                               d);
            take(&p, &s->record[i]);
            records++;
        }
    }
    compare_window(&p, window < r->windows ? r->closed[window].groups : NULL, window, d);
    if (r->windows > window + 1)
        differs(d, "there are more windows than there should be", window + 1, "-");
    if (r->records != records || r->metered != records)
        differs(d, "another number of records was executed or counted", 0, "-");
    d->rows = records;
    const bool every = c->scenario == TUMBLING_CHANGES || c->scenario == ROWS;
    if (every && c->way->state != STATE_PARTIAL)
        d->emitted = r->emitted != records || r->emitted_count != p.told;
    if (every)
        d->emitted |= r->emitted_gain != records;
    if (c->scenario == ROWS) /* the sums of rows, one with another: they depend on the order */
        d->wrong_rows += r->emitted_rows != p.told_rows;
    if (d->emitted && !d->what[0])
        snprintf(d->what, sizeof d->what, "what was told on the way is not what changed");
out:
    free(p.group);
    free(p.row);
}
