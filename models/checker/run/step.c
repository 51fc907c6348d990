/* step.c: the steps of a running program: repeated from the graph, or added to it. */
#include "models/checker/run/step.h"

#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/heap.h"
#include "models/checker/run/run.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/explore/sites.h"
#include "models/checker/run/spin.h"
#include "models/checker/run/trace.h"

/* ---- locations --------------------------------------------------------------------------- */

/* Numbered in the order in which they were first met, and for good: a graph that one exploration
 * leaves is run again by another one. */
enum { TABLE = 4 * LOCS_MAX };
static struct locations {
    struct location {
        uintptr_t address;
        uint8_t space, size;
    } at[LOCS_MAX];
    uint16_t hashed[TABLE]; /* 1 + the location's number */
    unsigned n;
    bool on_stacks; /* some atomic lives on a stack: then stack accesses are looked at */
} known;
static struct location *const location = known.at;

void step_reset(void) { sites_clear(); }

void *step_locations(size_t *size)
{
    *size = sizeof known;
    return &known;
}

void step_log_clear(void)
{
    notes = 0;
    tracing = true;
}

uint16_t step_loc(const volatile void *address, enum space space, unsigned size)
{
    const uintptr_t a = (uintptr_t)address;
    uint32_t i = (uint32_t)((a ^ (uintptr_t)space << 60) * 0x9e3779b97f4a7c15u >> 40) % TABLE;
    for (; known.hashed[i]; i = (i + 1) % TABLE) {
        const struct location *l = &location[known.hashed[i] - 1];
        if (l->address == a && l->space == space && l->size == size)
            return (uint16_t)(known.hashed[i] - 1);
    }
    if (known.n == LOCS_MAX)
        fault_raise(FAULT_UNBOUNDED, NULL, 0,
                    "more than %u atomic locations: use smaller arrays or capacities when checking",
                    (unsigned)LOCS_MAX);
    location[known.n] = (struct location){a, (uint8_t)space, (uint8_t)size};
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (space == SPACE_MEMORY && a - (uintptr_t)threads[t].fiber.stack < FIBER_STACK)
            known.on_stacks = true;
    known.hashed[i] = (uint16_t)(known.n + 1);
    return (uint16_t)known.n++;
}

uintptr_t step_loc_address(uint16_t loc, enum space *space, unsigned *size)
{
    if (space)
        *space = (enum space)location[loc].space;
    if (size)
        *size = location[loc].size;
    return location[loc].address;
}

static bool overlaps(const struct location *l, uintptr_t a, size_t n)
{
    return l->space == SPACE_MEMORY && l->address < a + n && a < l->address + l->size;
}

/* The location's first access in this execution: it holds what memory holds. */
static void begin_location(uint16_t loc, uintptr_t pc)
{
    struct graph *g = graph_now;
    if (loc < g->locs && g->loc[loc].init != NONE)
        return;
    const struct location *l = &location[loc];
    for (unsigned i = 0; i < g->locs; i++)
        if (i != loc && g->loc[i].init != NONE && l->space == SPACE_MEMORY &&
            overlaps(&location[i], l->address, l->size)) {
            const struct place here = {.thread = current->id,
                                       .po = current->po,
                                       .site = source_site(pc),
                                       .address = l->address,
                                       .size = l->size,
                                       .atomic = true,
                                       .what = "access"};
            fault_raise(FAULT_MIXED_SIZE, &here, 1,
                        "%u bytes are accessed atomically where %u bytes were before", l->size,
                        location[i].size);
        }
    struct event *e = graph_add(g, EV_INIT, NONE_THREAD, loc);
    if (!e)
        fault_raise(FAULT_UNBOUNDED, NULL, 0, "more than %u events in one execution",
                    (unsigned)EVENTS_MAX);
    e->size = l->size;
    if (l->space == SPACE_MEMORY) {
        memcpy(&e->value, (const void *)l->address, l->size);
        if (heap_holds(l->address) && !shadow_initialised(l->address, l->size))
            e->flags |= EVENT_UNDEF;
    }
}

