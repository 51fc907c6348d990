/* trace.c: the log of one execution, for the report; and running it once more for a debugger, which
 * stops at the steps that were told. */
#include "models/checker/run/trace.h"

#include <stdio.h>
#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/report/source.h"
#include "models/checker/run/locations.h"
#include "models/checker/run/thread.h"

bool tracing;
unsigned notes;
struct note note[NOTES_MAX];

/* ---- for a debugger ---------------------------------------------------------------------- */

static const struct turn *turn;
static unsigned turns, now;
static bool waited[MODEL_THREADS]; /* it is its turn, and what it does is not yet noted */

/* replay.gdb reads these when it stops in the function: where the program's own code is (a return
 * address) and whether it goes on there. */
volatile uintptr_t queuelab_stop_pc;
volatile int queuelab_stop_returns;
void queuelab_stop(void);
__attribute__((noinline)) void queuelab_stop(void) { __asm__ volatile("" ::: "memory"); }

void trace_take_turns(const struct turn *list, unsigned n)
{
    turn = list;
    turns = n;
    now = 0;
    memset(waited, 0, sizeof waited);
}

bool trace_turns_end(void)
{
    const bool were = turns > 0;
    turns = 0;
    return were;
}

bool trace_turn(const struct thread *t) { return now >= turns || turn[now].thread == t->id; }

void trace_wait(void)
{
    if (turns == 0 || !current || waited[current->id])
        return;
    while (!trace_turn(current))
        run_park(THREAD_TURN);
    waited[current->id] = true;
}

static void stop(const struct turn *t, uintptr_t pc)
{
    printf("\n%s\n", t->text);
    fflush(stdout);
    locations_show();
    queuelab_stop_pc = pc;
    queuelab_stop_returns = t->stop == TURN_RETURNS;
    if (t->stop != TURN_GOES_BY)
        queuelab_stop();
}

/* What `current` does now has its note. */
static void turn_over(bool fault, uintptr_t pc)
{
    if (turns == 0 || !current)
        return;
    trace_wait();
    waited[current->id] = false;
    if (now >= turns || turn[now].fault != fault)
        return;
    const struct turn *t = &turn[now++];
    if (t->thread != current->id || t->site != source_site(pc))
        turns = 0; /* not the same execution: nothing that could be told of it would be true */
    else if (t->text)
        stop(t, pc);
}

/* ---- the log ----------------------------------------------------------------------------- */

static struct note *add(enum note_kind kind, uintptr_t pc)
{
    if (!tracing || notes == NOTES_MAX)
        return NULL;
    struct note *n = &note[notes++];
    memset(n, 0, sizeof *n);
    n->kind = (uint8_t)kind;
    n->site = source_site(pc);
    if (!current)
        return n;
    n->thread = current->id;
    n->po = current->po;
    for (unsigned d = current->depth; d > 0 && n->frames < NOTE_FRAMES; d--)
        if (d < STACK_DEPTH)
            n->frame[n->frames++] = source_site(current->frame[d].call);
    return n;
}

struct note *trace_note(enum note_kind kind, uintptr_t pc)
{
    struct note *const n = add(kind, pc);
    if (tracing)
        turn_over(kind == NOTE_FAULT, pc);
    return n;
}
