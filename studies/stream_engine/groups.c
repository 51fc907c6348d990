/* groups.c: see groups.h. */
#include "studies/stream_engine/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- one group --------------------------------------------------------------------------------- */

static struct group *group_make(struct store *s, const struct update *u)
{
    const size_t bytes = sizeof(struct group) + s->rows * sizeof(int64_t), key = strlen(u->key) + 1;
    struct group *const g = aligned_alloc(alignof(struct group), (bytes + key + 63) & ~(size_t)63);
    if (!g)
        return NULL;
    memset(g, 0, bytes);
    memcpy((char *)g + bytes, u->key, key);
    g->key = (char *)g + bytes;
    g->same = u->lasting ? u->key : NULL;
    g->hash = u->hash;
    g->number = u->group;
    g->rows = s->rows;
    pthread_mutex_init(&g->lock, NULL);
    a_init(&g->chain, NULL);
    a_init(&g->count, 0);
    a_init(&g->sum, 0);
    a_init(&g->least, INT64_MAX);
    a_init(&g->most, INT64_MIN);
    return g;
}

static void group_free(struct group *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    free(g);
}

void groups_free(struct group *g)
{
    while (g) {
        struct group *const next = g->made;
        group_free(g);
        g = next;
    }
}

struct update group_all(const struct group *g)
{
    return (struct update){.hash = g->hash,
                           .key = g->key,
                           .group = g->number,
                           .count = a_load(&g->count, relaxed),
                           .sum = a_load(&g->sum, relaxed),
                           .least = a_load(&g->least, relaxed),
                           .most = a_load(&g->most, relaxed)};
}

/* Who may be the only one to change it. */
static inline void group_change(struct group *g, const struct update *u, struct change *c)
{
    const uint64_t before = a_load(&g->count, relaxed);
    const int64_t sum = a_load(&g->sum, relaxed) + u->sum;
    *c = (struct change){.before = before, .count = before + u->count, .sum = sum};
    a_store(&g->count, before + u->count, relaxed);
    a_store(&g->sum, sum, relaxed);
    if (u->least < a_load(&g->least, relaxed))
        a_store(&g->least, u->least, relaxed);
    if (u->most > a_load(&g->most, relaxed))
        a_store(&g->most, u->most, relaxed);
    if (g->rows) {
        int64_t *const row = &g->row[g->at];
        g->at = g->at + 1 == g->rows ? 0 : g->at + 1;
        g->rows_sum += u->sum - *row;
        *row = u->sum;
        c->rows_sum = g->rows_sum;
        c->overtaken = u->order < g->last;
        if (!c->overtaken)
            g->last = u->order;
    }
}

/* Each field by itself: whoever looks meanwhile may see some of them changed and others not yet. */
static inline void group_change_atomic(struct group *g, const struct update *u, struct change *c)
{
    int64_t seen = a_load(&g->least, relaxed);
    while (u->least < seen && !a_cas_weak(&g->least, &seen, u->least, relaxed, relaxed))
        ;
    seen = a_load(&g->most, relaxed);
    while (u->most > seen && !a_cas_weak(&g->most, &seen, u->most, relaxed, relaxed))
        ;
    c->sum = a_add(&g->sum, u->sum, relaxed) + u->sum;
    c->before = a_add(&g->count, u->count, relaxed);
    c->count = c->before + u->count;
    c->rows_sum = 0;
    c->overtaken = false;
}

/* ---- a chain ------------------------------------------------------------------------------------ */

static inline bool is_of(const struct group *g, const struct update *u)
{
    return (u->lasting && g->same == u->key) || strcmp(g->key, u->key) == 0;
}

static inline struct group *group_in(struct group *g, const struct update *u)
{
    while (g && !is_of(g, u))
        g = a_load(&g->chain, acquire); /* [>chained] */
    return g;
}

static void note_made(struct store *s, struct group *g)
{
    g->made = a_load(&s->made, relaxed);
    while (!a_cas_weak(&s->made, &g->made, g, relaxed, relaxed))
        ; /* read when all is over */
}

/* Its group, put behind the first of its hash if it is not there; any number may do so at once. */
static struct group *group_behind(struct store *s, struct group *first, const struct update *u)
{
    struct group *g = group_in(first, u), *mine = NULL;
    while (!g) {
        if (!mine && !(mine = group_make(s, u)))
            return NULL;
        struct group *second = a_load(&first->chain, acquire); /* [>chained] */
        if ((g = group_in(second, u)) != NULL)
            break;
        a_store(&mine->chain, second, relaxed);
        if (a_cas(&first->chain, &second, mine, release, relaxed)) { /* [chained>] */
            note_made(s, mine);
            return mine;
        }
    }
    if (mine && g != mine)
        group_free(mine);
    return g;
}

static inline struct group *group_of(uint64_t value) { return (struct group *)(uintptr_t)value; }
static inline uint64_t value_of(const struct group *g) { return (uint64_t)(uintptr_t)g; }

/* ---- under the lock of a table -------------------------------------------------------------------- */

