/* driver.h: any map behind pointers, and the loop in which it is measured. C and C++ read it.
 *
 * The loop is compiled into each map's own object (stamp.c), so that its operations are inlined
 * there; the pointers are for tests, histories and whoever is not in a hurry. */
#ifndef STUDIES_MAPS_DRIVER_H
#define STUDIES_MAPS_DRIVER_H

#include "studies/maps/traits.h"

/* What a thread is to do, drawn before the clock runs: keys of 62 bits with the operation above. */
enum map_op { MAP_FIND, MAP_INSERT, MAP_REMOVE, MAP_ADD };
enum { MAP_OP_SHIFT = 62, MAP_STOP_EVERY = 64 };

struct map_work {
    const uint64_t *op; /* op[i & mask], round and round; an insert's value is its key */
    size_t mask;
    const bool *stop; /* looked at every MAP_STOP_EVERY operations, relaxed */
    uint64_t most;    /* or so many operations, whichever is first; 0: until stop */
};
struct map_done {
    uint64_t operations, found, inserted, removed;
    uint64_t wrong; /* finds whose value was not what was inserted under this key */
    uint64_t nomem;
};

struct map_driver {
    const char *id;
    const struct map_traits *traits;
    void *(*create)(const struct map_config *cfg, int *error);
    void (*destroy)(void *map);
    void *(*attach)(void *map); /* NULL: no memory */
    void (*detach)(void *map, void *handle);
    enum map_status (*find)(void *map, void *handle, uint64_t key, uint64_t *value);
    enum map_status (*insert)(void *map, void *handle, uint64_t key, uint64_t value);
    enum map_status (*remove)(void *map, void *handle, uint64_t key, uint64_t *value);
    void (*run)(void *map, void *handle, const struct map_work *work, struct map_done *done);
    /* NULL in other people's maps: */
    enum map_status (*add)(void *map, void *handle, uint64_t key, uint64_t n, uint64_t *before);
    size_t (*size)(void *map);
    size_t (*each)(void *map, void *handle, map_visit *visit, void *context);
    struct q_bytes (*bytes)(void *map);
    void (*stop)(void *map, void *handle); /* NULL also where nobody waits for readers */
    /* NULL in all but DashMap: `change` is called under the guard of the key's entry, which is made
     * with a value of 0 when it is not there. */
    void (*update)(void *map, void *handle, uint64_t key,
                   void (*change)(void *context, uint64_t *value), void *context);
};

#ifdef __cplusplus
extern "C" {
#endif
extern const struct map_driver *const map_drivers[]; /* ours, then peers; NULL-terminated */
struct map_absent {
    const char *name, *why;
};
extern const struct map_absent map_peers_absent[]; /* ends with a NULL name */
const struct map_driver *map_driver_named(const char *id);
#ifdef __cplusplus
}
#endif

#endif
