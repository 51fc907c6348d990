/* map_list.h: any threads, buckets of sorted lists with marks: what the document on indexing describes.
 *
 *   bucket ─► [ 3 | v | next ] ─► [ 9 | v | next+mark ] ─► [ 12 | v | next ] ─► none
 *                                   removed: who passes by takes it out, and retires it
 *
 * Michael, "High Performance Dynamic Lock-Free Hash Tables and List-Based Sets", SPAA 2002, over
 * Harris's mark (DISC 2001). A remove first makes the value DEAD, at which instant the key is gone; then
 * it marks `next`, so that nobody can insert behind the entry any more; then the entry is taken out of
 * the list. Entries are given back by epochs (reclaim.h). As many buckets as at first, for ever.
 *
 * MAP_WITH(map_list, unmarked): as the document prints it, whose entry has room for a pointer and none
 * for a mark. What is removed is only taken out, so an insert behind it is lost and a neighbour that
 * is removed at the same time comes back. Its entries are freed when the map is, so that what is seen
 * of it is its own mistake and not that of the heap.
 * MAP_WITH(map_list, pool): an entry that was given back is kept for the handle's next insert.
 *
 * Progress: find goes over a list that others may make longer: lock-free, as are the others.
 *
 * Edges   linked    insert, remove -> all          the entry is initialised
 *         value     insert, add, remove -> all     what came before them */
#ifndef STUDIES_MAPS_MAP_LIST_H
#define STUDIES_MAPS_MAP_LIST_H

#ifndef Q_WITH_EPOCHS
#define Q_WITH_EPOCHS 1
#endif
#include "queues/reclaim.h"
#include "studies/maps/map.h"
#include "studies/maps/tally.h"

#ifdef MAP_WITH_UNMARKED
enum { MAP_LIST_MARKS = false };
#else
enum { MAP_LIST_MARKS = true };
#endif
#ifdef MAP_WITH_POOL
#define MAP_LIST_POOLED 4096u /* entries that a handle keeps */
#endif
#define MAP_LIST_PATIENCE 128 /* entries that a handle retires before it looks which are free */
#define MAP_LIST_DEAD     ((uint64_t)1 << 63)
#define MAP_LIST_MARK     ((uintptr_t)1)

/* What leads to an entry: struct map_entry *, and in an entry that is dead a mark. */
struct map_link {
    atomic(uintptr_t) to;
};
struct map_entry {
    struct q_retired retired; /* also links the handle's pool; unmarked: all entries ever */
    uint64_t key;
    atomic(uint64_t) value; /* or MAP_LIST_DEAD */
    struct map_link next;
};
_Static_assert(offsetof(struct map_entry, retired) == 0, "an object begins with q_retired");

struct map_list {
    size_t mask;
    struct map_link *bucket;
    struct q_reclaim reclaim;
    struct tally size;
    struct q_memory memory;
    atomic(struct map_entry *) all; /* unmarked: for destroy */
};
struct map_list_handle {
    struct q_guard guard;
    struct tally_part *size;
    struct q_retired *pool;
    size_t pooled;
};

static const struct map_traits map_list_traits = {
    .name = "map_list",
    .family = "list",
    .summary = "buckets of sorted lists with marks, epochs for entries",
    .source = "Michael, High Performance Dynamic Lock-Free Hash Tables, 2002",
    .find = Q_LOCK_FREE,
    .change = Q_LOCK_FREE,
    .grows = false,
#ifdef MAP_WITH_UNMARKED
    .wrong = true,
#endif
};

/* ---- entries -------------------------------------------------------------------------------- */

static inline struct map_entry *map_entry_of(uintptr_t next)
{
    return (struct map_entry *)(next & ~MAP_LIST_MARK);
}

