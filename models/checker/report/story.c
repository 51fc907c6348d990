/* story.c: see story.h: what of an execution is told. */
#include "models/checker/report/story.h"

#include <stdlib.h>
#include <string.h>

#include "models/checker/report/source.h"
#include "models/checker/report/source_name.h"
#include "models/checker/report/source_type.h"

enum { ALL_UP_TO = 40, AT_MOST = 64 }; /* steps: shown without selection; shown at all */

const struct event *item_event(const struct story *s, const struct item *i)
{
    return i->note.kind == NOTE_EVENT && i->note.event < s->g->events ? &s->g->e[i->note.event]
                                                                      : NULL;
}

const struct item *story_item(const struct story *s, uint16_t event)
{
    const uint16_t k = event < EVENTS_MAX ? s->item_of[event] : 0;
    return k ? &s->item[k - 1] : NULL;
}

struct item *story_place(const struct story *s, unsigned place)
{
    for (unsigned k = 0; k < s->items; k++)
        if (s->item[k].place == place + 1)
            return (struct item *)&s->item[k];
    return NULL;
}

uint16_t story_hidden(const struct story *s, const struct item *i)
{
    const struct event *e = item_event(s, i);
    uint16_t hidden = NONE, other = NONE;
    if (!e || e->kind != EV_READ || e->rf == NONE)
        return NONE;
    for (uint16_t w = s->g->e[e->rf].mo_next; w != NONE; w = s->g->e[w].mo_next) {
        const struct item *at = story_item(s, w);
        if (at && at < i) {
            hidden = w;
            if (s->g->e[w].value != e->value)
                other = w;
        }
    }
    return other != NONE ? other : hidden;
}

/* Objects get their names from the innermost call that tells their type: "void *p = malloc(n)" in a
 * function that allocates for others does not. */
static void name_objects(const struct story *s)
{
    source_name_object(0, NULL);
    for (unsigned k = 0; k < s->items; k++) {
        const struct note *n = &s->item[k].note;
        char name[64], part[64];
        for (unsigned i = 0; n->kind == NOTE_ALLOC && i <= n->frames; i++) {
            const uint32_t site = i == 0 ? n->site : n->frame[i - 1];
            source_allocation_name(source_of(site)->text, name, sizeof name);
            if (source_type_part(name, 0, n->size, part, sizeof part)) {
                source_name_object(n->address, name);
                break;
            }
        }
    }
}

/* ---- collecting -------------------------------------------------------------------------- */

static bool is_rmw_half(const struct story *s, const struct item *before, const struct note *n)
{
    const struct event *read = item_event(s, before), *write = &s->g->e[n->event];
    return read && read->kind == EV_READ && read->flags & EVENT_WRITES && write->kind == EV_WRITE &&
           write->flags & EVENT_RMW && read->po + 1 == write->po;
}

static void collect(struct story *s)
{
    int last[MODEL_THREADS];
    memset(last, -1, sizeof last);
    s->items = 0;
    for (unsigned k = 0; k < notes; k++) {
        const struct note *n = &note[k];
        const unsigned t = n->thread % MODEL_THREADS;
        if (n->kind == NOTE_FAULT || (n->kind == NOTE_EVENT && n->event >= s->g->events))
            continue;
        if (n->kind == NOTE_EVENT && last[t] >= 0 && is_rmw_half(s, &s->item[last[t]], n)) {
            s->item[last[t]].write = n->event;
            continue;
        }
        last[t] = (int)s->items;
        s->item[s->items++] = (struct item){.note = *n, .write = NONE, .times = 1};
    }
}

/* Events its thread had made when the item was over. */
static unsigned po_after(const struct story *s, const struct item *i)
{
    const struct event *e = item_event(s, i);
    return e ? e->po : i->note.po;
}

static bool overlaps(uintptr_t a, size_t n, uintptr_t b, size_t m)
{
    return a < b + m && b < a + n;
}

