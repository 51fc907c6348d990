/* tbb.h: oneTBB's queues (Intel, 2006 on): eight lists of pages, ticket n goes to list n mod 8.
 *
 * tbb_queue     tbb::concurrent_queue, unbounded
 * tbb_bounded   tbb::concurrent_bounded_queue, used by try_push and try_pop. Its waiting forms know
 *               no deadline, and no close that a thread just about to wait could not miss
 *
 * A push takes a ticket and then waits, spinning and in the end giving way, for its turn in its list.
 *
 * Condition  none. Pages are given back as they are drained, but for one in each list. */
#include "queues/peers/peer.h"

#include <tbb/concurrent_queue.h>

namespace
{

#ifdef PEER_tbb_bounded
#define BOUNDED 1
using tbb_queue = tbb::concurrent_bounded_queue<q_item>;
#else
#define BOUNDED 0
using tbb_queue = tbb::concurrent_queue<q_item>;
#endif

struct peer {
    bool closed;
    size_t capacity;
    alignas(Q_LINE) peer_box<tbb_queue> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = BOUNDED ? "array" : "segment",
    .summary = BOUNDED ? "tbb::concurrent_bounded_queue: eight lists of pages, a capacity"
                       : "tbb::concurrent_queue: eight lists of pages, tickets",
    .source = "oneTBB, Intel, 2006-2022",
    .producers = 0,
    .consumers = 0,
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = BOUNDED,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = "none",
    .caution = Q_MEMORY_UNSEEN,
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    q->closed = false;
    q->capacity = peer_capacity_of(cfg, SIZE_MAX / 1024);
    if (!q->capacity)
        return EINVAL;
    const int error = q->queue.make();
#if BOUNDED
    if (!error)
        q->queue->set_capacity(static_cast<ptrdiff_t>(q->capacity));
#endif
    return error;
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
#if BOUNDED
        return q->queue->try_push(item) ? Q_OK : Q_FULL;
#else
        q->queue->push(item);
        return Q_OK;
#endif
    } catch (const std::bad_alloc &) {
        return Q_NOMEM;
    }
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
    return q->queue->try_pop(*item);
}

inline size_t peer_capacity(const struct peer *q) { return BOUNDED ? q->capacity : 0; }

} // namespace

#include "queues/peers/peer_rest.h"
