/* urcu_lfqueue.h: cds_lfq_queue_rcu of liburcu (Desnoyers, 2010): Michael & Scott's list protected by
 * RCU, with a dummy node put in whenever it would run empty. Intrusive: the adapter takes a node per
 * item from the heap, and call_rcu frees it after a grace period, on a thread of liburcu's.
 *
 * Condition  every thread is registered with RCU while it is attached. Memory is freed later, by a
 *   thread that must get to run: with all processors busy, what was popped piles up. */
#include "queues/peers/peer.h"

#define _LGPL_SOURCE /* its operations inline */
#include <urcu.h>
#include <urcu/rculfqueue.h>

struct peer {
    bool closed;
    alignas(Q_LINE) struct cds_lfq_queue_rcu queue;
};

struct peer_handle {
    struct q_counts counts;
};

struct peer_node {
    struct cds_lfq_node_rcu node; /* first: a node is its peer_node */
    struct rcu_head head;
    q_item item;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "segment",
    .summary = "cds_lfq_queue_rcu: a node per item, freed by RCU",
    .source = "Michael & Scott 1996; Desnoyers, liburcu, 2010",
    .producers = 0,
    .consumers = 0,
    .push = Q_LOCK_FREE, /* but for malloc */
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = "threads registered with RCU; popped nodes are freed after a grace period",
    .caution = Q_MEMORY_UNSEEN,
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

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    q->closed = false;
    cds_lfq_init_rcu(&q->queue, call_rcu);
    return 0;
}

static void peer_free(struct rcu_head *head)
{
    free((char *)head - offsetof(struct peer_node, head));
}

static inline q_hot bool peer_take(struct peer *q, q_item *item)
{
    rcu_read_lock();
    struct cds_lfq_node_rcu *const node = cds_lfq_dequeue_rcu(&q->queue);
    rcu_read_unlock();
    if (!node)
        return false;
    struct peer_node *const it = (struct peer_node *)node;
    *item = it->item;
    call_rcu(&it->head, peer_free);
    return true;
}

static inline void peer_destroy(struct peer *q)
{
    q_item rest;
    peer_enter();
    while (peer_take(q, &rest))
        ;
    rcu_barrier();
    peer_leave();
    cds_lfq_destroy_rcu(&q->queue);
}

static inline int peer_attach(struct peer *q, struct peer_handle *h, enum q_role role)
{
    (void)q, (void)role;
    *h = (struct peer_handle){.counts = {.cas_failed = 0}};
    peer_enter();
    return 0;
}

static inline void peer_detach(struct peer *q, struct peer_handle *h)
{
    (void)q, (void)h;
    peer_leave();
}

static inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *h, q_item item)
{
    (void)h;
    struct peer_node *const it = (struct peer_node *)malloc(sizeof *it);
    if (!it)
        return Q_NOMEM;
    cds_lfq_node_init_rcu(&it->node);
    it->item = item;
    rcu_read_lock();
    cds_lfq_enqueue_rcu(&q->queue, &it->node);
    rcu_read_unlock();
    return Q_OK;
}

static inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    (void)h;
    return peer_take(q, item);
}

static inline size_t peer_capacity(const struct peer *q)
{
    (void)q;
    return 0;
}

#include "queues/peers/peer_rest.h"
