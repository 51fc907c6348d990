/* repair.c: see repair.h.
 *
 * Single orders come from where the told chain breaks (report/repairs.c). Orders that work only
 * together are found from the other end: with every order seq_cst, does it still fail? If not, they
 * are taken back, half of them at a time, then fewer, while it stays repaired; what is left is then
 * weakened as far as it will go. */
#include "models/checker/repair.h"

#include <stdlib.h>
#include <string.h>

#include "models/checker/report/source.h"
#include "models/checker/subject/loader.h"

enum { SINGLES_MAX = 8, SITES_MAX = 1024, TOGETHER_MAX = 64, EXECUTIONS = 20000 };

/* One trial takes at most as long as this; all of the first, all of the second kind. */
static const double TRIAL_SECONDS = 2, SINGLES_SECONDS = 6, TOGETHER_SECONDS = 6;

struct trials {
    const struct options *o;
    double left;    /* seconds */
    bool undecided; /* one of them was not */
    uint64_t executions;
};

/* Explores with these orders made stronger. */
static enum repair_result try(struct trials *t, const struct stronger *stronger, unsigned n)
{
    struct explore_options again = explore_in_silence(&t->o->explore);
    struct explore_result result;
    if (t->left <= 0) {
        t->undecided = true;
        return REPAIR_UNTRIED;
    }
    again.jobs = 1; /* what other processes execute is not noted here */
    again.stronger = stronger;
    again.n_stronger = n;
    again.max_seconds = t->left < TRIAL_SECONDS ? t->left : TRIAL_SECONDS;
    explore(&again, loader_run, NULL, &result);
    free(result.failed);
    t->left -= result.seconds;
    t->executions = result.complete + result.blocked;
    if (fault_exit_code(result.fault.kind) == 1)
        return REPAIR_FAILS;
    if (result.fault.kind == FAULT_NONE && result.finished)
        return REPAIR_WORKS;
    t->undecided = true;
    return REPAIR_UNFINISHED;
}

/* A line may have several operations: then it alone does not say which one is meant. */
static void tell_apart(struct repair *repair, size_t n)
{
    static struct site_use uses[SITES_MAX];
    const size_t used = report_sites(uses, SITES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct source_line *const at = source_of(repair[i].site);
        for (size_t k = 0; k < used; k++) {
            const struct source_line *const other = source_of(uses[k].site);
            repair[i].ambiguous |= uses[k].site != repair[i].site && other->line == at->line &&
                                   strcmp(other->file, at->file) == 0;
        }
    }
}

static bool singles(const struct options *o, const struct explore_result *r,
                    const struct graph *failed, struct report_about *about)
{
    static struct repair single[SINGLES_MAX];
    struct trials t = {.o = o, .left = SINGLES_SECONDS};
    bool works = false;
    about->repair = single;
    about->repairs = report_repairs(failed, r, single, SINGLES_MAX);
    for (size_t i = 0; i < about->repairs; i++) {
        const struct stronger one = {single[i].site, single[i].to};
        single[i].result = try(&t, &one, 1);
        single[i].executions = single[i].result == REPAIR_UNTRIED ? 0 : t.executions;
        works |= single[i].result == REPAIR_WORKS;
    }
    if (about->repairs > 0)
        tell_apart(single, about->repairs);
    return works;
}

/* ---- together ---------------------------------------------------------------------------- */

struct together {
    struct trials t;
    unsigned n;
    struct site_use use[TOGETHER_MAX]; /* as written */
    struct stronger now[TOGETHER_MAX]; /* what works so far */
    uint64_t executions;               /* with that */
    bool too_many;                     /* orders: not all are here */
};

static bool has_site(const struct together *g, uint32_t site)
{
    for (unsigned i = 0; i < g->n; i++)
        if (g->now[i].site == site)
            return true;
    return false;
}

/* Those of the last exploration that could be stronger: is one of them new? */
static bool add_sites(struct together *g)
{
    static struct site_use uses[SITES_MAX];
    const size_t n = explore_sites(uses, SITES_MAX);
    const unsigned before = g->n;
    for (size_t i = 0; i < n; i++) {
        const bool strongest = uses[i].order == SEQ_CST && uses[i].order_bad == SEQ_CST;
        if (strongest || has_site(g, uses[i].site))
            continue;
        if (g->n == TOGETHER_MAX) {
            g->too_many = true;
            return false;
        }
        g->use[g->n] = uses[i];
        g->now[g->n++] = (struct stronger){uses[i].site, SEQ_CST};
    }
    return g->n > before;
}

