/* shadow.c: a cell for every 8 bytes of the program's memory, which holds what later accesses must
 * be compared with.
 *
 * An access is dropped from its cell when a later one is at least as strong (everything that races
 * with the old one races with the new one too), covers its bytes, and is hb-after it. So no race is
 * missed, and a cell rarely holds more than two. */
#include "models/checker/memory/shadow_cell.h"

#include "models/checker/memory/heap.h"
#include "models/checker/report/source.h"

bool shadow_restart;

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* ---- one cell ------------------------------------------------------------------------------ */

/* Compares an access that is known with the present one: true if it need not be known any longer. */
static inline bool meet(const struct region *r, const struct cell *c, const struct access *known,
                        uint32_t now, const struct doing *d)
{
    const uint32_t old = known->head;
    if (old == 0)
        return true;
    if (access_ordered(old))
        return !(old & ~now & (KIND | BYTES));
    if ((old & now & BYTES) && ((old | now) & KIND) == KIND)
        shadow_race(cell_address(r, c), *known, d);
    return false;
}

/* What the present access means for this cell: compared with those before it, then remembered. */
static inline void cell_access(const struct region *r, struct cell *c, uint8_t mask,
                               const struct doing *d)
{
    const uint32_t now = d->head | mask;
    if (now & WRITE)
        c->initialised |= mask;
    const uint32_t last = c->access[0].head;
    if (!(c->access[1].head | c->more) && /* most often: nobody, or the same thread before */
        (last == 0 || (access_thread(last) == current->id && !(last & ~now & (KIND | BYTES))))) {
        c->access[0] = (struct access){now, source_site(d->pc)};
        return;
    }
    struct access *room = NULL;
    for (uint32_t i = c->more; i; i = shadow_overflow[i - 1].more)
        if (meet(r, c, &shadow_overflow[i - 1].access, now, d)) {
            room = &shadow_overflow[i - 1].access;
            room->head = 0;
        }
    if (meet(r, c, &c->access[1], now, d)) {
        room = &c->access[1];
        room->head = 0;
    }
    if (meet(r, c, &c->access[0], now, d))
        room = &c->access[0];
    if (!room)
        room = shadow_add(c);
    *room = c->access[0];
    c->access[0] = (struct access){now, source_site(d->pc)};
}

/* ---- the heap ------------------------------------------------------------------------------ */

/* Does this plain read deserve blame? Structures are copied with their padding and with members
 * that never got a value, so of more than 8 bytes only one must have been written; padding never
 * fills one half of a smaller structure. */
static bool reads_unwritten(const struct region *r, const struct doing *d)
{
    const unsigned n = (unsigned)d->n;
    if (d->n <= 8 && (n & (n - 1)) == 0 && cell_part(d->address, n) == n) {
        const uint8_t written = cell_of(r, d->address)->initialised;
        const unsigned half = n > 1 ? n / 2 : 1;
        return !(written & cell_mask(d->address, half)) ||
               !(written & cell_mask(d->address + n - half, half));
    }
    unsigned part;
    for (size_t at = 0; at < d->n; at += part) {
        part = cell_part(d->address + at, d->n - at);
        if (cell_of(r, d->address + at)->initialised & cell_mask(d->address + at, part))
            return false;
    }
    return true;
}

/* The heap's faults other than races. */
static void heap_access(const struct region *r, const struct doing *d)
{
    bool written = true;
    unsigned part;
    if (region_part(r, d->address, d->n) < d->n)
        heap_check(d->address, d->n, d->head & WRITE, !(d->head & PLAIN), d->pc);
    for (size_t at = 0; at < d->n; at += part) {
        part = cell_part(d->address + at, d->n - at);
        const struct cell *c = cell_of(r, d->address + at);
        const uint8_t mask = cell_mask(d->address + at, part);
        if (mask & ~c->valid)
            heap_check(d->address, d->n, d->head & WRITE, !(d->head & PLAIN), d->pc);
        written = written && !(mask & ~c->initialised);
    }
    if (!written && (d->head & KIND) == PLAIN && reads_unwritten(r, d))
        shadow_uninitialised(d);
}

void shadow_free(uintptr_t address, size_t n, uintptr_t pc)
{
    const struct region *r = region_of(address);
    if (!r)
        return;
    const uint32_t head = current ? access_head(current->id, current->po, KIND) : 0;
    const struct doing d = {.address = address, .pc = pc, .n = n, .head = head};
    n = region_part(r, address, n);
    for (size_t at = 0; at < n; at += 8) {
        struct cell *c = r->cells + (address + at - r->base) / 8;
        if (c->stamp != shadow_stamp)
            continue; /* never accessed */
        uint32_t more = c->more;
        for (struct access *a = c->access; a && current;) {
            if (a->head && !access_ordered(a->head))
                shadow_freed_early(address + at, *a, &d);
            if (a == c->access) {
                a++;
            } else {
                a = more ? &shadow_overflow[more - 1].access : NULL;
                more = more ? shadow_overflow[more - 1].more : 0;
            }
        }
        *c = (struct cell){.stamp = shadow_stamp};
    }
}

