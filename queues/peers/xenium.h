/* xenium.h: queues of xenium (Manuel Poeter, 2018-2020), reclaimed by its epochs.
 *
 * xenium_vyukov      vyukov_bounded_queue: Vyukov's array of cells with sequence numbers, in its weak
 *                    form: it answers full or empty while the thread before it is not done
 * xenium_michael_scott  michael_scott_queue: Michael & Scott 1996, a node per item
 * xenium_ramalhete   ramalhete_queue: FAAArrayQueue, segments of 512 cells taken by fetch-and-add
 *
 * Nikolaev's queues came to xenium after the version that Debian packages: not here.
 *
 * Condition  xenium_ramalhete carries pointers of 63 bits, not null: our keys outside the priority
 *   lanes are that. The capacity of xenium_vyukov is a power of two, at least 2. */
#include "queues/peers/peer.h"

#include <array> /* which xenium's epochs use without asking for it */

#if defined PEER_xenium_vyukov
#include <xenium/vyukov_bounded_queue.hpp>
#else
#include <xenium/michael_scott_queue.hpp>
#include <xenium/ramalhete_queue.hpp>
#include <xenium/reclamation/generic_epoch_based.hpp>
#endif

namespace
{

#if defined PEER_xenium_vyukov
#define BOUNDED  1
#define POINTERS 0
using xenium_queue = xenium::vyukov_bounded_queue<q_item>;
#define SUMMARY "xenium::vyukov_bounded_queue, weak: cells with sequence numbers"
#define SOURCE  "Vyukov 2010; xenium, Poeter 2018"
#else
#define BOUNDED 0
using epochs = xenium::policy::reclaimer<xenium::reclamation::epoch_based<>>;
#if defined PEER_xenium_ramalhete
#define POINTERS 1
using xenium_queue = xenium::ramalhete_queue<char *, epochs>;
static_assert(sizeof(q_item) == sizeof(char *), "ramalhete_queue carries words");
#define SUMMARY  "xenium::ramalhete_queue (FAAArrayQueue), epochs"
#define SOURCE   "Ramalhete & Correia, FAAArrayQueue, 2016; xenium, Poeter 2018"
#else
#define POINTERS 0
using xenium_queue = xenium::michael_scott_queue<q_item, epochs>;
#define SUMMARY  "xenium::michael_scott_queue: a node per item, epochs"
#define SOURCE   "Michael & Scott 1996; xenium, Poeter 2018"
#endif
#endif

struct peer {
    bool closed;
    size_t capacity;
    alignas(Q_LINE) peer_box<xenium_queue> queue;
};

struct peer_handle {
    struct q_counts counts;
};

const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = BOUNDED ? "array" : "segment",
    .summary = SUMMARY,
    .source = SOURCE,
    .producers = 0,
    .consumers = 0,
    .push = BOUNDED ? Q_BLOCKING : Q_LOCK_FREE,
    .pop = BOUNDED ? Q_BLOCKING : Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = BOUNDED,
    .exact = false,
    .close_any = false,
    .native = 0,
    .peer = PEER_PACKAGE,
    .condition = POINTERS ? "items are pointers of 63 bits, not null" : "none",
    .caution = BOUNDED ? 0 : Q_MEMORY_UNSEEN,
};

inline int peer_init(struct peer *q, const struct q_config *cfg)
{
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

inline void peer_destroy(struct peer *q) { q->queue.drop(); }

inline int peer_attach(struct peer *, struct peer_handle *h, enum q_role)
{
    h->counts = q_counts();
    return 0;
}

inline void peer_detach(struct peer *, struct peer_handle *) {}

inline q_hot enum q_status peer_push(struct peer *q, struct peer_handle *, q_item item)
{
#if BOUNDED
    return q->queue->try_push_weak(item) ? Q_OK : Q_FULL;
#else
    try {
#if POINTERS
        q->queue->push(reinterpret_cast<char *>(item));
#else
        q->queue->push(item);
#endif
        return Q_OK;
    } catch (const std::bad_alloc &) {
        return Q_NOMEM;
    }
#endif
}

inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *, q_item *item)
{
#if BOUNDED
    return q->queue->try_pop_weak(*item);
#elif POINTERS
    char *value;
    if (!q->queue->try_pop(value))
        return false;
    *item = reinterpret_cast<uintptr_t>(value);
    return true;
#else
    return q->queue->try_pop(*item);
#endif
}

inline size_t peer_capacity(const struct peer *q) { return BOUNDED ? q->capacity : 0; }

#if BOUNDED
#define PEER_BYTES /* one array of {sequence, value} */
inline struct q_bytes peer_bytes(const struct peer *q)
{
    const size_t all = sizeof *q + q->capacity * (sizeof(std::size_t) + sizeof(q_item));
    return {all, all};
}
#endif

} // namespace

#include "queues/peers/peer_rest.h"
