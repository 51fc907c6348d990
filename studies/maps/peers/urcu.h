/* urcu.h: cds_lfht of liburcu (Desnoyers 2010): a split-ordered list (Shalev & Shavit 2006) under RCU,
 * which grows by itself. Intrusive: the adapter takes a node per key from the heap, and call_rcu
 * frees it after a grace period, on a thread of liburcu's.
 *
 * Condition  it is given its room at the start. It grows on a thread of its own, which must get to run:
 *   with all processors busy its lists become long first, and an insert takes as long as they are. */
#include "studies/maps/peers/peer.h"

#define _LGPL_SOURCE /* its operations inline */
#include <urcu.h>
#include <urcu/rculfhash.h>

struct peer {
    struct cds_lfht *table;
};
struct peer_handle {
    char none;
};
struct peer_node {
    struct cds_lfht_node node;
    struct rcu_head head;
    uint64_t key, value;
};

static const struct map_traits peer_traits = {
    .name = PEER_NAME,
    .family = "list",
    .summary = "cds_lfht: a split-ordered list under RCU",
    .source = "Shalev & Shavit 2006; Desnoyers, liburcu",
    .find = Q_LOCK_FREE,
    .change = Q_LOCK_FREE, /* but for malloc */
    .grows = false,        /* not so that it could be measured */
    .peer = MAP_PEER,
};

static _Thread_local unsigned registered; /* handles of this thread */
static inline void peer_enter(void)
{
    if (registered++ == 0)
        rcu_register_thread();
}
static inline void peer_leave(void)
{
    if (--registered == 0)
        rcu_unregister_thread();
}

static inline struct peer_node *peer_node_of(struct cds_lfht_node *node)
{
    return (struct peer_node *)((char *)node - offsetof(struct peer_node, node));
}
static int peer_match(struct cds_lfht_node *node, const void *key)
{
    return peer_node_of(node)->key == *(const uint64_t *)key;
}
static void peer_free(struct rcu_head *head)
{
    free((char *)head - offsetof(struct peer_node, head));
}

static inline int peer_init(struct peer *m, const struct map_config *cfg)
{
    size_t buckets = 64;
    while (buckets < cfg->capacity)
        buckets *= 2;
    m->table = cds_lfht_new(buckets, buckets, 0, CDS_LFHT_AUTO_RESIZE | CDS_LFHT_ACCOUNTING, NULL);
    return m->table ? 0 : ENOMEM;
}

static inline void peer_destroy(struct peer *m)
{
    struct cds_lfht_iter i;
    struct cds_lfht_node *node;
    peer_enter();
    rcu_read_lock();
    cds_lfht_for_each(m->table, &i, node)
    {
        if (cds_lfht_del(m->table, node) == 0)
            call_rcu(&peer_node_of(node)->head, peer_free);
    }
    rcu_read_unlock();
    rcu_barrier();
    peer_leave();
    cds_lfht_destroy(m->table, NULL);
}

static inline int peer_attach(struct peer *m, struct peer_handle *h)
{
    (void)m, (void)h;
    peer_enter();
    return 0;
}
static inline void peer_detach(struct peer *m, struct peer_handle *h)
{
    (void)m, (void)h;
    peer_leave();
}

static inline enum map_status peer_find(struct peer *m, struct peer_handle *h, uint64_t key,
                                        uint64_t *value)
{
    struct cds_lfht_iter i;
    (void)h;
    rcu_read_lock();
    cds_lfht_lookup(m->table, map_hash(key), peer_match, &key, &i);
    struct cds_lfht_node *const node = cds_lfht_iter_get_node(&i);
    if (node)
        *value = peer_node_of(node)->value;
    rcu_read_unlock();
    return node ? MAP_OK : MAP_ABSENT;
}

static inline enum map_status peer_insert(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t value)
{
    (void)h;
    struct peer_node *const mine = malloc(sizeof *mine);
    if (!mine)
        return MAP_NOMEM;
    cds_lfht_node_init(&mine->node);
    mine->key = key;
    mine->value = value;
    rcu_read_lock();
    struct cds_lfht_node *const there =
        cds_lfht_add_unique(m->table, map_hash(key), peer_match, &key, &mine->node);
    rcu_read_unlock();
    if (there == &mine->node)
        return MAP_OK;
    free(mine); /* nobody has seen it */
    return MAP_PRESENT;
}

static inline enum map_status peer_remove(struct peer *m, struct peer_handle *h, uint64_t key,
                                          uint64_t *value)
{
    struct cds_lfht_iter i;
    (void)h;
    rcu_read_lock();
    cds_lfht_lookup(m->table, map_hash(key), peer_match, &key, &i);
    struct cds_lfht_node *const node = cds_lfht_iter_get_node(&i);
    const bool mine = node && cds_lfht_del(m->table, node) == 0;
    if (mine) {
        *value = peer_node_of(node)->value;
        call_rcu(&peer_node_of(node)->head, peer_free);
    }
    rcu_read_unlock();
    return mine ? MAP_OK : MAP_ABSENT;
}
