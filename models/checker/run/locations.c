/* locations.c: what atomics, locks and sleepers there are, by number; their memory. */
#include "models/checker/run/locations.h"

#include <string.h>

#include "models/checker/explore/engine.h"
#include "models/checker/memory/heap.h"
#include "models/checker/memory/shadow.h"

struct locations locations;
static struct location *const location = locations.at;

void *step_locations(size_t *size)
{
    *size = sizeof locations;
    return &locations;
}

/* Its slot in the table: the one that has it, or an empty one. */
static uint16_t *hashed(uintptr_t a, enum space space, unsigned size)
{
    uint32_t i =
        (uint32_t)((a ^ (uintptr_t)space << 60) * 0x9e3779b97f4a7c15u >> 40) % (4 * LOCS_MAX);
    for (; locations.hashed[i]; i = (i + 1) % (4 * LOCS_MAX)) {
        const struct location *l = &location[locations.hashed[i] - 1];
        if (l->address == a && l->space == space && l->size == size)
            break;
    }
    return &locations.hashed[i];
}

uint16_t step_loc(const volatile void *address, enum space space, unsigned size)
{
    const uintptr_t a = (uintptr_t)address - size_offset(size);
    if (is_half(size))
        size = sizeof(word);
    uint16_t *const slot = hashed(a, space, size);
    if (*slot)
        return (uint16_t)(*slot - 1);
    if (locations.n == LOCS_MAX)
        fault_raise(FAULT_UNBOUNDED, NULL, 0,
                    "more than %u atomic locations: use smaller arrays or capacities when checking",
                    (unsigned)LOCS_MAX);
    location[locations.n] =
        (struct location){.address = a, .space = (uint8_t)space, .size = (uint8_t)size};
    *slot = (uint16_t)(locations.n + 1);
    return (uint16_t)locations.n++;
}

void location_pair(const volatile void *address)
{
    location[step_loc(address, SPACE_MEMORY, sizeof(word))].pair = true;
    locations.pairs = true;
}

unsigned location_view(const volatile void *address, enum space space, unsigned size)
{
    if (!locations.pairs || space != SPACE_MEMORY || size != 8)
        return size;
    const uintptr_t a = (uintptr_t)address, half = a % sizeof(word);
    const uint16_t loc = *hashed(a - half, SPACE_MEMORY, sizeof(word));
    if (loc == 0 || !location[loc - 1].pair || loc > graph_now->locs ||
        graph_now->loc[loc - 1].init == NONE)
        return size; /* no pair, or not one of this execution */
    return half ? SECOND_HALF : FIRST_HALF;
}

uintptr_t step_loc_address(uint16_t loc, enum space *space, unsigned *size)
{
    if (space)
        *space = (enum space)location[loc].space;
    if (size)
        *size = location[loc].size;
    return location[loc].address;
}

void location_begin(uint16_t loc, uintptr_t pc)
{
    struct graph *g = graph_now;
    if (loc < g->locs && g->loc[loc].init != NONE)
        return;
    const struct location *l = &location[loc];
    for (unsigned i = 0; i < g->locs; i++)
        if (i != loc && g->loc[i].init != NONE && l->space == SPACE_MEMORY &&
            location_overlaps(&location[i], l->address, l->size)) {
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

/* The newest write of it that this execution has come to. */
static const struct event *newest(unsigned loc)
{
    uint16_t w = graph_now->loc[loc].mo_last;
    while (graph_now->e[w].kind != EV_INIT &&
           threads[graph_now->e[w].thread].po < graph_now->e[w].po)
        w = graph_now->e[w].mo_prev;
    return &graph_now->e[w];
}

void locations_to_memory(uintptr_t a, size_t n)
{
    for (unsigned i = 0; i < locations.n && i < graph_now->locs; i++)
        if (graph_now->loc[i].init != NONE && location_overlaps(&location[i], a, n) &&
            shadow_has_loc(location[i].address, location[i].size)) {
            const word value = newest(i)->value;
            shadow_will_write(location[i].address, location[i].size);
            memcpy((void *)location[i].address, &value, location[i].size);
        }
}

/* Has a thread written there plainly, and is that not yet an event? */
static bool being_written(const struct location *l)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (threads[t].plain.n &&
            location_overlaps(l, threads[t].plain.address, threads[t].plain.n))
            return true;
    return false;
}

void locations_show(void)
{
    for (unsigned i = 0; i < locations.n && i < graph_now->locs; i++)
        if (graph_now->loc[i].init != NONE && location[i].space == SPACE_MEMORY &&
            newest(i)->kind != EV_INIT && !being_written(&location[i]))
            locations_to_memory(location[i].address, location[i].size);
}

void step_sync_memory(void)
{
    for (unsigned i = 0; i < locations.n && i < graph_now->locs; i++)
        if (graph_now->loc[i].init != NONE && location[i].space == SPACE_MEMORY &&
            graph_now->loc[i].mo_last != graph_now->loc[i].init) {
            shadow_will_write(location[i].address, location[i].size);
            memcpy((void *)location[i].address, &graph_now->e[graph_now->loc[i].mo_last].value,
                   location[i].size);
        }
}
