/* explain_text.c: the block "why the model allows it". */
#include "models/checker/report/explain.h"

#include <stdarg.h>
#include <string.h>

#include "models/checker/memory/heap.h"
#include "models/checker/explore/rules.h"
#include "models/checker/report/source.h"
#include "models/checker/report/source_name.h"
#include "models/checker/run/thread.h"

static void __attribute__((format(printf, 2, 3))) why(struct story *s, const char *format, ...)
{
    if (s->why == WHY_MAX)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(s->why_line[s->why++], WHY_TEXT, format, ap);
    va_end(ap);
    for (unsigned i = 0; i + 1 < s->why; i++)
        if (strcmp(s->why_line[i], s->why_line[s->why - 1]) == 0) {
            s->why--; /* said already */
            return;
        }
    char *first = &s->why_line[s->why - 1][0];
    if (strncmp(first, "step", 4) == 0 || strncmp(first, "a step", 6) == 0)
        *first = (char)(*first - 'a' + 'A');
}

struct label {
    char text[40];
};

static struct label who(unsigned thread)
{
    struct label l;
    snprintf(l.text, sizeof l.text, thread ? "T%u" : "main", thread);
    return l;
}

/* "B (step 3)", "step 3", "a step of T1" */
static struct label at(const struct item *i, unsigned thread)
{
    struct label l;
    if (i && i->mark && i->step)
        snprintf(l.text, sizeof l.text, "%c (step %u)", i->mark, i->step);
    else if (i && i->step)
        snprintf(l.text, sizeof l.text, "step %u", i->step);
    else
        snprintf(l.text, sizeof l.text, thread ? "a step of T%u" : "a step of main", thread);
    return l;
}

static struct label at_event(const struct story *s, uint16_t event)
{
    return at(story_item(s, event), s->g->e[event].thread);
}

static struct label line_of(const struct item *i)
{
    struct label l = {""};
    if (i && source_of(i->note.site)->line)
        snprintf(l.text, sizeof l.text, " (:%u)", source_of(i->note.site)->line);
    return l;
}

/* ---- chains ------------------------------------------------------------------------------ */

/* "A (step 1) -program order-> B (step 2) -read by-> C (step 3) -program order-> D (step 4)" */
static void why_chain(struct story *s, const char *first, const struct link *link, unsigned links,
                      const char *last)
{
    char text[WHY_TEXT];
    size_t used = (size_t)snprintf(text, sizeof text, "%s", first);
    for (unsigned k = 0; k < links && used < sizeof text; k++) {
        const struct event *r = &s->g->e[link[k].read];
        const char *how = r->kind == EV_READ    ? "read by"
                          : r->kind == EV_START ? "starts"
                                                : "ended, joined by";
        const bool same = strcmp(at_event(s, link[k].write).text, first) == 0 && k == 0;
        const int n = snprintf(
            text + used, sizeof text - used, "%s%s --%s--> %s", same ? "" : " --then--> ",
            same ? "" : at_event(s, link[k].write).text, how, at_event(s, link[k].read).text);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used < sizeof text && strcmp(at_event(s, link[links - 1].read).text, last) != 0)
        snprintf(text + used, sizeof text - used, " --then--> %s", last);
    why(s, "%s", text);
}

static const char *broken_half(const struct event *e)
{
    return e->kind == EV_WRITE ? "a release" : "an acquire";
}

/* One sentence for each link that does not count. Returns how many there are. */
static unsigned why_breaks(struct story *s, const struct link *link, unsigned links)
{
    unsigned breaks = 0;
    for (unsigned k = 0; k < links; k++) {
        const struct event *w = &s->g->e[link[k].write], *r = &s->g->e[link[k].read];
        char name[120] = "";
        if (link[k].released && link[k].acquired)
            continue;
        breaks++;
        if (w->loc != NONE)
            loc_print(w->loc, name, sizeof name);
        if (!link[k].released)
            why(s,
                "%s%s writes %s %s, which is not %s: reading it tells %s nothing of what %s did "
                "before.",
                at_event(s, link[k].write).text, line_of(story_item(s, link[k].write)).text, name,
                w->flags & EVENT_NA ? "plainly" : order_name((enum order)w->order), broken_half(w),
                who(r->thread).text, who(w->thread).text);
        if (!link[k].acquired)
            why(s,
                "%s%s reads %s %s, which is not %s: %s sees the value, but need not see what %s "
                "did before writing it.",
                at_event(s, link[k].read).text, line_of(story_item(s, link[k].read)).text, name,
                order_name((enum order)r->order), broken_half(r), who(r->thread).text,
                who(w->thread).text);
    }
    return breaks;
}

