/* moodycamel_spsc.h: moodycamel::ReaderWriterQueue (Cameron Desrochers, 2013): one producer, one
 * consumer, a circle of circular blocks that grows when the next block is still in use.
 *
 * Used as it grows (enqueue): unbounded. Its bounded try_enqueue counts full by blocks, so that how
 * many items fit depends on where the indices stand, and is not used here.
 *
 * Condition  one producer and one consumer. Blocks are never given back before the end. */
#include "queues/peers/peer.h"

#include <readerwriterqueue/readerwriterqueue.h>

namespace
{

struct peer {
    bool closed;
    alignas(Q_LINE) peer_box<moodycamel::ReaderWriterQueue<q_item>> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "ring",
    .summary = "moodycamel::ReaderWriterQueue: blocks in a circle, grows",
    .source = "Desrochers, A fast lock-free queue for C++, 2013",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = "one producer, one consumer",
    .caution = Q_MEMORY_UNSEEN,
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    q->closed = false;
    const size_t capacity = peer_capacity_of(cfg, SIZE_MAX / 1024); /* where it begins */
    return capacity ? q->queue.make(capacity) : EINVAL;
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
    return __builtin_expect(q->queue->enqueue(item), 1) ? Q_OK : Q_NOMEM;
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
    return q->queue->try_dequeue(*item);
}

inline size_t peer_capacity(const struct peer *) { return 0; }

} // namespace

#include "queues/peers/peer_rest.h"
