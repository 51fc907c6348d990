/* shadow_fault.c: what shadow.c finds wrong, in words. */
#include "models/checker/memory/shadow_cell.h"

#include "models/checker/explore/fault.h"
#include "models/checker/memory/heap.h"
#include "models/checker/report/source.h"

static struct place place_of(uintptr_t address, size_t bytes, struct access a)
{
    const bool write = a.head & WRITE;
    return (struct place){.thread = (uint8_t)access_thread(a.head),
                          .po = (uint16_t)access_epoch(a.head),
                          .site = a.site,
                          .address = address,
                          .size = (uint32_t)bytes,
                          .write = write,
                          .atomic = !(a.head & PLAIN),
                          .what = write ? "write" : "read"};
}

static struct place place_now(const struct doing *now)
{
    return place_of(now->address, now->n, (struct access){now->head, source_site(now->pc)});
}

static struct place place_allocated(const struct heap_object *o)
{
    const struct access a = {access_head(o->thread, o->po, KIND), o->site};
    struct place p = place_of(o->base, o->size, a);
    p.what = "allocation";
    return p;
}

/* An access that a cell remembers: only its bytes there are known. */
static struct place place_then(uintptr_t cell, struct access a)
{
    const unsigned bytes = a.head & BYTES;
    const struct place p =
        place_of(cell + (unsigned)__builtin_ctz(bytes), (unsigned)__builtin_popcount(bytes), a);
    const struct heap_object *o = heap_find(cell);
    if (o && o->thread == p.thread && o->po == p.po && o->site == p.site && p.write && !p.atomic)
        return place_allocated(o);
    return p;
}

static const char *kind_of(const struct place *p)
{
    return p->what[0] == 'a' ? "" : p->atomic ? "atomic " : "plain ";
}

void shadow_race(uintptr_t cell, struct access old, const struct doing *now)
{
    const struct place places[] = {place_then(cell, old), place_now(now)};
    const struct place *a = &places[0], *b = &places[1];
    fault_raise(FAULT_RACE, places, 2,
                "the %s%s of %u bytes by thread %u and the %s%s of %u bytes by thread %u are not "
                "ordered by happens-before",
                kind_of(a), a->what, a->size, a->thread, kind_of(b), b->what, b->size, b->thread);
}

void shadow_freed_early(uintptr_t cell, struct access old, const struct doing *now)
{
    const struct heap_object *o = heap_find(cell);
    const struct place then = place_then(cell, old);
    struct place freed = place_now(now);
    freed.what = "free";
    const struct place places[] = {o ? place_allocated(o) : freed, then, freed};
    fault_raise(FAULT_USE_AFTER_FREE, places, 3,
                "the free by thread %u is not ordered after the %s%s of %u bytes by thread %u",
                freed.thread, kind_of(&then), then.what, then.size, then.thread);
}

void shadow_uninitialised(const struct doing *now)
{
    const struct heap_object *o = heap_find(now->address);
    const struct place here = place_now(now);
    const struct place places[] = {o ? place_allocated(o) : here, here};
    size_t unwritten = 0;
    for (size_t i = 0; i < now->n; i++)
        unwritten += !shadow_initialised(now->address + i, 1);
    fault_raise(FAULT_UNINITIALISED, places, 2,
                "a read of %zu bytes, of which %zu were never written, at offset %zu of an object "
                "of %zu bytes",
                now->n, unwritten, o ? now->address - o->base : 0, o ? o->size : 0);
}

void shadow_null(const struct doing *now)
{
    const struct place here = place_now(now);
    fault_raise(FAULT_CRASH, &here, 1, "a %s of %zu bytes at address %#zx: a null pointer is used",
                here.what, now->n, (size_t)now->address);
}
