/* story_order.c: the steps of an execution, one after the other, with few changes of thread.
 *
 * An execution graph has many orders that agree with it. If there is one in which every read sees
 * the last write before it, the fault needs no weak memory, and that order is told. */
#include "models/checker/report/story.h"

#include <stdlib.h>
#include <string.h>

/* What an order must respect besides po and rf. */
enum respect { ALL, COHERENCE, READS_FROM, LEVELS };

struct ordering {
    const struct story *s;
    enum respect level;
    unsigned threads_last; /* the thread to end with */
    bool done[EVENTS_MAX];
    unsigned n[MODEL_THREADS], at[MODEL_THREADS];
    uint16_t *mine[MODEL_THREADS]; /* items of each thread */
};

static bool is_done(const struct ordering *o, uint16_t id)
{
    return id == NONE || o->s->g->e[id].kind == EV_INIT || o->done[id] || o->s->item_of[id] == 0;
}

/* May write w come now: are the writes and the reads that it hides told? */
static bool write_may(const struct ordering *o, uint16_t w, const struct item *self)
{
    const struct graph *g = o->s->g;
    const uint16_t before = g->e[w].mo_prev;
    if (o->level <= COHERENCE && !is_done(o, before))
        return false;
    if (o->level > ALL || before == NONE)
        return true;
    for (uint16_t r = g->loc[g->e[w].loc].last; r != NONE; r = g->e[r].loc_prev)
        if (g->e[r].kind == EV_READ && g->e[r].rf == before && !(g->e[r].flags & EVENT_BLOCKS) &&
            r != self->note.event && !is_done(o, r))
            return false;
    return true;
}

static bool may(const struct ordering *o, const struct item *i)
{
    const struct graph *g = o->s->g;
    if (i->note.kind != NOTE_EVENT)
        return true;
    const struct event *e = &g->e[i->note.event];
    switch (e->kind) {
    case EV_READ:
        return is_done(o, e->rf) && (i->write == NONE || write_may(o, i->write, i));
    case EV_START:
    case EV_JOIN:
        return is_done(o, e->rf);
    case EV_WRITE:
        return write_may(o, i->note.event, i);
    default:
        return true;
    }
}

static bool ready(const struct ordering *o, unsigned t)
{
    return o->at[t] < o->n[t] && may(o, &o->s->item[o->mine[t][o->at[t]]]);
}

/* The thread that goes on: this one while it can, the one with the fault last of all. */
static int next_thread(const struct ordering *o, int now)
{
    const int last = (int)o->threads_last;
    const bool ends = now == last && o->at[now] + 1 >= o->n[now];
    if (now >= 0 && !ends && ready(o, (unsigned)now))
        return now;
    for (int t = 0; t < MODEL_THREADS; t++)
        if (t != last && ready(o, (unsigned)t))
            return t;
    return ready(o, (unsigned)last) ? last : -1;
}

static bool try_order(struct ordering *o, uint16_t *order)
{
    const struct story *s = o->s;
    memset(o->done, 0, sizeof o->done);
    memset(o->at, 0, sizeof o->at);
    int t = -1;
    for (unsigned n = 0; n < s->items; n++) {
        t = next_thread(o, t);
        if (t < 0)
            return false;
        const uint16_t k = o->mine[t][o->at[t]++];
        order[n] = k;
        if (s->item[k].note.kind == NOTE_EVENT) {
            o->done[s->item[k].note.event] = true;
            if (s->item[k].write != NONE)
                o->done[s->item[k].write] = true;
        }
    }
    return true;
}

static void number_events(struct story *s)
{
    memset(s->item_of, 0, sizeof s->item_of);
    for (unsigned k = 0; k < s->items; k++)
        if (s->item[k].note.kind == NOTE_EVENT) {
            s->item_of[s->item[k].note.event] = (uint16_t)(k + 1);
            if (s->item[k].write != NONE)
                s->item_of[s->item[k].write] = (uint16_t)(k + 1);
        }
}

/* That a wait will end for no reason is decided before it unlocks: it is told behind that. */
static void wake_later(struct story *s)
{
    for (unsigned k = 0; k < s->items; k++) {
        const struct item choice = s->item[k];
        const struct event *e = item_event(s, &choice);
        unsigned next = k + 1;
        if (!e || e->kind != EV_CHOICE || e->value == 0 ||
            (e->rule != BUDGET_WAKEUPS && e->rule != BUDGET_TIMEOUTS))
            continue;
        while (next < s->items && s->item[next].note.thread != choice.note.thread)
            next++;
        const struct event *unlock = next < s->items ? item_event(s, &s->item[next]) : NULL;
        if (!unlock || unlock->kind != EV_WRITE || unlock->site != e->site)
            continue;
        memmove(&s->item[k], &s->item[k + 1], (next - k) * sizeof choice);
        s->item[next] = choice;
        k = next;
    }
}

void story_order(struct story *s)
{
    struct ordering *o = calloc(1, sizeof *o);
    uint16_t *order = calloc(s->items + 1, sizeof *order);
    struct item *sorted = calloc(s->items + 1, sizeof *sorted);
    bool memory = o && order && sorted;
    for (unsigned t = 0; memory && t < MODEL_THREADS; t++)
        memory = (o->mine[t] = calloc(s->items + 1, sizeof **o->mine)) != NULL;
    if (!memory) {
        fprintf(stderr, "out of memory while ordering the report's %u steps\n", s->items);
        exit(3);
    }
    number_events(s);
    o->s = s;
    const struct fault *f = &s->r->fault;
    o->threads_last = f->places > 0 ? f->place[f->places - 1].thread % MODEL_THREADS : 0;
    for (unsigned k = 0; k < s->items; k++) {
        const unsigned t = s->item[k].note.thread % MODEL_THREADS;
        o->mine[t][o->n[t]++] = (uint16_t)k;
    }
    s->interleaving = false;
    for (int level = ALL; level < LEVELS; level++) {
        o->level = (enum respect)level;
        if (!try_order(o, order))
            continue; /* at the last level: keep the order in which it was run, a legal one */
        s->interleaving = level == ALL;
        for (unsigned k = 0; k < s->items; k++)
            sorted[k] = s->item[order[k]];
        memcpy(s->item, sorted, s->items * sizeof *sorted);
        break;
    }
    wake_later(s);
    number_events(s);
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        free(o->mine[t]);
    free(o);
    free(order);
    free(sorted);
}
