/* run.c: one execution: repeats a graph on fibers, goes on where it ends, judges how it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/heap.h"
#include "models/checker/hooks/hooks_sync.h"
#include "models/checker/run/run.h"
#include "models/checker/run/image.h"
#include "models/checker/run/snapshot.h"
#include "models/checker/run/spin.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/trace.h"

struct thread threads[MODEL_THREADS];
struct thread *current;
uint32_t run_number;
unsigned unreplayed;
bool replay_only;
struct history history_now;

static struct fiber scheduler;
static enum run_end ended;
static bool over;
static unsigned wanted = NONE; /* a snapshot, before the event with this number */
static jmp_buf back;           /* for faults that the scheduler itself finds */

/* ---- threads ----------------------------------------------------------------------------- */

static void thread_main(void *argument)
{
    struct thread *t = argument;
    step_thread_starts(t);
    void *const result = t->entry(t->argument);
    if (t->id)
        thread_exit(result); /* destructors of thread-local objects and keys first */
    step_end(result);
}

static void (*program_now)(void *);
static void *program_argument;

static void *main_thread(void *argument)
{
    program_now(argument);
    return NULL;
}

void run_thread(unsigned id, void *(*entry)(void *), void *argument)
{
    struct thread *t = &threads[id];
    thread_changed[id] = true;
    t->state = THREAD_READY;
    t->replay = graph_now->first[id];
    t->entry = entry;
    t->argument = argument;
    fiber_start(&t->fiber, thread_main, t);
}

static void thread_reset(struct thread *t)
{
    const struct fiber fiber = t->fiber;
    const uint8_t id = t->id;
    memset(t, 0, offsetof(struct thread, frame));
    t->fiber = fiber;
    t->id = id;
    t->replay = NONE;
    t->patience = SPIN_PATIENCE;
    t->seen = 0;
    t->seen_paths = 0;
    t->frame[0] = (struct frame){.path = id};
}

void run_prepare(void (*program)(void *), void *argument)
{
    static bool ready;
    program_now = program;
    program_argument = argument;
    if (!ready) {
        for (unsigned i = 0; i < MODEL_THREADS; i++) {
            threads[i].id = (uint8_t)i;
            int error = fiber_map(&threads[i].fiber, i);
            if (!error)
                error = shadow_region(threads[i].fiber.stack, FIBER_STACK, REGION_STACK, i);
            if (error) {
                fprintf(stderr, "the checker cannot map its threads' stacks: %s\n",
                        strerror(error));
                exit(4);
            }
        }
        ready = true;
    }
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        thread_reset(&threads[i]);
    step_reset();
}

/* ---- leaving and resuming ---------------------------------------------------------------- */

_Noreturn void run_leave(enum run_end how)
{
    ended = how;
    over = true;
    if (!current)
        longjmp(back, 1);
    fiber_switch(&current->fiber, &scheduler);
    abort(); /* nobody resumes an execution that is over */
}

void run_park(enum thread_state state)
{
    struct thread *t = current;
    t->state = (uint8_t)state;
    fiber_switch(&t->fiber, &scheduler);
}

static void resume(struct thread *t)
{
    t->state = THREAD_READY;
    thread_changed[t->id] = true;
    current = t;
    fiber_switch(&scheduler, &t->fiber);
    while (wanted != NONE) {
        current = NULL;
        snapshot_take(wanted);
        wanted = NONE;
        t->state = THREAD_READY;
        thread_changed[t->id] = true;
        current = t;
        fiber_switch(&scheduler, &t->fiber);
    }
    current = NULL;
}

bool run_checkpoint(unsigned events)
{
    if (!snapshot_due(events))
        return false;
    wanted = events;
    run_park(THREAD_WANTS);
    return current->replay != NONE;
}

static bool source_ran(const struct thread *t)
{
    const struct event *e = &graph_now->e[graph_now->e[t->replay].rf];
    return e->thread == NONE_THREAD || threads[e->thread].po >= e->po;
}

static bool may_add(const struct thread *t)
{
    return t->state == THREAD_WANTS ||
           (t->state == THREAD_JOINING && threads[t->target].state == THREAD_ENDED);
}

