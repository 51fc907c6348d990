/* plain_table.h: a hash table for one thread at a time: what map_mutex, map_rwlock and map_sharded
 * have under their locks. A part, not a map: nothing here is atomic.
 *
 *   hash ─► slot ─► [ k v ][ k v ][     ][ k v ]   linear probing; at most 3/4 full
 *
 * Open addressing, a power of two slots, `used` in the value's top bit; removal shifts the
 * following slots back (Knuth 6.4, algorithm R), so that there are no tombstones. */
#ifndef STUDIES_MAPS_PLAIN_TABLE_H
#define STUDIES_MAPS_PLAIN_TABLE_H

#include "studies/maps/map.h"

#define PLAIN_USED ((uint64_t)1 << 63)

struct plain_slot {
    uint64_t key, value; /* value | PLAIN_USED; 0: free */
};
struct plain_table {
    size_t mask, size;
    struct plain_slot *slot;
};

static inline int plain_table_init(struct plain_table *t, struct q_memory *memory, size_t capacity)
{
    if (capacity > SIZE_MAX / 64)
        return EINVAL;
    const size_t slots = q_round_up(capacity + capacity / 3 + 1, 8);
    *t = (struct plain_table){.mask = slots - 1,
                              .slot = map_table_alloc(memory, slots * sizeof *t->slot)};
    return t->slot ? 0 : ENOMEM;
}

static inline void plain_table_destroy(struct plain_table *t, struct q_memory *memory)
{
    map_table_free(memory, t->slot, (t->mask + 1) * sizeof *t->slot);
}

/* The key's slot, or the free one where it would be. */
static inline struct plain_slot *plain_table_at(const struct plain_table *t, uint64_t hash,
                                                uint64_t key)
{
    for (size_t i = hash & t->mask;; i = (i + 1) & t->mask)
        if (!t->slot[i].value || t->slot[i].key == key)
            return &t->slot[i];
}

static __attribute__((noinline)) bool plain_table_grow(struct plain_table *t,
                                                       struct q_memory *memory)
{
    struct plain_table larger;
    if (plain_table_init(&larger, memory, t->mask + 1))
        return false;
    for (size_t i = 0; i <= t->mask; i++)
        if (t->slot[i].value)
            *plain_table_at(&larger, map_hash(t->slot[i].key), t->slot[i].key) = t->slot[i];
    larger.size = t->size;
    plain_table_destroy(t, memory);
    *t = larger;
    return true;
}

static inline enum map_status plain_table_find(const struct plain_table *t, uint64_t hash,
                                               uint64_t key, uint64_t *value)
{
    const uint64_t found = plain_table_at(t, hash, key)->value;
    *value = found & ~PLAIN_USED;
    return found ? MAP_OK : MAP_ABSENT;
}

/* A key that is not there: room for it, then its slot. */
static inline enum map_status plain_table_put(struct plain_table *t, struct q_memory *memory,
                                              struct plain_slot *at, uint64_t hash, uint64_t key,
                                              uint64_t value)
{
    if (__builtin_expect(t->size + 1 > (t->mask + 1) / 4 * 3, 0)) {
        if (!plain_table_grow(t, memory))
            return MAP_NOMEM;
        at = plain_table_at(t, hash, key);
    }
    *at = (struct plain_slot){key, value | PLAIN_USED};
    t->size++;
    return MAP_OK;
}

static inline enum map_status plain_table_insert(struct plain_table *t, struct q_memory *memory,
                                                 uint64_t hash, uint64_t key, uint64_t value)
{
    struct plain_slot *const at = plain_table_at(t, hash, key);
    return at->value ? MAP_PRESENT : plain_table_put(t, memory, at, hash, key, value);
}

static inline enum map_status plain_table_add(struct plain_table *t, struct q_memory *memory,
                                              uint64_t hash, uint64_t key, uint64_t n,
                                              uint64_t *before)
{
    struct plain_slot *const at = plain_table_at(t, hash, key);
    *before = at->value & ~PLAIN_USED;
    if (at->value) {
        at->value = ((*before + n) & MAP_VALUE_MAX) | PLAIN_USED;
        return MAP_OK;
    }
    const enum map_status s = plain_table_put(t, memory, at, hash, key, n & MAP_VALUE_MAX);
    return s == MAP_OK ? MAP_ABSENT : s;
}

static inline enum map_status plain_table_remove(struct plain_table *t, uint64_t hash, uint64_t key,
                                                 uint64_t *value)
{
    struct plain_slot *hole = plain_table_at(t, hash, key);
    *value = hole->value & ~PLAIN_USED;
    if (!hole->value)
        return MAP_ABSENT;
    t->size--;
    for (size_t i = (size_t)(hole - t->slot);;) {
        i = (i + 1) & t->mask;
        if (!t->slot[i].value)
            break;
        /* May it move back? Not to before where its search begins. */
        const size_t home = map_hash(t->slot[i].key) & t->mask, to = (size_t)(hole - t->slot);
        if (((i - home) & t->mask) >= ((i - to) & t->mask)) {
            *hole = t->slot[i];
            hole = &t->slot[i];
        }
    }
    hole->value = 0;
    return MAP_OK;
}

static inline size_t plain_table_each(const struct plain_table *t, map_visit *visit, void *context)
{
    for (size_t i = 0; i <= t->mask; i++)
        if (t->slot[i].value)
            visit(context, t->slot[i].key, t->slot[i].value & ~PLAIN_USED);
    return t->size;
}

#endif