static inline void map_list_give(struct map_list *m, struct map_list_handle *h,
                                 struct q_retired *back)
{
    (void)h;
    while (back) {
        struct q_retired *const below = back->below;
#ifdef MAP_LIST_POOLED
        if (h && h->pooled < MAP_LIST_POOLED) {
            h->pool = q_chain_push(h->pool, back);
            h->pooled++;
            back = below;
            continue;
        }
#endif
        q_free(&m->memory, back, alignof(struct map_entry), sizeof(struct map_entry));
        back = below;
    }
}

static inline struct map_entry *map_list_make(struct map_list *m, struct map_list_handle *h,
                                              uint64_t key, uint64_t value)
{
    struct map_entry *e = (struct map_entry *)h->pool;
    if (e) {
        h->pool = e->retired.below;
        h->pooled--;
    } else if (!(e = q_alloc(&m->memory, alignof(struct map_entry), sizeof *e))) {
        return NULL;
    }
    e->key = key;
    a_init(&e->value, value);
    if (!MAP_LIST_MARKS) {
        struct map_entry *all = a_load(&m->all, relaxed);
        do
            e->retired.below = (struct q_retired *)all;
        while (!a_cas_weak(&m->all, &all, e, relaxed, relaxed)); /* relaxed: destroy alone looks */
    }
    return e;
}

static inline void map_list_retire(struct map_list *m, struct map_list_handle *h,
                                   struct map_entry *e)
{
    if (!MAP_LIST_MARKS)
        return;
    struct q_retired *const back = q_retire(&h->guard, &m->reclaim, &e->retired);
    if (__builtin_expect(back != NULL, 0))
        map_list_give(m, h, back);
}

/* ---- the list ------------------------------------------------------------------------------- */

static inline struct map_link *map_list_bucket(const struct map_list *m, uint64_t key)
{
    return &m->bucket[map_hash(key) & m->mask];
}

/* Where the key's entry is, or would be: *at leads to the entry, which is not marked. */
static inline struct map_entry *map_list_search(struct map_list *m, struct map_list_handle *h,
                                                uint64_t key, struct map_link **at)
{
again:;
    struct map_link *place = map_list_bucket(m, key);
    uintptr_t here = a_load(&place->to, acquire); /* [>linked] */
    for (;;) {
        struct map_entry *const e = map_entry_of(here);
        if (!e) {
            *at = place;
            return NULL;
        }
        const uintptr_t next = a_load(&e->next.to, acquire); /* [>linked] */
        if (next & MAP_LIST_MARK) {
            uintptr_t seen = (uintptr_t)e;
            if (!a_cas(&place->to, &seen, next & ~MAP_LIST_MARK, acq_rel,
                       relaxed)) /* [linked>] [>linked] */
                goto again;
            map_list_retire(m, h, e);
            here = next & ~MAP_LIST_MARK;
            continue;
        }
        if (e->key >= key) {
            *at = place;
            return e->key == key ? e : NULL;
        }
        place = &e->next;
        here = next;
    }
}

/* The entry is dead: nobody can be linked behind it from now on. */
static inline void map_list_mark(struct map_entry *e)
{
    a_or(&e->next.to, MAP_LIST_MARK, acq_rel); /* [linked>] [>linked] */
}

/* An entry of one's own at its place; false: another was faster, look again. */
static inline bool map_list_link(struct map_entry *e, struct map_link *at, uintptr_t behind)
{
    a_store(&e->next.to, behind, relaxed);
    return a_cas(&at->to, &behind, (uintptr_t)e, release, relaxed); /* [linked>] */
}

/* ---- the interface ------------------------------------------------------------------------- */

static inline int map_list_init(struct map_list *m, const struct map_config *cfg)
{
    if (cfg->capacity > SIZE_MAX / 64)
        return EINVAL;
    q_memory_init(&m->memory, &(struct q_config){.alloc_fails_at = cfg->alloc_fails_at});
    q_reclaim_init(&m->reclaim, &m->memory, MAP_LIST_PATIENCE);
    tally_init(&m->size);
    a_init(&m->all, NULL);
    const size_t buckets = q_round_up(cfg->capacity, 1);
    m->mask = buckets - 1;
    m->bucket = map_table_alloc(&m->memory, buckets * sizeof *m->bucket);
    return m->bucket ? 0 : ENOMEM;
}