static struct thread *choose(void)
{
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        threads[i].chosen = threads[i].once = false;
    if (graph_now->urgent != NONE) {
        struct thread *t = &threads[graph_now->urgent];
        graph_now->urgent = NONE;
        t->chosen = t->once = true;
        return t;
    }
    struct thread *able[MODEL_THREADS];
    unsigned n = 0;
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        if (may_add(&threads[i]))
            able[n++] = &threads[i];
    if (n == 0)
        return NULL;
    struct thread *t = able[0];
    if (options_now->random)
        t = able[explore_random() % n];
    else if (options_now->policy == POLICY_RTL)
        t = able[n - 1];
    t->chosen = true;
    if (t->po == 1 && snapshot_due(graph_now->events)) /* its first event of its own */
        snapshot_take(graph_now->events);
    return t;
}

static struct thread *pick(void)
{
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        struct thread *t = &threads[i];
        if (t->state == THREAD_READY || (t->state == THREAD_SOURCE && source_ran(t)) ||
            (t->state == THREAD_TURN && trace_turn(t)))
            return t;
    }
    if (trace_turns_end())
        return pick();
    if (unreplayed > 0)
        fault_raise(FAULT_NONDETERMINISM, NULL, 0,
                    "run again, the program did not come to %u events that it made before: it "
                    "depends on something the checker does not control (time, addresses, "
                    "uninitialised memory)",
                    unreplayed);
    return replay_only ? NULL : choose();
}

/* ---- its state as bytes ------------------------------------------------------------------ */

bool thread_changed[MODEL_THREADS];

void thread_image(struct image *m, struct thread *t)
{
    const uintptr_t deepest = t->fiber.deepest;
    const uint8_t was = t->state;
    image_part(m, &t->state, sizeof t->state);
    if (t->state == THREAD_NONE) {
        if (was != THREAD_NONE)
            thread_reset(t);
        return;
    }
    image_part(m, t, offsetof(struct thread, frame));
    if (t->state == THREAD_ENDED && !shadow_stack_shared(t->id)) { /* nobody will look at it */
        if (deepest < t->fiber.deepest)
            t->fiber.deepest = deepest;
        return;
    }
    const unsigned frames = t->depth < STACK_DEPTH ? t->depth + 1u : STACK_DEPTH;
    image_part(m, t->frame, frames * sizeof t->frame[0]);
    image_part(m, &t->effects, offsetof(struct thread, was) - offsetof(struct thread, effects));
    image_part(m, t->was, t->seen * sizeof t->was[0]);
    fiber_image(m, &t->fiber, deepest);
}

void run_image(struct image *m)
{
    image_part(m, &hook_sp, sizeof hook_sp);
    image_part(m, &history_now.n, sizeof history_now.n);
    image_part(m, history_now.op, history_now.n * sizeof history_now.op[0]);
    hooks_image(m);
    heap_image(m);
    shadow_image(m);
}

/* ---- how it ended ------------------------------------------------------------------------ */

/* A blocked thread waits for ever if what it last read is the newest there is: then no other
 * execution of the same writes lets it go on. */
static bool reads_newest(const struct event *e) { return graph_now->loc[e->loc].mo_last == e->rf; }

static bool stuck(const struct thread *t)
{
    const struct graph *g = graph_now;
    switch (t->state) {
    case THREAD_BLOCKED:
        return g->last[t->id] == NONE || g->e[g->last[t->id]].kind != EV_READ ||
               reads_newest(&g->e[g->last[t->id]]);
    case THREAD_CUT:
        for (uint16_t i = g->last[t->id]; i != NONE && g->e[i].po >= t->cut_from;
             i = g->e[i].po_prev)
            if (g->e[i].kind == EV_READ && !reads_newest(&g->e[i]))
                return false;
        return true;
    case THREAD_JOINING:
        return true; /* if all the others are */
    default:
        return false;
    }
}

/* A thread that joins one that was frozen on purpose is not blocked by the program. */
static bool excused(const struct thread *t)
{
    while (t->state == THREAD_JOINING)
        t = &threads[t->target];
    return t->state == THREAD_FROZEN;
}

