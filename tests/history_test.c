/* history_test.c: linearizability against a naive second opinion, on histories at random; then
 * known verdicts and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "models/checker/history/history.h"

/* ---- the second opinion: every order, no memory of what failed, items in one list ------------ */

struct naive {
    const struct history *h;
    const struct spec *spec;
    unsigned n;
    bool done[OPS_MAX], closed;
    const struct op *inside[OPS_MAX]; /* in the order of their pushes */
};

static bool overlaps(const struct history *h, unsigned i)
{
    for (unsigned j = 0; j < h->n; j++)
        if (j != i && !op_precedes(&h->op[i], &h->op[j]) && !op_precedes(&h->op[j], &h->op[i]))
            return true;
    return false;
}

static unsigned lane_of(const struct spec *spec, const struct op *op)
{
    return op->lane < spec->lanes ? op->lane : spec->lanes - 1;
}

/* May the item at this place come out although those before it stay? */
static bool may_leave(const struct naive *s, unsigned at, bool lax)
{
    for (unsigned i = 0; i < s->n; i++) {
        const struct op *a = s->inside[i], *b = s->inside[at];
        switch (s->spec->kind) {
        case SPEC_FIFO:
            if (i < at)
                return false;
            break;
        case SPEC_FIFO_PER_PRODUCER:
            if (i < at && a->thread == b->thread)
                return false;
            break;
        case SPEC_LANES:
            if (!lax && lane_of(s->spec, a) < lane_of(s->spec, b))
                return false;
            __attribute__((fallthrough));
        case SPEC_LANES_FAIR:
            if (i < at && lane_of(s->spec, a) == lane_of(s->spec, b))
                return false;
            break;
        case SPEC_BAG:
            break;
        }
    }
    return true;
}

static void leave(struct naive *s, unsigned at)
{
    for (; at + 1 < s->n; at++)
        s->inside[at] = s->inside[at + 1];
    s->n--;
}

static bool explain(const struct naive *s);

static bool explain_push(struct naive s, const struct op *op, bool lax, bool overlap)
{
    const bool full = s.spec->capacity && s.n >= s.spec->capacity;
    lax = lax && s.spec->capacity;
    if (op->result == RESULT_OK || op->result == RESULT_PENDING) {
        if (s.closed)
            return false;
        for (unsigned at = 0; s.spec->drops_oldest && (full || lax) && at < s.n; at++) {
            struct naive next = s;
            /* the oldest of its queue: a strict lane order does not protect less urgent ones */
            if (may_leave(&s, at, true)) {
                leave(&next, at);
                next.inside[next.n++] = op;
                if (explain(&next))
                    return true;
            }
        }
        s.inside[s.n++] = op;
        return (!full || s.spec->rough) && explain(&s);
    }
    const bool allowed =
        op->result == RESULT_CLOSED    ? s.closed
        : op->result == RESULT_NOMEM   ? true
        : op->result == RESULT_IO      ? true
        : op->result == RESULT_FULL    ? (full && !s.closed) || lax
        : op->result == RESULT_DROPPED ? s.spec->drops_newest && ((full && !s.closed) || lax)
        : op->result == RESULT_TIMEOUT ? (full && !s.closed) || (overlap && s.spec->capacity)
                                       : false;
    return allowed && explain(&s);
}

static bool explain_pop(struct naive s, const struct op *op, bool lax, bool overlap)
{
    if (op->result == RESULT_OK || op->result == RESULT_PENDING) {
        for (unsigned at = 0; at < s.n; at++)
            if ((op->result == RESULT_PENDING || s.inside[at]->item == op->item) &&
                may_leave(&s, at, lax)) {
                struct naive next = s;
                leave(&next, at);
                if (explain(&next))
                    return true;
            }
        return false;
    }
    const bool empty = s.n == 0;
    const bool allowed = op->result == RESULT_EMPTY     ? (empty && !s.closed) || lax
                         : op->result == RESULT_TIMEOUT ? (empty && !s.closed) || overlap
                         : op->result == RESULT_CLOSED
                             ? empty && s.closed
                             : op->result == RESULT_NOMEM || op->result == RESULT_IO;
    return allowed && explain(&s);
}

