/* moodycamel.h: moodycamel::ConcurrentQueue (Cameron Desrochers, 2014), with and without tokens.
 *
 * Unbounded, any producers, any consumers. Every producer has a queue of blocks of its own; consumers
 * go round them. Hence its speed, and its order: each producer's items in their order, no order
 * between producers. Not linearizable as one FIFO.
 *
 * moodycamel          the producer's queue is found by the thread's number, in a hash table
 * moodycamel_tokens   a token made at attach leads to it; consumers keep a token that says where to
 *                     look first. A token that ends gives its queue to the next one, so the order of
 *                     a producer that attaches again is not kept (Q_ORDER_ATTACHED)
 *
 * Condition  none beyond the order. Memory is given back at the end of the queue only. */
#include "queues/peers/peer.h"

#include <concurrentqueue/concurrentqueue.h>

namespace
{

using moodycamel_queue = moodycamel::ConcurrentQueue<q_item>;

struct peer {
    bool closed;
    alignas(Q_LINE) peer_box<moodycamel_queue> queue;
};

struct peer_handle {
    struct q_counts counts;
    enum q_role role;
    peer_box<moodycamel::ProducerToken> in; /* of a token's handle alone */
    peer_box<moodycamel::ConsumerToken> out;
};

#ifdef PEER_moodycamel_tokens
#define TOKENS 1
#else
#define TOKENS 0
#endif

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "segment",
    .summary = TOKENS ? "moodycamel::ConcurrentQueue, tokens: a queue per producer"
                      : "moodycamel::ConcurrentQueue: a queue per producer",
    .source = "Desrochers, A fast general purpose lock-free queue for C++, 2014",
    .producers = 0,
    .consumers = 0,
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO_PER_PRODUCER,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .close_any = false,
    .native = Q_BATCH,
    .peer = PEER_PACKAGE,
    .condition = TOKENS ? "no order between producers, nor across detach and attach"
                        : "no order between producers",
    .caution = Q_MEMORY_UNSEEN | (TOKENS ? Q_ORDER_ATTACHED : 0),
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    q->closed = false;
    return cfg->when_full == Q_REFUSE ? q->queue.make() : EINVAL;
}

inline void peer_destroy(struct peer *q) { q->queue.drop(); }

inline int peer_attach(struct peer *q, struct peer_handle *h, enum q_role role)
{
    h->counts = q_counts();
    h->role = role;
    if (TOKENS && role & Q_PRODUCER) {
        const int error = h->in.make(*q->queue);
        if (error)
            return error;
        if (!h->in->valid()) {
            h->in.drop();
            return ENOMEM;
        }
    }
    if (TOKENS && role & Q_CONSUMER)
        return h->out.make(*q->queue);
    return 0;
}

inline void peer_detach(struct peer *q, struct peer_handle *h)
{
    (void)q;
    if (TOKENS && h->role & Q_PRODUCER)
        h->in.drop();
    if (TOKENS && h->role & Q_CONSUMER)
        h->out.drop();
}

inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *h, q_item item)
{
    const bool done = TOKENS ? q->queue->enqueue(*h->in, item) : q->queue->enqueue(item);
    return __builtin_expect(done, 1) ? Q_OK : Q_NOMEM;
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    return TOKENS ? q->queue->try_dequeue(*h->out, *item) : q->queue->try_dequeue(*item);
}

#define PEER_BATCH
inline q_hot size_t peer_push_n(struct peer *q, struct peer_handle *h, const q_item *items,
                                size_t n)
{
    if (n == 0)
        return 0;
    const bool done =
        TOKENS ? q->queue->enqueue_bulk(*h->in, items, n) : q->queue->enqueue_bulk(items, n);
    return done ? n : 0;
}

inline q_hot size_t peer_pop_n(struct peer *q, struct peer_handle *h, q_item *items, size_t n)
{
    return TOKENS ? q->queue->try_dequeue_bulk(*h->out, items, n)
                  : q->queue->try_dequeue_bulk(items, n);
}

inline size_t peer_capacity(const struct peer *q)
{
    (void)q;
    return 0;
}

} // namespace

#include "queues/peers/peer_rest.h"
