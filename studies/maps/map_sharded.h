/* map_sharded.h: 64 tables, each under its own lock: what striping makes of one table under one lock.
 *
 *   top six bits of the hash ─► [ lock, table ][ lock, table ] ... 64 of them, a line or two apart
 *
 * As in java.util.concurrent's first ConcurrentHashMap (Lea 2004) and DashMap. A shard grows by
 * itself, while the other 63 work on.
 *
 * Blocking: a thread stopped inside a lock stops those who want that shard.
 *
 * Edges   none of its own: the locks carry everything. */
#ifndef STUDIES_MAPS_MAP_SHARDED_H
#define STUDIES_MAPS_MAP_SHARDED_H

#include <pthread.h>

#include "studies/maps/plain_table.h"

enum { MAP_SHARD_BITS = 6, MAP_SHARDS = 1 << MAP_SHARD_BITS };

struct map_sharded {
    struct map_shard {
        alignas(Q_LINE) pthread_mutex_t lock; /* of the table */
        struct plain_table table;
    } shard[MAP_SHARDS];
    struct q_memory memory;
};
struct map_sharded_handle {
    char none;
};

static const struct map_traits map_sharded_traits = {
    .name = "map_sharded",
    .family = "lock",
    .summary = "64 tables, each under its own lock",
    .source = "Lea, java.util.concurrent.ConcurrentHashMap, 2004: lock striping",
    .find = Q_BLOCKING,
    .change = Q_BLOCKING,
    .grows = true,
};

static inline void map_sharded_destroy(struct map_sharded *m)
{
    for (unsigned i = 0; i < MAP_SHARDS; i++) {
        if (m->shard[i].table.slot)
            plain_table_destroy(&m->shard[i].table, &m->memory);
        pthread_mutex_destroy(&m->shard[i].lock);
    }
}

static inline int map_sharded_init(struct map_sharded *m, const struct map_config *cfg)
{
    int error = 0;
    q_memory_init(&m->memory, &(struct q_config){.alloc_fails_at = cfg->alloc_fails_at});
    for (unsigned i = 0; i < MAP_SHARDS; i++) {
        struct map_shard *const s = &m->shard[i];
        pthread_mutex_init(&s->lock, NULL);
        s->table.slot = NULL;
        if (!error)
            error = plain_table_init(&s->table, &m->memory, cfg->capacity / MAP_SHARDS);
    }
    if (error)
        map_sharded_destroy(m);
    return error;
}

static inline int map_sharded_attach(struct map_sharded *m, struct map_sharded_handle *h)
{
    (void)m, (void)h;
    return 0;
}

static inline void map_sharded_detach(struct map_sharded *m, struct map_sharded_handle *h)
{
    (void)m, (void)h;
}

/* The key's shard, locked. */
static inline struct map_shard *map_sharded_lock(struct map_sharded *m, uint64_t hash)
{
    struct map_shard *const s = &m->shard[hash >> (64 - MAP_SHARD_BITS)];
    pthread_mutex_lock(&s->lock);
    return s;
}

static inline enum map_status map_sharded_find(struct map_sharded *m, struct map_sharded_handle *h,
                                               uint64_t key, uint64_t *value)
{
    (void)h;
    const uint64_t hash = map_hash(key);
    struct map_shard *const s = map_sharded_lock(m, hash);
    const enum map_status status = plain_table_find(&s->table, hash, key, value);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static inline enum map_status map_sharded_insert(struct map_sharded *m,
                                                 struct map_sharded_handle *h, uint64_t key,
                                                 uint64_t value)
{
    (void)h;
    const uint64_t hash = map_hash(key);
    struct map_shard *const s = map_sharded_lock(m, hash);
    const enum map_status status = plain_table_insert(&s->table, &m->memory, hash, key, value);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static inline enum map_status map_sharded_remove(struct map_sharded *m,
                                                 struct map_sharded_handle *h, uint64_t key,
                                                 uint64_t *value)
{
    (void)h;
    const uint64_t hash = map_hash(key);
    struct map_shard *const s = map_sharded_lock(m, hash);
    const enum map_status status = plain_table_remove(&s->table, hash, key, value);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static inline enum map_status map_sharded_add(struct map_sharded *m, struct map_sharded_handle *h,
                                              uint64_t key, uint64_t n, uint64_t *before)
{
    (void)h;
    const uint64_t hash = map_hash(key);
    struct map_shard *const s = map_sharded_lock(m, hash);
    const enum map_status status = plain_table_add(&s->table, &m->memory, hash, key, n, before);
    pthread_mutex_unlock(&s->lock);
    return status;
}

static inline size_t map_sharded_size(struct map_sharded *m)
{
    size_t n = 0;
    for (unsigned i = 0; i < MAP_SHARDS; i++) {
        pthread_mutex_lock(&m->shard[i].lock);
        n += m->shard[i].table.size;
        pthread_mutex_unlock(&m->shard[i].lock);
    }
    return n;
}

static inline size_t map_sharded_each(struct map_sharded *m, struct map_sharded_handle *h,
                                      map_visit *visit, void *context)
{
    (void)h;
    size_t n = 0;
    for (unsigned i = 0; i < MAP_SHARDS; i++) {
        pthread_mutex_lock(&m->shard[i].lock);
        n += plain_table_each(&m->shard[i].table, visit, context);
        pthread_mutex_unlock(&m->shard[i].lock);
    }
    return n;
}

static inline struct q_bytes map_sharded_bytes(const struct map_sharded *m)
{
    return q_memory_bytes(&m->memory, sizeof *m);
}

#endif
