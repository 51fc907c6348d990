/* boost_spsc.h: boost::lockfree::spsc_queue (Tim Blechmann, 2009): a ring for one producer and one
 * consumer, each of whom reads the other's index at every operation; batches are copied in at most
 * two pieces.
 *
 * Condition  one producer, one consumer. */
#include "queues/peers/peer.h"

#include <boost/lockfree/spsc_queue.hpp>

namespace
{

struct peer {
    bool closed;
    size_t capacity;
    alignas(Q_LINE) peer_box<boost::lockfree::spsc_queue<q_item>> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "ring",
    .summary = "boost::lockfree::spsc_queue: a ring, indices read every time",
    .source = "Lamport 1983; Boost.Lockfree, Blechmann 2009",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .close_any = false,
    .native = Q_BATCH,
    .peer = PEER_PACKAGE,
    .condition = "one producer, one consumer",
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    q->closed = false;
    q->capacity = peer_capacity_of(cfg, SIZE_MAX / 2 / sizeof(q_item));
    return q->capacity ? q->queue.make(q->capacity) : EINVAL;
}

inline void peer_destroy(struct peer *q) { q->queue.drop(); }

inline int peer_attach(struct peer *, struct peer_handle *h, enum q_role)
{
    h->counts = q_counts();
    return 0;
}

inline void peer_detach(struct peer *, struct peer_handle *) {}

inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *, q_item item)
{
    return q->queue->push(item) ? Q_OK : Q_FULL;
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
    return q->queue->pop(*item);
}

#define PEER_BATCH
inline q_hot size_t peer_push_n(struct peer *q, struct peer_handle *, const q_item *items, size_t n)
{
    return q->queue->push(items, n);
}

inline q_hot size_t peer_pop_n(struct peer *q, struct peer_handle *, q_item *items, size_t n)
{
    return q->queue->pop(items, n);
}

inline size_t peer_capacity(const struct peer *q) { return q->capacity; }

#define PEER_BYTES /* one array, one slot more than the capacity */
inline struct q_bytes peer_bytes(const struct peer *q)
{
    const size_t all = sizeof *q + (q->capacity + 1) * sizeof(q_item);
    return {all, all};
}

} // namespace

#include "queues/peers/peer_rest.h"
