/* ck.h: ck_ht of Concurrency Kit (Al Bahra): open addressing, one writer beside any readers, who wait
 * for nobody. Here writers take turns behind a lock. Its calls are not inline. Tables that it has
 * outgrown are kept until the map is destroyed: when no reader is in them it leaves to its user.
 *
 * Condition  an insert looks first whether the key is there. ck_ht_put_spmc alone, which promises
 *   that, puts keys in twice once others were removed (0.7.1, one thread): it takes the first free
 *   place on the way and does not look further. */
#include "studies/maps/peers/peer.h"

#include <ck_ht.h>
#include <pthread.h>
#include <stdalign.h>

struct peer_old {
    struct peer_old *below;
};
struct peer {
    alignas(Q_LINE) ck_ht_t table;
    alignas(Q_LINE) pthread_mutex_t lock; /* of writers */
};
struct peer_handle {
    char none;
};

static const struct map_traits peer_traits = {
    .name = PEER_NAME,
    .family = "table",
    .summary = "ck_ht: open addressing, finds without locks, one writer",
    .source = "Al Bahra, Concurrency Kit",
    .find = Q_LOCK_FREE,
    .change = Q_BLOCKING,
    .grows = true,
    .one_writer = true,
    .peer = MAP_PEER,
};

static struct peer_old *peer_outgrown; /* of all maps of this process; under the writers' locks */

static void *peer_alloc(size_t bytes)
{
    struct peer_old *const p = (struct peer_old *)malloc(bytes + CK_MD_CACHELINE);
    return p ? (char *)p + CK_MD_CACHELINE : NULL;
}
static void peer_give(void *p, size_t bytes, bool defer)
{
    (void)bytes;
    if (!p)
        return;
    struct peer_old *const old = (struct peer_old *)((char *)p - CK_MD_CACHELINE);
    if (!defer) {
        free(old);
        return;
    }
    old->below = peer_outgrown;
    peer_outgrown = old;
}
static struct ck_malloc peer_malloc = {.malloc = peer_alloc, .free = peer_give};

static void peer_hash(struct ck_ht_hash *h, const void *key, size_t length, uint64_t seed)
{
    (void)length, (void)seed;
    h->value = map_hash(*(const uint64_t *)key);
}

static inline int peer_init(struct peer *m, const struct map_config *cfg)
{
    pthread_mutex_init(&m->lock, NULL);
    return ck_ht_init(&m->table, CK_HT_MODE_DIRECT | CK_HT_WORKLOAD_DELETE, peer_hash, &peer_malloc,
                      cfg->capacity ? cfg->capacity : 8, 1)
               ? 0
               : ENOMEM;
}

static inline void peer_destroy(struct peer *m)
{
    ck_ht_destroy(&m->table);
    pthread_mutex_destroy(&m->lock);
    while (peer_outgrown) {
        struct peer_old *const below = peer_outgrown->below;
        free(peer_outgrown);
        peer_outgrown = below;
    }
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
    ck_ht_hash_t hash;
    ck_ht_entry_t entry;
    (void)h;
    ck_ht_hash_direct(&hash, &m->table, key);
    ck_ht_entry_key_set_direct(&entry, key);
    if (!ck_ht_get_spmc(&m->table, hash, &entry))
        return MAP_ABSENT;
    *value = ck_ht_entry_value_direct(&entry);
    return MAP_OK;
}

static inline enum map_status peer_insert(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t value)
{
    ck_ht_hash_t hash;
    ck_ht_entry_t entry, there;
    (void)h;
    ck_ht_hash_direct(&hash, &m->table, key);
    ck_ht_entry_key_set_direct(&there, key);
    ck_ht_entry_set_direct(&entry, hash, key, value);
    pthread_mutex_lock(&m->lock);
    const bool present = ck_ht_get_spmc(&m->table, hash, &there);
    const bool put = !present && ck_ht_put_spmc(&m->table, hash, &entry);
    pthread_mutex_unlock(&m->lock);
    return put ? MAP_OK : present ? MAP_PRESENT : MAP_NOMEM;
}

static inline enum map_status peer_remove(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t *value)
{
    ck_ht_hash_t hash;
    ck_ht_entry_t entry;
    (void)h;
    ck_ht_hash_direct(&hash, &m->table, key);
    ck_ht_entry_key_set_direct(&entry, key);
    pthread_mutex_lock(&m->lock);
    const bool gone = ck_ht_remove_spmc(&m->table, hash, &entry);
    pthread_mutex_unlock(&m->lock);
    *value = gone ? ck_ht_entry_value_direct(&entry) : 0;
    return gone ? MAP_OK : MAP_ABSENT;
}
