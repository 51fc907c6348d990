/* shadow_cell.h: what shadow*.c share: the record of accesses to 8 bytes, and where it is kept. */
#ifndef MODELS_CHECKER_SHADOW_CELL_H
#define MODELS_CHECKER_SHADOW_CELL_H

#include "models/checker/memory/shadow.h"
#include "models/checker/run/thread.h"

/* Two accesses conflict if one of them is a WRITE and one of them is PLAIN; one that has all bits
 * of another is at least as strong. */
enum { BYTES = 0xff, WRITE = 0x100, PLAIN = 0x200, KIND = WRITE | PLAIN };

/* head: bits 0-7 which bytes of the cell, 8-9 the kind, 10-15 the thread, 16-31 how many events the
 * thread had made. 0: none. */
struct access {
    uint32_t head, site;
};
_Static_assert(MODEL_THREADS <= 64, "a thread's number has 6 bits");

static inline uint32_t access_head(unsigned thread, unsigned epoch, uint32_t kind)
{
    return epoch << 16 | thread << 10 | kind;
}
static inline unsigned access_thread(uint32_t head) { return head >> 10 & 63; }
static inline unsigned access_epoch(uint32_t head) { return head >> 16; }

/* Is this access hb-before what the current thread does now? */
static inline bool access_ordered(uint32_t head)
{
    const unsigned t = access_thread(head);
    return t == current->id || current->hb[t] > access_epoch(head);
}

/* valid, initialised, locs: sets of bytes. */
struct cell {
    uint32_t stamp; /* the rest is of this execution only if it is the present one */
    uint8_t valid;  /* in a live object; all bytes if not on the heap */
    uint8_t initialised, locs;
    bool saved;              /* its old content is in the undo list */
    struct access access[2]; /* the latest first */
    uint32_t more;           /* 1 + the next one's index among those that found no room here */
} __attribute__((aligned(32)));

struct region {
    uintptr_t base;
    size_t bytes;
    struct cell *cells;
    enum region_kind kind;
    unsigned thread;
};

/* A thread's own stack, by pages: most of it is nobody else's business. */
enum { PAGE = 4096, LINE = 64, PAGES = FIBER_STACK / PAGE };
struct stack {
    uintptr_t base;
    size_t bytes;
    struct page {
        uint64_t shared; /* the lines that another thread touched once, in any execution */
        uint32_t locs;   /* the stamp of the last execution in which an atomic lived here */
    } page[PAGES + 1];   /* one more for accesses that end where the stack does */
    bool any_shared;     /* a line of any page */
} __attribute__((aligned(2048))); /* found by a shift */

extern uint32_t shadow_stamp; /* of this execution */
extern struct region shadow_heap;
extern const struct region *shadow_last; /* found by the last search */
extern struct stack shadow_stacks[MODEL_THREADS];

/* shadow_cell.c */
const struct region *shadow_search(uintptr_t address);
void shadow_save(const struct region *r, struct cell *c);
void shadow_touch(const struct region *r, struct cell *c); /* its first use in this execution */
void shadow_page_located(struct page *p);
struct access *shadow_add(struct cell *c);
extern struct overflow {
    struct access access;
    uint32_t more; /* as in struct cell */
} * shadow_overflow;

static inline uintptr_t cell_address(const struct region *r, const struct cell *c)
{
    return r->base + 8 * (uintptr_t)(c - r->cells);
}
/* The region of an address; NULL: none, or it takes a search. */
static inline const struct region *region_known(uintptr_t address)
{
    const struct region *r =
        address - shadow_heap.base < shadow_heap.bytes ? &shadow_heap : shadow_last;
    return address - r->base < r->bytes ? r : NULL;
}
static inline const struct region *region_of(uintptr_t address)
{
    const struct region *r = region_known(address);
    return r ? r : shadow_search(address);
}
/* How many of n bytes from `address` on, which is in this region, are. */
static inline size_t region_part(const struct region *r, uintptr_t address, size_t n)
{
    const size_t room = r->bytes - (address - r->base);
    return n < room ? n : room;
}

static inline struct cell *cell_of(const struct region *r, uintptr_t address)
{
    struct cell *c = r->cells + (address - r->base) / 8;
    if (__builtin_expect(c->stamp != shadow_stamp, 0))
        shadow_touch(r, c);
    return c;
}
/* On the thread's own stack, in pages where nobody else was ever seen? Its accesses there need not
 * be recorded. */
static inline bool on_private_pages(uintptr_t address, size_t n)
{
    const struct stack *s = &shadow_stacks[current->id];
    const uintptr_t at = address - s->base;
    return at < s->bytes && n <= PAGE &&
           !(s->page[at / PAGE].shared | s->page[(at + n) / PAGE].shared);
}
/* On one such page, where no atomic lives in this execution either? */
static inline bool on_own_page(uintptr_t address, size_t n)
{
    const struct stack *s = &shadow_stacks[current->id];
    const uintptr_t at = address - s->base;
    if (at >= s->bytes || at % PAGE + n > PAGE)
        return false;
    const struct page *p = &s->page[at / PAGE];
    return !p->shared && p->locs != shadow_stamp;
}

/* How many of n bytes from `address` on lie in its cell, and which bytes of it they are. */
static inline unsigned cell_part(uintptr_t address, size_t n)
{
    const unsigned room = 8 - (unsigned)(address & 7);
    return n < room ? (unsigned)n : room;
}
static inline uint8_t cell_mask(uintptr_t address, unsigned part)
{
    return (uint8_t)(((1u << part) - 1) << (address & 7));
}

/* Has the same thread done the same or more to this cell since its last event, and nobody anything
 * after it? */
static inline bool cell_repeats(const struct cell *c, uint8_t mask, uint32_t kind)
{
    const uint32_t now = access_head(current->id, current->po, kind) | mask;
    const uint32_t differs = (c->access[0].head ^ now) & (now | ~(uint32_t)(KIND | BYTES));
    return !(differs | (mask & ~(uint32_t)c->initialised)); /* an allocation writes nothing */
}

/* What the current thread is doing, perhaps to several cells. */
struct doing {
    uintptr_t address, pc;
    size_t n;
    uint32_t head; /* without the bytes */
};

/* shadow_fault.c: the faults, in words. */
_Noreturn void shadow_race(uintptr_t cell, struct access old, const struct doing *now);
_Noreturn void shadow_freed_early(uintptr_t cell, struct access old, const struct doing *now);
_Noreturn void shadow_uninitialised(const struct doing *now);
_Noreturn void shadow_null(const struct doing *now);

#endif
