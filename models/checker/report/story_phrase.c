/* story_phrase.c: one step in words. */
#include "models/checker/report/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/files.h"
#include "models/checker/report/source.h"
#include "models/checker/report/source_name.h"

const char *order_name(enum order o)
{
    static const char *const names[] = {"relaxed", "consume", "acquire",
                                        "release", "acq_rel", "seq_cst"};
    return (unsigned)o < sizeof names / sizeof *names ? names[o] : "?";
}

void value_print(word value, unsigned size, char *text, size_t text_size)
{
    value = size_part(value, size);
    size = size_bytes(size);
    const uint64_t low = (uint64_t)value, high = (uint64_t)(value >> 64);
    const unsigned unused = size < 8 ? 64 - 8 * size : 0;
    const int64_t number = (int64_t)(low << unused) >> unused;
    if (high) {
        snprintf(text, text_size, "0x%" PRIx64 "'%016" PRIx64, high, low);
    } else if (size == sizeof(void *) && source_name_pointer((uintptr_t)low, text, text_size)) {
        return;
    } else if (number > -1000 && number < 1000000) {
        snprintf(text, text_size, "%" PRId64, number);
    } else {
        snprintf(text, text_size, "0x%" PRIx64, low);
    }
}

static void loc_where(uint16_t loc, unsigned offset, enum space *space, char *text, size_t size)
{
    source_name(step_loc_address(loc, space, NULL) + offset, text, size);
}

void loc_print(uint16_t loc, char *text, size_t size)
{
    enum space space;
    loc_where(loc, 0, &space, text, size);
}

struct text {
    char *at;
    size_t left;
};
static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(t->at, t->left, format, ap);
    va_end(ap);
    const size_t used = n < 0 ? 0 : (size_t)n < t->left ? (size_t)n : t->left - 1;
    t->at += used;
    t->left -= used;
}

/* " (step 3)": who wrote what was read. */
static void say_origin(const struct story *s, struct text *t, uint16_t rf)
{
    if (rf == NONE)
        return;
    const struct item *from = story_item(s, rf);
    if (s->g->e[rf].kind == EV_INIT)
        say(t, " (initial)");
    else if (from && !from->shown && from->note.thread == 0)
        say(t, " (set by main)");
    else if (from && from->step)
        say(t, " (step %u)", from->step);
    else
        say(t, " (from T%u)", s->g->e[rf].thread);
}

/* Mutexes, spin locks, ...: value 0 is free, else 1 + the thread that has it. */
static void say_object(const struct story *s, const struct item *i, const struct event *e,
                       const char *name, struct text *t)
{
    if (e->kind == EV_WRITE) {
        say(t, e->value == 0 ? "unlocks %s" : "changes %s", name);
    } else if (e->rule == RULE_LOCK && e->flags & EVENT_BLOCKS) {
        say(t, "waits for %s", name);
        if (e->value > 0 && e->value <= MODEL_THREADS)
            say(t, ": T%u has it", (unsigned)e->value - 1);
        say_origin(s, t, e->rf);
    } else if (e->rule == RULE_LOCK || (e->rule == RULE_CAS && i->write != NONE)) {
        say(t, "locks %s", name);
    } else if (e->rule == RULE_CAS) {
        say(t, "does not get %s", name);
        say_origin(s, t, e->rf);
    } else if (e->flags & EVENT_BLOCKS) {
        say(t, "waits at %s", name);
        say_origin(s, t, e->rf);
    } else {
        say(t, i->write != NONE ? "takes %s" : "looks at %s", name);
    }
}

/* The list of sleepers on a condition variable or a futex, and each sleeper's bell. */
static void say_sleep(const struct item *i, const struct event *e, enum space space,
                      const char *name, struct text *t)
{
    if (space == SPACE_FUTEX && e->kind == EV_READ) {
        if (e->rule == RULE_OR)
            say(t, "goes to sleep on %s", name);
        else if (e->rule == RULE_WAKE && e->value == 0)
            say(t, "wakes nobody: nobody sleeps on %s now", name);
        else if (e->rule == RULE_WAKE)
            say(t, "wakes whom it finds asleep on %s", name);
        else
            say(t,
                i->write != NONE ? "takes a sleeper of %s off the list" : "looks who sleeps on %s",
                name);
    } else if (e->kind == EV_WRITE) {
        say(t, "wakes T%u", (unsigned)space - (unsigned)SPACE_SLEEPER);
    } else if (e->flags & EVENT_BLOCKS) {
        say(t, "sleeps on %s: nobody will wake it", name);
    } else {
        say(t, "is woken");
    }
}

