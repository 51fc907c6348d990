/* axioms.c: RC11, SC and TSO in relational form.
 *
 * RC11: Lahav, Vafeiadis, Kang, Hur, Dreyer: "Repairing Sequential Consistency in C/C++11", PLDI
 * 2017; with what C++20 made of it: release sequences without later stores of the same thread, and
 * no exception for accesses to the same location in the order of seq_cst operations.
 * TSO: Owens, Sarkar, Sewell: "A Better x86 Memory Model: x86-TSO", TPHOLs 2009; in the form of
 * Alglave, Maranget, Tautschnig: "Herding Cats", TOPLAS 2014. */
#include "models/litmus/axioms.h"

#include <string.h>

/* ---- events -------------------------------------------------------------------------------- */

enum part { PART_INITIAL, PART_READ, PART_WRITE, PART_FENCE };

struct part_of {
    enum part part;
    unsigned op;       /* but of an initial write: */
    unsigned location; /* not of a fence */
};

/* Thread order within the list is program order. */
static unsigned list_events(const struct litmus *p, const struct execution *e,
                            struct part_of list[RELATION_EVENTS])
{
    unsigned n = 0;
    for (unsigned l = 0; l < LITMUS_LOCATIONS; l++)
        list[n++] = (struct part_of){PART_INITIAL, 0, l};
    for (unsigned i = 0; i < p->ops; i++) {
        const unsigned l = p->op[i].location;
        if (p->op[i].kind == LITMUS_FENCE)
            list[n++] = (struct part_of){PART_FENCE, i, 0};
        if (e->from[i] != FROM_NOTHING)
            list[n++] = (struct part_of){PART_READ, i, l};
        if (e->place[i] > 0)
            list[n++] = (struct part_of){PART_WRITE, i, l};
    }
    return n;
}

static void add_to_sets(struct candidate *c, unsigned a, const struct litmus_op *op, enum part part,
                        bool writes)
{
    const event_set bit = (event_set)1 << a;
    const enum litmus_order order = op->kind == LITMUS_CAS && !writes ? op->order_bad : op->order;
    c->reads |= part == PART_READ ? bit : 0;
    c->writes |= part == PART_WRITE ? bit : 0;
    c->fences |= part == PART_FENCE ? bit : 0;
    if (part != PART_WRITE && (order == ACQ || order == AR || order == SC))
        c->acquires |= bit;
    if (part != PART_READ && (order == REL || order == AR || order == SC))
        c->releases |= bit;
    if (order == SC)
        c->seq_cst |= bit;
    if (op->kind == LITMUS_ADD || op->kind == LITMUS_EXCHANGE || op->kind == LITMUS_CAS)
        c->locked |= bit;
}

void candidate_build(struct candidate *c, const struct litmus *p, const struct execution *e)
{
    struct part_of list[RELATION_EVENTS];
    const unsigned n = list_events(p, e, list);
    const struct relation none = relation_empty(n);
    *c = (struct candidate){.n = n,
                            .sb = none,
                            .same_location = none,
                            .internal = none,
                            .rmw = none,
                            .rf = none,
                            .mo = none};
    for (unsigned a = 0; a < n; a++) {
        if (list[a].part == PART_INITIAL)
            c->writes |= (event_set)1 << a;
        else
            add_to_sets(c, a, &p->op[list[a].op], list[a].part, e->place[list[a].op] > 0);
    }
    for (unsigned a = 0; a < n; a++)
        for (unsigned b = 0; b < n; b++) {
            const struct part_of *const x = &list[a], *const y = &list[b];
            const bool x_initial = x->part == PART_INITIAL, y_initial = y->part == PART_INITIAL;
            const bool inside =
                !x_initial && !y_initial && p->op[x->op].thread == p->op[y->op].thread;
            const bool located =
                x->part != PART_FENCE && y->part != PART_FENCE && x->location == y->location;
            if (inside)
                relate(&c->internal, a, b);
            if ((inside && a < b) || (x_initial && !y_initial))
                relate(&c->sb, a, b);
            if (located)
                relate(&c->same_location, a, b);
            if (x->part == PART_READ && y->part == PART_WRITE && x->op == y->op)
                relate(&c->rmw, a, b);
            if (y->part == PART_READ && located) {
                const int from = e->from[y->op];
                if (x_initial ? from == FROM_INITIAL : x->part == PART_WRITE && from == (int)x->op)
                    relate(&c->rf, a, b);
            }
            if (y->part == PART_WRITE && located && x->part != PART_READ)
                if (x_initial || e->place[x->op] < e->place[y->op])
                    relate(&c->mo, a, b);
        }
    c->rb = relation_then(relation_inverse(c->rf), c->mo);
}

/* ---- models -------------------------------------------------------------------------------- */

/* Between the write that a read-modify-write read and its own there is none. */
static bool atomic(const struct candidate *c)
{
    return relation_is_empty(relation_and(c->rmw, relation_then(c->rb, c->mo)));
}