/* ---- taking turns ------------------------------------------------------------------------ */

static void flush_plain(struct thread *t);

static void before_step(struct thread *t)
{
    if (t->plain.n)
        flush_plain(t);
    spin_steps(t);
    if (options_now->freeze_thread == (int)t->id && t->po >= options_now->freeze_after)
        run_park(THREAD_FROZEN);
}

static void wait_turn(struct thread *t)
{
    while (unreplayed > 0 || !t->chosen)
        run_park(THREAD_WANTS);
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"initial value", "read", "write", "fence", "create",
                                        "start",         "end",  "join",  "choice"};
    return names[kind];
}

/* The event to be repeated, or NULL: a new one may be added now. */
static struct event *repeated(struct thread *t, enum event_kind kind, uint16_t loc)
{
    if (t->replay == NONE) {
        wait_turn(t);
        return NULL;
    }
    struct event *e = &graph_now->e[t->replay];
    if (e->kind != kind || e->loc != loc)
        fault_raise(FAULT_NONDETERMINISM, NULL, 0,
                    "run again, thread %u made a %s where it made a %s before%s: it depends on "
                    "something the checker does not control (time, addresses, uninitialised "
                    "memory)",
                    t->id, kind_name(kind), kind_name(e->kind),
                    e->kind == kind ? " at another address" : "");
    while (e->rf != NONE && graph_now->e[e->rf].thread != NONE_THREAD &&
           threads[graph_now->e[e->rf].thread].po < graph_now->e[e->rf].po)
        run_park(THREAD_SOURCE);
    t->replay = e->po_next;
    unreplayed--;
    return e;
}

/* After event e, new or repeated: what the thread knows now. */
static void made(struct thread *t, const struct event *e, uintptr_t pc)
{
    t->po = e->po;
    t->hb = e->hb;
    if (e->kind == EV_READ)
        t->pending = clock_join(t->pending, graph_now->e[e->rf].msg);
    if (e->kind == EV_FENCE && explore_releases(e->order) && !(e->flags & EVENT_LIGHT))
        t->fence = e->hb;
    if (tracing) {
        struct note *n = trace_note(NOTE_EVENT, pc);
        if (n) {
            n->po--;
            n->event = event_id(graph_now, e);
        }
    }
}

static struct place place_now(const struct thread *t, const struct step *s, const char *what)
{
    return (struct place){.thread = t->id,
                          .po = t->po,
                          .site = source_site(s->pc),
                          .address = (uintptr_t)s->address,
                          .size = s->size,
                          .atomic = true,
                          .what = what};
}

/* ---- reads and writes -------------------------------------------------------------------- */

/* Is this an operation that the program wrote, not one that a modelled call is made of? */
static bool written(enum space space) { return space == SPACE_MEMORY && !current->modelled; }

static struct step weakened(const struct step *s)
{
    struct step w = *s;
    if (options_now->weaken_site && options_now->weaken_site == source_site(s->pc) &&
        written(s->space)) {
        w.good = options_now->weaken_to;
        w.bad = options_now->weaken_bad;
    }
    return w;
}

static enum order weakened_order(enum order order, enum space space, uintptr_t pc)
{
    return options_now->weaken_site && options_now->weaken_site == source_site(pc) && written(space)
               ? options_now->weaken_to
               : order;
}

/* Which release this acquire reads from. */
static void log_read(const struct event *e, enum space space)
{
    if (!written(space))
        return;
    sites_use(e->site, EV_READ, e->rule != RULE_LOAD, e->order_good, e->order_bad);
    if (!explore_acquires(e->order))
        return;
    const struct event *w = &graph_now->e[e->rf];
    while (w->kind == EV_WRITE) {
        if (explore_releases(w->order))
            sites_synchronize(w->site, e->site);
        if (!(w->flags & EVENT_RMW)) /* a release sequence goes on through what it read */
            break;
        w = &graph_now->e[graph_now->e[w->po_prev].rf];
    }
}

