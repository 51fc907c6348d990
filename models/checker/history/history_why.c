/* history_why.c: see history_why.h. First what a reader sees in the results by himself (an item
 * from nowhere, twice, out of order); else the one answer without which the rest is explained. */
#include "models/checker/history/history_why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *at;
    size_t left;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n =
        vsnprintf(t->at, t->left, format, ap); /* NOLINT(clang-analyzer-valist.Uninitialized) */
    va_end(ap);
    const size_t used = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
    t->at += used;
    t->left -= used;
}

/* "pop() = 7 of T2" */
static void say_op(struct text *t, const struct op *op)
{
    char name[80];
    op_print(op, name, sizeof name);
    say(t, "%s of T%u", name, op->thread);
}

static bool took(const struct op *op) { return op->kind == OP_POP && op->result == RESULT_OK; }
static bool gave(const struct op *op)
{
    return op->kind == OP_PUSH && (op->result == RESULT_OK || op->result == RESULT_PENDING);
}

/* Does a precede b in the history? */
static bool precedes(const struct problem *p, unsigned a, unsigned b)
{
    return p->before[b] >> a & 1;
}

static bool from_nowhere(const struct problem *p, struct text *t)
{
    for (unsigned i = 0; i < p->h->n; i++) {
        const struct op *pop = &p->h->op[i];
        unsigned pushed = 0, popped = 0, late = 0;
        if (!took(pop))
            continue;
        for (unsigned j = 0; j < p->h->n; j++) {
            const struct op *other = &p->h->op[j];
            if (gave(other) && other->item == pop->item) {
                pushed++;
                late += precedes(p, i, j);
            }
            popped += took(other) && other->item == pop->item && j <= i;
        }
        if (pushed == 0 || late == pushed) {
            say_op(t, pop);
            say(t, pushed == 0 ? " returned an item that no push had put in."
                               : " returned an item before its push was even called.");
            return true;
        }
        if (popped > pushed) {
            say_op(t, pop);
            say(t, " returned an item that had been popped already: it was pushed %s, popped %s.",
                pushed == 1 ? "once" : "fewer times", popped == 2 ? "twice" : "more often");
            return true;
        }
    }
    return false;
}

/* The only pop of what push i put in, or -1: none or several; *popped: how many. */
static int pop_of(const struct problem *p, unsigned i, unsigned *popped)
{
    int pop = -1;
    *popped = 0;
    for (unsigned j = 0; j < p->h->n; j++)
        if (took(&p->h->op[j]) && p->h->op[j].item == p->h->op[i].item) {
            pop = (int)j;
            ++*popped;
        } else if (j != i && gave(&p->h->op[j]) && p->h->op[j].item == p->h->op[i].item) {
            *popped = 99; /* equal items: say nothing about them */
        }
    return *popped == 1 ? pop : -1;
}

static bool out_of_order(const struct problem *p, struct text *t)
{
    if (p->spec->drops_oldest)
        return false;
    for (unsigned a = 0; a < p->h->n; a++)
        for (unsigned b = 0; b < p->h->n; b++) {
            if (!gave(&p->h->op[a]) || !gave(&p->h->op[b]) || p->queue[a] != p->queue[b] ||
                !precedes(p, a, b))
                continue;
            unsigned popped_a, popped_b;
            const int pop_a = pop_of(p, a, &popped_a), pop_b = pop_of(p, b, &popped_b);
            if (pop_b < 0 || popped_a > 1)
                continue;
            /* Never popped is too late as well, but a pop that did not return may have it. */
            const bool lost = popped_a == 0 && p->must == (p->h->n < 32 ? 1u << p->h->n : 0) - 1;
            if (lost || (pop_a >= 0 && precedes(p, (unsigned)pop_b, (unsigned)pop_a))) {
                say_op(t, &p->h->op[a]);
                say(t, " came before ");
                say_op(t, &p->h->op[b]);
                say(t, ", but ");
                say_op(t, &p->h->op[pop_b]);
                if (pop_a >= 0) {
                    say(t, " came before ");
                    say_op(t, &p->h->op[pop_a]);
                    say(t, ".");
                } else {
                    say(t, " passed over the first of the two, which nobody popped.");
                }
                return true;
            }
        }
    return false;
}

/* Items that were certainly inside when operation i was called and when it returned. */
static void say_what_was_inside(const struct problem *p, unsigned i, struct text *t)
{
    for (unsigned a = 0; a < p->h->n; a++) {
        if (!gave(&p->h->op[a]) || !precedes(p, a, i))
            continue;
        unsigned popped;
        const int pop = pop_of(p, a, &popped);
        if (popped == 0 || (pop >= 0 && precedes(p, i, (unsigned)pop))) {
            say(t, " ");
            say_op(t, &p->h->op[a]);
            say(t, " came before it, and %s.",
                popped == 0 ? "nobody popped that item" : "that item was popped after it");
            return;
        }
    }
}

static const char *refusal(const struct problem *p, const struct op *op)
{
    switch (op->result) {
    case RESULT_FULL:
    case RESULT_DROPPED:
        return p->spec->capacity > 0 ? "while it ran the queue was never full"
                                     : "an unbounded queue is never full";
    case RESULT_EMPTY:
        return "while it ran the queue was never open and empty";
    case RESULT_TIMEOUT:
        return op->kind == OP_POP ? "while it ran the queue was never empty"
                                  : "while it ran the queue was never full";
    case RESULT_CLOSED:
        return op->kind == OP_POP ? "while it ran the queue was never both closed and empty"
                                  : "no close had taken effect while it ran";
    case RESULT_OK:
        if (op->kind == OP_PUSH)
            return p->spec->capacity > 0 ? "while it ran the queue was full or closed"
                                         : "while it ran the queue was closed";
        return p->spec->kind == SPEC_LANES ? "while it ran its item was never first in its lane "
                                             "with the more urgent lanes empty"
                                           : "while it ran its item was never the next one";
    default:
        return "it cannot answer this";
    }
}

/* Forgets operation i: as if it had not been called. */
static void without(struct history *to, const struct history *h, unsigned i)
{
    *to = *h;
    to->n--;
    memmove(&to->op[i], &to->op[i + 1], (to->n - i) * sizeof to->op[0]);
}

void history_why(const struct problem *p, char *why, size_t size)
{
    struct text t = {why, size};
    *why = '\0';
    if (from_nowhere(p, &t) || out_of_order(p, &t))
        return;
    /* Answers first, then operations that moved items: without a push others fail anyway. */
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = p->h->n; i-- > 0;) {
            const struct op *op = &p->h->op[i];
            const bool moved = op->result == RESULT_OK;
            if (moved != pass || op->kind == OP_CLOSE || op->result == RESULT_PENDING)
                continue;
            struct history rest;
            struct problem smaller;
            uint8_t order[OPS_MAX];
            without(&rest, p->h, i);
            spec_prepare(&smaller, &rest, p->spec);
            if (!history_solve(&smaller, order))
                continue;
            say_op(&t, op);
            say(&t, " cannot be explained: %s, in whatever order the others took effect.",
                refusal(p, op));
            if (op->result == RESULT_EMPTY || op->result == RESULT_TIMEOUT ||
                op->result == RESULT_CLOSED)
                say_what_was_inside(p, i, &t);
            return;
        }
    say(&t, "No order of the operations explains all their results; at least two of them are "
            "wrong.");
}