/* The item at which a place was; prefer: of its kind, atomic or not. */
static struct item *item_at(struct story *s, const struct place *p, bool prefer)
{
    for (unsigned i = s->items; i-- > 0;) {
        struct item *item = &s->item[i];
        const bool event = item->note.kind == NOTE_EVENT;
        const unsigned po = po_after(s, item);
        if (item->note.thread != p->thread || item->note.site != p->site || item->place != 0 ||
            item->note.kind == NOTE_BLOCK ||
            (!event && p->address && item->note.address &&
             !overlaps(item->note.address, item->note.size, p->address, p->size ? p->size : 1)) ||
            (prefer && event != p->atomic))
            continue;
        if (po == p->po || (event && po == p->po + 1u))
            return item;
    }
    return NULL;
}

/* Every place of the fault gets an item; the execution may have ended before it was noted. */
static void find_place(struct story *s, unsigned k)
{
    const struct place *p = &s->r->fault.place[k];
    struct item *found = item_at(s, p, true);
    if (!found)
        found = item_at(s, p, false);
    if (found) {
        found->place = (uint8_t)(k + 1);
        return;
    }
    unsigned at = s->items;
    for (unsigned i = s->items; i-- > 0;)
        if (s->item[i].note.thread == p->thread && po_after(s, &s->item[i]) > p->po)
            at = i;
    if (s->items == ITEMS_MAX)
        return;
    memmove(&s->item[at + 1], &s->item[at], (s->items - at) * sizeof s->item[0]);
    s->items++;
    s->item[at] = (struct item){.note = {.kind = NOTE_PLAIN,
                                         .thread = p->thread,
                                         .po = p->po,
                                         .site = p->site,
                                         .address = p->address,
                                         .size = p->size,
                                         .write = p->write,
                                         .text = p->what},
                                .write = NONE,
                                .times = 1,
                                .place = (uint8_t)(k + 1),
                                .made_up = true};
    const struct note *const end = notes > 0 ? &note[notes - 1] : NULL;
    if (end && end->kind == NOTE_FAULT && k + 1 == s->r->fault.places &&
        end->thread == p->thread) { /* its calls are those of the fault */
        s->item[at].note.frames = end->frames;
        memcpy(s->item[at].note.frame, end->frame, sizeof end->frame);
        return;
    }
    for (unsigned i = 0; i < s->items; i++) /* its calls are those of the thread's step before it */
        if (i != at && s->item[i].note.thread == p->thread && s->item[i].note.frames > 0 &&
            source_of(s->item[i].note.site)->function[0] != '?' &&
            strcmp(source_of(s->item[i].note.site)->function, source_of(p->site)->function) == 0) {
            s->item[at].note.frames = s->item[i].note.frames;
            memcpy(s->item[at].note.frame, s->item[i].note.frame, sizeof s->item[at].note.frame);
            if (i > at)
                break;
        }
}

/* ---- choosing ---------------------------------------------------------------------------- */

static bool touches_place(const struct story *s, const struct item *i)
{
    const struct event *e = item_event(s, i);
    for (unsigned k = 0; k < s->r->fault.places; k++) {
        const struct place *p = &s->r->fault.place[k];
        const struct item *at = story_place(s, k);
        const struct event *its = at ? item_event(s, at) : NULL;
        if (e && its && e->loc != NONE && e->loc == its->loc)
            return true;
        if (!e && p->address && i->note.address &&
            overlaps(i->note.address, i->note.size, p->address, p->size ? p->size : 1))
            return true;
    }
    return false;
}

static bool of_another_thread(const struct graph *g, const struct event *a, uint16_t b)
{
    return b != NONE && g->e[b].thread != NONE_THREAD && g->e[b].thread != a->thread;
}

/* Does it read what main set up before there were threads, and only its own thread changes? */
static bool reads_setup(const struct graph *g, const struct event *read)
{
    uint16_t w = read->rf;
    if (g->e[w].thread == NONE_THREAD || g->e[w].thread != 0 || read->thread == 0 ||
        !event_before(&g->e[w], &g->e[g->first[read->thread]].hb))
        return false;
    while ((w = g->e[w].mo_next) != NONE)
        if (g->e[w].thread != read->thread)
            return false;
    return true;
}