/* A file's location counts its changes (hooks_file.c). */
static void say_file(const struct story *s, const struct item *i, const struct event *e,
                     uintptr_t file, const char *name, struct text *t)
{
    uint32_t at = 0, n = 0;
    const char *what = i->write == NONE ? NULL : file_what(file, (unsigned)e->value + 1, &at, &n);
    if (what && n)
        say(t, "%s %u bytes at %u of %s", what, n, at, name);
    else
        say(t, "%s %s", what ? what : i->write == NONE ? "reads" : "uses", name);
    say_origin(s, t, e->rf);
    const uint16_t hidden = story_hidden(s, i);
    const struct item *by = hidden == NONE ? NULL : story_item(s, hidden);
    if (by && i->write == NONE)
        say(t, "; STALE: T%u has changed it in step %u", s->g->e[hidden].thread, by->step);
}

static const char *memory_verb(enum rule rule)
{
    return rule == RULE_CAS ? "compare-and-swap" : rule_name(rule);
}

static void say_memory(const struct story *s, const struct item *i, const struct event *e,
                       const char *name, struct text *t)
{
    char old[80], new[80] = "";
    value_print(e->value, e->size, old, sizeof old);
    if (i->write != NONE)
        value_print(s->g->e[i->write].value, e->size, new, sizeof new);
    if (e->kind == EV_WRITE) {
        say(t, "writes %s = %s  %s", name, old,
            e->flags & EVENT_NA ? "plain" : order_name((enum order)e->order));
        return;
    }
    if (e->rule == RULE_CAS && i->write == NONE) {
        char expected[80];
        value_print(e->operand, e->size, expected, sizeof expected);
        say(t, "compare-and-swap of %s fails: it is %s", name, old);
        say_origin(s, t, e->rf);
        say(t, ", not %s", expected);
    } else if (e->rule == RULE_CAS_FAILS) {
        say(t, "weak compare-and-swap of %s fails for no reason: it is %s", name, old);
        say_origin(s, t, e->rf);
    } else if (i->write != NONE) {
        say(t, "%s %s: %s", memory_verb((enum rule)e->rule), name, old);
        say_origin(s, t, e->rf);
        say(t, " -> %s", new);
    } else {
        say(t, e->flags & EVENT_BLOCKS ? "waits: %s is %s" : "reads %s: %s", name, old);
        say_origin(s, t, e->rf);
    }
    say(t, "  %s", order_name((enum order)e->order));
    const uint16_t hidden = story_hidden(s, i);
    if (hidden != NONE && i->write == NONE) {
        const struct item *by = story_item(s, hidden);
        value_print(s->g->e[hidden].value, e->size, new, sizeof new);
        say(t, "; STALE: ");
        if (s->g->e[hidden].thread == 0)
            say(t, "main");
        else
            say(t, "T%u", s->g->e[hidden].thread);
        say(t, " wrote %s", new);
        if (by && by->step)
            say(t, " in step %u", by->step);
    }
}

static void say_event(const struct story *s, const struct item *i, const struct event *e,
                      struct text *t)
{
    char name[120] = "";
    enum space space = SPACE_MEMORY;
    if (e->loc != NONE)
        loc_where(e->loc, size_offset(e->size), &space, name, sizeof name);
    switch (e->kind) {
    case EV_FENCE:
        say(t, "fence  %s", order_name((enum order)e->order));
        break;
    case EV_CREATE:
        say(t, "starts T%u", (unsigned)e->value);
        break;
    case EV_START:
        say(t, "begins");
        break;
    case EV_END:
        say(t, "ends");
        break;
    case EV_JOIN:
        say(t, "joins T%u", s->g->e[e->rf].thread);
        break;
    case EV_CHOICE:
        if (e->value != 0 && e->rule == BUDGET_WAKEUPS)
            say(t, "wakes for no reason");
        else if (e->value != 0 && e->rule == BUDGET_TIMEOUTS)
            say(t, "its time is up");
        else
            say(t, "chance: %u of %u", (unsigned)e->value + 1, e->choices);
        break;
    default:
        if (space == SPACE_MEMORY)
            say_memory(s, i, e, name, t);
        else if (space == SPACE_OBJECT)
            say_object(s, i, e, name, t);
        else if (space == SPACE_FILE)
            say_file(s, i, e, step_loc_address(e->loc, NULL, NULL), name, t);
        else
            say_sleep(i, e, space, name, t);
    }
}

