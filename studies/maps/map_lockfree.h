/* map_lockfree.h: any threads, keys and values in place, grows while others work; finds are wait-free.
 *
 *   root ─► table   [ k v | k v | - - | k x ]  [ - - | k v | ...     a line of 64 bytes: 4 slots
 *                     ^ hash: begin here, go round the line, then to the next line
 *           next ─► twice the table, into which all of this one is being moved, or none
 *
 * Open addressing with two words in a slot. A key's word is written once in a table's life: who
 * inserts claims a free one by compare-and-swap. The value's word says the rest:
 *
 *   EMPTY ──insert──► VALUE ◄──insert, add, remove──► GONE        any of them + FROZEN: for ever
 *
 * Growing. The new table is hung on `next`; then every slot is frozen, by one atomic or, and what it
 * held is copied: claim the key there, compare-and-swap its value from EMPTY. So a helper that comes
 * late changes nothing: what was copied once is never EMPTY again. All changes wait for no one: who
 * meets a frozen slot moves what is not yet moved, then swings root; only behind that are there
 * changes in the new table. Therefore a find looks into ONE table, the one that was root when it
 * began, and takes frozen values as they stand: the value was right when root was read, or when it
 * was frozen, whichever is later.
 *
 * Why this one: a find is two loads that are always hot, then mostly one line of memory; lists of
 * nodes (map_list.h) follow two pointers to the same answer, and locks write to a line that all
 * share. The moving is simpler than Click's, where tables are in use side by side and a find may have
 * to go from one to the next. Source: Click, "A Lock-Free Hash Table", 2007 (values' states); lines
 * of a cache as buckets: David, Guerraoui & Trigonakis, "Asynchronized Concurrency", 2015; reclaim.h
 * with epochs gives tables back.
 *
 * Memory: 16 bytes a slot; a removed key keeps its slot until the table is moved. Moved when 3/4 of
 * the slots are claimed or an insert has gone far: to one of the same size if few keys are left,
 * else of twice the size. It never shrinks. Behind a find that is stopped, each move adds a table.
 *
 * Progress: find is wait-free (goes over each slot once at most, mostly over one line), each visits
 * each slot once. insert, remove and add are lock-free; one that must help to move takes as many
 * steps as the table has slots. Where one is lost it is another that was done.
 *
 * Edges   value     insert, add, move -> find, insert, add, remove, move   what came before them
 *         made      grow -> move          the next table is initialised
 *         moved     move -> move          these slots are in the next table
 *         root      move -> all           the table is initialised, and all of the last one in it */
#ifndef STUDIES_MAPS_MAP_LOCKFREE_H
#define STUDIES_MAPS_MAP_LOCKFREE_H

#ifndef Q_WITH_EPOCHS
#define Q_WITH_EPOCHS 1
#endif
#include "queues/reclaim.h"
#include "studies/maps/map.h"
#include "studies/maps/tally.h"

#define LF_FROZEN ((uint64_t)1 << 63)
#define LF_VALUE  ((uint64_t)1 << 62) /* there is one: the lower 62 bits */
#define LF_EMPTY  ((uint64_t)0)
#define LF_GONE   ((uint64_t)1)

#ifndef MAP_LOCKFREE_LINE     /* the checker has smaller ones */
#define MAP_LOCKFREE_LINE  4  /* slots of a line */
#define MAP_LOCKFREE_LEAST 64 /* slots of a table; both are powers of two */
#endif
#ifndef MAP_LOCKFREE_FAR
#define MAP_LOCKFREE_FAR 24 /* lines: an insert that has gone further moves the table */
#endif
enum {
    LF_LINE = MAP_LOCKFREE_LINE,
    LF_CHUNK = 1024,  /* slots that a thread moves at a time */
    LF_BATCH = 32,    /* claims that a handle counts before it tells */
    LF_PATIENCE = 64, /* looks of others for the next table before they make one too */
};

struct lf_slot {
    atomic(uint64_t) key; /* 0: free. Key 0 itself has a slot of its own */
    atomic(uint64_t) value;
};

/* Two allocations: the slots, a whole number of pages; and this, with moved[chunks] behind it. */
struct lf_table {
    struct q_retired retired;
    size_t mask, chunks;
    struct lf_slot *slot;
    struct lf_slot zero;                            /* of key 0 */
    alignas(Q_LINE) atomic(struct lf_table *) next; /* written once */
    atomic(uint32_t) making;                        /* somebody allocates the next one */
    alignas(Q_LINE) atomic(size_t) claimed;         /* keys' words that are taken, as told */
    atomic(size_t) chunk;                           /* the next chunk to be moved */
    atomic(uint8_t) moved[];                        /* of each chunk: 1, it is in `next` */
};
_Static_assert(offsetof(struct lf_table, retired) == 0, "an object begins with q_retired");

