/* map_rwlock.h: one table under one lock that readers share.
 *
 * Blocking: a thread stopped inside the lock stops all that change something, or all.
 *
 * Edges   none of its own: the lock carries everything. */
#ifndef STUDIES_MAPS_MAP_RWLOCK_H
#define STUDIES_MAPS_MAP_RWLOCK_H

#include <pthread.h>

#include "studies/maps/plain_table.h"

struct map_rwlock {
    alignas(Q_LINE) pthread_rwlock_t lock; /* of the table */
    struct plain_table table;
    struct q_memory memory;
};
struct map_rwlock_handle {
    char none;
};

static const struct map_traits map_rwlock_traits = {
    .name = "map_rwlock",
    .family = "lock",
    .summary = "one table under one readers-writer lock",
    .source = "textbook",
    .find = Q_BLOCKING,
    .change = Q_BLOCKING,
    .grows = true,
};

static inline int map_rwlock_init(struct map_rwlock *m, const struct map_config *cfg)
{
    q_memory_init(&m->memory, &(struct q_config){.alloc_fails_at = cfg->alloc_fails_at});
    pthread_rwlock_init(&m->lock, NULL); /* on Linux it cannot fail */
    return plain_table_init(&m->table, &m->memory, cfg->capacity);
}

static inline void map_rwlock_destroy(struct map_rwlock *m)
{
    plain_table_destroy(&m->table, &m->memory);
    pthread_rwlock_destroy(&m->lock);
}

static inline int map_rwlock_attach(struct map_rwlock *m, struct map_rwlock_handle *h)
{
    (void)m, (void)h;
    return 0;
}

static inline void map_rwlock_detach(struct map_rwlock *m, struct map_rwlock_handle *h)
{
    (void)m, (void)h;
}

static inline enum map_status map_rwlock_find(struct map_rwlock *m, struct map_rwlock_handle *h,
                                              uint64_t key, uint64_t *value)
{
    (void)h;
    pthread_rwlock_rdlock(&m->lock);
    const enum map_status s = plain_table_find(&m->table, map_hash(key), key, value);
    pthread_rwlock_unlock(&m->lock);
    return s;
}

static inline enum map_status map_rwlock_insert(struct map_rwlock *m, struct map_rwlock_handle *h,
                                                uint64_t key, uint64_t value)
{
    (void)h;
    pthread_rwlock_wrlock(&m->lock);
    const enum map_status s = plain_table_insert(&m->table, &m->memory, map_hash(key), key, value);
    pthread_rwlock_unlock(&m->lock);
    return s;
}

static inline enum map_status map_rwlock_remove(struct map_rwlock *m, struct map_rwlock_handle *h,
                                                uint64_t key, uint64_t *value)
{
    (void)h;
    pthread_rwlock_wrlock(&m->lock);
    const enum map_status s = plain_table_remove(&m->table, map_hash(key), key, value);
    pthread_rwlock_unlock(&m->lock);
    return s;
}

static inline enum map_status map_rwlock_add(struct map_rwlock *m, struct map_rwlock_handle *h,
                                             uint64_t key, uint64_t n, uint64_t *before)
{
    (void)h;
    pthread_rwlock_wrlock(&m->lock);
    const enum map_status s = plain_table_add(&m->table, &m->memory, map_hash(key), key, n, before);
    pthread_rwlock_unlock(&m->lock);
    return s;
}

static inline size_t map_rwlock_size(struct map_rwlock *m)
{
    pthread_rwlock_rdlock(&m->lock);
    const size_t n = m->table.size;
    pthread_rwlock_unlock(&m->lock);
    return n;
}

static inline size_t map_rwlock_each(struct map_rwlock *m, struct map_rwlock_handle *h,
                                     map_visit *visit, void *context)
{
    (void)h;
    pthread_rwlock_rdlock(&m->lock);
    const size_t n = plain_table_each(&m->table, visit, context);
    pthread_rwlock_unlock(&m->lock);
    return n;
}

static inline struct q_bytes map_rwlock_bytes(const struct map_rwlock *m)
{
    return q_memory_bytes(&m->memory, sizeof *m);
}

#endif