static bool explain(const struct naive *s)
{
    bool ended = true;
    for (unsigned i = 0; i < s->h->n; i++)
        ended &= s->done[i] || s->h->op[i].result == RESULT_PENDING;
    if (ended)
        return true;
    for (unsigned i = 0; i < s->h->n; i++) {
        const struct op *op = &s->h->op[i];
        bool next = !s->done[i];
        for (unsigned j = 0; j < s->h->n; j++)
            next &= s->done[j] || !op_precedes(&s->h->op[j], op);
        if (!next)
            continue;
        struct naive then = *s;
        then.done[i] = true;
        const bool overlap = overlaps(s->h, i), lax = overlap && !s->spec->exact;
        if (op->kind == OP_CLOSE) {
            then.closed = true;
            if (explain(&then))
                return true;
        } else if (op->kind == OP_PUSH ? explain_push(then, op, lax, overlap)
                                       : explain_pop(then, op, lax, overlap)) {
            return true;
        }
    }
    return false;
}

/* ---- histories at random ----------------------------------------------------------------------*/

static uint64_t random_state;
static unsigned below(unsigned n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % n; /* NOLINT(clang-analyzer-core.DivideZero) */
}

static struct spec random_spec(void)
{
    struct spec spec = {.kind = (enum spec_kind)below(SPEC_BAG + 1),
                        .exact = below(2),
                        .capacity = below(3),
                        .rough = below(4) == 0,
                        .lanes = 2 + below(2)};
    if (below(4) == 0)
        *(below(2) ? &spec.drops_oldest : &spec.drops_newest) = true;
    return spec;
}

/* Operations run one after the other on a real queue, so that most answers fit; then their
 * intervals are drawn longer and some answers are changed. */
static struct history random_history(const struct spec *spec)
{
    struct history h = {.n = 1 + below(6)};
    uint16_t clock[3] = {0};
    unsigned inside[OPS_MAX], n = 0;
    bool closed = false;
    for (unsigned i = 0; i < h.n; i++) {
        struct op *op = &h.op[i];
        op->thread = (uint8_t)below(3);
        op->kind = (uint8_t)(below(12) == 0 ? OP_CLOSE : below(2));
        op->call = clock[op->thread];
        op->ret = clock[op->thread] = (uint16_t)(op->call + 1 + below(2));
        if (op->kind == OP_PUSH) {
            op->item = 1 + (below(8) ? i : below(3));
            op->lane = (uint8_t)below(3);
            if (closed)
                op->result = RESULT_CLOSED;
            else if (spec->capacity && n >= spec->capacity && !(spec->rough && below(2)))
                op->result = spec->drops_newest ? RESULT_DROPPED : RESULT_FULL;
            else
                inside[n++] = i;
        } else if (op->kind == OP_POP) {
            op->result = closed ? RESULT_CLOSED : RESULT_EMPTY;
            if (n > 0) {
                const unsigned at = below(4) ? 0 : below(n);
                op->result = RESULT_OK;
                op->item = h.op[inside[at]].item;
                memmove(&inside[at], &inside[at + 1], (--n - at) * sizeof *inside);
            }
        } else {
            closed = true;
        }
        /* What this thread knows of the others when it calls: nothing, or all until now. */
        for (unsigned t = 0; t < 3; t++)
            op->call_hb[t] = t == op->thread ? op->call : 0;
        for (unsigned j = 0; j < i; j++)
            if (h.op[j].thread == op->thread)
                for (unsigned t = 0; t < 3; t++)
                    if (t != op->thread && h.op[j].call_hb[t] > op->call_hb[t])
                        op->call_hb[t] = h.op[j].call_hb[t];
        for (unsigned t = 0; t < 3; t++)
            if (t != op->thread && below(2))
                op->call_hb[t] = (uint16_t)(clock[t] + 1);
    }
    if (below(2)) { /* a planted change */
        struct op *op = &h.op[below(h.n)];
        if (below(2))
            op->item = 1 + below(6);
        else
            op->result = (uint8_t)below(RESULT_PENDING);
    }
    if (below(4) == 0) /* a thread's last operation did not return */
        for (unsigned i = h.n; i-- > 0;)
            if (h.op[i].thread == 0) {
                h.op[i].result = RESULT_PENDING;
                for (unsigned j = 0; j < h.n; j++) /* nobody knows of a return */
                    if (h.op[j].thread != 0 && h.op[j].call_hb[0] > h.op[i].ret)
                        h.op[j].call_hb[0] = h.op[i].ret;
                break;
            }
    return h;
}