static bool allowed_sc(const struct candidate *c)
{
    const struct relation com = relation_or(relation_or(c->rf, c->mo), c->rb);
    return relation_acyclic(relation_or(c->sb, com));
}

static bool allowed_tso(const struct candidate *c)
{
    const unsigned n = c->n;
    const struct relation com = relation_or(relation_or(c->rf, c->mo), c->rb);
    if (!relation_acyclic(relation_or(relation_and(c->sb, c->same_location), com)))
        return false;
    const event_set accesses = c->reads | c->writes;
    const struct relation po = relation_and(c->sb, relation_product(n, accesses, accesses));
    const struct relation ppo = relation_minus(po, relation_product(n, c->writes, c->reads));
    /* What drains the store buffer: a locked instruction before it reads and after it wrote; the
     * fence of a seq_cst store, which follows it; a seq_cst fence. */
    const struct relation before_locked =
        relation_and(po, relation_product(n, accesses, c->locked & c->reads));
    const struct relation after_drain =
        relation_and(po, relation_product(n, c->writes & (c->locked | c->seq_cst), accesses));
    const struct relation over_fence = relation_and(
        po, relation_then2(c->sb, relation_identity(n, c->fences & c->seq_cst), c->sb));
    const struct relation order =
        relation_or(relation_or(ppo, over_fence), relation_or(before_locked, after_drain));
    const struct relation rfe = relation_minus(c->rf, c->internal);
    return relation_acyclic(relation_or(order, relation_or(rfe, relation_or(c->mo, c->rb))));
}

static struct relation happens_before(const struct candidate *c, bool pldi17)
{
    const unsigned n = c->n;
    const struct relation writes = relation_identity(n, c->writes);
    const struct relation fences = relation_identity(n, c->fences);
    const struct relation reads = relation_identity(n, c->reads);
    /* rs = [W]; (sb|loc)?; [W]; (rf; rmw)*      the middle only in 2017 */
    struct relation rs = writes;
    if (pldi17)
        rs = relation_then2(rs, relation_maybe(relation_and(c->sb, c->same_location)), writes);
    const struct relation chain = relation_maybe(relation_closure(relation_then(c->rf, c->rmw)));
    rs = relation_then(rs, chain);
    /* sw = [rel]; ([F]; sb)?; rs; rf; [R]; (sb; [F])?; [acq] */
    const struct relation from = relation_then(relation_identity(n, c->releases),
                                               relation_maybe(relation_then(fences, c->sb)));
    const struct relation to = relation_then(relation_maybe(relation_then(c->sb, fences)),
                                             relation_identity(n, c->acquires));
    const struct relation sw = relation_then2(relation_then2(from, rs, c->rf), reads, to);
    return relation_closure(relation_or(c->sb, sw));
}

static bool allowed_rc11(const struct candidate *c, bool pldi17)
{
    const unsigned n = c->n;
    const struct relation hb = happens_before(c, pldi17);
    const struct relation eco = relation_closure(relation_or(relation_or(c->rf, c->mo), c->rb));
    if (!relation_irreflexive(hb) || !relation_irreflexive(relation_then(hb, eco)))
        return false;

    /* scb = sb | sb; hb; sb | hb|loc | mo | rb  in 2017 with sb|!=loc around hb */
    const struct relation around = pldi17 ? relation_minus(c->sb, c->same_location) : c->sb;
    struct relation scb = relation_or(c->sb, relation_then2(around, hb, around));
    scb = relation_or(scb, relation_and(hb, c->same_location));
    scb = relation_or(scb, relation_or(c->mo, c->rb));
    /* psc_base = ([Esc] | [Fsc]; hb?); scb; ([Esc] | hb?; [Fsc]) */
    const struct relation events = relation_identity(n, c->seq_cst);
    const struct relation fences = relation_identity(n, c->seq_cst & c->fences);
    const struct relation left = relation_or(events, relation_then(fences, relation_maybe(hb)));
    const struct relation right = relation_or(events, relation_then(relation_maybe(hb), fences));
    const struct relation psc_base = relation_then2(left, scb, right);
    /* psc_F = [Fsc]; (hb | hb; eco; hb); [Fsc] */
    const struct relation between = relation_or(hb, relation_then2(hb, eco, hb));
    const struct relation psc_fences = relation_then2(fences, between, fences);
    return relation_acyclic(relation_or(psc_base, psc_fences));
}

bool candidate_allowed(const struct candidate *c, enum memory m)
{
    if (!atomic(c))
        return false;
    switch (m) {
    case MEMORY_RC11:
    case MEMORY_PLDI17:
        return allowed_rc11(c, m == MEMORY_PLDI17);
    case MEMORY_SC:
        return allowed_sc(c);
    case MEMORY_TSO:
        return allowed_tso(c);
    case MEMORIES:
        break;
    }
    return false;
}
