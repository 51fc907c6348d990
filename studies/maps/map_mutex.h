/* map_mutex.h: one table under one lock: the traditional way of the document.
 *
 * Blocking: a thread stopped inside the lock stops all.
 *
 * Edges   none of its own: the lock carries everything. */
#ifndef STUDIES_MAPS_MAP_MUTEX_H
#define STUDIES_MAPS_MAP_MUTEX_H

#include <pthread.h>

#include "studies/maps/plain_table.h"

struct map_mutex {
    alignas(Q_LINE) pthread_mutex_t lock; /* of the table */
    struct plain_table table;
    struct q_memory memory;
};
struct map_mutex_handle {
    char none;
};

static const struct map_traits map_mutex_traits = {
    .name = "map_mutex",
    .family = "lock",
    .summary = "one table under one lock",
    .source = "textbook",
    .find = Q_BLOCKING,
    .change = Q_BLOCKING,
    .grows = true,
};

static inline int map_mutex_init(struct map_mutex *m, const struct map_config *cfg)
{
    q_memory_init(&m->memory, &(struct q_config){.alloc_fails_at = cfg->alloc_fails_at});
    pthread_mutex_init(&m->lock, NULL); /* on Linux it cannot fail */
    return plain_table_init(&m->table, &m->memory, cfg->capacity);
}

static inline void map_mutex_destroy(struct map_mutex *m)
{
    plain_table_destroy(&m->table, &m->memory);
    pthread_mutex_destroy(&m->lock);
}

static inline int map_mutex_attach(struct map_mutex *m, struct map_mutex_handle *h)
{
    (void)m, (void)h;
    return 0;
}

static inline void map_mutex_detach(struct map_mutex *m, struct map_mutex_handle *h)
{
    (void)m, (void)h;
}

static inline enum map_status map_mutex_find(struct map_mutex *m, struct map_mutex_handle *h,
                                             uint64_t key, uint64_t *value)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const enum map_status s = plain_table_find(&m->table, map_hash(key), key, value);
    pthread_mutex_unlock(&m->lock);
    return s;
}

static inline enum map_status map_mutex_insert(struct map_mutex *m, struct map_mutex_handle *h,
                                               uint64_t key, uint64_t value)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const enum map_status s = plain_table_insert(&m->table, &m->memory, map_hash(key), key, value);
    pthread_mutex_unlock(&m->lock);
    return s;
}

static inline enum map_status map_mutex_remove(struct map_mutex *m, struct map_mutex_handle *h,
                                               uint64_t key, uint64_t *value)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const enum map_status s = plain_table_remove(&m->table, map_hash(key), key, value);
    pthread_mutex_unlock(&m->lock);
    return s;
}

static inline enum map_status map_mutex_add(struct map_mutex *m, struct map_mutex_handle *h,
                                            uint64_t key, uint64_t n, uint64_t *before)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const enum map_status s = plain_table_add(&m->table, &m->memory, map_hash(key), key, n, before);
    pthread_mutex_unlock(&m->lock);
    return s;
}

static inline size_t map_mutex_size(struct map_mutex *m)
{
    pthread_mutex_lock(&m->lock);
    const size_t n = m->table.size;
    pthread_mutex_unlock(&m->lock);
    return n;
}

static inline size_t map_mutex_each(struct map_mutex *m, struct map_mutex_handle *h,
                                    map_visit *visit, void *context)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const size_t n = plain_table_each(&m->table, visit, context);
    pthread_mutex_unlock(&m->lock);
    return n;
}

static inline struct q_bytes map_mutex_bytes(const struct map_mutex *m)
{
    return q_memory_bytes(&m->memory, sizeof *m);
}

#endif
