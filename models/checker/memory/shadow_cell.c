/* shadow_cell.c: where the record of accesses is kept: the program's memory by regions, their cells,
 * what did not fit into a cell, and what memory held before it was written. */
#include "models/checker/memory/shadow_cell.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "models/checker/explore/fault.h"
#include "models/checker/memory/heap.h"
#include "models/checker/run/image.h"

uint32_t shadow_stamp = 1;
struct stack shadow_stacks[MODEL_THREADS];

static struct region region[64];
static unsigned regions;
struct region shadow_heap;
const struct region *shadow_last = region;

struct overflow *shadow_overflow;
static uint32_t overflow_count, overflow_max;

static struct undo {
    uint64_t *at, old;
} * undo;
static size_t undo_count, undo_max;

static struct cell **touched; /* in this execution */
static size_t touched_count, touched_max;
static struct page *located[MODEL_THREADS * (PAGES + 1)]; /* where atomics live in this execution */
static size_t located_count;

/* ---- regions ------------------------------------------------------------------------------- */

int shadow_region(void *base, size_t bytes, enum region_kind kind, unsigned thread)
{
    const uintptr_t from = (uintptr_t)base & ~(uintptr_t)7;
    bytes = ((uintptr_t)base + bytes + 7 - from) & ~(size_t)7;
    if (kind == REGION_STACK && (bytes > FIBER_STACK || from % LINE || thread >= MODEL_THREADS ||
                                 shadow_stacks[thread].bytes))
        return EINVAL;
    if (kind == REGION_HEAP && shadow_heap.bytes)
        return EINVAL;
    if (regions == sizeof region / sizeof *region)
        return ENOSPC;
    if (bytes == 0)
        return 0;
    const size_t size = bytes / 8 * sizeof(struct cell);
    void *cells = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cells == MAP_FAILED)
        return errno;
    (void)madvise(cells, size, MADV_NOHUGEPAGE); /* only what is touched */
    region[regions++] = (struct region){from, bytes, cells, kind, thread};
    if (kind == REGION_HEAP)
        shadow_heap = region[regions - 1];
    if (kind == REGION_STACK) {
        shadow_stacks[thread].base = from;
        shadow_stacks[thread].bytes = bytes;
    }
    return 0;
}

const struct region *shadow_search(uintptr_t address)
{
    for (const struct region *r = region; r < region + regions; r++)
        if (address - r->base < r->bytes)
            return shadow_last = r;
    return NULL;
}

/* ---- cells --------------------------------------------------------------------------------- */

static _Noreturn void no_memory(void)
{
    fault_raise(FAULT_UNBOUNDED, NULL, 0,
                "no memory left to record what this execution accessed: make the program smaller");
}

/* An allocation is a plain write by the thread that allocated. */
static void heap_cell(struct cell *c)
{
    const uintptr_t address = cell_address(&shadow_heap, c);
    const struct heap_object *o = heap_find(address);
    c->valid = c->initialised = 0;
    if (!o || o->freed || address - o->base >= o->size)
        return;
    c->valid = cell_mask(address, cell_part(address, o->size - (address - o->base)));
    c->initialised = o->zeroed ? c->valid : 0;
    c->access[0].head = access_head(o->thread, o->po, KIND | c->valid);
    c->access[0].site = o->site;
}

void shadow_touch(const struct region *r, struct cell *c)
{
    if (touched_count == touched_max) {
        const size_t max = touched_max ? 2 * touched_max : 1024;
        struct cell **more = realloc(touched, max * sizeof *touched);
        if (!more)
            no_memory();
        touched = more;
        touched_max = max;
    }
    touched[touched_count++] = c;
    *c = (struct cell){.stamp = shadow_stamp, .valid = BYTES, .initialised = BYTES};
    if (r->kind == REGION_HEAP)
        heap_cell(c);
}

void shadow_page_located(struct page *p)
{
    if (p->locs != shadow_stamp)
        located[located_count++] = p;
    p->locs = shadow_stamp;
}

void shadow_save(const struct region *r, struct cell *c)
{
    if (c->saved)
        return;
    if (undo_count == undo_max) {
        const size_t max = undo_max ? 2 * undo_max : 1024;
        struct undo *more = realloc(undo, max * sizeof *undo);
        if (!more)
            no_memory();
        undo = more;
        undo_max = max;
    }
    uint64_t *at = (uint64_t *)cell_address(r, c);
    undo[undo_count++] = (struct undo){at, *at};
    c->saved = true;
}

struct access *shadow_add(struct cell *c)
{
    if (overflow_count == overflow_max) {
        const uint32_t max = overflow_max ? 2 * overflow_max : 1024;
        struct overflow *more = realloc(shadow_overflow, max * sizeof *more);
        if (!more)
            no_memory();
        shadow_overflow = more;
        overflow_max = max;
    }
    shadow_overflow[overflow_count] = (struct overflow){.more = c->more};
    c->more = ++overflow_count;
    return &shadow_overflow[overflow_count - 1].access;
}

/* ---- executions ---------------------------------------------------------------------------- */

void shadow_each_written(void (*visit)(uint64_t word))
{
    for (size_t i = 0; i < undo_count; i++)
        visit(*undo[i].at);
}

/* After 2^32 executions: old stamps must not be mistaken for new ones. */
static void forget_stamps(void)
{
    for (const struct region *r = region; r < region + regions; r++)
        (void)madvise(r->cells, r->bytes / 8 * sizeof(struct cell), MADV_DONTNEED);
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        for (unsigned i = 0; i <= PAGES; i++)
            shadow_stacks[t].page[i].locs = 0;
}

void shadow_reset(void)
{
    while (undo_count) {
        undo_count--;
        *undo[undo_count].at = undo[undo_count].old;
    }
    overflow_count = 0;
    touched_count = located_count = 0;
    if (++shadow_stamp == 0) {
        forget_stamps();
        shadow_stamp = 1;
    }
}

void shadow_image(struct image *m)
{
    if (m->restoring)
        shadow_reset();
    image_part(m, &undo_count, sizeof undo_count);
    image_part(m, &overflow_count, sizeof overflow_count);
    image_part(m, &touched_count, sizeof touched_count);
    image_part(m, &located_count, sizeof located_count);
    image_part(m, undo, undo_count * sizeof *undo);
    for (size_t i = 0; i < undo_count; i++)
        image_part(m, undo[i].at, sizeof *undo[i].at);
    image_part(m, shadow_overflow, overflow_count * sizeof *shadow_overflow);
    image_part(m, touched, touched_count * sizeof *touched);
    for (size_t i = 0; i < touched_count; i++) {
        image_part(m, touched[i], sizeof *touched[i]);
        touched[i]->stamp = shadow_stamp;
    }
    image_part(m, located, located_count * sizeof *located);
    for (size_t i = 0; i < located_count; i++)
        located[i]->locs = shadow_stamp;
}
