/* spin.c: noticing that a waiting loop came round and nothing has changed. */
#include "models/checker/run/spin.h"

#include "models/checker/run/step.h"

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

uintptr_t hook_sp;

/* What the program keeps on the thread's stack. */
static uint64_t stack_state(const struct thread *t)
{
    const uintptr_t base = (uintptr_t)t->fiber.stack, end = base + FIBER_STACK;
    uint64_t h = 1;
    if (hook_sp <= base || hook_sp >= end)
        return 0; /* not known */
    for (uintptr_t p = hook_sp & ~(uintptr_t)7; p < end; p += sizeof p)
        h = mix(h, *(const uintptr_t *)p);
    return h | 1;
}

/* Where it is and what it is about to do: a compare-and-swap that expects something else than last
 * time is not the same again. */
static uint64_t path_to(const struct thread *t, const struct step *s)
{
    const uint64_t path = mix(mix(t->frame[t->depth].path, s->pc), (uintptr_t)s->address);
    return s->rule == RULE_LOAD ? path : mix(mix(path, (uint64_t)s->a), (uint64_t)s->b);
}

static uint64_t filter(uint64_t path) { return (uint64_t)1 << (path >> 58); }

/* The deepest frame that is the same call now as it was then. */
static const struct frame *common_frame(const struct thread *t, const struct seen *was)
{
    unsigned d = was->depth;
    while (d > 0 && t->frame[d].activation > was->activations)
        d--;
    return &t->frame[d];
}

bool spin_repeats(const struct thread *t, const struct step *s, uint16_t *from)
{
    if (t->seen == 0 || t->depth >= STACK_DEPTH)
        return false;
    const uint64_t path = path_to(t, s);
    if (!(t->seen_paths & filter(path)))
        return false;
    uint64_t state = 0;
    for (unsigned i = t->seen; i-- > 0;) {
        const struct seen *was = &t->was[i];
        if (was->path != path || was->depth != t->depth)
            continue;
        *from = was->po;
        if (common_frame(t, was)->hint > was->po + 1) /* after that read */
            return true;
        if (was->state == 0)
            return false; /* its second time: compare from now on */
        if (state == 0)
            state = stack_state(t);
        if (state && was->state == state)
            return true;
    }
    return false;
}

void spin_reads(struct thread *t, const struct step *s)
{
    if (t->depth >= STACK_DEPTH || t->seen == SEEN_MAX)
        return;
    const uint64_t path = path_to(t, s);
    bool again = false;
    if (t->seen_paths & filter(path))
        for (unsigned i = 0; i < t->seen && !again; i++)
            again = t->was[i].path == path;
    t->seen_paths |= filter(path);
    t->was[t->seen++] = (struct seen){.path = path,
                                      .state = again ? stack_state(t) : 0,
                                      .po = t->po,
                                      .depth = t->depth,
                                      .activations = t->activations};
}

bool spin_plainly(struct thread *t, uintptr_t pc)
{
    t->patience = 1;
    if (t->depth >= STACK_DEPTH || t->suspect.left == 0) {
        t->suspect.pc = pc;
        t->suspect.state = t->depth < STACK_DEPTH ? stack_state(t) : 0;
        t->suspect.effects = t->effects;
        t->suspect.left = 4096; /* a longer way round is not found */
        return false;
    }
    if (--t->suspect.left == 0)
        t->patience = SPIN_PATIENCE;
    return pc == t->suspect.pc && t->effects == t->suspect.effects && t->suspect.state &&
           stack_state(t) == t->suspect.state;
}

/* ---- the call stack ---------------------------------------------------------------------- */

void step_enter(uintptr_t call, uintptr_t sp)
{
    struct thread *t = current;
    if (!t || t->hidden)
        return;
    if (++t->depth >= STACK_DEPTH)
        return;
    if (sp < t->fiber.deepest)
        t->fiber.deepest = sp;
    struct frame *f = &t->frame[t->depth];
    f->call = call;
    f->path = mix(f[-1].path, call);
    f->activation = ++t->activations;
    f->hint = 0;
    f->stepped = false;
}

/* A pause inside a helper that does nothing else counts as its caller's. */
void step_leave(void)
{
    struct thread *t = current;
    if (!t || t->hidden || t->depth == 0)
        return;
    if (--t->depth >= STACK_DEPTH - 1)
        return;
    const struct frame *left = &t->frame[t->depth + 1];
    struct frame *f = &t->frame[t->depth];
    if (left->stepped)
        f->stepped = true;
    else if (left->hint > f->hint)
        f->hint = left->hint;
}

void step_hint(uintptr_t pc)
{
    (void)pc;
    struct thread *t = current;
    if (t && t->depth < STACK_DEPTH)
        t->frame[t->depth].hint = (uint16_t)(t->po + 1);
}
