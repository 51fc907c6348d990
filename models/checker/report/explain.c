/* explain.c: why the model allows what happened, and which orders might forbid it.
 *
 * One step happens before another when a chain leads from it to the other: along a thread's own
 * order, and from a write to a read of another thread that reads it. Each such hand-over counts
 * only if the write releases and the read acquires. Where both steps are unordered, either there is
 * no chain, or it has a link that does not count: that link is what must be told. */
#include "models/checker/report/explain.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/rules.h"
#include "models/checker/report/source.h"
#include "models/checker/run/thread.h"

/* ---- chains ------------------------------------------------------------------------------ */

static uint16_t last_event_until(const struct graph *g, unsigned t, unsigned po)
{
    uint16_t found = NONE;
    for (uint16_t i = 0; i < g->events; i++)
        if (g->e[i].thread == t && g->e[i].po <= po &&
            (found == NONE || g->e[found].po < g->e[i].po))
            found = i;
    return found;
}

static uint16_t cause_of(const struct event *e)
{
    return e->kind == EV_READ || e->kind == EV_START || e->kind == EV_JOIN ? e->rf : NONE;
}

/* Did an acquire fence of its thread, after read r and up to po, or a release fence before a write
 * make up for a relaxed order? */
static bool fence_between(const struct graph *g, unsigned t, unsigned from, unsigned to,
                          bool acquire)
{
    for (uint16_t i = 0; i < g->events; i++) {
        const struct event *e = &g->e[i];
        if (e->kind == EV_FENCE && !(e->flags & EVENT_LIGHT) && e->thread == t && e->po > from &&
            e->po < to &&
            (acquire ? order_acquires((enum order)e->order) : order_releases((enum order)e->order)))
            return true;
    }
    return false;
}

/* A write releases by itself, by a fence, or as part of a release sequence. */
static bool releases(const struct graph *g, uint16_t w, unsigned from_po)
{
    for (unsigned i = 0; i < g->events && w != NONE; i++) {
        const struct event *e = &g->e[w];
        if (e->kind != EV_WRITE)
            return false;
        if (order_releases((enum order)e->order) ||
            fence_between(g, e->thread, i == 0 ? from_po : 0, e->po, false))
            return true;
        if (!(e->flags & EVENT_RMW))
            return false;
        w = g->e[e->po_prev].rf;
    }
    return false;
}

unsigned chain_find(const struct graph *g, unsigned from, unsigned from_po, unsigned to,
                    unsigned to_po, struct link *link)
{
    static uint16_t next[EVENTS_MAX], queue[2 * EVENTS_MAX];
    static bool seen[EVENTS_MAX];
    memset(seen, 0, sizeof seen);
    unsigned head = EVENTS_MAX, tail = EVENTS_MAX; /* a deque: own thread's events first */
    const uint16_t end = last_event_until(g, to, to_po);
    if (end == NONE || from == to)
        return 0;
    seen[end] = true;
    next[end] = NONE;
    queue[tail++] = end;
    uint16_t found = NONE;
    while (head < tail && found == NONE) {
        const uint16_t i = queue[head++];
        const struct event *e = &g->e[i];
        if (e->thread == from && e->po > from_po) {
            found = i;
            break;
        }
        const uint16_t rf = cause_of(e), own = e->po_prev;
        if (own != NONE && !seen[own] && head > 0) {
            seen[own] = true;
            next[own] = i;
            queue[--head] = own;
        }
        if (rf != NONE && !seen[rf] && g->e[rf].kind != EV_INIT && tail < 2 * EVENTS_MAX) {
            seen[rf] = true;
            next[rf] = i;
            queue[tail++] = rf;
        }
    }
    unsigned n = 0;
    unsigned since = from_po;
    for (uint16_t i = found; i != NONE && next[i] != NONE; i = next[i]) {
        const struct event *w = &g->e[i], *r = &g->e[next[i]];
        if (w->thread == r->thread)
            continue;
        if (n == CHAIN_MAX)
            return 0;
        unsigned until = to_po + 1; /* where what was read must be known */
        for (uint16_t k = next[i]; next[k] != NONE; k = next[k])
            if (g->e[next[k]].thread != r->thread) {
                until = g->e[k].po;
                break;
            }
        struct link *l = &link[n++];
        *l = (struct link){.write = i, .read = next[i]};
        l->released = r->kind != EV_READ || releases(g, i, since);
        l->acquired = r->kind != EV_READ || order_acquires((enum order)r->order) ||
                      fence_between(g, r->thread, r->po, until, true);
        since = 0;
    }
    return n;
}

/* ---- what there is to explain ------------------------------------------------------------ */