/* ---- accesses ------------------------------------------------------------------------------ */

/* Are these bytes of a stack to be recorded? Notes when somebody else's are touched. */
static bool stack_shared(const struct region *r, uintptr_t address, size_t n)
{
    const bool own = r->thread == current->id;
    bool shared = false;
    for (size_t line = (address - r->base) / LINE; line <= (address + n - 1 - r->base) / LINE;
         line++) {
        uint64_t *const page = &shadow_stacks[r->thread].page[line / 64].shared;
        const uint64_t bit = UINT64_C(1) << line % 64;
        if (!own && !(*page & bit)) {
            *page |= bit;
            shadow_stacks[r->thread].any_shared = true;
            shadow_restart = true;
        }
        shared = shared || (*page & bit);
    }
    return shared;
}

/* A write that nobody is to blame for. */
static void write_unchecked(const struct region *r, uintptr_t address, size_t n)
{
    unsigned part;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(address + at, n - at);
        if (r->kind == REGION_DATA)
            shadow_save(r, cell_of(r, address + at));
        else if (r->kind == REGION_HEAP)
            cell_of(r, address + at)->initialised |= cell_mask(address + at, part);
    }
}

/* What of it lies in this region. */
static void region_access(const struct region *r, const struct doing *d)
{
    unsigned part;
    if (current->hidden) {
        if (d->head & WRITE)
            write_unchecked(r, d->address, region_part(r, d->address, d->n));
        return;
    }
    if (r->kind == REGION_HEAP)
        heap_access(r, d);
    const size_t n = region_part(r, d->address, d->n);
    if (r->kind == REGION_STACK && !stack_shared(r, d->address, n))
        return;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(d->address + at, n - at);
        struct cell *c = cell_of(r, d->address + at);
        if (r->kind == REGION_DATA && d->head & WRITE)
            shadow_save(r, c);
        cell_access(r, c, cell_mask(d->address + at, part), d);
    }
}

static __attribute__((noinline)) void any_access(uintptr_t address, size_t n, uint32_t kind,
                                                 uintptr_t pc)
{
    struct doing d = {address, pc, n, access_head(current->id, current->po, kind)};
    while (d.n) {
        const struct region *r = region_of(d.address);
        if (r)
            region_access(r, &d);
        else if (d.address < PAGE && !current->hidden)
            shadow_null(&d);
        const size_t done = r ? region_part(r, d.address, d.n) : d.n;
        d.address += done;
        d.n -= done;
    }
}

/* Most accesses are to one cell of the heap or of data, where nothing but a race can be wrong. That
 * cell, or NULL. */
static inline struct cell *one_cell(const struct region *r, uintptr_t address, size_t n,
                                    uint32_t kind)
{
    if (UNLIKELY(!r || n - 1 >= 8 - (address & 7) || r->kind == REGION_STACK || current->hidden))
        return NULL;
    struct cell *const c = cell_of(r, address);
    const uint8_t mask = cell_mask(address, (unsigned)n);
    return UNLIKELY(mask & ~c->valid || (kind == PLAIN && mask & ~c->initialised)) ? NULL : c;
}

static inline void one_access(const struct region *r, struct cell *c, uintptr_t address, size_t n,
                              uint32_t kind, uintptr_t pc)
{
    if (kind & WRITE && r->kind == REGION_DATA)
        shadow_save(r, c);
    const struct doing d = {address, pc, n, access_head(current->id, current->po, kind)};
    cell_access(r, c, cell_mask(address, (unsigned)n), &d);
}

/* Many cells of the heap or of data, if nothing but a race can be wrong with them; else false. */
static bool many_cells(const struct region *r, uintptr_t address, size_t n, uint32_t kind,
                       uintptr_t pc, bool *located)
{
    unsigned part;
    if (!r || r->kind == REGION_STACK || current->hidden || n > r->bytes - (address - r->base))
        return false;
    if (r->kind == REGION_HEAP)
        for (size_t at = 0; at < n; at += part) {
            part = cell_part(address + at, n - at);
            const struct cell *c = cell_of(r, address + at);
            const uint8_t mask = cell_mask(address + at, part);
            if (mask & ~c->valid || (kind == PLAIN && mask & ~c->initialised))
                return false;
        }
    const struct doing d = {address, pc, n, access_head(current->id, current->po, kind)};
    uint8_t locs = 0;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(address + at, n - at);
        struct cell *const c = cell_of(r, address + at);
        const uint8_t mask = cell_mask(address + at, part);
        if (kind & WRITE && r->kind == REGION_DATA)
            shadow_save(r, c);
        cell_access(r, c, mask, &d);
        locs |= c->locs & mask;
    }
    *located = locs;
    return true;
}

