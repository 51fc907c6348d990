/* ck_ring.h: Concurrency Kit's ring (Samy Al Bahra, 2009): 1:1, n:1 and n:n.
 *
 * ck_ring_spsc   indices, each side reads the other's at every operation
 * ck_ring_mpsc   producers take a slot by compare-and-swap and publish in turn: each waits, without
 *                giving way, until those before it have published
 * ck_ring_mpmc   and consumers take theirs by compare-and-swap
 *
 * Capacity: a power of two less one. Batches: none but for the reservations of 0.7.
 *
 * Condition  n:1 and n:n with no more threads than processors: a producer that is preempted between
 *   its compare-and-swap and its publication holds up all others, who spin away their time slices
 *   waiting for it (Q_SPINS_INSIDE). Five threads on two processors took 3 s for 15,000 items, and
 *   once had not ended after a minute. */
#include "queues/peers/peer.h"

#include <ck_ring.h>

struct peer_item {
    q_item item;
};
CK_RING_PROTOTYPE(peer, peer_item)

#if defined PEER_ck_ring_spsc
#define PRODUCERS 1
#define CONSUMERS 1
#define ENQUEUE   ck_ring_enqueue_spsc_peer
#define DEQUEUE   ck_ring_dequeue_spsc_peer
#define SUMMARY   "ck_ring, one to one"
#elif defined PEER_ck_ring_mpsc
#define PRODUCERS 0
#define CONSUMERS 1
#define ENQUEUE   ck_ring_enqueue_mpsc_peer
#define DEQUEUE   ck_ring_dequeue_mpsc_peer
#define SUMMARY   "ck_ring, many to one: producers publish in turn"
#else
#define PRODUCERS 0
#define CONSUMERS 0
#define ENQUEUE   ck_ring_enqueue_mpmc_peer
#define DEQUEUE   ck_ring_dequeue_mpmc_peer
#define SUMMARY   "ck_ring, many to many: producers publish in turn"
#endif

struct peer {
    bool closed;
    struct peer_item *slot;
    alignas(Q_LINE) struct ck_ring ring;
};

struct peer_handle {
    struct q_counts counts;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = CONSUMERS ? "ring" : "array",
    .summary = SUMMARY,
    .source = "Al Bahra, Concurrency Kit, 2009",
    .producers = PRODUCERS,
    .consumers = CONSUMERS,
    .push = PRODUCERS ? Q_WAIT_FREE : Q_BLOCKING,
    .pop = CONSUMERS ? Q_WAIT_FREE : Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = PRODUCERS ? "one producer, one consumer" : "no more threads than processors",
    .caution = PRODUCERS ? 0 : Q_SPINS_INSIDE,
};

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    const size_t capacity = peer_capacity_of(cfg, (1u << 31) - 1);
    if (!capacity)
        return EINVAL;
    const size_t size = peer_round_up(capacity + 1, 2); /* one slot stays empty */
    q->closed = false;
    q->slot = aligned_alloc(Q_LINE, (size * sizeof *q->slot + Q_LINE - 1) & ~(size_t)(Q_LINE - 1));
    if (!q->slot)
        return ENOMEM;
    ck_ring_init(&q->ring, (unsigned)size);
    return 0;
}

static inline void peer_destroy(struct peer *q) { free(q->slot); }

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
    struct peer_item in = {item};
    return ENQUEUE(&q->ring, q->slot, &in) ? Q_OK : Q_FULL;
}

static inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    (void)h;
    struct peer_item out;
    if (!DEQUEUE(&q->ring, q->slot, &out))
        return false;
    *item = out.item;
    return true;
}

static inline size_t peer_capacity(const struct peer *q) { return q->ring.mask; }

#define PEER_BYTES
static inline struct q_bytes peer_bytes(const struct peer *q)
{
    const size_t all = sizeof *q + q->ring.size * sizeof *q->slot;
    return (struct q_bytes){.now = all, .peak = all};
}

#include "queues/peers/peer_rest.h"