/* The reads that missed a write, in the order of the steps. With a pair: how its threads came
 * there. */
static unsigned why_stale_reads(struct story *s, const struct pair *p)
{
    struct stale stale[STALE_MAX];
    const unsigned n = explain_stale(s, stale, STALE_MAX);
    for (unsigned k = n; k-- > 0;) {
        const struct stale *one = &stale[k];
        const struct event *w = &s->g->e[one->hidden], *r = &s->g->e[one->read];
        char name[120], old[80], new[80], then[200] = "";
        loc_print(r->loc, name, sizeof name);
        value_print(r->value, r->size, old, sizeof old);
        value_print(w->value, w->size, new, sizeof new);
        if (p && (r->thread == p->to || r->thread == p->from) && one->links == 0) {
            const unsigned k_place = s->r->fault.places - (r->thread == p->to ? 1 : 2);
            if (r->po <= s->r->fault.place[k_place].po)
                snprintf(then, sizeof then, ", and with that %s came to %s", who(r->thread).text,
                         at(story_place(s, k_place), r->thread).text);
        } else if (one->links == 0) {
            snprintf(then, sizeof then, ": nothing that %s read before tells it of that write",
                     who(r->thread).text);
        }
        why(s, "%s reads %s = %s although %s had written %s in %s%s.", at_event(s, one->read).text,
            name, old, who(w->thread).text, new, at_event(s, one->hidden).text, then);
        if (one->links > 0) {
            why_chain(s, at_event(s, one->hidden).text, one->link, one->links,
                      at_event(s, one->read).text);
            why_breaks(s, one->link, one->links);
        }
    }
    return n;
}

/* The step in which a thread learnt this address, the last one before it was at a place; NULL. */
static const struct item *learnt(const struct story *s, const struct place *p)
{
    const struct item *found = NULL;
    for (const struct item *i = s->item; i < s->item + s->items; i++) {
        const struct event *e = item_event(s, i);
        const bool read = e ? e->kind == EV_READ : i->note.kind == NOTE_PLAIN && !i->note.write;
        if (i->note.thread == p->thread && i->note.po <= p->po && i->step > 0 && read &&
            (e ? e->value == p->address : i->note.value == p->address))
            found = i;
    }
    return found;
}

/* To order two frees of one object would repair nothing. */
static void why_freed_twice(struct story *s)
{
    const struct fault *f = &s->r->fault;
    const struct place *a = &f->place[f->places - 2], *b = &f->place[f->places - 1];
    const struct item *i = learnt(s, a), *k = learnt(s, b);
    if (a->thread == b->thread) {
        why(s, "%s frees it in %s and again in %s.", who(a->thread).text,
            at(story_place(s, f->places - 2), a->thread).text,
            at(story_place(s, f->places - 1), b->thread).text);
        return;
    }
    if (i && k)
        why(s,
            "%s read its address in %s and %s in %s: both took it as theirs to "
            "free, and only one of them may.",
            who(a->thread).text, at(i, a->thread).text, who(b->thread).text, at(k, b->thread).text);
    else
        why(s, "Both %s and %s took it as theirs to free, and only one of them may.",
            who(a->thread).text, who(b->thread).text);
    if (s->interleaving)
        why(s, "Who frees it must be settled in one step that only one of them can win: an "
               "exchange, a "
               "compare-and-swap, or a look and a removal under one lock.");
}

static bool frees(const struct place *p) { return p->what && strcmp(p->what, "free") == 0; }