/* Every order seq_cst: also of what is executed only then. */
static enum repair_result try_all(struct together *g)
{
    struct explore_options as_written = explore_in_silence(&g->t.o->explore);
    struct explore_result result;
    enum repair_result found;
    as_written.keep_going = true;
    as_written.jobs = 1;
    as_written.max_executions = EXECUTIONS;
    explore(&as_written, loader_run, NULL, &result);
    free(result.failed);
    add_sites(g);
    do
        found = try(&g->t, g->now, g->n);
    while (found == REPAIR_FAILS && add_sites(g));
    return g->too_many && found == REPAIR_FAILS ? REPAIR_UNFINISHED : found;
}

/* Without the k orders from `at` on. */
static bool drops(struct together *g, unsigned at, unsigned k)
{
    struct stronger fewer[TOGETHER_MAX];
    unsigned n = 0;
    for (unsigned i = 0; i < g->n; i++)
        if (i < at || i >= at + k)
            fewer[n++] = g->now[i];
    if (try(&g->t, fewer, n) != REPAIR_WORKS)
        return false;
    memcpy(g->now, fewer, n * sizeof *fewer);
    memmove(&g->use[at], &g->use[at + k], (g->n - at - k) * sizeof *g->use);
    g->n = n;
    g->executions = g->t.executions;
    return true;
}

static void take_back(struct together *g)
{
    for (unsigned k = (g->n + 1) / 2; k > 0; k = k == 1 ? 0 : (k + 1) / 2)
        for (unsigned at = 0; at < g->n;) {
            const unsigned here = g->n - at < k ? g->n - at : k;
            if (!drops(g, at, here))
                at += here;
        }
}

/* The weakest of these that keeps it repaired. */
static void weaken_one(struct together *g, unsigned i)
{
    static const enum order candidate[] = {RELEASE, ACQUIRE, ACQ_REL};
    const struct site_use *const u = &g->use[i];
    const bool reads = u->kind != EV_WRITE, writes = u->kind != EV_READ || u->rmw;
    for (unsigned k = 0; k < sizeof candidate / sizeof *candidate; k++) {
        const enum order to = candidate[k];
        const struct stronger before = g->now[i];
        const bool same = order_at_least((enum order)u->order, to) == u->order;
        const bool same_bad = !order_acquires(to) || u->order_bad != RELAXED;
        if ((!reads && order_acquires(to)) || (!writes && order_releases(to)) ||
            (reads && !writes && to == ACQ_REL) || (same && same_bad))
            continue;
        g->now[i].to = to;
        if (try(&g->t, g->now, g->n) == REPAIR_WORKS) {
            g->executions = g->t.executions;
            return;
        }
        g->now[i] = before;
    }
}

static struct repair found_one(const struct site_use *u, enum order to)
{
    const enum order from = (enum order)u->order, bad = (enum order)u->order_bad;
    return (struct repair){.site = u->site,
                           .kind = u->kind,
                           .from = from,
                           .to = order_at_least(from, to),
                           .two = from != bad,
                           .from_bad = bad,
                           .to_bad = order_at_least(bad, order_of_failure(to)),
                           .result = REPAIR_WORKS};
}

static void together(const struct options *o, struct report_about *about)
{
    static struct together g;
    static struct repair found[TOGETHER_MAX];
    memset(&g, 0, sizeof g);
    g.t = (struct trials){.o = o, .left = TOGETHER_SECONDS};
    about->together_result = try_all(&g);
    g.executions = g.t.executions;
    if (about->together_result == REPAIR_WORKS) {
        take_back(&g);
        for (unsigned i = 0; i < g.n; i++)
            weaken_one(&g, i);
        for (unsigned i = 0; i < g.n; i++)
            found[i] = found_one(&g.use[i], g.now[i].to);
        tell_apart(found, g.n);
        about->together = found;
        about->together_n = g.n;
        about->together_smallest = !g.t.undecided;
    }
    about->together_executions = g.executions;
}

void repair_search(const struct options *o, const struct explore_result *r,
                   const struct graph *failed, struct report_about *about)
{
    if (!singles(o, r, failed, about) && report_is_about_orders(failed, r))
        together(o, about);
}
