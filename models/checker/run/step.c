/* step.c: the steps of a running program: repeated from the graph, or added to it. */
#include "models/checker/run/step.h"

#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/heap.h"
#include "models/checker/run/locations.h"
#include "models/checker/run/run.h"
#include "models/checker/memory/shadow_cell.h"
#include "models/checker/explore/sites.h"
#include "models/checker/run/spin.h"
#include "models/checker/run/trace.h"

void step_reset(void) { sites_clear(); }

void step_log_clear(void)
{
    notes = 0;
    tracing = true;
}

/* ---- taking turns ------------------------------------------------------------------------ */

static void flush_plain(struct thread *t);
static unsigned preempted; /* in this execution */

static void before_step(struct thread *t)
{
    if (t->plain.n)
        flush_plain(t);
    spin_steps(t);
    if (options_now->freeze_thread == (int)t->id && t->po >= options_now->freeze_after)
        run_park(THREAD_FROZEN);
}

/* Nothing new will come of it in this execution; for what it waits, for the report. */
static _Noreturn void wait_for_ever(struct thread *t, enum thread_state state,
                                    const char *waits_for, uintptr_t address, uintptr_t pc)
{
    t->waits_for = waits_for;
    t->waits_at = address;
    t->waits_site = source_site(pc);
    struct note *n = trace_note(NOTE_BLOCK, pc);
    if (n)
        n->text = waits_for;
    for (;;)
        run_park(state);
}

/* It came round to what it did after its event `since`, and nothing has changed. */
static _Noreturn void cut(struct thread *t, uint16_t since, uintptr_t address, uintptr_t pc)
{
    t->cut_from = (uint16_t)(since + 1);
    wait_for_ever(t, THREAD_CUT, NULL, address, pc);
}

/* A sample chooses again before every event, or now and then as long as it may preempt. A
 * read-modify-write's write follows at once. */
static void maybe_preempt(struct thread *t)
{
    const bool bounded = options_now->preemptions > 0;
    if (!t->acted || (bounded && (preempted >= options_now->preemptions || explore_random() % 4)))
        return;
    t->chosen = false;
    preempted++;
}

static void wait_turn(struct thread *t, bool at_once)
{
    if (options_now->random && !at_once)
        maybe_preempt(t);
    while (t->replay == NONE && (unreplayed > 0 || !t->chosen))
        run_park(THREAD_WANTS); /* may have been taken back to here when it returns */
    t->acted = true;
}

static const char *kind_name(unsigned kind)
{
    static const char *const names[] = {"initial value", "read", "write", "fence", "create",
                                        "start",         "end",  "join",  "choice"};
    return names[kind];
}

/* The event to be repeated, or NULL: a new one may be added now. */
static struct event *next_event(struct thread *t, enum event_kind kind, uint16_t loc, bool at_once)
{
    if (t->replay == NONE)
        wait_turn(t, at_once);
    if (t->replay == NONE)
        return NULL;
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
    if (tracing)
        trace_wait();
    t->replay = e->po_next;
    unreplayed--;
    return e;
}

static struct event *repeated(struct thread *t, enum event_kind kind, uint16_t loc)
{
    return next_event(t, kind, loc, false);
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
                          .size = size_bytes(s->size),
                          .atomic = true,
                          .what = what};
}

/* ---- reads and writes -------------------------------------------------------------------- */

/* Is this an operation that the program wrote, not one that a modelled call is made of? */
static bool written(enum space space) { return space == SPACE_MEMORY && !current->modelled; }

/* The order as --weaken has it, and repairs that are tried. `bad`: of a compare-and-swap's failure,
 * for which nothing that releases has a meaning. */
static enum order order_for(uint32_t site, enum order order, bool bad)
{
    const struct explore_options *const o = options_now;
    if (o->weaken_site == site)
        order = bad ? o->weaken_bad : o->weaken_to;
    for (unsigned i = 0; i < o->n_stronger; i++) {
        const enum order to = o->stronger[i].to;
        if (o->stronger[i].site == site)
            order = order_at_least(order, bad ? order_of_failure(to) : to);
    }
    return order;
}

static bool orders_differ(void) { return options_now->weaken_site || options_now->n_stronger; }

/* The step as it is to be: rarely another one. */
static const struct step *changed(const struct step *s, struct step *w)
{
    const unsigned size = location_view(s->address, s->space, s->size);
    if (__builtin_expect(size != s->size, 0)) {
        *w = *s;
        w->size = size;
        s = w;
    }
    if (__builtin_expect(!orders_differ(), 1) || !written(s->space))
        return s;
    *w = *s;
    w->good = order_for(source_site(s->pc), s->good, false);
    w->bad = order_for(source_site(s->pc), s->bad, true);
    return w;
}

