/* urcu_wfcqueue.h: cds_wfcqueue of liburcu (Desnoyers & Jiangshan, 2010-2012): a list whose push is one
 * exchange of the tail and one store of the link. Intrusive: the adapter takes a node per item from
 * the heap and gives it back after the pop, as most users do.
 *
 * urcu_wfcqueue         one consumer, by __cds_wfcq_dequeue_nonblocking: answers empty while the
 *                       producer of the next item is between exchange and link
 * urcu_wfcqueue_locked  any consumers, by cds_wfcq_dequeue_blocking: a mutex, and under it a wait that
 *                       polls, in the end for 10 ms at a time
 *
 * Condition  none beyond the number of consumers. */
#include "queues/peers/peer.h"

#define _LGPL_SOURCE /* its operations inline */
#include <urcu/wfcqueue.h>

#ifdef PEER_urcu_wfcqueue_locked
#define LOCKED 1
#else
#define LOCKED 0
#endif

struct peer {
    bool closed;
    alignas(Q_LINE) struct cds_wfcq_head head;
    alignas(Q_LINE) struct cds_wfcq_tail tail;
};

struct peer_handle {
    struct q_counts counts;
};

struct peer_node {
    struct cds_wfcq_node node; /* first: a node is its peer_node */
    q_item item;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = LOCKED ? "segment" : "ring",
    .summary = LOCKED ? "cds_wfcqueue, pops under its mutex: a node per item"
                      : "cds_wfcqueue, one consumer: a node per item, push one exchange",
    .source = "Desnoyers & Jiangshan, liburcu, 2012",
    .producers = 0,
    .consumers = LOCKED ? 0 : 1,
    .push = Q_WAIT_FREE, /* but for malloc */
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = LOCKED ? "none" : "one consumer",
    .caution = Q_MEMORY_UNSEEN,
};

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    q->closed = false;
    cds_wfcq_init(&q->head, &q->tail);
    return 0;
}

static inline q_hot bool peer_take(struct peer *q, q_item *item)
{
    struct cds_wfcq_node *const node = LOCKED ? cds_wfcq_dequeue_blocking(&q->head, &q->tail)
                                              : __cds_wfcq_dequeue_nonblocking(&q->head, &q->tail);
    if (!node || node == CDS_WFCQ_WOULDBLOCK)
        return false;
    struct peer_node *const it = (struct peer_node *)node;
    *item = it->item;
    free(it);
    return true;
}

static inline void peer_destroy(struct peer *q)
{
    q_item rest;
    while (peer_take(q, &rest))
        ;
    cds_wfcq_destroy(&q->head, &q->tail);
}

static inline int peer_attach(struct peer *q, struct peer_handle *h, enum q_role role)
{
    (void)q, (void)role;
    *h = (struct peer_handle){.counts = {.cas_failed = 0}};
    return 0;
}

static inline void peer_detach(struct peer *q, struct peer_handle *h) { (void)q, (void)h; }

static inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *h, q_item item)
{
    (void)h;
    struct peer_node *const it = (struct peer_node *)malloc(sizeof *it);
    if (!it)
        return Q_NOMEM;
    cds_wfcq_node_init(&it->node);
    it->item = item;
    cds_wfcq_enqueue(&q->head, &q->tail, &it->node);
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