/* Does it let threads learn of each other, in the past of what went wrong? */
static bool communicates(const struct story *s, const struct item *i, const vclock *past)
{
    const struct graph *g = s->g;
    const struct event *e = item_event(s, i);
    if (!e || !event_before(e, past))
        return false;
    if (e->kind == EV_READ && !reads_setup(g, e) &&
        (of_another_thread(g, e, e->rf) || story_hidden(s, i) != NONE))
        return true;
    const uint16_t w = e->kind == EV_WRITE ? i->note.event : i->write;
    for (uint16_t r = w == NONE ? NONE : g->loc[g->e[w].loc].last; r != NONE; r = g->e[r].loc_prev)
        if (g->e[r].kind == EV_READ && g->e[r].rf == w && g->e[r].thread != e->thread &&
            event_before(&g->e[r], past))
            return true;
    return false;
}

/* All that the threads of the fault's places could know. Without places: everything. */
static vclock past_of_fault(const struct story *s)
{
    const struct fault *f = &s->r->fault;
    vclock past = {0};
    if (f->places == 0)
        return ~past;
    for (unsigned i = 0; i < s->g->events; i++)
        for (unsigned k = 0; k < f->places; k++) {
            const struct event *e = &s->g->e[i];
            if (e->thread == f->place[k].thread && e->po <= f->place[k].po + 1u)
                past = clock_join(past, e->porf);
        }
    return past;
}

/* A wait ended for no reason, or early: nothing else tells. */
static bool chance_matters(const struct event *e)
{
    return e->value != 0 && (e->rule == BUDGET_WAKEUPS || e->rule == BUDGET_TIMEOUTS);
}

/* Does a thread look up what its lambda has captured, or its arguments? */
static bool is_closure(const struct item *i)
{
    char name[64];
    if (i->note.kind != NOTE_PLAIN)
        return false;
    source_name(i->note.address, name, sizeof name);
    return strncmp(name, "_State_impl#", 12) == 0;
}

/* Births, ends and joins, and what main prepares before it has company, are not told. */
static bool is_scenery(const struct story *s, const struct item *i, bool alone)
{
    const struct event *e = item_event(s, i);
    if (i->place || i->note.kind == NOTE_BLOCK)
        return false;
    if (e && (e->kind == EV_CREATE || e->kind == EV_START || e->kind == EV_END ||
              e->kind == EV_JOIN || (e->kind == EV_CHOICE && !chance_matters(e))))
        return true;
    if (!e && (i->folded || is_closure(i)) && !touches_place(s, i))
        return true; /* what a library does for its own ends */
    return alone && i->note.thread == 0 && !(s->r->fault.kind == FAULT_RACE && touches_place(s, i));
}

static bool same_again(const struct story *s, const struct item *a, const struct item *b)
{
    const struct event *x = item_event(s, a), *y = item_event(s, b);
    return x && y && x->kind == EV_READ && y->kind == EV_READ && x->rf == y->rf &&
           x->loc == y->loc && a->note.site == b->note.site && a->write == NONE && b->write == NONE;
}