static void print_history(const struct history *h, const struct spec *spec)
{
    print_message("kind %d exact %d capacity %zu oldest %d newest %d\n", (int)spec->kind,
                  spec->exact, spec->capacity, spec->drops_oldest, spec->drops_newest);
    for (unsigned i = 0; i < h->n; i++) {
        char text[80];
        op_print(&h->op[i], text, sizeof text);
        print_message("  T%u %s  lane %u, %u..%u knows %u %u %u\n", h->op[i].thread, text,
                      h->op[i].lane, h->op[i].call, h->op[i].ret, h->op[i].call_hb[0],
                      h->op[i].call_hb[1], h->op[i].call_hb[2]);
    }
}

/* The witness must be an order of all operations that respects the precedences and is explained
 * when it is the only one allowed. */
static void check_witness(const struct history *h, const struct spec *spec, const uint8_t *order)
{
    struct naive s = {.h = h, .spec = spec};
    bool seen[OPS_MAX] = {false};
    for (unsigned i = 0; i < h->n; i++) {
        assert_true(order[i] < h->n && !seen[order[i]]);
        seen[order[i]] = true;
        for (unsigned j = 0; j < i; j++)
            assert_false(op_precedes(&h->op[order[i]], &h->op[order[j]]) &&
                         h->op[order[j]].result != RESULT_PENDING);
    }
    assert_true(explain(&s));
}

static void agrees_with_brute_force(void **state)
{
    (void)state;
    enum { HISTORIES = 120000 };
    unsigned yes = 0, no = 0, by_kind[SPEC_BAG + 1][2] = {{0}};
    random_state = 20240607;
    for (unsigned i = 0; i < HISTORIES; i++) {
        const struct spec spec = random_spec();
        const struct history h = random_history(&spec);
        const struct naive s = {.h = &h, .spec = &spec};
        uint8_t order[OPS_MAX];
        char why[400] = "";
        const bool got = history_check(&h, &spec, order, why, sizeof why);
        if (got != explain(&s)) {
            print_history(&h, &spec);
            fail_msg("history %u: %s", i,
                     got ? "accepted, but no order explains it"
                         : "refused, but an order explains it");
        }
        if (got)
            check_witness(&h, &spec, order);
        else
            assert_true(why[0] != '\0' && strchr(why, '.'));
        *(got ? &yes : &no) += 1;
        by_kind[spec.kind][got]++;
    }
    print_message("%u linearizable, %u not\n", yes, no);
    for (unsigned kind = 0; kind <= SPEC_BAG; kind++) /* both verdicts were really tried */
        assert_true(by_kind[kind][0] > 1000 && by_kind[kind][1] > 1000);
}

/* ---- known verdicts -------------------------------------------------------------------------- */

static struct history made;
static struct op *add(unsigned thread, enum op_kind kind, enum op_result result, uint64_t item)
{
    struct op *op = &made.op[made.n++];
    *op = (struct op){
        .kind = (uint8_t)kind, .result = (uint8_t)result, .thread = (uint8_t)thread, .item = item};
    for (struct op *before = made.op; before < op; before++)
        if (before->thread == thread)
            op->call = before->ret;
    op->ret = (uint16_t)(op->call + 2);
    op->call_hb[thread] = op->call;
    return op;
}

static void knows_all(struct op *op)
{
    for (struct op *before = made.op; before < op; before++)
        if (before->thread != op->thread)
            op->call_hb[before->thread] = (uint16_t)(before->ret + 1);
}

static void refused(const struct spec *spec, const char *part)
{
    uint8_t order[OPS_MAX];
    char why[400];
    assert_false(history_check(&made, spec, order, why, sizeof why));
    if (!strstr(why, part))
        fail_msg("said: %s\nexpected: ...%s...", why, part);
    made.n = 0;
}

static void accepted(const struct spec *spec)
{
    uint8_t order[OPS_MAX];
    char why[400];
    assert_true(history_check(&made, spec, order, why, sizeof why));
    made.n = 0;
}

static const struct spec fifo = {.kind = SPEC_FIFO, .exact = true};

