/* story_loops.c: turns of a loop that are all alike are told once. */
#include "models/checker/report/story.h"

#include <stdlib.h>
#include <string.h>

enum { PERIOD_MAX = 8, TURNS_MIN = 3 };

static bool between_threads(const struct graph *g, uint16_t write, uint16_t read)
{
    return g->e[write].thread != g->e[read].thread && g->e[write].kind != EV_INIT;
}

/* Does it matter which of several such steps it was? */
static bool special(const struct story *s, const struct item *i)
{
    const struct graph *g = s->g;
    const struct event *e = item_event(s, i);
    if (i->place || i->mark || i->note.kind == NOTE_BLOCK || story_hidden(s, i) != NONE)
        return true;
    if (!e)
        return false;
    if (e->kind == EV_READ && (e->flags & EVENT_BLOCKS || between_threads(g, e->rf, i->note.event)))
        return true;
    const uint16_t w = e->kind == EV_WRITE ? i->note.event : i->write;
    for (uint16_t r = w == NONE ? NONE : g->loc[g->e[w].loc].last; r != NONE; r = g->e[r].loc_prev)
        if (g->e[r].kind == EV_READ && g->e[r].rf == w && between_threads(g, w, r))
            return true;
    return false;
}

static bool alike(const struct story *s, const struct item *a, const struct item *b)
{
    const struct note *m = &a->note, *n = &b->note;
    char x[ROW_TEXT], y[ROW_TEXT];
    if (m->kind != n->kind || m->thread != n->thread || m->site != n->site ||
        m->frames != n->frames || memcmp(m->frame, n->frame, m->frames * sizeof m->frame[0]) != 0 ||
        special(s, a) || special(s, b))
        return false;
    story_phrase(s, a, x, sizeof x);
    story_phrase(s, b, y, sizeof y);
    return strcmp(x, y) == 0;
}

/* How often the `period` items from the first on come in a row. */
static unsigned turns(const struct story *s, struct item *const *item, unsigned n, unsigned period)
{
    unsigned i = period;
    while (i < n && alike(s, item[i - period], item[i]))
        i++;
    return i / period;
}

void story_loops(struct story *s)
{
    struct item **shown = calloc(s->items + 1u, sizeof *shown);
    unsigned n = 0;
    if (!shown)
        return; /* every turn is told then */
    for (unsigned k = 0; k < s->items; k++)
        if (s->item[k].shown)
            shown[n++] = &s->item[k];
    for (unsigned i = 0; i < n;) {
        unsigned period = 1, times = 1;
        for (; period <= PERIOD_MAX && times < TURNS_MIN; period++)
            times = turns(s, shown + i, n - i, period);
        period--;
        if (times < TURNS_MIN) {
            i++;
            continue;
        }
        for (unsigned k = i + period; k < i + times * period; k++)
            shown[k]->shown = false;
        shown[i + period - 1]->again = (uint16_t)(times - 1);
        shown[i + period - 1]->period = (uint16_t)period;
        i += times * period;
    }
    free(shown);
}