struct map_lockfree {
    alignas(Q_LINE) atomic(struct lf_table *) root;
    alignas(Q_LINE) struct q_reclaim reclaim; /* from here on constant, or written rarely */
    struct tally size;
    struct q_memory memory;
};
struct map_lockfree_handle {
    struct q_guard guard;
    struct tally_part *size;
    struct lf_table *claims_of; /* the table of these claims: only compared */
    unsigned claims;            /* not yet told */
    bool waits;                 /* a table that we retired is not yet free */
};

static const struct map_traits map_lockfree_traits = {
    .name = "map_lockfree",
    .family = "table",
    .summary = "open addressing in place, cooperative moving, epochs for tables",
    .source = "Click, A Lock-Free Hash Table, 2007; moved as a whole before it is changed",
    .find = Q_WAIT_FREE,
    .change = Q_LOCK_FREE,
    .grows = true,
};

/* ---- tables --------------------------------------------------------------------------------- */

static inline size_t lf_table_bytes(size_t chunks)
{
    return sizeof(struct lf_table) + chunks * sizeof(atomic(uint8_t));
}

static inline void lf_slot_init(struct lf_slot *s)
{
    a_init(&s->key, 0);
    a_init(&s->value, LF_EMPTY);
}

static inline struct lf_table *lf_table_make(struct q_memory *memory, size_t slots)
{
    const size_t chunks = (slots + LF_CHUNK - 1) / LF_CHUNK;
    struct lf_table *const t = q_alloc(memory, Q_LINE, lf_table_bytes(chunks));
    if (!t)
        return NULL;
    t->slot = map_table_alloc(memory, slots * sizeof *t->slot);
    if (!t->slot) {
        q_free(memory, t, Q_LINE, lf_table_bytes(chunks));
        return NULL;
    }
    t->mask = slots - 1;
    t->chunks = chunks;
#ifdef MODEL_CHECKER /* which wants to be told; elsewhere zeroed memory is as good */
    for (size_t i = 0; i < slots; i++)
        lf_slot_init(&t->slot[i]);
#endif
    lf_slot_init(&t->zero);
    for (size_t i = 0; i < chunks; i++)
        a_init(&t->moved[i], 0);
    a_init(&t->next, NULL);
    a_init(&t->making, 0);
    a_init(&t->claimed, 0);
    a_init(&t->chunk, 0);
    return t;
}

/* So many keys' words may be taken before the table is moved. */
static inline size_t lf_room(const struct lf_table *t)
{
    return (t->mask + 1) / 2 + (t->mask + 1) / 4;
}

static inline void lf_table_free(struct q_memory *memory, struct lf_table *t)
{
    map_table_free(memory, t->slot, (t->mask + 1) * sizeof *t->slot);
    q_free(memory, t, Q_LINE, lf_table_bytes(t->chunks));
}

static inline void lf_table_free_all(struct q_memory *memory, struct q_retired *chain)
{
    while (chain) {
        struct q_retired *const below = chain->below;
        lf_table_free(memory, (struct lf_table *)chain);
        chain = below;
    }
}

/* The n-th place where a key may be that begins at `home`: round its line, then the next one's. */
static inline size_t lf_place(const struct lf_table *t, size_t home, size_t n)
{
    const size_t line = (home & ~(size_t)(LF_LINE - 1)) + (n & ~(size_t)(LF_LINE - 1));
    return (line + ((home + n) & (LF_LINE - 1))) & t->mask;
}

/* The key's slot, or NULL: it was never inserted into this table. */
static inline q_hot struct lf_slot *lf_look(struct lf_table *t, uint64_t key)
{
    if (__builtin_expect(key == 0, 0))
        return &t->zero;
    const size_t home = map_hash(key) & t->mask;
    for (size_t n = 0; n <= t->mask; n++) {
        struct lf_slot *const s = &t->slot[lf_place(t, home, n)];
        const uint64_t found = a_load(&s->key, relaxed); /* the value's word carries the edge */
        if (found == key)
            return s;
        if (found == 0)
            return NULL;
    }
    return NULL;
}