static void choose(struct story *s)
{
    unsigned candidates = 0;
    bool alone = true;
    for (unsigned k = 0; k < s->items; k++) {
        struct item *i = &s->item[k];
        const struct event *e = item_event(s, i);
        alone = alone && !(e && e->kind == EV_CREATE);
        i->shown = !is_scenery(s, i, alone && s->g->threads != 1);
    }
    story_loops(s);
    for (unsigned k = 0; k < s->items; k++)
        candidates += s->item[k].shown;
    const vclock past = past_of_fault(s);
    unsigned shown = 0;
    for (unsigned k = 0; candidates > ALL_UP_TO && k < s->items; k++) {
        struct item *i = &s->item[k];
        if (!i->shown)
            continue;
        i->shown =
            (i->place || i->mark || i->note.kind == NOTE_CALL || i->note.kind == NOTE_RETURN ||
             i->note.kind == NOTE_BLOCK || touches_place(s, i) || communicates(s, i, &past));
        i->left_out = !i->shown;
        shown += i->shown;
    }
    for (unsigned k = 0; shown > AT_MOST && k < s->items; k++) {
        struct item *i = &s->item[k];
        if (i->shown && !i->place && !i->mark) { /* the oldest go first */
            i->shown = false;
            i->left_out = true;
            shown--;
        }
    }
    struct item *last[MODEL_THREADS] = {0};
    for (unsigned k = 0; k < s->items; k++) {
        struct item *i = &s->item[k];
        struct item **before = &last[i->note.thread % MODEL_THREADS];
        if (!i->shown)
            continue;
        const struct event *e = *before ? item_event(s, *before) : NULL;
        if (*before && same_again(s, *before, i)) {
            i->shown = false;
            (*before)->times++;
            if (!(*before)->place) {
                (*before)->place = i->place;
                (*before)->mark = i->mark;
                i->place = 0;
            }
        } else if (i->note.kind == NOTE_BLOCK && e && e->flags & EVENT_BLOCKS) {
            i->shown = false; /* the read that blocks says it */
        } else {
            *before = i;
        }
    }
    uint16_t step = 0;
    for (unsigned k = 0; k < s->items; k++)
        if (s->item[k].shown && s->item[k].note.kind != NOTE_CALL &&
            s->item[k].note.kind != NOTE_RETURN)
            s->item[k].step = ++step;
}

/* "producer", "lambda at four.cc:12": the outermost function of the program that a step is in. */
static bool thread_function(const struct note *n, char *text, size_t size)
{
    uint32_t site = 0;
    for (unsigned i = 0; i <= n->frames; i++) {
        const uint32_t here = i == 0 ? n->site : n->frame[i - 1];
        const struct source_line *at = source_of(here);
        if (!at->library && at->line != 0 && at->function[0] != '?')
            site = here;
    }
    if (site == 0)
        return false;
    const char *function = source_of(site)->function;
    const uint32_t begin = strcmp(function, "lambda") == 0 ? source_function_begin(site) : 0;
    if (begin)
        snprintf(text, size, "lambda at %.20s:%u", source_of(begin)->file, source_of(begin)->line);
    else
        snprintf(text, size, "%s", function);
    return true;
}

static void name_threads(struct story *s)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        snprintf(s->thread_name[t], sizeof s->thread_name[t], t ? "T%u" : "main", t);
    for (unsigned k = s->items; k-- > 0;) {
        const struct note *n = &s->item[k].note;
        char function[40];
        const struct event *e = item_event(s, &s->item[k]);
        if (n->thread == 0 || n->thread >= MODEL_THREADS || (e && e->kind == EV_START) ||
            !thread_function(n, function, sizeof function))
            continue;
        snprintf(s->thread_name[n->thread], sizeof s->thread_name[0], "T%u %s", n->thread,
                 function);
    }
}

static void prepare_sources(const struct story *s)
{
    uint32_t *sites = calloc(s->items * (NOTE_FRAMES + 1) + 4 + s->g->events, sizeof *sites);
    size_t n = 0;
    if (!sites)
        return; /* they are looked up one by one */
    for (unsigned k = 0; k < s->items; k++) {
        const struct note *m = &s->item[k].note;
        sites[n++] = m->site;
        for (unsigned i = 0; i < m->frames; i++)
            sites[n++] = m->frame[i];
    }
    for (unsigned k = 0; k < s->r->fault.places; k++)
        sites[n++] = s->r->fault.place[k].site;
    source_prepare(sites, n);
    free(sites);
}

void story_make(struct story *s, const struct explore_result *r, const struct graph *g)
{
    memset(s, 0, sizeof *s);
    s->r = r;
    s->g = g;
    collect(s);
    prepare_sources(s);
    name_objects(s);
    for (unsigned k = r->fault.places; k-- > 0;)
        find_place(s, k);
    story_fold(s);
    story_order(s);
    story_mark(s);
    choose(s);
    name_threads(s);
    story_rows(s);
    story_sentence(s);
    story_explain(s);
}