static void block_here(struct thread *t, const struct step *s)
{
    t->moot = s->rule == RULE_CAS_FAILS || s->rule == RULE_WAKE || !s->waits_for;
    t->waits_for = s->waits_for;
    t->waits_at = (uintptr_t)s->address;
    t->waits_site = source_site(s->pc);
    struct note *n = trace_note(NOTE_BLOCK, s->pc);
    if (n)
        n->text = s->waits_for;
    for (;;)
        run_park(THREAD_BLOCKED);
}

static void write_event(struct thread *t, uint16_t loc, word value, unsigned size, enum order order,
                        unsigned flags, uintptr_t pc)
{
    const struct event *e = repeated(t, EV_WRITE, loc);
    if (e) {
        if (e->value != value)
            fault_raise(FAULT_NONDETERMINISM, NULL, 0,
                        "run again, thread %u wrote %llu where it wrote %llu before", t->id,
                        (unsigned long long)value, (unsigned long long)e->value);
    } else {
        begin_location(loc, pc);
        e = explore_write(t->id, loc, value, size, order, flags, source_site(pc));
        if (!e)
            run_leave(RUN_MOOT);
        if (written((enum space)location[loc].space) && flags == 0)
            sites_use(source_site(pc), EV_WRITE, false, order, order);
        if (t->once)
            t->chosen = t->once = false;
    }
    t->hb = e->hb;
    if (location[loc].space == SPACE_MEMORY && !(flags & EVENT_NA)) {
        shadow_atomic(location[loc].address, size, true, pc);
        shadow_set_loc(location[loc].address, size, loc);
    }
    made(t, e, pc);
}

/* Did something fail for no reason since then? */
static bool environment_chose(const struct thread *t, uint16_t since)
{
    for (uint16_t i = graph_now->last[t->id]; i != NONE && graph_now->e[i].po >= since;
         i = graph_now->e[i].po_prev)
        if (graph_now->e[i].kind == EV_CHOICE && graph_now->e[i].value != 0)
            return true;
    return false;
}

word step_read(const struct step *given, bool *wrote)
{
    struct thread *t = current;
    const struct step s = weakened(given);
    before_step(t);
    const uint16_t loc = step_loc(s.address, s.space, s.size);
    if (t->replay == NONE && !options_now->no_cuts) {
        uint16_t from;
        if (spin_repeats(t, &s, &from)) {
            t->cut_from = (uint16_t)(from + 1);
            t->moot = environment_chose(t, from); /* without that, it would be here as well */
            t->waits_at = (uintptr_t)s.address;
            t->waits_site = source_site(s.pc);
            trace_note(NOTE_BLOCK, s.pc);
            for (;;)
                run_park(THREAD_CUT);
        }
    }
    spin_reads(t, &s);
    const struct event *e = repeated(t, EV_READ, loc);
    if (!e) {
        begin_location(loc, s.pc);
        e = explore_read(t->id, loc, &s);
        if (!e)
            run_leave(RUN_MOOT);
        log_read(e, s.space);
    }
    const struct event *from = &graph_now->e[e->rf];
    t->hb = e->hb;
    if (s.space == SPACE_MEMORY) {
        shadow_atomic((uintptr_t)s.address, s.size, false, s.pc);
        shadow_set_loc((uintptr_t)s.address, s.size, loc);
    }
    made(t, e, s.pc);
    if (from->flags & EVENT_UNDEF) {
        struct place p = place_now(t, &s, "read");
        fault_raise(FAULT_UNINITIALISED, &p, 1,
                    "an atomic in heap memory is read although nothing orders its initialisation "
                    "before the read");
    }
    if (e->flags & EVENT_BLOCKS)
        block_here(t, &s);
    const bool writes = e->flags & EVENT_WRITES;
    if (wrote)
        *wrote = writes;
    const word old = e->value;
    if (writes) {
        word new_value;
        rule_apply(s.rule, s.size, old, s.a, s.b, &new_value);
        if (new_value != old)
            spin_forget(t);
        write_event(t, loc, new_value, s.size, s.good, EVENT_RMW, s.pc);
    }
    return old;
}