bool shadow_plain(uintptr_t address, size_t n, bool write, uintptr_t pc)
{
    if (!current)
        return false;
    const uint32_t kind = write ? KIND : PLAIN;
    const struct region *const r = region_known(address);
    struct cell *const c = one_cell(r, address, n, kind);
    if (UNLIKELY(!c)) {
        bool located;
        if (many_cells(r, address, n, kind, pc, &located))
            return located;
        if (!on_private_pages(address, n))
            any_access(address, n, kind, pc);
        return shadow_has_loc(address, n);
    }
    const uint8_t mask = cell_mask(address, (unsigned)n);
    if (!cell_repeats(c, mask, kind))
        one_access(r, c, address, n, kind, pc);
    return c->locs & mask;
}

void shadow_atomic(uintptr_t address, size_t n, bool write, uintptr_t pc)
{
    const uint32_t kind = write ? WRITE : 0;
    if (!current || on_private_pages(address, n))
        return;
    const struct region *const r = region_known(address);
    struct cell *const c = one_cell(r, address, n, kind);
    if (UNLIKELY(!c))
        any_access(address, n, kind, pc);
    else if (!cell_repeats(c, cell_mask(address, (unsigned)n), kind))
        one_access(r, c, address, n, kind, pc);
}

void shadow_atomic_loc(uintptr_t address, size_t n, bool write, uint16_t loc, uintptr_t pc)
{
    const uint32_t kind = write ? WRITE : 0;
    const struct region *const r = region_known(address);
    struct cell *const c = current ? one_cell(r, address, n, kind) : NULL;
    if (UNLIKELY(!c)) {
        shadow_atomic(address, n, write, pc);
        shadow_set_loc(address, n, loc);
        return;
    }
    one_access(r, c, address, n, kind, pc);
    c->locs |= cell_mask(address, (unsigned)n);
}

void shadow_will_write(uintptr_t address, size_t n)
{
    while (n) {
        const struct region *r = region_of(address);
        if (!r)
            return;
        const size_t part = region_part(r, address, n);
        if (r->kind == REGION_DATA)
            write_unchecked(r, address, part);
        address += part;
        n -= part;
    }
}

bool shadow_stack_shared(unsigned thread) { return shadow_stacks[thread].any_shared; }

/* ---- what is known about bytes ------------------------------------------------------------- */

bool shadow_initialised(uintptr_t address, size_t n)
{
    const struct region *r = region_of(address);
    if (!r || r->kind != REGION_HEAP)
        return true;
    n = region_part(r, address, n);
    unsigned part;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(address + at, n - at);
        if (cell_mask(address + at, part) & ~cell_of(r, address + at)->initialised)
            return false;
    }
    return true;
}

void shadow_set_loc(uintptr_t address, size_t n, uint16_t loc)
{
    (void)loc;
    const struct region *r = region_of(address);
    if (!r)
        return;
    n = region_part(r, address, n);
    unsigned part;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(address + at, n - at);
        cell_of(r, address + at)->locs |= cell_mask(address + at, part);
        if (r->kind == REGION_STACK)
            shadow_page_located(&shadow_stacks[r->thread].page[(address + at - r->base) / PAGE]);
    }
}

static __attribute__((noinline)) bool cells_have_loc(uintptr_t address, size_t n)
{
    const struct region *r = region_of(address);
    if (!r)
        return false;
    n = region_part(r, address, n);
    unsigned part;
    for (size_t at = 0; at < n; at += part) {
        part = cell_part(address + at, n - at);
        const struct cell *c = r->cells + (address + at - r->base) / 8;
        if (c->stamp == shadow_stamp && c->locs & cell_mask(address + at, part))
            return true;
    }
    return false;
}

bool shadow_has_loc(uintptr_t address, size_t n)
{
    if (current) {
        const struct stack *s = &shadow_stacks[current->id];
        const uintptr_t at = address - s->base;
        if (at < s->bytes && n <= PAGE && s->page[at / PAGE].locs != shadow_stamp &&
            s->page[(at + n) / PAGE].locs != shadow_stamp)
            return false;
    }
    return cells_have_loc(address, n);
}
