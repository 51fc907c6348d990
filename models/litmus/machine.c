/* machine.c: litmus programs step by step, for SC and TSO.
 *
 * TSO as on x86: a store goes into its thread's buffer and later, in order, to memory; a load takes
 * the newest own store in the buffer, else what memory holds; a seq_cst fence, what follows a
 * seq_cst store, and a read-modify-write (also a compare-exchange that fails) wait until the buffer
 * is empty. */
#include "models/litmus/machine.h"

#include <stdlib.h>
#include <string.h>

/* No padding: states are compared as bytes. */
struct state {
    struct execution e;
    uint16_t next[LITMUS_THREADS];              /* operation, LITMUS_OPS: ended */
    uint16_t stored[LITMUS_THREADS];            /* length of the buffer, the oldest first */
    int16_t buffer[LITMUS_THREADS][LITMUS_OPS]; /* storing operations; unused places 0 */
    int16_t memory[LITMUS_LOCATIONS];           /* the operation that wrote it */
    int16_t places[LITMUS_LOCATIONS];           /* writes so far */
};

struct states {
    size_t n, room;
    struct state *s;
};

static void add(struct states *list, const struct state *s)
{
    if (list->n == list->room) {
        list->room = list->room ? 2 * list->room : 1024;
        struct state *const more = realloc(list->s, list->room * sizeof *more);
        if (!more) {
            fprintf(stderr, "litmus: no memory for %zu machine states\n", list->room);
            exit(EXIT_FAILURE);
        }
        list->s = more;
    }
    list->s[list->n++] = *s;
}

static int compare(const void *a, const void *b) { return memcmp(a, b, sizeof(struct state)); }

static void forget_doubles(struct states *list)
{
    if (list->n)
        qsort(list->s, list->n, sizeof *list->s, compare);
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (n == 0 || compare(&list->s[n - 1], &list->s[i]) != 0)
            list->s[n++] = list->s[i];
    list->n = n;
}

/* Operation i's value reaches memory. */
static void commit(struct state *s, const struct litmus *p, unsigned i)
{
    const unsigned l = p->op[i].location;
    s->memory[l] = (int16_t)i;
    s->e.place[i] = ++s->places[l];
}

/* The oldest store of thread t leaves its buffer. */
static void flush(struct state *s, const struct litmus *p, unsigned t)
{
    int16_t *const buffer = s->buffer[t];
    const unsigned i = (unsigned)buffer[0];
    s->stored[t]--;
    memmove(buffer, buffer + 1, s->stored[t] * sizeof *buffer);
    buffer[s->stored[t]] = 0;
    commit(s, p, i);
}

static void read_value(struct state *s, const struct litmus *p, unsigned i)
{
    const struct litmus_op *const op = &p->op[i];
    s->e.from[i] = s->memory[op->location];
    for (unsigned k = 0; k < s->stored[op->thread]; k++)
        if (p->op[s->buffer[op->thread][k]].location == op->location)
            s->e.from[i] = s->buffer[op->thread][k];
    s->e.value[i] = s->e.from[i] == FROM_INITIAL ? 0 : s->e.wrote[s->e.from[i]];
}

static bool waits_for_memory(const struct state *s, const struct litmus *p, unsigned i)
{
    const struct litmus_op *const op = &p->op[i];
    if (s->stored[op->thread] == 0)
        return false;
    const bool after_seq_cst_store =
        i > 0 && op[-1].thread == op->thread && op[-1].kind == LITMUS_STORE && op[-1].order == SC;
    const bool seq_cst_fence = op->kind == LITMUS_FENCE && op->order == SC;
    return after_seq_cst_store || seq_cst_fence || (litmus_reads(op) && litmus_may_write(op));
}

/* Operation i, its thread's next one. */
static void step(struct state *s, const struct litmus *p, unsigned i, bool buffered)
{
    const struct litmus_op *const op = &p->op[i];
    const unsigned t = op->thread;
    s->next[t] = i + 1 < p->ops && p->op[i + 1].thread == t ? (uint16_t)(i + 1) : LITMUS_OPS;
    if (litmus_reads(op))
        read_value(s, p, i);
    if (!litmus_may_write(op) || (op->kind == LITMUS_CAS && s->e.value[i] != op->expected))
        return;
    s->e.wrote[i] = op->operand + (op->kind == LITMUS_ADD ? s->e.value[i] : 0);
    if (buffered && op->kind == LITMUS_STORE)
        s->buffer[t][s->stored[t]++] = (int16_t)i;
    else
        commit(s, p, i);
}

/* Everything that can happen next in s; false: nothing, it is at its end. */
static bool successors(struct states *list, const struct state *s, const struct litmus *p,
                       bool buffered)
{
    bool any = false;
    for (unsigned t = 0; t < p->threads; t++) {
        const unsigned i = s->next[t];
        struct state after = *s;
        if (i < LITMUS_OPS && !waits_for_memory(s, p, i)) {
            step(&after, p, i, buffered);
            add(list, &after);
            any = true;
        }
        if (s->stored[t] > 0) {
            after = *s;
            flush(&after, p, t);
            add(list, &after);
            any = true;
        }
    }
    return any;
}

void machine_explore(const struct litmus *p, bool buffered, struct executions *set)
{
    struct state begin;
    memset(&begin, 0, sizeof begin);
    execution_none(&begin.e);
    for (unsigned l = 0; l < LITMUS_LOCATIONS; l++)
        begin.memory[l] = FROM_INITIAL;
    for (unsigned t = 0; t < LITMUS_THREADS; t++)
        begin.next[t] = LITMUS_OPS;
    for (unsigned i = p->ops; i-- > 0;)
        begin.next[p->op[i].thread] = (uint16_t)i;
    /* Ends are reached after different numbers of steps only if programs branch: they do not. */
    struct states all = {0}, next = {0};
    for (add(&all, &begin); all.n; next.n = 0) {
        for (size_t k = 0; k < all.n; k++)
            if (!successors(&next, &all.s[k], p, buffered))
                executions_add(set, &all.s[k].e);
        forget_doubles(&next);
        const struct states done = all;
        all = next;
        next = done;
    }
    free(all.s);
    free(next.s);
    executions_sort(set);
}