void step_write(const volatile void *address, enum space space, unsigned size, word value,
                enum order order, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    spin_forget(t);
    write_event(t, step_loc(address, space, size), value, size, weakened_order(order, space, pc), 0,
                pc);
}

static void fence(enum order order, unsigned flags, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    const struct event *e = repeated(t, EV_FENCE, NONE);
    if (!e) {
        order = weakened_order(order, SPACE_MEMORY, pc);
        e = explore_fence(t->id, order, flags, source_site(pc));
        if (written(SPACE_MEMORY))
            sites_use(source_site(pc), EV_FENCE, false, order, order);
    }
    made(t, e, pc);
}

/* The newest write of this location that this execution has come to. */
static const struct event *newest(unsigned loc)
{
    uint16_t w = graph_now->loc[loc].mo_last;
    while (graph_now->e[w].kind != EV_INIT &&
           threads[graph_now->e[w].thread].po < graph_now->e[w].po)
        w = graph_now->e[w].mo_prev;
    return &graph_now->e[w];
}

void step_fence(enum order order, uintptr_t pc) { fence(order, 0, pc); }
void step_fence_light(uintptr_t pc) { fence(SEQ_CST, EVENT_LIGHT, pc); }

word step_peek(const volatile void *address, enum space space)
{
    for (unsigned i = 0; i < known.n && i < graph_now->locs; i++)
        if (location[i].address == (uintptr_t)address && location[i].space == space &&
            graph_now->loc[i].init != NONE)
            return newest(i)->value;
    return 0;
}

/* ---- choices, waiting -------------------------------------------------------------------- */

unsigned step_choose(unsigned n, enum budget budget, const char *what, uintptr_t pc)
{
    (void)what;
    struct thread *t = current;
    if (budget == BUDGET_SPURIOUS && threads[1].state == THREAD_NONE)
        return 0; /* nobody else is there yet: what would it show? */
    before_step(t);
    const struct event *e = repeated(t, EV_CHOICE, NONE);
    if (!e)
        e = explore_choice(t->id, n, budget, source_site(pc));
    made(t, e, pc);
    return (unsigned)e->value;
}

void step_moot(void)
{
    current->moot = true;
    for (;;)
        run_park(THREAD_BLOCKED);
}

void step_block(const char *waits_for, const void *address, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    t->waits_for = waits_for;
    t->waits_at = (uintptr_t)address;
    t->waits_site = source_site(pc);
    struct note *n = trace_note(NOTE_BLOCK, pc);
    if (n)
        n->text = waits_for;
    for (;;)
        run_park(THREAD_BLOCKED);
}

void step_effect(void)
{
    if (current)
        spin_forget(current);
}

/* ---- threads ----------------------------------------------------------------------------- */

unsigned step_create(void *(*entry)(void *), void *argument, uintptr_t pc)
{
    struct thread *t = current;
    struct graph *g = graph_now;
    before_step(t);
    spin_forget(t);
    const struct event *e = repeated(t, EV_CREATE, NONE);
    unsigned id;
    if (e) {
        id = (unsigned)e->value;
    } else {
        for (id = 1; id < MODEL_THREADS && threads[id].state != THREAD_NONE; id++)
            ;
        if (id == MODEL_THREADS)
            fault_raise(FAULT_UNBOUNDED, NULL, 0,
                        "more than %u threads (main included): the checker is for small programs",
                        (unsigned)MODEL_THREADS);
        struct event *create = explore_other(t->id, EV_CREATE, source_site(pc));
        create->value = id;
        const uint16_t cause = event_id(g, create);
        explore_learns(explore_other(id, EV_START, 0), cause);
        unreplayed++;
        e = &g->e[cause];
        t->chosen = false; /* the new thread may come first */
    }
    made(t, e, pc);
    run_thread(id, entry, argument);
    return id;
}

void step_thread_starts(struct thread *t)
{
    if (t->replay == NONE) /* main has no creator */
        return;
    if (graph_now->e[t->replay].kind == EV_START)
        made(t, repeated(t, EV_START, NONE), 0);
}

