/* cds.h: queues of libcds (Max Khizhinsky, 2006-2018), reclaimed by its hazard pointers.
 *
 * cds_michael_scott  MSQueue: Michael & Scott 1996, a node per item
 * cds_basket         BasketQueue: Hoffman, Shalev & Shavit 2007: who loses a push joins the basket
 * cds_combining      FCQueue: flat combining (Hendler, Incze, Shavit & Tzafrir 2010) over std::queue:
 *                    the thread that holds the lock does the work of all. Whoever waits for it
 *                    yields: by default it would sleep 2 ms, and two threads that hand one item to
 *                    and fro then made 100 round trips in a second, where yielding makes 130,000
 * cds_vyukov         VyukovMPMCCycleQueue: Vyukov's array of cells with sequence numbers
 *
 * libcds wants to know its threads: each is announced at its first attach and leaves when it ends.
 *
 * Condition  at most 100 threads at once. The capacity of cds_vyukov is a power of two. */
#include "queues/peers/peer.h"

#include "queues/peers/cds_library.h"

#if defined PEER_cds_michael_scott
#include <cds/container/msqueue.h>
#elif defined PEER_cds_basket
#include <cds/container/basket_queue.h>
#elif defined PEER_cds_combining
#include <cds/container/fcqueue.h>
#else
#include <cds/container/vyukov_mpmc_cycle_queue.h>
#endif

namespace
{

#if defined PEER_cds_michael_scott
using cds_queue = cds::container::MSQueue<cds::gc::HP, q_item>;
#define SUMMARY "cds::container::MSQueue: a node per item, hazard pointers"
#define SOURCE  "Michael & Scott 1996; libcds, Khizhinsky"
#define WAY     Q_LOCK_FREE
#elif defined PEER_cds_basket
using cds_queue = cds::container::BasketQueue<cds::gc::HP, q_item>;
#define SUMMARY "cds::container::BasketQueue: losers of a push share a basket, hazard pointers"
#define SOURCE  "Hoffman, Shalev & Shavit, The baskets queue, 2007; libcds, Khizhinsky"
#define WAY     Q_LOCK_FREE
#elif defined PEER_cds_combining
struct cds_yielding : cds::container::fcqueue::traits {
    using wait_strategy = cds::algo::flat_combining::wait_strategy::backoff<cds::backoff::yield>;
};
using cds_queue = cds::container::FCQueue<q_item, std::queue<q_item>, cds_yielding>;
#define SUMMARY "cds::container::FCQueue: flat combining over std::queue"
#define CONDITION                                                                                  \
    "at most 100 threads at once; waits by yielding: by default it sleeps 2 ms, which is no speed"
#define SOURCE "Hendler, Incze, Shavit & Tzafrir, Flat combining, 2010; libcds, Khizhinsky"
#define WAY    Q_BLOCKING
#else
#define BOUNDED 1
using cds_queue = cds::container::VyukovMPMCCycleQueue<q_item>;
#define SUMMARY "cds::container::VyukovMPMCCycleQueue: cells with sequence numbers"
#define SOURCE  "Vyukov 2010; libcds, Khizhinsky"
#define WAY     Q_BLOCKING
#endif
#ifndef BOUNDED
#define BOUNDED 0
#endif
#ifndef CONDITION
#define CONDITION "at most 100 threads at once"
#endif

struct peer {
    bool closed;
    size_t capacity;
    alignas(Q_LINE) peer_box<cds_queue> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = BOUNDED             ? "array"
              : WAY == Q_BLOCKING ? "mutex"
                                  : "segment",
    .summary = SUMMARY,
    .source = SOURCE,
    .producers = 0,
    .consumers = 0,
    .push = WAY,
    .pop = WAY,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = BOUNDED,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = CONDITION,
    .caution = BOUNDED ? 0 : Q_MEMORY_UNSEEN,
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    cds_announce();
    q->closed = false;
    q->capacity = peer_capacity_of(cfg, SIZE_MAX / 1024);
    if (!q->capacity)
        return EINVAL;
    q->capacity = peer_round_up(q->capacity, 2);
#if BOUNDED
    return q->queue.make(q->capacity);
#else
    return q->queue.make();
#endif
}

inline void peer_destroy(struct peer *q)
{
    cds_announce();
    q->queue.drop();
}

inline int peer_attach(struct peer *, struct peer_handle *h, enum q_role)
{
    cds_announce();
    h->counts = q_counts();
    return 0;
}

inline void peer_detach(struct peer *, struct peer_handle *) {}

inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *, q_item item)
{
    try {
        return q->queue->enqueue(item) ? Q_OK : BOUNDED ? Q_FULL : Q_NOMEM;
    } catch (const std::bad_alloc &) {
        return Q_NOMEM;
    }
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
    return q->queue->dequeue(*item);
}

inline size_t peer_capacity(const struct peer *q) { return BOUNDED ? q->capacity : 0; }

#if BOUNDED
#define PEER_BYTES /* one array of {sequence, value} */
inline struct q_bytes peer_bytes(const struct peer *q)
{
    const size_t all = sizeof *q + q->capacity * (sizeof(size_t) + sizeof(q_item));
    return {all, all};
}
#endif

} // namespace

#include "queues/peers/peer_rest.h"