/* The key's slot, claimed if need be; NULL: not within `far` slots. */
static inline struct lf_slot *lf_claim(struct lf_table *t, uint64_t key, size_t far, bool *claimed)
{
    *claimed = false;
    if (__builtin_expect(key == 0, 0))
        return &t->zero;
    const size_t home = map_hash(key) & t->mask;
    for (size_t n = 0; n <= t->mask && n < far; n++) {
        struct lf_slot *const s = &t->slot[lf_place(t, home, n)];
        uint64_t found = a_load(&s->key, relaxed);
        if (found == 0 && a_cas(&s->key, &found, key, relaxed, relaxed)) {
            *claimed = true;
            return s;
        }
        if (found == key)
            return s;
    }
    return NULL;
}

/* ---- moving --------------------------------------------------------------------------------- */

static inline void lf_move_slot(struct lf_slot *s, struct lf_table *to, bool zero)
{
    const uint64_t v = a_or(&s->value, LF_FROZEN, acq_rel); /* [value>] [>value] */
    if (!(v & LF_VALUE))
        return;
    const uint64_t key = zero ? 0 : a_load(&s->key, relaxed);
    bool claimed;
    struct lf_slot *const d = lf_claim(to, key, SIZE_MAX, &claimed);
    uint64_t empty = LF_EMPTY;
    if (claimed)
        a_add(&to->claimed, 1, relaxed);
    a_cas(&d->value, &empty, v & ~LF_FROZEN, release, relaxed); /* [value>] */
}

static inline void lf_move_chunk(struct lf_table *t, struct lf_table *to, size_t chunk)
{
    const size_t first = chunk * LF_CHUNK,
                 end = first + LF_CHUNK < t->mask + 1 ? first + LF_CHUNK : t->mask + 1;
    for (size_t i = first; i < end; i++)
        lf_move_slot(&t->slot[i], to, false);
    if (end == t->mask + 1)
        lf_move_slot(&t->zero, to, true);
    a_store(&t->moved[chunk], 1, release); /* [moved>] */
}

/* The table into which t is moved; made if there is none. NULL: no memory. */
static inline struct lf_table *lf_next(struct map_lockfree *m, struct lf_table *t)
{
    struct lf_table *next = a_load(&t->next, acquire); /* [>made] */
    if (next)
        return next;
    uint32_t nobody = 0;
    if (!a_cas(&t->making, &nobody, 1, relaxed, relaxed))
        for (unsigned spins = 0, i = 0; i < LF_PATIENCE; i++) { /* one is enough, but not needed */
            if ((next = a_load(&t->next, acquire)))             /* [>made] */
                return next;
            q_relax(&spins);
        }
    size_t there = 0;
    for (size_t i = 0; i <= t->mask; i++)
        there += (a_load(&t->slot[i].value, relaxed) & LF_VALUE) != 0;
    struct lf_table *const mine =
        lf_table_make(&m->memory, there > (t->mask + 1) / 8 * 3 ? 2 * (t->mask + 1) : t->mask + 1);
    if (!mine)
        return a_load(&t->next, acquire);               /* [>made] */
    if (a_cas(&t->next, &next, mine, acq_rel, acquire)) /* [made>] [>made] */
        return mine;
    lf_table_free(&m->memory, mine);
    return next;
}

/* Moves all of t that is not yet moved, and makes its next table the root. False: no memory. */
static __attribute__((noinline)) bool lf_move(struct map_lockfree *m, struct map_lockfree_handle *h,
                                              struct lf_table *t)
{
    struct lf_table *const to = lf_next(m, t);
    if (!to)
        return false;
    for (size_t i; (i = a_add(&t->chunk, 1, relaxed)) < t->chunks;)
        lf_move_chunk(t, to, i);
    for (size_t i = 0; i < t->chunks; i++)  /* those of threads that are late: not waited for */
        if (!a_load(&t->moved[i], acquire)) /* [>moved] */
            lf_move_chunk(t, to, i);
    struct lf_table *seen = t;
    if (a_cas(&m->root, &seen, to, release, relaxed)) { /* [root>] */
        struct q_retired *const back = q_retire(&h->guard, &m->reclaim, &t->retired);
        h->waits = true;
        lf_table_free_all(&m->memory, back);
    }
    return true;
}