void *step_join(unsigned id, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    spin_forget(t);
    t->target = (uint8_t)id;
    t->waits_for = "join";
    t->waits_site = source_site(pc);
    if (t->replay == NONE) {
        while (unreplayed > 0 || threads[id].state != THREAD_ENDED || !t->chosen)
            run_park(threads[id].state == THREAD_ENDED ? THREAD_WANTS : THREAD_JOINING);
        struct event *e = explore_other(t->id, EV_JOIN, source_site(pc));
        explore_learns(e, graph_now->last[id]);
        made(t, e, pc);
    } else {
        made(t, repeated(t, EV_JOIN, NONE), pc);
    }
    t->waits_for = NULL;
    return threads[id].result;
}

void step_end(void *result)
{
    struct thread *t = current;
    before_step(t);
    const struct event *e = repeated(t, EV_END, NONE);
    if (!e)
        e = explore_other(t->id, EV_END, 0);
    made(t, e, 0);
    t->result = result;
    for (;;)
        run_park(THREAD_ENDED);
}

/* ---- plain memory ------------------------------------------------------------------------ */

/* Atomics that live in these bytes get their last value in memory: a plain read finds it there. */
static void to_memory(uintptr_t a, size_t n)
{
    for (unsigned i = 0; i < known.n && i < graph_now->locs; i++)
        if (graph_now->loc[i].init != NONE && overlaps(&location[i], a, n) &&
            shadow_has_loc(location[i].address, location[i].size)) {
            const word value = newest(i)->value;
            shadow_will_write(location[i].address, location[i].size);
            memcpy((void *)location[i].address, &value, location[i].size);
        }
}

void step_sync_memory(void)
{
    for (unsigned i = 0; i < known.n && i < graph_now->locs; i++)
        if (graph_now->loc[i].init != NONE && location[i].space == SPACE_MEMORY &&
            graph_now->loc[i].mo_last != graph_now->loc[i].init) {
            shadow_will_write(location[i].address, location[i].size);
            memcpy((void *)location[i].address, &graph_now->e[graph_now->loc[i].mo_last].value,
                   location[i].size);
        }
}

/* The plain write that was announced is done: where atomics live it was an event. */
static void flush_plain(struct thread *t)
{
    const uintptr_t a = t->plain.address, pc = t->plain.pc;
    const size_t n = t->plain.n;
    t->plain.n = 0;
    if (n > sizeof t->plain.old || memcmp(t->plain.old, (const void *)a, n) != 0)
        spin_forget(t);
    if (!t->plain.atomics)
        return;
    for (unsigned i = 0; i < known.n; i++) {
        word value = 0;
        if (!overlaps(&location[i], a, n) || !shadow_has_loc(location[i].address, location[i].size))
            continue; /* not an atomic of this execution, or not yet */
        memcpy(&value, (const void *)location[i].address, location[i].size);
        write_event(t, (uint16_t)i, value, location[i].size, RELAXED, EVENT_NA, pc);
    }
}

void step_plain(const volatile void *address, size_t n, bool write, uintptr_t pc)
{
    struct thread *t = current;
    if (!t)
        return;
    const uintptr_t a = (uintptr_t)address;
    if (t->plain.n && !t->hidden)
        flush_plain(t);
    shadow_plain(a, n, write, pc);
    if (t->hidden)
        return;
    const bool own = a - (uintptr_t)t->fiber.stack < FIBER_STACK;
    if (own && !known.on_stacks)
        return;
    const bool atomics = shadow_has_loc(a, n);
    if (tracing && !own) {
        struct note *m = trace_note(NOTE_PLAIN, pc);
        if (m) {
            m->write = write;
            m->address = a;
            m->size = (uint32_t)n;
            if (!write)
                memcpy(&m->value, (const void *)a, n < sizeof m->value ? n : sizeof m->value);
        }
    }
    if (atomics)
        to_memory(a, n);
    if (write && (!own || atomics)) {
        t->plain.address = a;
        t->plain.n = n;
        t->plain.pc = pc;
        t->plain.atomics = atomics;
        if (n <= sizeof t->plain.old)
            memcpy(t->plain.old, (const void *)a, n);
    }
}
