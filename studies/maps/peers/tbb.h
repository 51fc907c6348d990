/* tbb.h: concurrent_hash_map of oneTBB: buckets with a readers-writer spin lock each, and one in each
 * element, which an accessor holds; buckets split when they are visited after a growth.
 * (Its concurrent_unordered_map, a split-ordered list, cannot erase beside other operations.) */
#include "studies/maps/peers/peer.h"

#include <new>

#include <oneapi/tbb/concurrent_hash_map.h>

namespace
{

struct tbb_hash {
    static size_t hash(uint64_t key) { return map_hash(key); }
    static bool equal(uint64_t a, uint64_t b) { return a == b; }
};
using tbb_map = tbb::concurrent_hash_map<uint64_t, uint64_t, tbb_hash>;

struct peer {
    tbb_map *map;
};
struct peer_handle {
    char none;
};

const struct map_traits peer_traits = {
    PEER_NAME, "lock",     "a readers-writer spin lock in each bucket and element",
    "oneTBB",  Q_BLOCKING, Q_BLOCKING,
    true,      false,      false,
    MAP_PEER,
};

inline int peer_init(struct peer *m, const struct map_config *cfg)
{
    try {
        m->map = new tbb_map(cfg->capacity ? cfg->capacity : 1);
        return 0;
    } catch (const std::bad_alloc &) {
        return ENOMEM;
    }
}
inline void peer_destroy(struct peer *m) { delete m->map; }
inline int peer_attach(struct peer *, struct peer_handle *) { return 0; }
inline void peer_detach(struct peer *, struct peer_handle *) {}

inline enum map_status peer_find(struct peer *m, struct peer_handle *, uint64_t key,
                                 uint64_t *value)
{
    tbb_map::const_accessor a;
    if (!m->map->find(a, key))
        return MAP_ABSENT;
    *value = a->second;
    return MAP_OK;
}

inline enum map_status peer_insert(struct peer *m, struct peer_handle *, uint64_t key,
                                   uint64_t value)
{
    try {
        return m->map->insert(std::make_pair(key, value)) ? MAP_OK : MAP_PRESENT;
    } catch (const std::bad_alloc &) {
        return MAP_NOMEM;
    }
}

inline enum map_status peer_remove(struct peer *m, struct peer_handle *, uint64_t key,
                                   uint64_t *value)
{
    *value = 0;
    return m->map->erase(key) ? MAP_OK : MAP_ABSENT;
}

} // namespace