/* A handle's claims, told in batches; who finds the table too full moves it. */
static __attribute__((noinline)) void lf_tell(struct map_lockfree *m, struct map_lockfree_handle *h,
                                              struct lf_table *t)
{
    if (h->waits) { /* was the last table freed meanwhile? */
        struct q_record *const r = h->guard.record;
        lf_table_free_all(&m->memory, q_reclaim_scan(&m->reclaim, r));
        h->waits = r->retired || r->limbo[0].chain || r->limbo[1].chain;
    }
    const size_t claimed = a_add(&t->claimed, h->claims, relaxed) + h->claims;
    h->claims = 0;
    if (claimed > lf_room(t) && !a_load(&t->making, relaxed))
        (void)lf_move(m, h, t); /* no memory: it is not full yet */
}

static inline void lf_claimed(struct map_lockfree *m, struct map_lockfree_handle *h,
                              struct lf_table *t)
{
    if (h->claims_of != t) {
        h->claims_of = t;
        h->claims = 0;
    }
    if (++h->claims * (size_t)256 >= t->mask + 1 || h->claims == LF_BATCH)
        lf_tell(m, h, t);
}

/* ---- the interface ------------------------------------------------------------------------- */

static inline int map_lockfree_init(struct map_lockfree *m, const struct map_config *cfg)
{
    if (cfg->capacity > SIZE_MAX / 256)
        return EINVAL;
    q_memory_init(&m->memory, &(struct q_config){.alloc_fails_at = cfg->alloc_fails_at});
    q_reclaim_init(&m->reclaim, &m->memory, 1);
    tally_init(&m->size);
    const size_t slots = q_round_up(cfg->capacity + cfg->capacity / 3 + 1, MAP_LOCKFREE_LEAST);
    struct lf_table *const t = lf_table_make(&m->memory, slots);
    a_init(&m->root, t);
    return t ? 0 : ENOMEM;
}

static inline void map_lockfree_destroy(struct map_lockfree *m)
{
    struct lf_table *const t = a_load(&m->root, relaxed), *const next = a_load(&t->next, relaxed);
    if (next) /* made, but the moving was given up: there was no memory for a guard */
        lf_table_free(&m->memory, next);
    lf_table_free(&m->memory, t);
    lf_table_free_all(&m->memory, q_reclaim_destroy(&m->reclaim));
    tally_destroy(&m->size, &m->memory);
}

static inline int map_lockfree_attach(struct map_lockfree *m, struct map_lockfree_handle *h)
{
    *h = (struct map_lockfree_handle){.size = tally_attach(&m->size, &m->memory)};
    if (!h->size)
        return ENOMEM;
    const int error = q_guard_attach(&h->guard, &m->reclaim);
    if (error)
        tally_detach(h->size);
    return error;
}

static inline void map_lockfree_detach(struct map_lockfree *m, struct map_lockfree_handle *h)
{
    lf_table_free_all(&m->memory, q_guard_detach(&h->guard, &m->reclaim));
    tally_detach(h->size);
}

static inline q_hot enum map_status map_lockfree_find(struct map_lockfree *m,
                                                      struct map_lockfree_handle *h, uint64_t key,
                                                      uint64_t *value)
{
    q_enter(&h->guard, &m->reclaim);
    const struct lf_slot *const s = lf_look(a_load(&m->root, acquire), key); /* [>root] */
    const uint64_t v = s ? a_load(&s->value, acquire) : LF_EMPTY;            /* [>value] */
    q_leave(&h->guard);
    *value = v & MAP_VALUE_MAX;
    return v & LF_VALUE ? MAP_OK : MAP_ABSENT;
}

/* The key's slot in the table that is root, for a change: *seen is not frozen. NULL: `claim` is
 * false and the key was never there; or no memory. *table: where a slot was claimed for it, if so. */
static inline q_hot struct lf_slot *lf_slot_for(struct map_lockfree *m,
                                                struct map_lockfree_handle *h, uint64_t key,
                                                bool claim, uint64_t *seen, struct lf_table **table)
{
    for (;;) {
        struct lf_table *const t = a_load(&m->root, acquire); /* [>root] */
        bool claimed = false;
        struct lf_slot *const s =
            claim ? lf_claim(t, key, (size_t)MAP_LOCKFREE_FAR * LF_LINE, &claimed)
                  : lf_look(t, key);
        if (claimed)
            *table = t;
        if (s) {
            *seen = a_load(&s->value, acquire); /* [>value] */
            if (!(*seen & LF_FROZEN))
                return s;
        } else if (!claim) {
            return NULL;
        }
        if (!lf_move(m, h, t))
            return NULL;
    }
}

