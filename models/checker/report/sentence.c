/* sentence.c: what is wrong, in one sentence that names threads and variables. */
#include "models/checker/report/story.h"

#include <string.h>

#include "models/checker/memory/heap.h"
#include "models/checker/explore/rules.h"
#include "models/checker/report/source.h"
#include "models/checker/report/source_name.h"
#include "models/checker/run/thread.h"

struct words {
    char text[100];
};

static struct words who(unsigned t)
{
    struct words w;
    snprintf(w.text, sizeof w.text, t ? "T%u" : "main", t);
    return w;
}

static struct words name_of(uintptr_t address)
{
    struct words w;
    source_name(address, w.text, sizeof w.text);
    return w;
}

/* "mp.c:12" */
static struct words where(const struct story *s, unsigned thread, uint32_t site)
{
    struct words w;
    const struct source_line *at = source_of(story_site(s, thread, site));
    if (at->line)
        snprintf(w.text, sizeof w.text, "%.80s:%u", at->file, at->line);
    else
        snprintf(w.text, sizeof w.text, "an unknown line");
    return w;
}

static const char *verb(const struct place *p)
{
    if (p->what && strcmp(p->what, "free") == 0)
        return "frees";
    if (p->what && strcmp(p->what, "allocation") == 0)
        return "allocates";
    return p->write ? "writes" : "reads";
}

/* What is freed or allocated is a whole object: "node#2". */
static struct words thing(const struct place *p)
{
    struct words w = name_of(p->address);
    char object[sizeof w.text];
    const struct heap_object *o = heap_find(p->address);
    if (o && p->what && (strcmp(p->what, "free") == 0 || strcmp(p->what, "allocation") == 0) &&
        source_name_pointer(o->base, object, sizeof object))
        snprintf(w.text, sizeof w.text, "%s", object + 1); /* without the & */
    return w;
}

static void race(struct story *s)
{
    const struct fault *f = &s->r->fault;
    const struct place *a = &f->place[f->places - 2], *b = &f->place[f->places - 1];
    snprintf(s->sentence, sizeof s->sentence,
             "%s %s %s (%s), %s %s %s (%s), and nothing orders the two.", who(a->thread).text,
             verb(a), thing(a).text, where(s, a->thread, a->site).text, who(b->thread).text,
             verb(b), strcmp(thing(a).text, thing(b).text) == 0 ? "it" : thing(b).text,
             where(s, b->thread, b->site).text);
}

static void freed(struct story *s)
{
    const struct fault *f = &s->r->fault;
    const struct place *b = &f->place[f->places - 1];
    const struct heap_object *o = heap_find(b->address);
    if (!o || !o->freed) {
        if (f->places >= 2) /* the use came first, and the free need not have */
            race(s);
        return;
    }
    struct words object;
    source_name_pointer(o->base, object.text, sizeof object.text);
    memmove(object.text, object.text + 1, strlen(object.text)); /* without the & */
    snprintf(s->sentence, sizeof s->sentence, "%s %s %s (%s) after %s has freed %s (%s).",
             who(b->thread).text, f->kind == FAULT_DOUBLE_FREE ? "frees" : verb(b),
             f->kind == FAULT_DOUBLE_FREE ? object.text : name_of(b->address).text,
             where(s, b->thread, b->site).text, who(o->freed_by).text,
             f->kind == FAULT_DOUBLE_FREE ? "it" : object.text,
             where(s, o->freed_by, o->freed_site).text);
}

static void leak(struct story *s)
{
    const struct place *p = &s->r->fault.place[0];
    const char *const never = strstr(s->r->fault.text, "never freed");
    if (never)
        snprintf(s->sentence, sizeof s->sentence, "%s (%u bytes, allocated by %s at %s) is %s.",
                 thing(p).text, p->size, who(p->thread).text, where(s, p->thread, p->site).text,
                 never);
}

static const struct event *blocked_read(const struct graph *g, unsigned t)
{
    const struct event *e = g->last[t] == NONE ? NULL : &g->e[g->last[t]];
    return e && e->kind == EV_READ && e->flags & EVENT_BLOCKS ? e : NULL;
}

