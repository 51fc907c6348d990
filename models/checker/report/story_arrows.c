/* story_arrows.c: what leads from one row to another: who read from whom, and where the explanation's
 * chain breaks. For the picture. */
#include "models/checker/report/explain.h"

#include <string.h>

static struct arrow *add(struct story *s, uint16_t from, uint16_t to, enum arrow_kind kind)
{
    static struct arrow no_room;
    if (s->arrows == ARROWS_MAX)
        return &no_room;
    struct arrow *a = &s->arrow[s->arrows++];
    *a = (struct arrow){.kind = kind, .from = from, .to = to};
    return a;
}

/* The row of an item; NONE: it is not shown. */
static uint16_t row_of(const struct story *s, const struct item *i)
{
    for (unsigned k = 0; i && i->shown && k < s->rows; k++)
        if (s->row[k].kind == ROW_STEP && s->row[k].item == i - s->item)
            return (uint16_t)k;
    return NONE;
}

static uint16_t row_of_event(const struct story *s, uint16_t event)
{
    return row_of(s, story_item(s, event));
}

/* A read of what another thread wrote, or of what is no longer there. */
static void reads_from(struct story *s, uint16_t row)
{
    const struct item *i = &s->item[s->row[row].item];
    const struct event *e = item_event(s, i);
    if (!e || e->kind != EV_READ || e->rf == NONE)
        return;
    const struct event *w = &s->g->e[e->rf];
    const uint16_t from = row_of_event(s, e->rf), hidden = story_hidden(s, i);
    const bool stale = hidden != NONE && i->write == NONE;
    if (stale) {
        const uint16_t unseen = row_of_event(s, hidden);
        struct arrow *a = add(s, from, row, ARROW_STALE);
        loc_print(e->loc, a->text, sizeof a->text);
        const size_t n = strlen(a->text);
        char value[80];
        value_print(e->value, e->size, value, sizeof value);
        snprintf(a->text + n, sizeof a->text - n, " = %s  %s", value,
                 w->kind == EV_INIT ? "(initial)"
                 : w->thread == 0   ? "(set by main)"
                                    : "(earlier)");
        if (unseen != NONE)
            s->row[unseen].unseen = s->row[row].step;
    } else if (from != NONE && w->thread != e->thread) {
        add(s, from, row, e->flags & EVENT_BLOCKS ? ARROW_WAITS : ARROW_READS);
    }
}

static void break_links(struct story *s, const struct link *link, unsigned links)
{
    for (unsigned k = 0; k < links; k++) {
        const uint16_t from = row_of_event(s, link[k].write), to = row_of_event(s, link[k].read);
        if (link[k].released && link[k].acquired)
            continue;
        for (unsigned i = 0; i < s->arrows; i++) {
            struct arrow *a = &s->arrow[i];
            if (a->from != from || a->to != to || a->kind != ARROW_READS)
                continue;
            a->kind = ARROW_BROKEN;
            s->row[from].no_release |= !link[k].released;
            s->row[to].no_acquire |= !link[k].acquired;
        }
    }
}

void story_arrows(struct story *s)
{
    struct pair p;
    struct stale stale[STALE_MAX];
    s->arrows = 0;
    for (unsigned k = 0; k < s->rows; k++)
        if (s->row[k].kind == ROW_STEP)
            reads_from(s, (uint16_t)k);
    if (explain_unordered(s, &p) && !p.ordered) {
        const unsigned last = s->r->fault.places - 1;
        const uint16_t from = row_of(s, story_place(s, last - 1)),
                       to = row_of(s, story_place(s, last));
        break_links(s, p.link, p.links);
        if (from != NONE && to != NONE)
            add(s, from, to, ARROW_CONFLICT);
    }
    for (unsigned k = s->interleaving ? 0 : explain_stale(s, stale, STALE_MAX); k-- > 0;)
        break_links(s, stale[k].link, stale[k].links);
    for (unsigned t = 0; s->r->fault.kind == FAULT_LOST_WAKEUP && t < MODEL_THREADS; t++) {
        struct lost_wake lost;
        if (!explain_lost_wake(s, t, &lost) || !lost.sleep || !lost.before)
            continue;
        const uint16_t from = row_of(s, lost.before), to = row_of(s, lost.sleep);
        if (from != NONE && to != NONE)
            add(s, from, to, ARROW_LOST);
    }
}