static void says_what_is_wrong(void **state)
{
    (void)state;
    add(1, OP_PUSH, RESULT_OK, 7);
    add(2, OP_POP, RESULT_OK, 8);
    refused(&fifo, "pop() = 8 of T2 returned an item that no push had put in");

    add(1, OP_PUSH, RESULT_OK, 7);
    add(2, OP_POP, RESULT_OK, 7);
    add(3, OP_POP, RESULT_OK, 7);
    refused(&fifo, "pop() = 7 of T3 returned an item that had been popped already");

    add(2, OP_POP, RESULT_OK, 7);
    knows_all(add(1, OP_PUSH, RESULT_OK, 7));
    refused(&fifo, "before its push was even called");

    add(1, OP_PUSH, RESULT_OK, 7);
    add(1, OP_PUSH, RESULT_OK, 8);
    add(2, OP_POP, RESULT_OK, 8);
    add(2, OP_POP, RESULT_OK, 7);
    refused(&fifo, "push(7) = ok of T1 came before push(8) = ok of T1, but pop() = 8 of T2 came "
                   "before pop() = 7 of T2");

    add(1, OP_PUSH, RESULT_OK, 7);
    knows_all(add(2, OP_POP, RESULT_EMPTY, 0));
    refused(&fifo, "pop() = empty of T2 cannot be explained: while it ran the queue was never open "
                   "and empty, in whatever order the others took effect. push(7) = ok of T1 came "
                   "before it, and nobody popped that item.");

    add(1, OP_CLOSE, RESULT_OK, 0);
    knows_all(add(2, OP_PUSH, RESULT_OK, 7));
    refused(&fifo, "push(7) = ok of T2 cannot be explained: while it ran the queue was closed");

    const struct spec two = {.kind = SPEC_FIFO, .exact = true, .capacity = 2};
    add(1, OP_PUSH, RESULT_OK, 7);
    add(1, OP_PUSH, RESULT_FULL, 8);
    refused(&two,
            "push(8) = full of T1 cannot be explained: while it ran the queue was never full");
}

static void overlap_excuses_only_the_inexact(void **state)
{
    (void)state;
    struct spec spec = fifo;
    for (unsigned exact = 0; exact < 2; exact++) {
        spec.exact = exact;
        add(1, OP_PUSH, RESULT_OK, 7); /* precedes the pop */
        add(3, OP_PUSH, RESULT_OK, 8); /* overlaps it */
        struct op *pop = add(2, OP_POP, RESULT_EMPTY, 0);
        pop->call_hb[1] = (uint16_t)(made.op[0].ret + 1);
        if (exact)
            refused(&spec, "push(7) = ok of T1 came before it");
        else
            accepted(&spec);
    }
}

static void orders_of_each_kind(void **state)
{
    (void)state;
    /* T1 pushes 7 then, known to T2, T2 pushes 8; 8 comes out first. */
    static const bool good[] = {[SPEC_FIFO] = false,
                                [SPEC_FIFO_PER_PRODUCER] = true,
                                [SPEC_LANES] = false,
                                [SPEC_LANES_FAIR] = true,
                                [SPEC_BAG] = true};
    for (unsigned kind = 0; kind <= SPEC_BAG; kind++) {
        const struct spec spec = {.kind = (enum spec_kind)kind, .exact = true, .lanes = 2};
        add(1, OP_PUSH, RESULT_OK, 7)->lane = 0;
        struct op *second = add(2, OP_PUSH, RESULT_OK, 8);
        second->lane = 1;
        knows_all(second);
        knows_all(add(3, OP_POP, RESULT_OK, 8));
        knows_all(add(3, OP_POP, RESULT_OK, 7));
        if (good[kind])
            accepted(&spec);
        else
            refused(&spec, "8");
    }
}

/* Without the memo this history of OPS_MAX operations would take longer than anyone waits. */
static void the_largest_history_is_quick(void **state)
{
    (void)state;
    for (unsigned i = 0; i < OPS_MAX / 2 - 1; i++)
        add(1 + i % 4, OP_PUSH, RESULT_OK, 1);
    for (unsigned i = 0; i < OPS_MAX / 2; i++) /* one more than there are */
        add(5, OP_POP, RESULT_OK, 1);
    add(6, OP_POP, RESULT_EMPTY, 0);
    assert_int_equal(made.n, OPS_MAX);
    refused(&fifo, "popped already");
}

static void prints_operations(void **state)
{
    (void)state;
    char text[80];
    const struct op lane = {.kind = OP_PUSH, .item = UINT64_C(2) << 62 | 7, .lane = 2};
    op_print(&lane, text, sizeof text);
    assert_string_equal(text, "push(7 in lane 2) = ok");
    const struct op pending = {.kind = OP_POP, .result = RESULT_PENDING};
    op_print(&pending, text, sizeof text);
    assert_string_equal(text, "pop() = (did not return)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_brute_force),          cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(overlap_excuses_only_the_inexact), cmocka_unit_test(orders_of_each_kind),
        cmocka_unit_test(the_largest_history_is_quick),     cmocka_unit_test(prints_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
