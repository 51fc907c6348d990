/* spec.c: see spec.h. */
#include "models/checker/history/spec.h"

#include <string.h>

static uint8_t queue_of(const struct spec *spec, const struct op *op, uint8_t i)
{
    switch (spec->kind) {
    case SPEC_FIFO_PER_PRODUCER:
        return op->thread;
    case SPEC_LANES:
    case SPEC_LANES_FAIR:
        return spec->lanes > 0 && op->lane >= spec->lanes ? (uint8_t)(spec->lanes - 1) : op->lane;
    case SPEC_BAG:
        return i; /* every item is its own queue */
    case SPEC_FIFO:
    default:
        return 0;
    }
}

void spec_prepare(struct problem *p, const struct history *h, const struct spec *spec)
{
    *p = (struct problem){.h = h, .spec = spec};
    for (unsigned i = 0; i < h->n; i++) {
        const struct op *a = &h->op[i];
        if (a->result != RESULT_PENDING)
            p->must |= 1u << i;
        for (unsigned j = 0; j < h->n; j++)
            if (op_precedes(&h->op[j], a))
                p->before[i] |= 1u << j;
        if (a->kind != OP_PUSH)
            continue;
        p->queue[i] = queue_of(spec, a, (uint8_t)i);
        p->same[i] = (uint8_t)i;
        for (unsigned j = 0; j < i; j++) {
            const struct op *b = &h->op[j];
            const bool alike = spec->kind == SPEC_BAG || p->queue[j] == p->queue[i];
            if (b->kind == OP_PUSH && b->item == a->item && alike) {
                p->same[i] = p->same[j];
                p->queue[i] = p->queue[j];
                break;
            }
        }
    }
    for (unsigned i = 0; i < h->n; i++)
        for (unsigned j = 0; j < i; j++)
            if (!(p->before[i] >> j & 1) && !(p->before[j] >> i & 1))
                p->overlaps |= 1u << i | 1u << j;
}

static struct abstract *unchanged(const struct abstract *s, unsigned i, struct abstract *next)
{
    *next = *s;
    next->done |= 1u << i;
    return next;
}

static void append(const struct problem *p, struct abstract *s, unsigned i)
{
    unsigned at = s->n++;
    while (at > 0 && p->queue[s->item[at - 1]] > p->queue[i]) {
        s->item[at] = s->item[at - 1];
        at--;
    }
    s->item[at] = p->same[i];
}

static void take(struct abstract *s, unsigned at)
{
    s->n--;
    memmove(&s->item[at], &s->item[at + 1], s->n - at);
    s->item[s->n] = 0; /* equal states are equal bytes */
}

/* Is the item at this place the oldest of its queue? */
static bool oldest(const struct problem *p, const struct abstract *s, unsigned at)
{
    return at == 0 || p->queue[s->item[at]] != p->queue[s->item[at - 1]];
}

static unsigned push(const struct problem *p, const struct abstract *s, unsigned i,
                     struct abstract *next)
{
    const struct spec *spec = p->spec;
    const bool bounded = spec->capacity > 0;
    const bool full = bounded && s->n >= spec->capacity;
    const bool overlaps = p->overlaps >> i & 1;
    const bool lax = bounded && !spec->exact && overlaps;
    bool may;
    switch (p->h->op[i].result) {
    case RESULT_OK:
    case RESULT_PENDING: {
        unsigned ways = 0;
        if (s->closed)
            return 0;
        if (!full || spec->rough)
            append(p, unchanged(s, i, &next[ways++]), i);
        if (spec->drops_oldest && (full || lax))
            for (unsigned at = 0; at < s->n; at++)
                if (oldest(p, s, at)) {
                    take(unchanged(s, i, &next[ways]), at);
                    append(p, &next[ways++], i);
                }
        return ways;
    }
    case RESULT_DROPPED:
        may = spec->drops_newest && ((full && !s->closed) || lax);
        break;
    case RESULT_FULL:
        may = (full && !s->closed) || lax;
        break;
    case RESULT_TIMEOUT:
        may = (full && !s->closed) || (bounded && overlaps);
        break;
    case RESULT_CLOSED:
        may = s->closed;
        break;
    case RESULT_NOMEM:
    case RESULT_IO:
        may = true;
        break;
    default:
        may = false;
    }
    if (may)
        unchanged(s, i, next);
    return may;
}

static unsigned pop(const struct problem *p, const struct abstract *s, unsigned i,
                    struct abstract *next)
{
    const struct spec *spec = p->spec;
    const struct op *op = &p->h->op[i];
    const bool overlaps = p->overlaps >> i & 1, lax = !spec->exact && overlaps;
    bool may;
    switch (op->result) {
    case RESULT_OK:
    case RESULT_PENDING: {
        unsigned ways = 0;
        for (unsigned at = 0; at < s->n; at++) {
            if (spec->kind == SPEC_LANES && !lax && p->queue[s->item[at]] != p->queue[s->item[0]])
                break;
            if (oldest(p, s, at) &&
                (op->result == RESULT_PENDING || p->h->op[s->item[at]].item == op->item))
                take(unchanged(s, i, &next[ways++]), at);
        }
        return ways;
    }
    case RESULT_EMPTY:
        may = (s->n == 0 && !s->closed) || lax;
        break;
    case RESULT_TIMEOUT:
        may = (s->n == 0 && !s->closed) || overlaps;
        break;
    case RESULT_CLOSED:
        may = s->n == 0 && s->closed;
        break;
    case RESULT_NOMEM:
    case RESULT_IO:
        may = true;
        break;
    default:
        may = false;
    }
    if (may)
        unchanged(s, i, next);
    return may;
}

unsigned spec_apply(const struct problem *p, const struct abstract *s, unsigned i,
                    struct abstract next[SPEC_WAYS])
{
    switch (p->h->op[i].kind) {
    case OP_PUSH:
        return push(p, s, i, next);
    case OP_POP:
        return pop(p, s, i, next);
    default:
        unchanged(s, i, next)->closed = true;
        return 1;
    }
}
