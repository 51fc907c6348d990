/* spin.h: noticing that a waiting loop came round and nothing has changed.
 *
 * A loop iteration that changed nothing, not even in the thread's own state, need not be explored
 * again: had it read something newer at once, the thread would be where the next iteration leads.
 * So the thread is cut when it comes back to a read (same instruction and operands, same calls that
 * lead to it) that it made before, has had no effect since, and either
 *   - a pause hint was given meanwhile in the frame that loops (pause, sched_yield: "I am only
 *     waiting": local counters do not matter), or
 *   - its whole stack is as it was then.
 * The cut thread's reads stay in the graph, where later writes revisit them. */
#ifndef MODELS_CHECKER_SPIN_H
#define MODELS_CHECKER_SPIN_H

#include "models/checker/run/step.h"

/* Is `t`, about to make this read, where it was before? Then *from is the po after which that
 * iteration began. */
bool spin_repeats(const struct thread *t, const struct step *s, uint16_t *from);

/* It makes the read. */
void spin_reads(struct thread *t, const struct step *s);

/* It has made very many plain accesses and no event: does it go round without end? Called now and
 * then, and at every access once that is suspected. */
bool spin_plainly(struct thread *t, uintptr_t pc);
enum { SPIN_PATIENCE = 1 << 16 };

/* The program's stack pointer when it called the hook that runs: what lies above is its own. */
extern uintptr_t hook_sp;

/* It had an effect: what it did before does not repeat. */
static inline void spin_forget(struct thread *t)
{
    t->seen = 0;
    t->seen_paths = 0;
    t->effects++;
}

/* An event was made in the present frame. */
static inline void spin_steps(struct thread *t)
{
    t->frame[t->depth < STACK_DEPTH ? t->depth : STACK_DEPTH - 1].stepped = true;
}

#endif
