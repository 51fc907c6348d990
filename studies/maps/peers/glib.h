/* glib.h: GLib's GHashTable, which is for one thread at a time, under a mutex: what many a program
 * does. Keys and values are in the pointers. Its calls are not inline. GLib ends the program when
 * there is no memory. */
#include "studies/maps/peers/peer.h"

#include <glib.h>
#include <pthread.h>
#include <stdalign.h>

struct peer {
    alignas(Q_LINE) pthread_mutex_t lock;
    GHashTable *table;
};
struct peer_handle {
    char none;
};

static const struct map_traits peer_traits = {
    .name = PEER_NAME,
    .family = "lock",
    .summary = "GHashTable under one mutex",
    .source = "GLib",
    .find = Q_BLOCKING,
    .change = Q_BLOCKING,
    .grows = true,
    .peer = MAP_PEER,
};

static guint peer_hash(gconstpointer key) { return (guint)map_hash((uint64_t)(uintptr_t)key); }

static inline int peer_init(struct peer *m, const struct map_config *cfg)
{
    (void)cfg;
    pthread_mutex_init(&m->lock, NULL);
    m->table = g_hash_table_new(peer_hash, NULL);
    return 0;
}

static inline void peer_destroy(struct peer *m)
{
    g_hash_table_destroy(m->table);
    pthread_mutex_destroy(&m->lock);
}

static inline int peer_attach(struct peer *m, struct peer_handle *h)
{
    (void)m, (void)h;
    return 0;
}
static inline void peer_detach(struct peer *m, struct peer_handle *h) { (void)m, (void)h; }

static inline enum map_status peer_find(struct peer *m, struct peer_handle *h, uint64_t key,
                                        uint64_t *value)
{
    gpointer found = NULL;
    (void)h;
    pthread_mutex_lock(&m->lock);
    const bool there =
        g_hash_table_lookup_extended(m->table, (gpointer)(uintptr_t)key, NULL, &found);
    pthread_mutex_unlock(&m->lock);
    *value = (uint64_t)(uintptr_t)found;
    return there ? MAP_OK : MAP_ABSENT;
}

static inline enum map_status peer_insert(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t value)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const bool there = g_hash_table_contains(m->table, (gpointer)(uintptr_t)key);
    if (!there)
        g_hash_table_insert(m->table, (gpointer)(uintptr_t)key, (gpointer)(uintptr_t)value);
    pthread_mutex_unlock(&m->lock);
    return there ? MAP_PRESENT : MAP_OK;
}

static inline enum map_status peer_remove(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t *value)
{
    (void)h;
    pthread_mutex_lock(&m->lock);
    const bool there = g_hash_table_remove(m->table, (gpointer)(uintptr_t)key);
    pthread_mutex_unlock(&m->lock);
    *value = 0;
    return there ? MAP_OK : MAP_ABSENT;
}