static inline q_hot enum map_status map_lockfree_insert(struct map_lockfree *m,
                                                        struct map_lockfree_handle *h, uint64_t key,
                                                        uint64_t value)
{
    assert(value <= MAP_VALUE_MAX);
    enum map_status status = MAP_NOMEM;
    struct lf_table *table = NULL;
    uint64_t seen;
    q_enter(&h->guard, &m->reclaim);
    for (struct lf_slot *s; (s = lf_slot_for(m, h, key, true, &seen, &table));) {
        if (seen & LF_VALUE)
            status = MAP_PRESENT;
        else if (a_cas(&s->value, &seen, LF_VALUE | value, acq_rel,
                       relaxed)) /* [value>] [>value] */
            status = MAP_OK;
        else
            continue;
        break;
    }
    if (status == MAP_OK)
        tally_add(h->size, 1);
    if (__builtin_expect(table != NULL, 0))
        lf_claimed(m, h, table);
    q_leave(&h->guard);
    return status;
}

static inline q_hot enum map_status map_lockfree_add(struct map_lockfree *m,
                                                     struct map_lockfree_handle *h, uint64_t key,
                                                     uint64_t n, uint64_t *before)
{
    enum map_status status = MAP_NOMEM;
    struct lf_table *table = NULL;
    uint64_t seen;
    *before = 0;
    q_enter(&h->guard, &m->reclaim);
    for (struct lf_slot *s; (s = lf_slot_for(m, h, key, true, &seen, &table));) {
        const uint64_t had = seen & LF_VALUE ? seen & MAP_VALUE_MAX : 0;
        const uint64_t now = LF_VALUE | ((had + n) & MAP_VALUE_MAX);
        const bool there = seen & LF_VALUE;
        if (!a_cas(&s->value, &seen, now, acq_rel, relaxed)) /* [value>] [>value] */
            continue;
        *before = had;
        status = there ? MAP_OK : MAP_ABSENT;
        break;
    }
    if (status == MAP_ABSENT)
        tally_add(h->size, 1);
    if (__builtin_expect(table != NULL, 0))
        lf_claimed(m, h, table);
    q_leave(&h->guard);
    return status;
}

static inline q_hot enum map_status map_lockfree_remove(struct map_lockfree *m,
                                                        struct map_lockfree_handle *h, uint64_t key,
                                                        uint64_t *value)
{
    enum map_status status = MAP_ABSENT;
    struct lf_table *table = NULL; /* stays so: nothing is claimed */
    uint64_t seen;
    *value = 0;
    q_enter(&h->guard, &m->reclaim);
    for (struct lf_slot *s; (s = lf_slot_for(m, h, key, false, &seen, &table));) {
        if (!(seen & LF_VALUE))
            break;
        if (!a_cas(&s->value, &seen, LF_GONE, acq_rel, relaxed)) /* [value>] [>value] */
            continue;
        *value = seen & MAP_VALUE_MAX;
        status = MAP_OK;
        tally_add(h->size, (uint64_t)-1);
        break;
    }
    q_leave(&h->guard);
    return status;
}

static inline size_t map_lockfree_size(struct map_lockfree *m) { return tally_size(&m->size); }

static inline size_t map_lockfree_each(struct map_lockfree *m, struct map_lockfree_handle *h,
                                       map_visit *visit, void *context)
{
    size_t n = 0;
    q_enter(&h->guard, &m->reclaim);
    struct lf_table *const t = a_load(&m->root, acquire); /* [>root] */
    for (size_t i = 0; i <= t->mask + 1; i++) {
        const struct lf_slot *const s = i > t->mask ? &t->zero : &t->slot[i];
        const uint64_t v = a_load(&s->value, acquire); /* [>value] */
        if (v & LF_VALUE) {
            visit(context, a_load(&s->key, relaxed), v & MAP_VALUE_MAX);
            n++;
        }
    }
    q_leave(&h->guard);
    return n;
}

/* As in a thread that is stopped in the middle of a find (driver.h), until q_leave of its guard. */
#define MAP_STOPS 1
static inline void map_lockfree_stop(struct map_lockfree *m, struct map_lockfree_handle *h)
{
    q_enter(&h->guard, &m->reclaim);
}

static inline struct q_bytes map_lockfree_bytes(const struct map_lockfree *m)
{
    return q_memory_bytes(&m->memory, sizeof *m);
}

#endif
