/* heap.c: the program's heap: one arena per thread, handed out from its beginning to its end. */
#include "models/checker/memory/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "models/checker/explore/fault.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/report/source.h"
#include "models/checker/run/image.h"
#include "models/checker/run/step.h"
#include "models/checker/run/thread.h"

#ifndef MODEL_ARENA
#define MODEL_ARENA (1 << 20) /* bytes that one thread can allocate in one execution */
#endif

enum {
    GRAIN = 16,    /* objects begin at multiples of this */
    RED_ZONE = 16, /* at least so much belongs to nobody before and behind each object */
    PATTERN = 0xa5,
    OBJECTS_MAX = MODEL_ARENA / (GRAIN + RED_ZONE),
};

static const uintptr_t heap_base = FIXED_MEMORY;
static const size_t heap_bytes = (size_t)MODEL_ARENA * MODEL_THREADS;

static struct arena {
    uintptr_t next; /* the lowest address not handed out */
    unsigned count;
    struct heap_object *objects; /* by address, which is also the order of allocation */
} arenas[MODEL_THREADS];

static unsigned allocated, live;  /* objects in this execution, and those not yet freed */
static struct heap_object *found; /* by the last search in this execution, or NULL */

static void *map(void *at, size_t bytes)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0);
    void *got = mmap(at, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    if (at && got != at) { /* a kernel that does not know MAP_FIXED_NOREPLACE */
        munmap(got, bytes);
        errno = EEXIST;
        return NULL;
    }
    (void)madvise(got, bytes, MADV_NOHUGEPAGE); /* only what is touched */
    return got;
}

int heap_init(void)
{
    struct heap_object *objects = map(NULL, sizeof *objects * OBJECTS_MAX * MODEL_THREADS);
    if (!objects || !map((void *)heap_base, heap_bytes))
        return errno;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        arenas[t].objects = objects + (size_t)t * OBJECTS_MAX;
    heap_reset();
    return shadow_region((void *)heap_base, heap_bytes, REGION_HEAP, 0);
}

void heap_reset(void)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        arenas[t].next = heap_base + (uintptr_t)t * MODEL_ARENA + RED_ZONE;
        arenas[t].count = 0;
    }
    allocated = live = 0;
    found = NULL;
}

void heap_image(struct image *m)
{
    image_part(m, &allocated, sizeof allocated);
    image_part(m, &live, sizeof live);
    found = NULL;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        struct arena *a = &arenas[t];
        image_part(m, &a->count, sizeof a->count);
        image_part(m, &a->next, sizeof a->next);
        if (a->count == 0)
            continue;
        const uintptr_t base = heap_base + (uintptr_t)t * MODEL_ARENA;
        image_part(m, a->objects, a->count * sizeof *a->objects);
        image_part(m, (void *)base, a->next - base);
    }
}

/* ---- looking up ---------------------------------------------------------------------------- */

bool heap_holds(uintptr_t address) { return address - heap_base < heap_bytes; }

static struct heap_object *object_before(uintptr_t address, struct heap_object **following)
{
    const struct arena *a = &arenas[(address - heap_base) / MODEL_ARENA];
    unsigned low = 0, high = a->count; /* objects[low - 1].base <= address < objects[high].base */
    while (low < high) {
        const unsigned middle = (low + high) / 2;
        if (a->objects[middle].base <= address)
            low = middle + 1;
        else
            high = middle;
    }
    *following = low < a->count ? a->objects + low : NULL;
    return low ? a->objects + low - 1 : NULL;
}

static struct heap_object *object_at(uintptr_t address)
{
    struct heap_object *following;
    if (!heap_holds(address))
        return NULL;
    if (found && address - found->base < found->size)
        return found;
    struct heap_object *o = object_before(address, &following);
    if (!o || address - o->base >= o->size + RED_ZONE)
        return NULL;
    return found = o;
}

const struct heap_object *heap_find(uintptr_t address) { return object_at(address); }

