/* groups.h: groups and their states, and where they are kept.
 *
 *   hash of the key ─► map ─► group ─► group ─► ...    groups of one hash in a chain, told apart by key
 *
 * A store finds or makes the group of a key and changes its state, in one step for others, under what
 * protects it: nothing (one thread, or a lock around it all), the lock of a shard, a lock in the
 * group, or atomic fields. Groups stay until the store goes, so that a chain can be read at any time.
 *
 * Edges   chained   group_in -> group_in   the group is initialised (else the maps and locks carry it) */
#ifndef STUDIES_STREAM_ENGINE_GROUPS_H
#define STUDIES_STREAM_ENGINE_GROUPS_H

#include <pthread.h>
#include <stdalign.h>

#include "queues/atomics.h"
#include "studies/maps/driver.h"
#include "studies/maps/map_lockfree.h"
#include "studies/maps/map_sharded.h"

enum store_kind {
    STORE_PLAIN,   /* a table without any lock */
    STORE_SHARDED, /* map_sharded; the state is changed under the shard's lock */
    STORE_DASHMAP, /* DashMap the same way: entry(), then the state under its guard */
    STORE_ENTRY,   /* map_lockfree, and a lock in each group */
    STORE_ATOMIC,  /* map_lockfree, and fields that are atomic each by itself */
};

/* What is put to a group: one record, or the sum of several. */
struct update {
    uint64_t hash, count;
    const char *key;
    bool lasting;   /* the text of the key stays where it is as long as the store */
    uint32_t group; /* carried along for the check */
    int64_t sum, least, most;
    uint64_t order; /* of a record: its place in the stream, from 1 */
};

/* The state after it. */
struct change {
    uint64_t before, count; /* records of the group */
    int64_t sum;
    int64_t rows_sum; /* of the last rows */
    bool overtaken;   /* a later record of the group was there before */
};

struct group {
    alignas(64) atomic(uint64_t) count; /* what a query changes is in one line */
    atomic(int64_t) sum, least, most;
    const char *same;             /* a text that lasts and is the key: equal if it is this one */
    const char *key;              /* behind the rows */
    atomic(struct group *) chain; /* the next of this hash */
    unsigned rows, at;            /* how many rows there are; which is the next */

    struct group *made; /* the one that was made before, in this store */
    uint64_t hash;
    uint32_t number;
    pthread_mutex_t lock; /* STORE_ENTRY */
    uint64_t last;        /* order of the latest record */
    int64_t rows_sum;
    int64_t row[];
};

struct store {
    enum store_kind kind;
    unsigned rows; /* the window of rows of each group */
    atomic(struct group *) made;
    union {
        struct {
            struct plain_table table;
            struct q_memory memory;
        } plain;
        struct map_sharded sharded;
        struct map_lockfree lockfree;
        struct {
            const struct map_driver *driver;
            void *map;
        } dashmap;
    } map;
};
struct store_handle {
    struct map_lockfree_handle lockfree;
};

/* 0, ENOMEM, or ENOTSUP: there is no DashMap in this build. */
int store_init(struct store *s, enum store_kind kind, size_t groups, unsigned rows);
void store_destroy(struct store *s);
int store_attach(struct store *s, struct store_handle *h); /* 0 or ENOMEM */
void store_detach(struct store *s, struct store_handle *h);

/* False: no memory, and nothing is changed. */
bool store_update(struct store *s, struct store_handle *h, const struct update *u,
                  struct change *c);

/* The groups, a list by `made`; the caller's now, to be freed by groups_free. Nobody else is there. */
struct group *store_take(struct store *s);
void groups_free(struct group *first);

/* All of the group, as an update of another store. */
struct update group_all(const struct group *g);

bool store_has_dashmap(void);

#endif
