/* rte_ring.h: DPDK's ring (Olivier Matz, 2010; HTS and RTS: Konstantin Ananyev, 2020).
 *
 * rte_ring_spsc   one producer, one consumer
 * rte_ring_mpmc   a head moved by compare-and-swap, a tail that each moves in its turn: waits, without
 *                 giving way, for those who took their slots before it
 * rte_ring_hts    head/tail sync: one thread on each side at a time
 * rte_ring_rts    relaxed tail sync: the last of those under way moves the tail for all
 *
 * Used without DPDK's environment: rte_ring_init in memory of ours. Capacity exact (RING_F_EXACT_SZ).
 * DPDK's own flags ask for -march=corei7; they are used for these queues alone.
 *
 * Condition  rte_ring_mpmc with no more threads than processors (DPDK's programmer's guide says so):
 *   a preempted producer holds up all others, who spin away their time slices (Q_SPINS_INSIDE). Eight
 *   threads on two processors did not hear the call to stop and were killed after 5 s, in a sample
 *   of 10 ms. DPDK made the other two for that case; they too spin while others are inside. */
#include "queues/peers/peer.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#if defined PEER_rte_ring_spsc
#define FLAGS   (RING_F_SP_ENQ | RING_F_SC_DEQ)
#define PUT     rte_ring_sp_enqueue_burst_elem
#define GET     rte_ring_sc_dequeue_burst_elem
#define SUMMARY "rte_ring, one to one"
#define ENDS    1
#define WAY     Q_WAIT_FREE
#elif defined PEER_rte_ring_mpmc
#define FLAGS   0
#define PUT     rte_ring_mp_enqueue_burst_elem
#define GET     rte_ring_mc_dequeue_burst_elem
#define SUMMARY "rte_ring, many to many: tails move in turn"
#define ENDS    0
#define WAY     Q_BLOCKING
#elif defined PEER_rte_ring_hts
#define FLAGS   (RING_F_MP_HTS_ENQ | RING_F_MC_HTS_DEQ)
#define PUT     rte_ring_mp_hts_enqueue_burst_elem
#define GET     rte_ring_mc_hts_dequeue_burst_elem
#define SUMMARY "rte_ring, head/tail sync: one at a time on each side"
#define ENDS    0
#define WAY     Q_BLOCKING
#else
#define FLAGS   (RING_F_MP_RTS_ENQ | RING_F_MC_RTS_DEQ)
#define PUT     rte_ring_mp_rts_enqueue_burst_elem
#define GET     rte_ring_mc_rts_dequeue_burst_elem
#define SUMMARY "rte_ring, relaxed tail sync: the last one moves the tail"
#define ENDS    0
#define WAY     Q_BLOCKING
#endif

struct peer {
    bool closed;
    struct rte_ring *ring;
    size_t bytes;
};

struct peer_handle {
    struct q_counts counts;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = ENDS ? "ring" : "array",
    .summary = SUMMARY,
    .source = "DPDK, Matz 2010; after FreeBSD's buf_ring, Macy 2007",
    .producers = ENDS,
    .consumers = ENDS,
    .push = WAY,
    .pop = WAY,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = false,
    .native = Q_BATCH,
    .peer = PEER_PACKAGE,
    .condition = ENDS      ? "one producer, one consumer"
                 : (FLAGS) ? "spins while another thread is inside"
                           : "no more threads than processors",
    .caution = ENDS ? 0 : Q_SPINS_INSIDE,
    .most_capacity = RTE_RING_SZ_MASK - 1,
};

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    const size_t capacity = peer_capacity_of(cfg, RTE_RING_SZ_MASK - 1);
    if (!capacity)
        return EINVAL;
    const size_t slots = peer_round_up(capacity + 1, 2);
    const ssize_t bytes = rte_ring_get_memsize_elem(sizeof(q_item), (unsigned)slots);
    if (bytes < 0)
        return EINVAL;
    q->closed = false;
    q->bytes = ((size_t)bytes + Q_LINE - 1) & ~(size_t)(Q_LINE - 1);
    q->ring = (struct rte_ring *)aligned_alloc(Q_LINE, q->bytes);
    if (!q->ring)
        return ENOMEM;
    if (rte_ring_init(q->ring, PEER_NAME, (unsigned)capacity, (FLAGS) | RING_F_EXACT_SZ) != 0) {
        free(q->ring);
        return EINVAL;
    }
    return 0;
}

static inline void peer_destroy(struct peer *q) { free(q->ring); }

static inline int peer_attach(struct peer *q, struct peer_handle *h, enum q_role role)
{
    (void)q, (void)role;
    *h = (struct peer_handle){.counts = {.cas_failed = 0}};
    return 0;
}

static inline void peer_detach(struct peer *q, struct peer_handle *h) { (void)q, (void)h; }

#define PEER_BATCH
static inline q_hot size_t peer_push_n(struct peer *q, struct peer_handle *h, const q_item *items,
                                       size_t n)
{
    (void)h;
    return PUT(q->ring, items, sizeof(q_item), (unsigned)n, NULL);
}

static inline q_hot size_t peer_pop_n(struct peer *q, struct peer_handle *h, q_item *items,
                                      size_t n)
{
    (void)h;
    return GET(q->ring, items, sizeof(q_item), (unsigned)n, NULL);
}

static inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *h, q_item item)
{
    return peer_push_n(q, h, &item, 1) ? Q_OK : Q_FULL;
}

static inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    return peer_pop_n(q, h, item, 1);
}

static inline size_t peer_capacity(const struct peer *q) { return rte_ring_get_capacity(q->ring); }

#define PEER_BYTES
static inline struct q_bytes peer_bytes(const struct peer *q)
{
    return (struct q_bytes){.now = sizeof *q + q->bytes, .peak = sizeof *q + q->bytes};
}

#include "queues/peers/peer_rest.h"
