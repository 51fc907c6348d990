/* enumerate.c: every candidate of a litmus program, held against the axioms. */
#include "models/litmus/enumerate.h"

#include <assert.h>

#include "models/litmus/axioms.h"

_Static_assert(LITMUS_LOCATIONS + 2 * LITMUS_OPS <= RELATION_EVENTS, "relations are too small");

struct search {
    const struct litmus *p;
    unsigned wanted;
    struct executions *set;
    struct execution e; /* the candidate, being filled in */
};

static bool may_read_from(const struct litmus *p, unsigned reader, unsigned writer)
{
    return reader != writer && litmus_may_write(&p->op[writer]) &&
           p->op[writer].location == p->op[reader].location;
}

double enumerate_candidates(const struct litmus *p)
{
    double n = 1;
    unsigned writes[LITMUS_LOCATIONS] = {0};
    for (unsigned i = 0; i < p->ops; i++) {
        if (litmus_may_write(&p->op[i]))
            n *= ++writes[p->op[i].location]; /* in the end: their factorial */
        unsigned sources = 1;
        for (unsigned k = 0; k < p->ops && litmus_reads(&p->op[i]); k++)
            sources += may_read_from(p, i, k);
        n *= sources;
    }
    return n;
}

/* Every order of every variable's writes: operation i takes each free place among its variable's
 * `writers`. */
static void choose_places(struct search *s, unsigned i)
{
    const struct litmus *const p = s->p;
    while (i < p->ops && s->e.place[i] == 0)
        i++;
    if (i == p->ops) {
        struct candidate c;
        candidate_build(&c, p, &s->e);
        for (unsigned m = 0; m < MEMORIES; m++)
            if (s->wanted >> m & 1 && candidate_allowed(&c, (enum memory)m))
                executions_add(&s->set[m], &s->e);
        return;
    }
    int writers = 0;
    unsigned taken = 0;
    for (unsigned k = 0; k < p->ops; k++)
        if (s->e.place[k] && p->op[k].location == p->op[i].location) {
            writers++;
            taken |= k < i ? 1u << s->e.place[k] : 0;
        }
    for (int place = 1; place <= writers; place++)
        if (!(taken >> place & 1)) {
            s->e.place[i] = (int16_t)place;
            choose_places(s, i + 1);
        }
}

/* What one operation does with the value that it reads. */
static bool operate(const struct litmus_op *op, int32_t old, int32_t *new)
{
    *new = op->kind == LITMUS_ADD ? old + op->operand : op->operand;
    return litmus_may_write(op) && !(op->kind == LITMUS_CAS && old != op->expected);
}

/* Computes all values, each operation after the one it reads from and after those before it in its
 * thread. False: there is no such order (a cycle), or a write that is read does not happen. */
static bool evaluate(struct search *s)
{
    const struct litmus *const p = s->p;
    struct execution *const e = &s->e;
    bool done[LITMUS_OPS] = {false};
    for (unsigned left = p->ops, before = 0; left && left != before;) {
        before = left;
        for (unsigned i = 0; i < p->ops; i++) {
            const bool first = i == 0 || p->op[i - 1].thread != p->op[i].thread;
            const int from = e->from[i];
            if (done[i] || !(first || done[i - 1]) || (from >= 0 && !done[from]))
                continue;
            if (from >= 0 && !e->place[from])
                return false;
            e->value[i] = from >= 0 ? e->wrote[from] : 0;
            int32_t new;
            const bool writes = operate(&p->op[i], e->value[i], &new);
            e->place[i] = writes; /* some place: choose_places says which */
            e->wrote[i] = writes ? new : 0;
            done[i] = true;
            left--;
        }
        if (left == 0)
            return true;
    }
    return false;
}

static void choose_sources(struct search *s, unsigned i)
{
    const struct litmus *const p = s->p;
    while (i < p->ops && !litmus_reads(&p->op[i]))
        i++;
    if (i == p->ops) {
        const struct execution chosen = s->e;
        if (evaluate(s))
            choose_places(s, 0);
        s->e = chosen;
        return;
    }
    s->e.from[i] = FROM_INITIAL;
    choose_sources(s, i + 1);
    for (unsigned k = 0; k < p->ops; k++)
        if (may_read_from(p, i, k)) {
            s->e.from[i] = (int16_t)k;
            choose_sources(s, i + 1);
        }
}

void enumerate(const struct litmus *p, unsigned wanted, struct executions set[MEMORIES])
{
    assert(p->ops <= LITMUS_OPS);
    struct search s = {.p = p, .wanted = wanted, .set = set};
    execution_none(&s.e);
    choose_sources(&s, 0);
    for (unsigned m = 0; m < MEMORIES; m++)
        executions_sort(&set[m]);
}