static void why_unordered(struct story *s, const struct pair *p)
{
    const struct fault *f = &s->r->fault;
    const struct place *a = &f->place[f->places - 2];
    const struct label from = at(story_place(s, f->places - 2), p->from),
                       to = at(story_place(s, f->places - 1), p->to);
    static const char rule_out[] = " (where each thread writes and then reads what the other one "
                                   "writes, those writes and reads must all be seq_cst)";
    if (p->ordered) {
        why(s, "%s happens before %s: it comes first in every execution like this one.", from.text,
            to.text);
        return;
    }
    if (p->links == 0 && f->kind == FAULT_USE_AFTER_FREE) {
        const bool first = frees(a); /* the use came after it */
        const struct label use = first ? to : from, free_ = first ? from : to;
        why(s,
            "Nothing keeps %s from freeing it while %s still uses it: no chain leads from %s to "
            "%s.",
            who(first ? p->from : p->to).text, who(first ? p->to : p->from).text, use.text,
            free_.text);
        if (!s->interleaving && why_stale_reads(s, p) > 0)
            why(s,
                "Either the free must wait for the use, or the values read must rule this out"
                "%s.",
                rule_out);
        why(s, "So %s does not happen before %s: they may come in either order.", use.text,
            free_.text);
        return;
    } else if (p->links == 0) {
        why(s,
            "No chain at all leads from %s to %s: before %s, %s has read nothing that %s wrote "
            "after %s.",
            from.text, to.text, to.text, who(p->to).text, who(p->from).text, from.text);
        if (!s->interleaving && why_stale_reads(s, p) > 0)
            why(s,
                "Either they need a lock, or a release by %s that %s acquires in between, or the "
                "values read must rule this out%s.",
                who(p->from).text, who(p->to).text, rule_out);
        else
            why(s, "They need a lock, or a release by %s that %s acquires in between.",
                who(p->from).text, who(p->to).text);
    } else {
        why_chain(s, from.text, p->link, p->links, to.text);
        if (why_breaks(s, p->link, p->links) == 0)
            why(s, "Every link of it synchronizes, but too late or too early for %s.", to.text);
    }
    if (f->kind == FAULT_RACE)
        why(s,
            "So %s does not happen before %s. They may run at the same time: a data race, and C "
            "gives the program no meaning.",
            from.text, to.text);
    else
        why(s, "So %s does not happen before %s: they may come in either order.", from.text,
            to.text);
}

/* A condition wait that ended without a signal: POSIX and C allow it. */
static bool why_woken_for_no_reason(struct story *s)
{
    for (unsigned k = 0; k < s->items; k++) {
        const struct item *const i = &s->item[k];
        const struct event *const e = item_event(s, i);
        if (!e || e->kind != EV_CHOICE || e->rule != BUDGET_WAKEUPS || e->value == 0)
            continue;
        why(s,
            "The wait of %s%s ended in %s though nobody had signalled: POSIX and C allow that. "
            "What "
            "it waits for must be looked at again, in a loop.",
            who(e->thread).text, line_of(i).text, at(i, e->thread).text);
        return true;
    }
    return false;
}

static void why_stale(struct story *s)
{
    if (s->interleaving && why_woken_for_no_reason(s))
        return;
    if (s->interleaving) {
        why(s, "No weak memory is needed: run one after the other as shown, every read sees the "
               "last write, and it fails all the same. What is wrong is the protocol, not a memory "
               "order.");
        return;
    }
    if (why_stale_reads(s, NULL) == 0)
        why(s, "No order of the steps, one after the other, gives all the values that were read: "
               "threads disagree about the order of some writes. seq_cst orders would forbid it.");
}

/* ---- waiting ----------------------------------------------------------------------------- */

static void why_waits(struct story *s, unsigned t)
{
    const struct event *e = explain_blocked(s, t);
    const struct source_line *line = source_of(story_site(s, t, threads[t].waits_site));
    char name[120] = "", place[64] = "";
    if (line->line)
        snprintf(place, sizeof place, " at :%u", line->line);
    if (threads[t].state == THREAD_JOINING) {
        why(s, "%s waits%s for T%u to end.", who(t).text, place, threads[t].target);
        return;
    }
    if (!e || threads[t].state == THREAD_CUT) {
        if (threads[t].state != THREAD_CUT)
            return;
        if (threads[t].waits_at)
            source_name(threads[t].waits_at, name, sizeof name);
        why(s,
            "%s goes round and round%s, reading %s: each of its reads sees the last write there "
            "will ever be.",
            who(t).text, place, name[0] ? name : "the same values");
        return;
    }
    loc_print(e->loc, name, sizeof name);
    const struct event *w = &s->g->e[e->rf];
    if (e->rule == RULE_LOCK && w->thread != NONE_THREAD) {
        const struct item *i = story_item(s, e->rf);
        why(s, "%s waits%s for %s, which %s locked in %s%s and has not unlocked.", who(t).text,
            place, name, who(w->thread).text, at(i, w->thread).text, line_of(i).text);
        return;
    }
    why(s, "%s sleeps%s on %s.", who(t).text, place, name);
}