static void describe(const struct thread *t, char *text, size_t size)
{
    const struct graph *g = graph_now;
    const struct event *e = g->last[t->id] == NONE ? NULL : &g->e[g->last[t->id]];
    if (t->state == THREAD_JOINING)
        snprintf(text, size, "thread %u waits for thread %u to end", t->id, t->target);
    else if (t->state == THREAD_CUT)
        snprintf(text, size, "thread %u spins", t->id);
    else if (e && e->kind == EV_READ && e->rule == RULE_LOCK && e->value > 0 &&
             (unsigned)e->value <= MODEL_THREADS)
        snprintf(text, size, "thread %u waits for a %s that thread %u holds", t->id,
                 t->waits_for ? t->waits_for : "lock", (unsigned)e->value - 1);
    else
        snprintf(text, size, "thread %u waits: %s", t->id, t->waits_for ? t->waits_for : "blocked");
}

static void report_stuck(void)
{
    struct place places[4];
    unsigned n = 0;
    bool sleeps = false, spins = false;
    char text[400];
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        const struct thread *t = &threads[i];
        if (!stuck(t))
            continue;
        const bool joins = t->state == THREAD_JOINING;
        spins |= t->state == THREAD_CUT;
        sleeps |= t->state == THREAD_BLOCKED && t->waits_for && !strstr(t->waits_for, "lock") &&
                  !strstr(t->waits_for, "mutex") && !strstr(t->waits_for, "once");
        if (joins && t->id == 0)
            continue; /* main waits for its threads: the others say why */
        char one[120];
        describe(t, one, sizeof one);
        const int m = snprintf(text + used, sizeof text - used, "%s%s", used ? "; " : "", one);
        if (m > 0 && (size_t)m < sizeof text - used)
            used += (size_t)m;
        if (n < 4)
            places[n++] = (struct place){.thread = t->id,
                                         .po = t->po,
                                         .site = t->waits_site,
                                         .address = t->waits_at,
                                         .what = t->waits_for ? t->waits_for : "wait"};
    }
    const enum fault_kind kind = sleeps  ? FAULT_LOST_WAKEUP
                                 : spins ? FAULT_LIVELOCK
                                         : FAULT_DEADLOCK;
    fault_raise(kind, places, n, "%s%s", text,
                sleeps  ? ": nobody is left to wake it"
                : spins ? ": nobody is left to end that"
                        : "");
}

static void check_history(void)
{
    static char why[300];
    uint8_t order[OPS_MAX];
    if (!options_now->spec || history_now.n == 0)
        return;
    if (!history_check(&history_now, options_now->spec, order, why, sizeof why))
        fault_raise(FAULT_NOT_LINEARIZABLE, NULL, 0, "%s", why);
}

static enum run_end judge(void)
{
    unsigned waiting = 0, for_ever = 0;
    bool moot = false;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        const struct thread *t = &threads[i];
        if (t->state == THREAD_NONE || t->state == THREAD_ENDED || excused(t))
            continue;
        moot |= t->moot;
        waiting++;
        for_ever += stuck(t);
    }
    if (replay_only && unreplayed == 0 && result_now->fault.kind == FAULT_NONE && waiting == 0)
        return RUN_COMPLETE;
    if (moot)
        return RUN_MOOT;
    if (waiting && waiting == for_ever) {
        report_stuck();
    }
    if (waiting)
        return RUN_BLOCKED;
    check_history();
    if (!options_now->no_leaks) {
        heap_check_leaks(options_now->strict_leaks);
    }
    return RUN_COMPLETE;
}

/* ---- one execution ----------------------------------------------------------------------- */

static void begin_anew(void)
{
    shadow_reset();
    heap_reset();
    hooks_reset();
    step_run_begins();
    memset(thread_changed, true, sizeof thread_changed);
    history_now.n = 0;
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        if (threads[i].state != THREAD_NONE) /* the execution before had it */
            thread_reset(&threads[i]);
    run_thread(0, main_thread, program_argument);
}