static inline void map_list_destroy(struct map_list *m)
{
    map_list_give(m, NULL, q_reclaim_destroy(&m->reclaim));
    if (MAP_LIST_MARKS)
        for (size_t i = 0; i <= m->mask; i++)
            for (struct map_entry *e = map_entry_of(a_load(&m->bucket[i].to, relaxed)); e;) {
                struct map_entry *const next = map_entry_of(a_load(&e->next.to, relaxed));
                q_free(&m->memory, e, alignof(struct map_entry), sizeof *e);
                e = next;
            }
    else
        map_list_give(m, NULL, (struct q_retired *)a_load(&m->all, relaxed));
    map_table_free(&m->memory, m->bucket, (m->mask + 1) * sizeof *m->bucket);
    tally_destroy(&m->size, &m->memory);
}

static inline int map_list_attach(struct map_list *m, struct map_list_handle *h)
{
    *h = (struct map_list_handle){.size = tally_attach(&m->size, &m->memory)};
    if (!h->size)
        return ENOMEM;
    const int error = q_guard_attach(&h->guard, &m->reclaim);
    if (error)
        tally_detach(h->size);
    return error;
}

static inline void map_list_detach(struct map_list *m, struct map_list_handle *h)
{
    map_list_give(m, NULL, h->pool);
    map_list_give(m, NULL, q_guard_detach(&h->guard, &m->reclaim));
    tally_detach(h->size);
}

static inline q_hot enum map_status map_list_find(struct map_list *m, struct map_list_handle *h,
                                                  uint64_t key, uint64_t *value)
{
    enum map_status status = MAP_ABSENT;
    *value = 0;
    q_enter(&h->guard, &m->reclaim);
    struct map_entry *e =
        map_entry_of(a_load(&map_list_bucket(m, key)->to, acquire)); /* [>linked] */
    while (e && e->key < key)
        e = map_entry_of(a_load(&e->next.to, acquire)); /* [>linked] */
    if (e && e->key == key) {
        const uint64_t v = a_load(&e->value, acquire); /* [>value] */
        if (!(v & MAP_LIST_DEAD)) {
            *value = v;
            status = MAP_OK;
        }
    }
    q_leave(&h->guard);
    return status;
}

/* insert, and add where `before` is given. */
static inline enum map_status map_list_put(struct map_list *m, struct map_list_handle *h,
                                           uint64_t key, uint64_t value, uint64_t *before)
{
    struct map_entry *mine = NULL;
    enum map_status status;
    for (;;) {
        struct map_link *at;
        struct map_entry *const e = map_list_search(m, h, key, &at);
        if (e) {
            uint64_t v = a_load(&e->value, acquire); /* [>value] */
            while (before && !(v & MAP_LIST_DEAD) &&
                   !a_cas(&e->value, &v, (v + value) & MAP_VALUE_MAX, acq_rel,
                          acquire)) /* [value>] [>value] */
                ;
            if (v & MAP_LIST_DEAD) { /* out with it, then again */
                map_list_mark(e);
                continue;
            }
            if (before)
                *before = v;
            status = before ? MAP_OK : MAP_PRESENT;
            break;
        }
        if (!mine && !(mine = map_list_make(m, h, key, value))) {
            status = MAP_NOMEM;
            break;
        }
        /* What `at` led to when its key was found to be larger; it may have been changed since. */
        const uintptr_t behind = a_load(&at->to, acquire); /* [>linked] */
        const struct map_entry *const next = map_entry_of(behind);
        if ((behind & MAP_LIST_MARK) || (next && next->key <= key))
            continue;
        if (map_list_link(mine, at, behind)) {
            tally_add(h->size, 1);
            return before ? MAP_ABSENT : MAP_OK;
        }
    }
    if (mine && MAP_LIST_MARKS)
        map_list_give(m, h, q_chain_push(NULL, &mine->retired));
    return status;
}

