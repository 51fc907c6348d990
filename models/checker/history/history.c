/* history.c: see history.h. The search of Wing & Gong ("Testing and verifying concurrent objects",
 * 1993): next comes any operation whose predecessors are all done; Lowe's memo ("Testing for
 * linearizability", 2017): a set of operations with the same queue left behind fails only once. */
#include "models/checker/history/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/history/spec.h"
#include "models/checker/history/history_why.h"

/* The states that failed: open addressing, forgotten as a whole by a new generation. */
static struct memo {
    uint32_t generation, n;
    size_t size; /* a power of two */
    struct memo_entry {
        uint32_t generation;
        struct abstract state;
    } * entry;
} memo;

static size_t hash(const struct abstract *s)
{
    uint64_t x = (uint64_t)s->done << 1 | s->closed;
    for (unsigned i = 0; i < s->n; i++)
        x = (x ^ s->item[i]) * UINT64_C(0x9e3779b97f4a7c15);
    x *= UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(x ^ x >> 32);
}

static bool equal(const struct abstract *a, const struct abstract *b)
{
    return a->done == b->done && a->closed == b->closed && a->n == b->n &&
           memcmp(a->item, b->item, a->n) == 0;
}

/* The entry of this state, or the free one where it belongs. */
static struct memo_entry *lookup(const struct abstract *s)
{
    size_t at = hash(s) & (memo.size - 1);
    while (memo.entry[at].generation == memo.generation && !equal(&memo.entry[at].state, s))
        at = (at + 1) & (memo.size - 1);
    return &memo.entry[at];
}

static void memo_grow(void)
{
    const size_t old_size = memo.size;
    struct memo_entry *const old = memo.entry;
    memo.size = old_size ? 2 * old_size : 256;
    memo.entry = calloc(memo.size, sizeof *memo.entry);
    if (!memo.entry) {
        fprintf(stderr, "out of memory while checking a history for linearizability: "
                        "check fewer operations at a time\n");
        abort();
    }
    for (size_t i = 0; i < old_size; i++)
        if (old[i].generation == memo.generation)
            *lookup(&old[i].state) = old[i];
    free(old);
}

static void memo_forget(void)
{
    memo.n = 0;
    if (memo.size == 0)
        memo_grow();
    if (++memo.generation == 0) { /* wrapped: old entries must not come back */
        memset(memo.entry, 0, memo.size * sizeof *memo.entry);
        memo.generation = 1;
    }
}

static void memo_add(const struct abstract *s)
{
    if (2 * (memo.n + 1) > memo.size)
        memo_grow();
    *lookup(s) = (struct memo_entry){memo.generation, *s};
    memo.n++;
}

/* Can the rest be done from here? Operations that returned are tried before pending ones. */
static bool search(const struct problem *p, const struct abstract *s, uint8_t *order,
                   unsigned depth)
{
    if ((s->done & p->must) == p->must) {
        for (unsigned i = 0; i < p->h->n; i++)
            if (!(s->done >> i & 1))
                order[depth++] = (uint8_t)i; /* pending, without effect */
        return true;
    }
    if (memo.n > 0 && lookup(s)->generation == memo.generation)
        return false;
    for (unsigned pass = 0; pass < 2; pass++)
        for (unsigned i = 0; i < p->h->n; i++) {
            if (s->done >> i & 1 || (p->must >> i & 1) == pass || p->before[i] & ~s->done)
                continue;
            struct abstract next[SPEC_WAYS];
            const unsigned ways = spec_apply(p, s, i, next);
            order[depth] = (uint8_t)i;
            for (unsigned way = 0; way < ways; way++)
                if (search(p, &next[way], order, depth + 1))
                    return true;
        }
    memo_add(s);
    return false;
}

bool history_solve(const struct problem *p, uint8_t *order)
{
    const struct abstract nothing = {0};
    memo_forget();
    return search(p, &nothing, order, 0);
}

bool history_check(const struct history *h, const struct spec *spec, uint8_t *order, char *why,
                   size_t why_size)
{
    struct problem p;
    spec_prepare(&p, h, spec);
    if (history_solve(&p, order))
        return true;
    if (why_size > 0)
        history_why(&p, why, why_size);
    return false;
}

static void item_print(const struct op *op, char *text, size_t size)
{
    /* A queue's lane is the top two bits of the item (queues/queue.h). */
    const uint64_t top = op->item >> 62, key = top ? op->item << 2 >> 2 : op->item;
    const unsigned lane = top ? (unsigned)top : op->kind == OP_PUSH ? op->lane : 0;
    int n = snprintf(text, size, key < 1000000000 ? "%" PRIu64 : "0x%" PRIx64, key);
    if (lane > 0 && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, " in lane %u", lane);
}

void op_print(const struct op *op, char *text, size_t size)
{
    static const char *const result[] = {"ok",      "full",      "empty",
                                         "closed",  "timeout",   "out of memory",
                                         "dropped", "i/o error", "(did not return)"};
    const char *answer = op->result <= RESULT_PENDING ? result[op->result] : "?";
    char item[48];
    item_print(op, item, sizeof item);
    switch (op->kind) {
    case OP_PUSH:
        snprintf(text, size, "push(%s) = %s", item, answer);
        break;
    case OP_POP:
        snprintf(text, size, "pop() = %s", op->result == RESULT_OK ? item : answer);
        break;
    default:
        snprintf(text, size, op->result == RESULT_PENDING ? "close() = %s" : "close()", answer);
    }
}
