/* traits.h: what a map promises, as plain data that C and C++ can read, and the hash of all maps. */
#ifndef STUDIES_MAPS_TRAITS_H
#define STUDIES_MAPS_TRAITS_H

#include "queues/item.h"
#include "queues/traits.h"

enum map_status {
    MAP_OK,
    MAP_ABSENT,  /* the key is not there, or was not (add) */
    MAP_PRESENT, /* insert: the key is there already */
    MAP_NOMEM,   /* nothing was changed */
};

#define MAP_VALUE_MAX (UINT64_MAX >> 2)

struct map_traits {
    const char *name;    /* file, struct and prefix */
    const char *family;  /* lock, table, list */
    const char *summary; /* one line */
    const char *source;  /* the paper or code it follows */
    enum q_progress find, change;
    bool grows;      /* its table grows while others work */
    bool one_writer; /* changes take turns behind a lock */
    bool wrong;      /* not linearizable, and known to be: a document's code as printed */

    const char *peer; /* other people's: package and version; NULL: ours */
};

/* Zero means the map's own default. */
struct map_config {
    size_t capacity;         /* keys that are expected */
    uint64_t alloc_fails_at; /* tests: this allocation (1 = the first) finds no memory */
};

typedef void map_visit(void *context, uint64_t key, uint64_t value);

/* Of a whole key, the same for all maps, the peers too: what is compared is the map. Multiply and
 * fold twice; every bit of the key reaches every bit of the hash. */
static inline uint64_t map_hash(uint64_t key)
{
    key ^= key >> 32;
    key *= 0x9e3779b97f4a7c15u;
    key ^= key >> 29;
    key *= 0xbf58476d1ce4e5b9u;
    return key ^ key >> 32;
}

#endif
