/* glib_async.h: GLib's GAsyncQueue (Sebastian Wilhelmi, 2000): a list under a mutex, a condition
 * variable for those who wait.
 *
 * Condition  items are pointers, not null. */
#include "queues/peers/peer.h"

#include <glib.h>

static_assert(sizeof(q_item) == sizeof(gpointer), "GAsyncQueue carries pointers");

struct peer {
    bool closed;
    GAsyncQueue *queue;
};

struct peer_handle {
    struct q_counts counts;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "mutex",
    .summary = "GAsyncQueue: a list under a mutex, a condition variable",
    .source = "GLib, Wilhelmi 2000",
    .producers = 0,
    .consumers = 0,
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = false,
    .native = Q_WAIT,
    .peer = PEER_PACKAGE,
    .condition = "items are pointers, not null",
    .caution = Q_MEMORY_UNSEEN,
};

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    q->closed = false;
    q->queue = g_async_queue_new();
    return 0;
}

static inline void peer_destroy(struct peer *q) { g_async_queue_unref(q->queue); }

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
    g_async_queue_push(q->queue, (gpointer)item);
    return Q_OK;
}

static inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    (void)h;
    const gpointer value = g_async_queue_try_pop(q->queue);
    *item = (uintptr_t)value;
    return value != NULL;
}

static inline size_t peer_capacity(const struct peer *q)
{
    (void)q;
    return 0;
}

static inline q_hot enum q_status peer_pop(struct peer *q, struct peer_handle *h, q_item *item);

/* It sleeps on the queue's own condition, for at most a millisecond: close does not wake it. */
#define PEER_WAIT
static inline enum q_status peer_pop_wait(struct peer *q, struct peer_handle *h, q_item *item,
                                          uint64_t timeout_ns)
{
    enum q_status s = peer_pop(q, h, item);
    const uint64_t deadline = timeout_ns ? q_deadline(timeout_ns) : 0;
    while (s == Q_EMPTY) {
        const uint64_t now = q_now_ns();
        if (now >= deadline)
            return Q_TIMEOUT;
        const uint64_t left_us = (deadline - now) / 1000 + 1;
        h->counts.parks++;
        const gpointer value = g_async_queue_timeout_pop(q->queue, left_us < 1000 ? left_us : 1000);
        *item = (uintptr_t)value;
        s = value ? Q_OK : peer_pop(q, h, item);
    }
    return s;
}

#include "queues/peers/peer_rest.h"