static inline bool table_update(struct store *s, struct plain_table *t, struct q_memory *memory,
                                uint64_t hash, const struct update *u, struct change *c)
{
    struct plain_slot *const at = plain_table_at(t, hash, u->hash);
    struct group *g;
    if (at->value) {
        g = group_of(at->value & ~PLAIN_USED);
        if (!is_of(g, u) && !(g = group_behind(s, g, u)))
            return false;
    } else {
        if (!(g = group_make(s, u)))
            return false;
        if (plain_table_put(t, memory, at, hash, u->hash, value_of(g)) != MAP_OK) {
            group_free(g);
            return false;
        }
        note_made(s, g);
    }
    group_change(g, u, c);
    return true;
}

/* ---- DashMap ------------------------------------------------------------------------------------ */

bool store_has_dashmap(void) { return map_driver_named("dashmap") != NULL; }

struct dashmap_change {
    struct store *store;
    const struct update *u;
    struct change *c;
    bool done;
};

/* Under the guard of its shard; a value of 0 is one that was not there. */
static void change_in_dashmap(void *context, uint64_t *value)
{
    struct dashmap_change *const d = context;
    struct group *g =
        *value ? group_behind(d->store, group_of(*value), d->u) : group_make(d->store, d->u);
    if (!g)
        return;
    if (!*value) {
        *value = value_of(g);
        note_made(d->store, g);
    }
    group_change(g, d->u, d->c);
    d->done = true;
}

/* ---- a map without locks -------------------------------------------------------------------------- */

static struct group *find_or_make(struct store *s, struct store_handle *h, const struct update *u)
{
    uint64_t value;
    while (map_lockfree_find(&s->map.lockfree, &h->lockfree, u->hash, &value) != MAP_OK) {
        struct group *const g = group_make(s, u);
        const enum map_status status =
            g ? map_lockfree_insert(&s->map.lockfree, &h->lockfree, u->hash, value_of(g))
              : MAP_NOMEM;
        if (status == MAP_OK) {
            note_made(s, g);
            return g;
        }
        group_free(g);
        if (status == MAP_NOMEM)
            return NULL;
    }
    return group_behind(s, group_of(value), u);
}

/* ---- the store ----------------------------------------------------------------------------------- */

bool store_update(struct store *s, struct store_handle *h, const struct update *u, struct change *c)
{
    const uint64_t hash = map_hash(u->hash);
    switch (s->kind) {
    case STORE_PLAIN:
        return table_update(s, &s->map.plain.table, &s->map.plain.memory, hash, u, c);
    case STORE_SHARDED: {
        struct map_shard *const shard = map_sharded_lock(&s->map.sharded, hash);
        const bool ok = table_update(s, &shard->table, &s->map.sharded.memory, hash, u, c);
        pthread_mutex_unlock(&shard->lock);
        return ok;
    }
    case STORE_DASHMAP: {
        struct dashmap_change d = {.store = s, .u = u, .c = c};
        s->map.dashmap.driver->update(s->map.dashmap.map, NULL, u->hash, change_in_dashmap, &d);
        return d.done;
    }
    case STORE_ENTRY:
    case STORE_ATOMIC: {
        struct group *const g = find_or_make(s, h, u);
        if (!g)
            return false;
        if (s->kind == STORE_ATOMIC) {
            group_change_atomic(g, u, c);
        } else {
            pthread_mutex_lock(&g->lock);
            group_change(g, u, c);
            pthread_mutex_unlock(&g->lock);
        }
        return true;
    }
    }
    return false;
}

int store_init(struct store *s, enum store_kind kind, size_t groups, unsigned rows)
{
    const struct map_config config = {.capacity = groups};
    int error = 0;
    s->kind = kind;
    s->rows = rows;
    a_init(&s->made, NULL);
    switch (kind) {
    case STORE_PLAIN:
        q_memory_init(&s->map.plain.memory, &(struct q_config){0});
        return plain_table_init(&s->map.plain.table, &s->map.plain.memory, groups);
    case STORE_SHARDED:
        return map_sharded_init(&s->map.sharded, &config);
    case STORE_DASHMAP:
        s->map.dashmap.driver = map_driver_named("dashmap");
        if (!s->map.dashmap.driver)
            return ENOTSUP;
        s->map.dashmap.map = s->map.dashmap.driver->create(&config, &error);
        return error;
    case STORE_ENTRY:
    case STORE_ATOMIC:
        return map_lockfree_init(&s->map.lockfree, &config);
    }
    return EINVAL;
}

void store_destroy(struct store *s)
{
    groups_free(store_take(s));
    switch (s->kind) {
    case STORE_PLAIN:
        plain_table_destroy(&s->map.plain.table, &s->map.plain.memory);
        break;
    case STORE_SHARDED:
        map_sharded_destroy(&s->map.sharded);
        break;
    case STORE_DASHMAP:
        s->map.dashmap.driver->destroy(s->map.dashmap.map);
        break;
    case STORE_ENTRY:
    case STORE_ATOMIC:
        map_lockfree_destroy(&s->map.lockfree);
        break;
    }
}

int store_attach(struct store *s, struct store_handle *h)
{
    return s->kind == STORE_ENTRY || s->kind == STORE_ATOMIC
               ? map_lockfree_attach(&s->map.lockfree, &h->lockfree)
               : 0;
}

void store_detach(struct store *s, struct store_handle *h)
{
    if (s->kind == STORE_ENTRY || s->kind == STORE_ATOMIC)
        map_lockfree_detach(&s->map.lockfree, &h->lockfree);
}

struct group *store_take(struct store *s)
{
    struct group *const first = a_load(&s->made, relaxed);
    a_store(&s->made, NULL, relaxed);
    return first;
}