/* ---- what to say --------------------------------------------------------------------------- */

static struct place here(uintptr_t address, size_t n, bool write, const char *what, uintptr_t pc)
{
    return (struct place){.thread = current ? current->id : 0,
                          .po = current ? current->po : 0,
                          .site = source_site(pc),
                          .address = address,
                          .size = (uint32_t)n,
                          .write = write,
                          .what = what};
}

static struct place place_allocated(const struct heap_object *o)
{
    return (struct place){.thread = o->thread,
                          .po = o->po,
                          .site = o->site,
                          .address = o->base,
                          .size = (uint32_t)o->size,
                          .write = true,
                          .what = "allocation"};
}

static struct place place_freed(const struct heap_object *o)
{
    return (struct place){.thread = o->freed_by,
                          .po = o->freed_po,
                          .site = o->freed_site,
                          .address = o->base,
                          .size = (uint32_t)o->size,
                          .write = true,
                          .what = "free"};
}

static const char *access_name(bool write) { return write ? "write" : "read"; }

static _Noreturn void used_after_free(const struct heap_object *o, struct place access)
{
    const struct place places[] = {place_allocated(o), place_freed(o), access};
    fault_raise(FAULT_USE_AFTER_FREE, places, 3,
                "a %s of %u bytes, %zu bytes into an object of %zu bytes that thread %u freed",
                access.what, access.size, access.address - o->base, o->size, o->freed_by);
}

void heap_check(uintptr_t address, size_t n, bool write, bool atomic, uintptr_t pc)
{
    if (!heap_holds(address) || n == 0)
        return;
    struct place access = here(address, n, write, access_name(write), pc);
    access.atomic = atomic;
    struct heap_object *after, *o = object_before(address, &after);
    const size_t at = o ? address - o->base : 0; /* how far into the object, or beyond its end */
    if (o && at < o->size) {
        if (o->freed)
            used_after_free(o, access);
        if (n <= o->size - at)
            return;
    }
    if (!o && !after)
        fault_raise(FAULT_OUT_OF_BOUNDS, &access, 1,
                    "a %s of %zu bytes of the heap where no object is", access.what, n);
    /* Blame the nearer one. */
    const bool below = after && (!o || (at >= o->size && after->base - address < at - o->size));
    const struct heap_object *blamed = below ? after : o;
    const struct place places[] = {place_allocated(blamed), access};
    if (below)
        fault_raise(FAULT_OUT_OF_BOUNDS, places, 2,
                    "a %s of %zu bytes begins %zu bytes before an object of %zu bytes", access.what,
                    n, after->base - address, after->size);
    fault_raise(FAULT_OUT_OF_BOUNDS, places, 2,
                "a %s of %zu bytes at offset %zu ends %zu bytes beyond an object of %zu bytes",
                access.what, n, at, at + n - blamed->size, blamed->size);
}

/* ---- handing out, taking back -------------------------------------------------------------- */

void *heap_alloc(size_t align, size_t n, bool zero, uintptr_t pc)
{
    const unsigned t = current ? current->id : 0;
    struct arena *a = &arenas[t];
    const uintptr_t end = heap_base + (uintptr_t)(t + 1) * MODEL_ARENA;
    if (align < GRAIN)
        align = GRAIN;
    if (align > MODEL_ARENA || n > MODEL_ARENA)
        return NULL;
    const uintptr_t base = (a->next + align - 1) / align * align;
    const uintptr_t next = base + (n + !n + RED_ZONE + GRAIN - 1) / GRAIN * GRAIN;
    if (next > end)
        return NULL;
    a->next = next;
    a->objects[a->count++] = (struct heap_object){.base = base,
                                                  .size = n,
                                                  .number = (uint16_t)++allocated,
                                                  .thread = (uint8_t)t,
                                                  .po = current ? current->po : 0,
                                                  .site = source_site(pc),
                                                  .zeroed = zero};
    live++;
    if (current)
        current->allocations++;
    return memset((void *)base, zero ? 0 : PATTERN, n);
}

