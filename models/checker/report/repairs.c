/* repairs.c: the orders worth trying, those nearest to where the chain breaks first. */
#include "models/checker/report/explain.h"

struct list {
    struct repair *out;
    size_t n, max;
};

static void offer(struct list *l, const struct event *e, enum order to)
{
    const enum order from = (enum order)e->order;
    if (from == to || e->flags & EVENT_NA || e->site == 0 || l->n == l->max)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->out[i].site == e->site && l->out[i].to == to)
            return;
    l->out[l->n++] = (struct repair){.site = e->site, .kind = e->kind, .from = from, .to = to};
}

static void offer_links(struct list *l, const struct graph *g, const struct link *link, unsigned n)
{
    for (unsigned k = n; k-- > 0;) {
        const struct event *w = &g->e[link[k].write], *r = &g->e[link[k].read];
        if (!link[k].released && w->kind == EV_WRITE) {
            offer(l, w, order_at_least((enum order)w->order, RELEASE));
            if (w->flags & EVENT_RMW)
                offer(l, w, ACQ_REL);
        }
        if (!link[k].acquired && r->kind == EV_READ) {
            offer(l, r, order_at_least((enum order)r->order, ACQUIRE));
            if (r->flags & EVENT_WRITES)
                offer(l, r, ACQ_REL);
        }
    }
}

size_t report_repairs(const struct graph *g, const struct explore_result *r, struct repair *out,
                      size_t max)
{
    static struct story s;
    struct list l = {out, 0, max};
    struct pair p;
    struct stale stale[STALE_MAX];
    story_make(&s, r, g);
    if (explain_unordered(&s, &p))
        offer_links(&l, g, p.link, p.links);
    const unsigned n = explain_stale(&s, stale, STALE_MAX);
    for (unsigned k = 0; k < n; k++)
        offer_links(&l, g, stale[k].link, stale[k].links);
    for (unsigned k = 0; k < n; k++) {
        offer(&l, &g->e[stale[k].read], SEQ_CST);
        offer(&l, &g->e[stale[k].hidden], SEQ_CST);
    }
    return l.n;
}

bool report_is_about_orders(const struct graph *g, const struct explore_result *r)
{
    static struct story s;
    story_make(&s, r, g);
    return r->fault.kind == FAULT_RACE || !s.interleaving;
}
