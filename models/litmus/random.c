/* random.c: small litmus programs drawn by chance. */
#include "models/litmus/random.h"

#include <string.h>

#include "models/litmus/enumerate.h"

enum { OPS_MAX = 14, OPS_LARGE_MIN = 9, OPS_LARGE = 13 };
static const double candidates_max = 3000, candidates_large_min = 3000, candidates_large = 3e6;

static unsigned below(struct stats_random *r, unsigned n)
{
    return (unsigned)stats_random_below(r, n);
}

/* One of the orders that are right for it; seq_cst_percent more often seq_cst. */
static enum litmus_order random_order(struct stats_random *r, enum litmus_kind kind,
                                      unsigned seq_cst_percent)
{
    static const enum litmus_order load[] = {RLX, ACQ, SC}, store[] = {RLX, REL, SC},
                                   both[] = {RLX, ACQ, REL, AR, SC}, fence[] = {ACQ, REL, AR, SC};
    if (below(r, 100) < seq_cst_percent)
        return SC;
    switch (kind) {
    case LITMUS_LOAD:
        return load[below(r, 3)];
    case LITMUS_STORE:
        return store[below(r, 3)];
    case LITMUS_FENCE:
        return fence[below(r, 4)];
    case LITMUS_ADD:
    case LITMUS_EXCHANGE:
    case LITMUS_CAS:
        break;
    }
    return both[below(r, 5)];
}

static enum litmus_kind random_kind(struct stats_random *r)
{
    const unsigned n = below(r, 100);
    return n < 32   ? LITMUS_LOAD
           : n < 64 ? LITMUS_STORE
           : n < 73 ? LITMUS_ADD
           : n < 79 ? LITMUS_EXCHANGE
           : n < 90 ? LITMUS_CAS
                    : LITMUS_FENCE;
}

static struct litmus_op random_op(struct stats_random *r, unsigned thread, unsigned locations,
                                  unsigned seq_cst_percent)
{
    struct litmus_op op;
    memset(&op, 0, sizeof op);
    op.kind = random_kind(r);
    op.thread = thread;
    op.order = random_order(r, op.kind, seq_cst_percent);
    op.order_bad = litmus_order_bad(op.order);
    if (op.kind == LITMUS_FENCE)
        return op;
    op.location = below(r, locations);
    if (op.kind == LITMUS_CAS) {
        op.expected = (int)below(r, 3);
        op.order_bad = random_order(r, LITMUS_LOAD, seq_cst_percent);
    }
    if (op.kind != LITMUS_LOAD)
        op.operand = 1 + (int)below(r, 2); /* few values, so that compare-exchanges succeed */
    return op;
}

static bool percent(struct stats_random *r, unsigned p) { return below(r, 100) < p; }

static void append(struct litmus *p, struct litmus_op op)
{
    if (p->ops < LITMUS_OPS)
        p->op[p->ops++] = op;
}

/* Anything. */
static void draw_any(struct litmus *p, struct stats_random *r, unsigned seq_cst_percent)
{
    const unsigned locations = 1 + below(r, 3);
    p->threads = 2 + below(r, 3);
    for (unsigned t = 0; t < p->threads; t++)
        for (unsigned n = 1 + below(r, 5); n > 0; n--)
            append(p, random_op(r, t, locations, seq_cst_percent));
}

/* An operation on that variable, most often a load or a store. */
static struct litmus_op random_access(struct stats_random *r, unsigned thread, unsigned location,
                                      unsigned seq_cst_percent)
{
    struct litmus_op op;
    do
        op = random_op(r, thread, 1, seq_cst_percent);
    while (op.kind == LITMUS_FENCE);
    op.location = location;
    return op;
}

/* A thread of a ring: an access to `at`, mostly another to `to`, and now and then more of it. */
static void draw_link(struct litmus *p, struct stats_random *r, unsigned at, unsigned to,
                      unsigned seq_cst_percent, unsigned fence_percent)
{
    const unsigned t = p->threads++;
    if (percent(r, 10))
        append(p, random_access(r, t, percent(r, 50) ? at : to, seq_cst_percent));
    append(p, random_access(r, t, at, seq_cst_percent));
    if (at == to)
        return;
    if (percent(r, fence_percent))
        append(p, (struct litmus_op){.kind = LITMUS_FENCE,
                                     .thread = t,
                                     .order = random_order(r, LITMUS_FENCE, fence_percent)});
    else if (percent(r, 15))
        append(p, random_access(r, t, percent(r, 50) ? at : to, seq_cst_percent));
    append(p, random_access(r, t, to, seq_cst_percent));
    if (percent(r, 15))
        append(p, random_access(r, t, to, seq_cst_percent)); /* continues a release sequence? */
}

/* Threads that lead from one variable to the next and back to the first: what all weak behaviour
 * looks like. Of programs drawn without such a plan few can tell one memory model from another. */
static void draw_ring(struct litmus *p, struct stats_random *r, unsigned seq_cst_percent)
{
    const unsigned locations = 2 + below(r, 2), fence_percent = 40 * below(r, 3);
    for (unsigned l = 0; l < locations; l++) {
        draw_link(p, r, l, (l + 1) % locations, seq_cst_percent, fence_percent);
        if (percent(r, 25)) /* a thread with a single access, as in IRIW */
            draw_link(p, r, (l + 1) % locations, (l + 1) % locations, seq_cst_percent, 0);
    }
}

static bool has_size(const struct litmus *p, bool large)
{
    const double n = enumerate_candidates(p);
    return large ? p->ops >= OPS_LARGE_MIN && p->ops <= OPS_LARGE && n > candidates_large_min &&
                       n <= candidates_large
                 : p->ops <= OPS_MAX && n <= candidates_max;
}

void litmus_random(struct litmus *p, struct stats_random *r, bool large)
{
    do {
        memset(p, 0, sizeof *p);
        const unsigned seq_cst_percent = 30 * below(r, 4);
        if (percent(r, 40))
            draw_any(p, r, seq_cst_percent);
        else
            draw_ring(p, r, seq_cst_percent);
    } while (!has_size(p, large));
}