void heap_free(void *p, uintptr_t pc)
{
    if (!p)
        return;
    const uintptr_t address = (uintptr_t)p;
    struct heap_object *o = object_at(address);
    const struct place access = here(address, o ? o->size : 0, true, "free", pc);
    if (!o)
        fault_raise(FAULT_INVALID_FREE, &access, 1,
                    "a free of an address that no allocation returned");
    if (o->base != address) {
        const struct place places[] = {place_allocated(o), access};
        fault_raise(FAULT_INVALID_FREE, places, 2,
                    "a free of an address %zu bytes into an object of %zu bytes, not of the object",
                    address - o->base, o->size);
    }
    if (o->freed) {
        const struct place places[] = {place_allocated(o), place_freed(o), access};
        fault_raise(FAULT_DOUBLE_FREE, places, 3,
                    "an object of %zu bytes is freed twice: first by thread %u, then by thread %u",
                    o->size, o->freed_by, access.thread);
    }
    if (current && current->id != o->thread && current->hb[o->thread] <= o->po) {
        const struct place places[] = {place_allocated(o), access};
        fault_raise(FAULT_RACE, places, 2,
                    "the free by thread %u is not ordered after the allocation by thread %u",
                    access.thread, o->thread);
    }
    shadow_free(address, o->size, pc);
    o->freed = true;
    o->freed_by = access.thread;
    o->freed_po = access.po;
    o->freed_site = access.site;
    live--;
}

/* ---- leaks --------------------------------------------------------------------------------- */

static struct heap_object **pending; /* reached, their own words not yet looked at */
static unsigned pending_count, pending_max;

/* Any value that may be a pointer into an object keeps the object: also a packed one, with a tag in
 * its upper or lower 16 bits. */
static void reach(uint64_t value)
{
    const uint64_t candidates[] = {value, value & UINT64_C(0xffffffffffff), value >> 16};
    for (unsigned i = 0; i < 3; i++) {
        struct heap_object *o = object_at((uintptr_t)candidates[i]);
        if (o && !o->freed && !o->reached && pending_count < pending_max) {
            o->reached = true;
            pending[pending_count++] = o;
        }
    }
}

static void reach_all(void)
{
    if (pending_max < live) { /* each object is put there once */
        struct heap_object **more = realloc(pending, live * sizeof *more);
        if (!more)
            fault_raise(FAULT_UNBOUNDED, NULL, 0, "no memory to look for leaks in %u objects",
                        live);
        pending = more;
        pending_max = live;
    }
    shadow_each_written(reach);
    while (pending_count) {
        const struct heap_object *o = pending[--pending_count];
        for (size_t at = 0; at + sizeof(uint64_t) <= o->size; at += sizeof(uint64_t))
            reach(*(const uint64_t *)(o->base + at));
    }
}

void heap_check_leaks(bool strict)
{
    if (live == 0)
        return;
    step_sync_memory();
    if (!strict)
        reach_all();
    const struct heap_object *first = NULL;
    unsigned lost = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        for (unsigned i = 0; i < arenas[t].count; i++) {
            struct heap_object *o = &arenas[t].objects[i];
            const bool kept = o->freed || o->reached;
            o->reached = false;
            if (kept)
                continue;
            lost++;
            if (!first || o->number < first->number)
                first = o;
        }
    if (!first)
        return;
    const struct place place = place_allocated(first);
    const char *why = strict ? "" : ", and nothing points to it any more";
    if (lost == 1)
        fault_raise(FAULT_LEAK, &place, 1, "an object of %zu bytes is never freed%s", first->size,
                    why);
    fault_raise(FAULT_LEAK, &place, 1,
                "an object of %zu bytes is never freed%s (%u objects in all)", first->size, why,
                lost);
}