static inline q_hot enum map_status map_list_insert(struct map_list *m, struct map_list_handle *h,
                                                    uint64_t key, uint64_t value)
{
    assert(value <= MAP_VALUE_MAX);
    q_enter(&h->guard, &m->reclaim);
    const enum map_status status = map_list_put(m, h, key, value, NULL);
    q_leave(&h->guard);
    return status;
}

static inline q_hot enum map_status map_list_add(struct map_list *m, struct map_list_handle *h,
                                                 uint64_t key, uint64_t n, uint64_t *before)
{
    *before = 0;
    q_enter(&h->guard, &m->reclaim);
    const enum map_status status = map_list_put(m, h, key, n & MAP_VALUE_MAX, before);
    q_leave(&h->guard);
    return status;
}

static inline q_hot enum map_status map_list_remove(struct map_list *m, struct map_list_handle *h,
                                                    uint64_t key, uint64_t *value)
{
    enum map_status status = MAP_ABSENT;
    *value = 0;
    q_enter(&h->guard, &m->reclaim);
    for (struct map_entry *e;;) {
        struct map_link *at;
        if (!(e = map_list_search(m, h, key, &at)))
            break;
        uint64_t v = a_load(&e->value, acquire); /* [>value] */
        uintptr_t here = (uintptr_t)e;
        if (MAP_LIST_MARKS) {
            while (!(v & MAP_LIST_DEAD) &&
                   !a_cas(&e->value, &v, MAP_LIST_DEAD, acq_rel, acquire)) /* [value>] [>value] */
                ;
            map_list_mark(e);
            const uintptr_t next = a_load(&e->next.to, acquire) & ~MAP_LIST_MARK; /* [>linked] */
            if (a_cas(&at->to, &here, next, acq_rel, relaxed)) /* [linked>] [>linked] */
                map_list_retire(m, h, e);                      /* else who passes by does it */
            if (v & MAP_LIST_DEAD)
                break; /* it was another's remove */
        } else if (!a_cas(&at->to, &here, a_load(&e->next.to, acquire), acq_rel,
                          relaxed)) { /* [linked>] [>linked] */
            continue;                 /* the document's: taken out, and nothing else */
        }
        *value = v;
        status = MAP_OK;
        tally_add(h->size, (uint64_t)-1);
        break;
    }
    q_leave(&h->guard);
    return status;
}

static inline size_t map_list_size(struct map_list *m) { return tally_size(&m->size); }

static inline size_t map_list_each(struct map_list *m, struct map_list_handle *h, map_visit *visit,
                                   void *context)
{
    size_t n = 0;
    q_enter(&h->guard, &m->reclaim);
    for (size_t i = 0; i <= m->mask; i++) {
        struct map_entry *e = map_entry_of(a_load(&m->bucket[i].to, acquire)); /* [>linked] */
        for (; e; e = map_entry_of(a_load(&e->next.to, acquire))) {            /* [>linked] */
            const uint64_t v = a_load(&e->value, acquire);                     /* [>value] */
            if (v & MAP_LIST_DEAD)
                continue;
            visit(context, e->key, v);
            n++;
        }
    }
    q_leave(&h->guard);
    return n;
}

/* As in a thread that is stopped in the middle of a find (driver.h), until q_leave of its guard. */
#define MAP_STOPS 1
static inline void map_list_stop(struct map_list *m, struct map_list_handle *h)
{
    q_enter(&h->guard, &m->reclaim);
}

static inline struct q_bytes map_list_bytes(const struct map_list *m)
{
    return q_memory_bytes(&m->memory, sizeof *m);
}

#endif
