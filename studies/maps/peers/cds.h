/* cds.h: MichaelHashMap of libcds (Khizhinsky): a fixed number of buckets, each of them a sorted list
 * after Michael 2002, reclaimed by hazard pointers: what the document describes, by other people.
 *
 * libcds wants to know its threads: each is announced at its first attach and leaves when it ends. */
#include "studies/maps/peers/peer.h"

#include "queues/peers/cds_library.h"

#include <cds/container/michael_kvlist_hp.h>
#include <cds/container/michael_map.h>

namespace
{

struct cds_less {
    int operator()(uint64_t a, uint64_t b) const { return a < b ? -1 : a > b; }
};
struct cds_list_traits : cds::container::michael_list::traits {
    using compare = cds_less;
};
struct cds_hash {
    size_t operator()(uint64_t key) const { return map_hash(key); }
};
struct cds_map_traits : cds::container::michael_map::traits {
    using hash = cds_hash;
};
using cds_map = cds::container::MichaelHashMap<
    cds::gc::HP, cds::container::MichaelKVList<cds::gc::HP, uint64_t, uint64_t, cds_list_traits>,
    cds_map_traits>;

struct peer {
    cds_map *map;
};
struct peer_handle {
    char none;
};

const struct map_traits peer_traits = {
    PEER_NAME,
    "list",
    "MichaelHashMap: sorted lists, hazard pointers",
    "Michael 2002; libcds",
    Q_LOCK_FREE,
    Q_LOCK_FREE,
    false,
    false,
    false,
    MAP_PEER,
};

inline int peer_init(struct peer *m, const struct map_config *cfg)
{
    cds_announce();
    try {
        m->map = new cds_map(cfg->capacity ? cfg->capacity : 1, 1);
        return 0;
    } catch (const std::bad_alloc &) {
        return ENOMEM;
    }
}
inline void peer_destroy(struct peer *m)
{
    cds_announce();
    delete m->map;
}
inline int peer_attach(struct peer *, struct peer_handle *)
{
    cds_announce();
    return 0;
}
inline void peer_detach(struct peer *, struct peer_handle *) {}

inline enum map_status peer_find(struct peer *m, struct peer_handle *, uint64_t key,
                                 uint64_t *value)
{
    return m->map->find(key, [value](cds_map::value_type &item) { *value = item.second; })
               ? MAP_OK
               : MAP_ABSENT;
}

inline enum map_status peer_insert(struct peer *m, struct peer_handle *, uint64_t key,
                                   uint64_t value)
{
    try {
        return m->map->insert(key, value) ? MAP_OK : MAP_PRESENT;
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
