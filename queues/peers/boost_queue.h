/* boost_queue.h: boost::lockfree::queue (Tim Blechmann, 2011): Michael & Scott's list with tagged
 * pointers, nodes from a free list of its own.
 *
 * boost_queue         unbounded: nodes come from the heap when the free list is empty, and go back
 *                     to the heap at the end of the queue only
 * boost_queue_fixed   bounded: an array of nodes, linked by 16-bit indices: at most 65534 items
 *
 * Condition  items are copied byte by byte (trivially copyable). Boost 1.74: a data race by the
 *   rules of C++ as soon as two threads push, the link of the free list being a plain variable in
 *   the bytes of a node's atomic `next` (models/thirdparty/boost_queue_two.cc shows it); no machine
 *   is known to have failed by it. */
#include "queues/peers/peer.h"

#include <boost/lockfree/queue.hpp>

namespace
{

#ifdef PEER_boost_queue_fixed
#define FIXED 1
using boost_list = boost::lockfree::queue<q_item, boost::lockfree::fixed_sized<true>>;
#else
#define FIXED 0
using boost_list = boost::lockfree::queue<q_item>;
#endif
constexpr size_t MOST_NODES = 65534; /* 65535 is no node, and one node is always empty */

struct peer {
    bool closed;
    size_t capacity;
    alignas(Q_LINE) peer_box<boost_list> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = FIXED ? "array" : "segment",
    .summary = FIXED ? "boost::lockfree::queue, fixed_sized: a list in an array"
                     : "boost::lockfree::queue: a list of tagged pointers",
    .source = "Michael & Scott 1996; Boost.Lockfree, Blechmann 2011",
    .producers = 0,
    .consumers = 0,
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = FIXED,
    .exact = false, /* full: a node may be on its way back to the free list */
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = "trivially copyable items; in Boost 1.74 a data race when two threads push",
    .caution = Q_MEMORY_UNSEEN,
    .most_capacity = FIXED ? MOST_NODES : 0,
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    q->closed = false;
    q->capacity = peer_capacity_of(cfg, FIXED ? MOST_NODES : SIZE_MAX / 1024);
    if (!q->capacity)
        return EINVAL;
    return q->queue.make(FIXED ? q->capacity : (size_t)1024); /* nodes to begin with */
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
    try {
        if (__builtin_expect(q->queue->push(item), 1))
            return Q_OK;
    } catch (const std::bad_alloc &) {
        return Q_NOMEM;
    }
    return FIXED ? Q_FULL : Q_NOMEM;
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
    return q->queue->pop(*item);
}

inline size_t peer_capacity(const struct peer *q) { return FIXED ? q->capacity : 0; }

} // namespace

#include "queues/peers/peer_rest.h"