/* One thread that does not go on; false: it does, or it only waits for those that do not. */
static bool stuck(const struct story *s, unsigned t, char *text, size_t size)
{
    const struct thread *w = &threads[t];
    const struct event *e = blocked_read(s->g, t);
    if (w->state == THREAD_CUT) {
        snprintf(text, size, "%s spins at %s for ever", who(t).text,
                 where(s, t, w->waits_site).text);
    } else if (w->state == THREAD_BLOCKED && e && e->rule == RULE_LOCK && e->value > 0 &&
               e->value <= MODEL_THREADS) {
        const unsigned owner = (unsigned)e->value - 1;
        snprintf(text, size,
                 owner == t ? "%s waits for %s, which it holds itself"
                            : "%s waits for %s, which %s holds",
                 who(t).text, name_of(w->waits_at).text, who(owner).text);
    } else if (w->state == THREAD_BLOCKED) {
        snprintf(text, size, "%s waits on %s for ever", who(t).text, name_of(w->waits_at).text);
    } else if (w->state == THREAD_JOINING && t != 0) {
        snprintf(text, size, "%s waits for the end of T%u", who(t).text, w->target);
    } else {
        return false;
    }
    return true;
}

static void waiting(struct story *s)
{
    size_t used = 0;
    for (unsigned t = 0; t < MODEL_THREADS && used < sizeof s->sentence; t++) {
        char one[400];
        if (!stuck(s, t, one, sizeof one))
            continue;
        const int n =
            snprintf(s->sentence + used, sizeof s->sentence - used, "%s%s", used ? "; " : "", one);
        used += n > 0 ? (size_t)n : 0;
    }
    if (used > 0 && used < sizeof s->sentence)
        snprintf(s->sentence + used, sizeof s->sentence - used, "%s",
                 s->r->fault.kind == FAULT_LOST_WAKEUP ? ": nobody is left to wake it."
                 : s->r->fault.kind == FAULT_LIVELOCK  ? ": nobody is left to end that."
                                                       : ".");
}

/* Too many events: whose, and where most of them are. */
static void unbounded(struct story *s)
{
    const struct graph *g = s->g;
    const struct fault *f = &s->r->fault;
    uint32_t site = 0;
    unsigned thread = 0, most = 0;
    if (f->places > 0) {
        site = f->place[f->places - 1].site;
        thread = f->place[f->places - 1].thread;
    }
    for (unsigned i = 0; f->places == 0 && i < g->events; i++) {
        unsigned here = 0;
        for (unsigned k = 0; k < g->events; k++)
            here += g->e[k].site == g->e[i].site && g->e[k].thread == g->e[i].thread;
        if (g->e[i].site != 0 && here > most) {
            most = here;
            site = g->e[i].site;
            thread = g->e[i].thread;
        }
    }
    if (site == 0)
        return;
    char times[32] = "";
    if (most > 0)
        snprintf(times, sizeof times, " (%u events)", most);
    snprintf(s->sentence, sizeof s->sentence, "%s is at %s%s: %s", who(thread).text,
             where(s, thread, site).text, times, f->text);
}

/* Of "/home/me/lab/queue.c:12" only "queue.c:12": the table says which file it is. */
static void copy_without_directories(char *to, size_t size, const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p && n + 1 < size; p++) {
        if (*p == '/' && p > text && p[-1] == ' ') {
            const size_t token = strcspn(p, " :");
            for (const char *last = p + token; last > p; last--)
                if (*last == '/') {
                    p = last + 1;
                    break;
                }
        }
        to[n++] = *p;
    }
    to[n] = '\0';
}

void story_sentence(struct story *s)
{
    const struct fault *f = &s->r->fault;
    s->sentence[0] = '\0';
    if (f->kind == FAULT_RACE && f->places >= 2)
        race(s);
    else if (f->kind == FAULT_USE_AFTER_FREE || f->kind == FAULT_DOUBLE_FREE)
        freed(s);
    else if (f->kind == FAULT_LEAK && f->places >= 1)
        leak(s);
    else if (f->kind == FAULT_DEADLOCK || f->kind == FAULT_LOST_WAKEUP || f->kind == FAULT_LIVELOCK)
        waiting(s);
    else if (f->kind == FAULT_UNBOUNDED)
        unbounded(s);
    if (!s->sentence[0])
        copy_without_directories(s->sentence, sizeof s->sentence, f->text);
}