/* The wake-up that was lost, and those that came later and went to others. */
static void why_not_woken(struct story *s, unsigned t)
{
    struct lost_wake l;
    char name[120];
    if (!explain_lost_wake(s, t, &l))
        return;
    loc_print(l.read->loc, name, sizeof name);
    if (l.sleep && l.before)
        why(s, "The wake in %s%s came before %s went to sleep in %s%s: it is lost.",
            at(l.before, l.before->note.thread).text, line_of(l.before).text, who(t).text,
            at(l.sleep, t).text, line_of(l.sleep).text);
    for (unsigned k = 0; k < l.afters; k++)
        why(s, "The wake in %s%s went to another thread.",
            at(l.after[k], l.after[k]->note.thread).text, line_of(l.after[k]).text);
    if (l.wakes > 0 && l.sleep && !l.before && l.afters == 0)
        why(s, "Nobody wakes a thread on %s after %s went to sleep in %s%s.", name, who(t).text,
            at(l.sleep, t).text, line_of(l.sleep).text);
    if (l.wakes == 0)
        why(s, "Nobody ever wakes a thread that sleeps on %s in this execution.", name);
}

static bool waits(unsigned t)
{
    return threads[t].state == THREAD_BLOCKED || threads[t].state == THREAD_CUT ||
           threads[t].state == THREAD_JOINING;
}

static void why_stuck(struct story *s)
{
    bool only_joins = true;
    for (unsigned t = 1; t < MODEL_THREADS; t++)
        only_joins = only_joins && !waits(t);
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        if (!waits(t) || (t == 0 && threads[t].state == THREAD_JOINING && !only_joins))
            continue;
        why_waits(s, t);
        if (s->r->fault.kind == FAULT_LOST_WAKEUP && threads[t].state == THREAD_BLOCKED)
            why_not_woken(s, t);
    }
    if (s->r->fault.kind == FAULT_DEADLOCK)
        why(s, "Each waits for another of them: none can go on.");
    if (!s->interleaving)
        why_stale(s);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static void why_object(struct story *s)
{
    const struct fault *f = &s->r->fault;
    for (unsigned k = 0; k < f->places; k++) {
        const struct heap_object *o = heap_find(f->place[k].address);
        if (!o)
            continue;
        char name[120];
        source_name_pointer(o->base, name, sizeof name);
        const unsigned line = source_of(story_site(s, o->thread, o->site))->line,
                       freed = source_of(story_site(s, o->freed_by, o->freed_site))->line;
        if (o->freed)
            why(s, "%s: %zu bytes, allocated by %s (:%u), freed by %s (:%u).", name + 1, o->size,
                who(o->thread).text, line, who(o->freed_by).text, freed);
        else
            why(s, "%s: %zu bytes, allocated by %s (:%u)%s.", name + 1, o->size,
                who(o->thread).text, line, f->kind == FAULT_LEAK ? ", never freed" : "");
        return;
    }
}

static void why_history(struct story *s)
{
    const struct history *h = &s->r->history;
    why(s, "What the operations answered, by thread (each thread's in its order):");
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        char text[WHY_TEXT];
        size_t used = 0;
        for (unsigned i = 0; i < h->n && used < sizeof text; i++) {
            char op[80];
            if (h->op[i].thread != t)
                continue;
            op_print(&h->op[i], op, sizeof op);
            const int n = snprintf(text + used, sizeof text - used, "%s%s", used ? ";  " : "", op);
            used += n > 0 ? (size_t)n : 0;
        }
        if (used > 0)
            why(s, "  %-5s %s", who(t).text, text);
    }
}

void story_explain(struct story *s)
{
    struct pair p;
    s->why = 0;
    switch (s->r->fault.kind) {
    case FAULT_DEADLOCK:
    case FAULT_LOST_WAKEUP:
    case FAULT_LIVELOCK:
        why_stuck(s);
        return;
    case FAULT_NOT_LINEARIZABLE:
        why_history(s);
        why_stale(s);
        return;
    case FAULT_LEAK:
    case FAULT_INVALID_FREE:
    case FAULT_OUT_OF_BOUNDS:
        why_object(s);
        if (!s->interleaving)
            why_stale(s);
        return;
    default:
        break;
    }
    why_object(s);
    if (s->r->fault.kind == FAULT_DOUBLE_FREE) {
        why_freed_twice(s);
        if (!s->interleaving)
            why_stale(s);
        return;
    }
    if (explain_unordered(s, &p) && !p.ordered) {
        why_unordered(s, &p);
        return;
    }
    if (p.ordered)
        why_unordered(s, &p);
    else if (!s->interleaving || s->r->fault.kind == FAULT_ASSERTION ||
             s->r->fault.kind == FAULT_INVARIANT)
        why_stale(s);
}