static enum order changed_order(enum order order, enum space space, uintptr_t pc)
{
    return orders_differ() && written(space) ? order_for(source_site(pc), order, false) : order;
}

static _Noreturn void block_here(struct thread *t, const struct step *s)
{
    t->moot = s->rule == RULE_CAS_FAILS || !s->waits_for;
    wait_for_ever(t, THREAD_BLOCKED, s->waits_for, (uintptr_t)s->address, s->pc);
}

static void write_event(struct thread *t, uint16_t loc, word value, unsigned size, enum order order,
                        unsigned flags, uintptr_t pc)
{
    const struct event *e;
    while (!(e = next_event(t, EV_WRITE, loc, flags & EVENT_RMW))) {
        location_begin(loc, pc);
        e = explore_write(t->id, loc, value, size, order, flags, source_site(pc));
        if (!e && t->replay != NONE)
            continue; /* it was taken back */
        if (!e)
            run_leave(RUN_MOOT);
        if (written((enum space)locations.at[loc].space) && flags == 0)
            sites_use(source_site(pc), EV_WRITE, false, order, order);
        if (t->once)
            t->chosen = t->once = false;
        break;
    }
    if (e->value != value)
        fault_raise(FAULT_NONDETERMINISM, NULL, 0,
                    "run again, thread %u wrote %llu where it wrote %llu before", t->id,
                    (unsigned long long)value, (unsigned long long)e->value);
    t->hb = e->hb;
    if (locations.at[loc].space == SPACE_MEMORY && !(flags & EVENT_NA))
        shadow_atomic_loc(locations.at[loc].address + size_offset(size), size_bytes(size), true,
                          loc, pc);
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
    struct step other;
    const struct step *const s = changed(given, &other);
    before_step(t);
    const uint16_t loc = step_loc(s->address, s->space, s->size);
    if (t->replay == NONE && !options_now->no_cuts) {
        uint16_t from;
        if (spin_repeats(t, s, &from)) {
            t->moot = environment_chose(t, from); /* without that, it would be here as well */
            cut(t, from, (uintptr_t)s->address, s->pc);
        }
    }
    spin_reads(t, s);
    const struct event *e;
    while (!(e = repeated(t, EV_READ, loc))) {
        location_begin(loc, s->pc);
        e = explore_read(t->id, loc, s);
        if (!e && t->replay != NONE)
            continue; /* it was taken back */
        if (!e)
            run_leave(RUN_MOOT);
        if (written(s->space))
            sites_use(e->site, EV_READ, e->rule != RULE_LOAD, e->order_good, e->order_bad);
        break;
    }
    const struct event *from = &graph_now->e[e->rf];
    t->hb = e->hb;
    if (s->space == SPACE_MEMORY)
        shadow_atomic_loc((uintptr_t)s->address, size_bytes(s->size), false, loc, s->pc);
    made(t, e, s->pc);
    if (from->flags & EVENT_UNDEF) {
        struct place p = place_now(t, s, "read");
        fault_raise(FAULT_UNINITIALISED, &p, 1,
                    "an atomic in heap memory is read although nothing orders its initialisation "
                    "before the read");
    }
    if (e->flags & EVENT_BLOCKS)
        block_here(t, s);
    const bool writes = e->flags & EVENT_WRITES;
    if (wrote)
        *wrote = writes;
    const word old = e->value; /* of a pair the whole */
    if (writes) {
        word new_value;
        rule_apply(s->rule, s->size, old, s->a, s->b, &new_value);
        if (new_value != old)
            spin_forget(t);
        write_event(t, loc, new_value, s->size, s->good, EVENT_RMW, s->pc);
    }
    return size_part(old, s->size);
}

/* A processor's store buffer shows a thread its own store to one half, and beside it the other half
 * as it was before what others have changed by then. One location cannot say that. */
static _Noreturn void half_stored(const struct thread *t, const volatile void *address,
                                  uintptr_t pc)
{
    const struct step s = {.address = address, .size = 8, .pc = pc};
    const struct place here = place_now(t, &s, "write");
    fault_raise(
        FAULT_MIXED_SIZE, &here, 1,
        "one half of a pair is stored to, which a pair does not allow: exchange it (a_swap)");
}

void step_write(const volatile void *address, enum space space, unsigned size, word value,
                enum order order, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    spin_forget(t);
    if (is_half(location_view(address, space, size)))
        half_stored(t, address, pc);
    write_event(t, step_loc(address, space, size), value, size, changed_order(order, space, pc), 0,
                pc);
}

static void fence(enum order order, unsigned flags, uintptr_t pc)
{
    struct thread *t = current;
    before_step(t);
    const struct event *e = repeated(t, EV_FENCE, NONE);
    if (!e) {
        order = changed_order(order, SPACE_MEMORY, pc);
        e = explore_fence(t->id, order, flags, source_site(pc));
        if (written(SPACE_MEMORY))
            sites_use(source_site(pc), EV_FENCE, false, order, order);
    }
    made(t, e, pc);
}