/* The order of an access that was never noted, for the execution ended there. */
static const char *how(const struct story *s, const struct place *p)
{
    for (unsigned i = 0; i < s->g->events; i++) {
        const struct event *e = &s->g->e[i];
        if (e->thread == p->thread && e->po == p->po + 1u && e->site == p->site)
            return order_name((enum order)e->order);
    }
    return p->atomic ? "atomic" : "plain";
}

void story_phrase(const struct story *s, const struct item *i, char *text, size_t size)
{
    struct text t = {text, size};
    const struct note *n = &i->note;
    const struct event *e = item_event(s, i);
    char name[120] = "", value[80];
    *text = '\0';
    if (n->address)
        source_name(n->address, name, sizeof name);
    if (e) {
        say_event(s, i, e, &t);
    } else if (n->kind == NOTE_PLAIN && i->made_up) {
        const struct place *p = &s->r->fault.place[i->place - 1];
        const char *what = p->what ? p->what : p->write ? "write" : "read";
        if (s->r->fault.kind == FAULT_ASSERTION)
            say(&t, "fails");
        else if (s->r->fault.kind == FAULT_INVARIANT)
            say(&t, "the claim does not hold");
        else if (s->r->fault.kind == FAULT_CRASH)
            say(&t, "crashes");
        else if (strcmp(what, "read") == 0 || strcmp(what, "write") == 0)
            say(&t, "%ss %s  %s", what, name, how(s, p));
        else
            say(&t, "%s%s%s", what, name[0] ? " " : "", name);
    } else if (n->kind == NOTE_PLAIN) {
        if (n->write || n->size > sizeof n->value) {
            say(&t, "%s %s  plain", n->write ? "writes" : "reads", name);
        } else {
            value_print(n->value, n->size, value, sizeof value);
            say(&t, "reads %s: %s  plain", name, value);
        }
    } else if (n->kind == NOTE_ALLOC || n->kind == NOTE_FREE) {
        if (source_name_pointer(n->address, value, sizeof value))
            snprintf(name, sizeof name, "%s", value + 1);
        if (n->kind == NOTE_ALLOC)
            say(&t, "allocates %s (%u bytes)", name, n->size);
        else
            say(&t, "frees %s", name);
    } else if (n->kind == NOTE_CALL) {
        if (n->value)
            say(&t, "%s(%" PRIu64 ")", n->text ? n->text : "call", n->value);
        else
            say(&t, "%s()", n->text ? n->text : "call");
    } else if (n->kind == NOTE_RETURN) {
        const struct item *call = i; /* pops return an item, pushes only say how it went */
        while (call > s->item && (call->note.kind != NOTE_CALL || call->note.thread != n->thread))
            call--;
        const bool ok = n->text && strcmp(n->text, "ok") == 0;
        if (ok && call->note.text && strcmp(call->note.text, "pop") == 0)
            say(&t, "= %" PRIu64, n->value);
        else
            say(&t, "= %s", n->text ? n->text : "?");
    } else if (n->kind == NOTE_BLOCK) {
        const enum fault_kind kind = s->r->fault.kind;
        const bool ever =
            kind == FAULT_LIVELOCK || kind == FAULT_DEADLOCK || kind == FAULT_LOST_WAKEUP;
        if (n->text)
            say(&t, ever ? "waits for ever: %s" : "waits: %s", n->text);
        else
            say(&t, ever ? "... and so on for ever" : "... and so on until what it reads changes");
    }
    if (i->times > 1)
        say(&t, "  (%u times)", i->times);
}