/* What each thread, as it is now, has still to repeat of the graph. */
static void find_unreplayed(void)
{
    unreplayed = 0;
    for (unsigned i = 0; i < MODEL_THREADS; i++) {
        struct thread *t = &threads[i];
        uint16_t next = NONE;
        for (uint16_t e = graph_now->last[i]; e != NONE && graph_now->e[e].po > t->po;
             e = graph_now->e[e].po_prev) {
            next = e;
            unreplayed++;
        }
        t->replay = next;
        t->chosen = t->once = t->acted = false;
        if (next != NONE && (t->state == THREAD_WANTS || t->state == THREAD_JOINING))
            t->state = THREAD_READY;
    }
}

enum run_end run_graph(struct snapshot *from)
{
    run_number++;
    over = false;
    snapshot_go(from);
    if (!from)
        begin_anew();
    find_unreplayed();
    if (setjmp(back) == 0) {
        for (struct thread *t; !over && (t = pick()) != NULL;)
            resume(t);
        if (!over)
            ended = judge();
    }
    current = NULL;
    return ended;
}

/* ---- faults ------------------------------------------------------------------------------ */

void fault_raise(enum fault_kind kind, const struct place *places, unsigned n, const char *format,
                 ...)
{
    struct fault *f = &result_now->fault;
    if (f->kind == FAULT_NONE || replay_only) {
        memset(f, 0, sizeof *f);
        f->kind = kind;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(f->text, sizeof f->text, format, arguments);
        va_end(arguments);
        f->places = n < 4 ? n : 4;
        if (places)
            memcpy(f->place, places, f->places * sizeof *places);
        else
            f->places = 0;
        result_now->history = history_now;
        if (tracing) {
            const uint32_t site = f->places > 0 ? f->place[f->places - 1].site : 0;
            struct note *m = trace_note(NOTE_FAULT, site ? source_base + site : 0);
            if (m)
                m->text = f->text;
        }
    }
    run_leave(RUN_FAULT);
}

static const struct {
    const char *name, *identifier;
} faults[] = {
    [FAULT_NONE] = {"no violation", "none"},
    [FAULT_RACE] = {"data race", "data_race"},
    [FAULT_USE_AFTER_FREE] = {"use after free", "use_after_free"},
    [FAULT_DOUBLE_FREE] = {"double free", "double_free"},
    [FAULT_INVALID_FREE] = {"invalid free", "invalid_free"},
    [FAULT_OUT_OF_BOUNDS] = {"out of bounds", "out_of_bounds"},
    [FAULT_UNINITIALISED] = {"uninitialised read", "uninitialised_read"},
    [FAULT_LEAK] = {"leak", "leak"},
    [FAULT_ASSERTION] = {"assertion", "assertion"},
    [FAULT_CRASH] = {"crash", "crash"},
    [FAULT_DEADLOCK] = {"deadlock", "deadlock"},
    [FAULT_LOST_WAKEUP] = {"lost wake-up", "lost_wakeup"},
    [FAULT_LIVELOCK] = {"livelock", "livelock"},
    [FAULT_SYNC] = {"misuse of a lock or thread", "misuse"},
    [FAULT_NOT_LINEARIZABLE] = {"not linearizable", "not_linearizable"},
    [FAULT_INVARIANT] = {"broken invariant", "invariant"},
    [FAULT_MIXED_SIZE] = {"mixed-size access", "mixed_size"},
    [FAULT_KINDS] = {"", ""},
    [FAULT_UNBOUNDED] = {"no bound", "unbounded"},
    [FAULT_UNSUPPORTED] = {"unsupported", "unsupported"},
    [FAULT_NONDETERMINISM] = {"nondeterminism", "nondeterminism"},
};

const char *fault_name(enum fault_kind kind) { return faults[kind].name; }
const char *fault_identifier(enum fault_kind kind) { return faults[kind].identifier; }

int fault_exit_code(enum fault_kind kind)
{
    if (kind == FAULT_NONE)
        return 0;
    if (kind < FAULT_KINDS)
        return 1;
    return kind == FAULT_UNBOUNDED ? 3 : 4;
}