void step_fence(enum order order, uintptr_t pc) { fence(order, 0, pc); }
void step_fence_light(uintptr_t pc) { fence(SEQ_CST, EVENT_LIGHT, pc); }
void step_fence_heavy(uintptr_t pc) { fence(SEQ_CST, EVENT_HEAVY, pc); }

/* ---- choices, waiting -------------------------------------------------------------------- */

unsigned step_choose(unsigned n, enum budget budget, const char *what, uintptr_t pc)
{
    (void)what;
    struct thread *t = current;
    if ((budget == BUDGET_SPURIOUS || budget == BUDGET_WAKEUPS) && threads[1].state == THREAD_NONE)
        return 0; /* nobody else is there yet: what would it show? */
    before_step(t);
    const struct event *e;
    while (!(e = repeated(t, EV_CHOICE, NONE)) &&
           !(e = explore_choice(t->id, n, budget, source_site(pc))))
        ; /* it was taken back */
    made(t, e, pc);
    return (unsigned)e->value;
}

void step_moot(void)
{
    current->moot = true;
    for (;;)
        run_park(THREAD_BLOCKED);
}

void step_effect(void)
{
    if (current)
        spin_forget(current);
}

/* ---- threads ----------------------------------------------------------------------------- */

void step_run_begins(void) { preempted = 0; }

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
    while (t->replay == NONE && (unreplayed > 0 || threads[id].state != THREAD_ENDED || !t->chosen))
        run_park(threads[id].state == THREAD_ENDED ? THREAD_WANTS : THREAD_JOINING);
    if (t->replay == NONE) {
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

/* What so many bytes held, kept in `old`. */
static inline void keep(unsigned char *old, const void *from, size_t n)
{
    switch (n) {
    case 1:
        memcpy(old, from, 1);
        break;
    case 4:
        memcpy(old, from, 4);
        break;
    case 8:
        memcpy(old, from, 8);
        break;
    default:
        memcpy(old, from, n);
    }
}
static inline bool kept(const unsigned char *old, const void *now, size_t n)
{
    switch (n) {
    case 1:
        return memcmp(old, now, 1) == 0;
    case 4:
        return memcmp(old, now, 4) == 0;
    case 8:
        return memcmp(old, now, 8) == 0;
    default:
        return memcmp(old, now, n) == 0;
    }
}

/* The plain write that was announced is done: where atomics live it was an event. */
static void flush_plain(struct thread *t)
{
    const uintptr_t a = t->plain.address, pc = t->plain.pc;
    const size_t n = t->plain.n;
    t->plain.n = 0;
    if (n > sizeof t->plain.old || !kept(t->plain.old, (const void *)a, n))
        spin_forget(t);
    if (!t->plain.atomics)
        return;
    for (unsigned i = 0; i < locations.n; i++) {
        word value = 0;
        if (!location_overlaps(&locations.at[i], a, n) ||
            !shadow_has_loc(locations.at[i].address, locations.at[i].size))
            continue; /* not an atomic of this execution, or not yet */
        memcpy(&value, (const void *)locations.at[i].address, locations.at[i].size);
        write_event(t, (uint16_t)i, value, locations.at[i].size, RELAXED, EVENT_NA, pc);
    }
}

static __attribute__((noinline)) void plain_elsewhere(struct thread *t, uintptr_t a, size_t n,
                                                      bool write, uintptr_t pc)
{
    if (t->plain.n && !t->hidden)
        flush_plain(t);
    const bool own = a - (uintptr_t)t->fiber.stack < FIBER_STACK;
    if (tracing && !own && !t->hidden)
        trace_wait();
    const bool atomics = shadow_plain(a, n, write, pc);
    if (t->hidden)
        return;
    if (--t->patience == 0 && spin_plainly(t, pc))
        cut(t, t->po, a, pc);
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
        locations_to_memory(a, n);
    else if (!write || own || (t->seen == 0 && t->suspect.left == 0))
        return; /* no effect, or none that could make a difference */
    if (write) {
        t->plain.address = a;
        t->plain.n = n;
        t->plain.pc = pc;
        t->plain.atomics = atomics;
        if (n <= sizeof t->plain.old)
            keep(t->plain.old, (const void *)a, n);
    }
}

/* What a thread does on its own stack is nobody else's business, most often. */
void step_plain(const volatile void *address, size_t n, bool write, uintptr_t pc)
{
    struct thread *t = current;
    if (t && !on_own_page((uintptr_t)address, n))
        plain_elsewhere(t, (uintptr_t)address, n, write, pc);
}