bool explain_unordered(const struct story *s, struct pair *p)
{
    const struct fault *f = &s->r->fault;
    const struct graph *g = s->g;
    *p = (struct pair){0};
    const bool about_order = f->kind == FAULT_RACE || f->kind == FAULT_USE_AFTER_FREE ||
                             f->kind == FAULT_DOUBLE_FREE || f->kind == FAULT_UNINITIALISED;
    if (!about_order || f->places < 2 ||
        f->place[f->places - 2].thread == f->place[f->places - 1].thread)
        return false;
    const struct place *a = &f->place[f->places - 2], *d = &f->place[f->places - 1];
    p->from = a->thread;
    p->to = d->thread;
    p->from_po = a->po;
    p->to_po = d->po;
    const uint16_t end = last_event_until(g, d->thread, d->po);
    p->ordered = end != NONE && g->e[end].hb[a->thread] > a->po;
    p->links = chain_find(g, p->from, p->from_po, p->to, p->to_po, p->link);
    return true;
}

/* What leads from the newest write told before a read, and not seen by it, to that read; if nothing
 * does, from the newest one that should have been seen: an older value than that is as wrong. */
static void stale_chain(const struct story *s, const struct item *i, struct stale *one)
{
    const struct graph *g = s->g;
    const struct event *r = item_event(s, i);
    for (uint16_t w = one->hidden; w != NONE && w != r->rf; w = g->e[w].mo_prev) {
        const struct event *e = &g->e[w];
        const struct item *at = story_item(s, w);
        if (!at || at >= i || e->kind != EV_WRITE)
            continue;
        one->links = chain_find(g, e->thread, e->po - 1u, r->thread, r->po - 1u, one->link);
        if (one->links > 0) {
            one->hidden = w;
            return;
        }
    }
}

unsigned explain_stale(const struct story *s, struct stale *stale, unsigned max)
{
    unsigned n = 0;
    for (unsigned k = s->items; k-- > 0 && n < max;) {
        const struct item *i = &s->item[k];
        const uint16_t hidden = story_hidden(s, i);
        const struct event *e = item_event(s, i);
        if (hidden == NONE || i->write != NONE || e->flags & EVENT_BLOCKS)
            continue;
        stale[n] = (struct stale){.read = i->note.event, .hidden = hidden};
        stale_chain(s, i, &stale[n++]);
    }
    return n;
}

/* ---- wake-ups ---------------------------------------------------------------------------- */

/* The read at which a thread stopped for ever, or NULL. */
const struct event *explain_blocked(const struct story *s, unsigned t)
{
    const struct graph *g = s->g;
    for (unsigned i = g->events; i-- > 0;)
        if (g->e[i].thread == t && g->e[i].kind == EV_READ && g->e[i].flags & EVENT_BLOCKS)
            return &g->e[i];
    return NULL;
}

bool explain_lost_wake(const struct story *s, unsigned t, struct lost_wake *l)
{
    char name[120], other[120];
    *l = (struct lost_wake){.read = explain_blocked(s, t)};
    if (!l->read || threads[t].state != THREAD_BLOCKED)
        return false;
    loc_print(l->read->loc, name, sizeof name);
    for (unsigned k = 0; k < s->items; k++) {
        const struct item *i = &s->item[k];
        const struct event *e = item_event(s, i);
        if (!e || e->kind != EV_READ)
            continue;
        loc_print(e->loc, other, sizeof other); /* the list of sleepers, not the sleeper's bell */
        if (strcmp(name, other) != 0)
            continue;
        if (e->thread == t && e->rule == RULE_OR) {
            l->sleep = i;
            l->before = l->nobody;
            l->afters = 0;
        } else if (e->thread != t && e->rule == RULE_WAKE) {
            l->wakes++;
            l->nobody = e->value == 0 ? i : NULL;
            if (l->afters == sizeof l->after / sizeof *l->after) {
                l->afters--;
                memmove(l->after, l->after + 1, l->afters * sizeof *l->after);
            }
            l->after[l->afters++] = i;
        }
    }
    return true;
}

/* ---- marks ------------------------------------------------------------------------------- */

static struct item *item_of(struct story *s, uint16_t event)
{
    return (struct item *)story_item(s, event);
}

static void mark(struct item *i, char *letter)
{
    if (i && !i->mark && *letter <= 'Z')
        i->mark = (*letter)++;
}

void story_mark(struct story *s)
{
    char letter = 'A';
    struct pair p;
    const unsigned places = s->r->fault.places;
    const bool chain = explain_unordered(s, &p);
    const enum fault_kind kind = s->r->fault.kind;
    if (places < 2 || kind == FAULT_DEADLOCK || kind == FAULT_LOST_WAKEUP || kind == FAULT_LIVELOCK)
        return; /* nothing to tell apart; the numbers of the steps will do */
    for (unsigned k = 0; k + 1 < places; k++)
        mark(story_place(s, k), &letter);
    for (unsigned k = 0; chain && k < p.links; k++) {
        mark(item_of(s, p.link[k].write), &letter);
        mark(item_of(s, p.link[k].read), &letter);
    }
    mark(story_place(s, places - 1), &letter);
}
