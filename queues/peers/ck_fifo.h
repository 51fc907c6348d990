/* ck_fifo.h: Concurrency Kit's list for one producer and one consumer (Samy Al Bahra, 2009), with
 * Vyukov's way of using its nodes again: the producer takes back what the consumer has left behind,
 * and asks the heap for a node only when nothing is left behind.
 *
 * ck_fifo_mpmc is not here. It needs nodes that stay nodes for ever, and threads that pop hand them to
 * threads that push: with the shared free list that takes, it is the list that would be measured.
 *
 * Condition  one producer, one consumer; items are words. Nodes go back to the heap at the end. */
#include "queues/peers/peer.h"

#include <ck_fifo.h>

static_assert(sizeof(q_item) == sizeof(void *), "ck_fifo carries words");

struct peer {
    bool closed;
    alignas(Q_LINE) struct ck_fifo_spsc fifo;
};

struct peer_handle {
    struct q_counts counts;
};

static const struct q_traits peer_traits = {
    .name = PEER_NAME,
    .family = "ring",
    .summary = "ck_fifo, one to one: a list whose producer takes its nodes back",
    .source = "Al Bahra, Concurrency Kit, 2009; Vyukov, unbounded SPSC queue",
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
    .condition = "one producer, one consumer; items are words",
    .caution = Q_MEMORY_UNSEEN,
};

static inline int peer_init(struct peer *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    struct ck_fifo_spsc_entry *const first = malloc(sizeof *first);
    if (!first)
        return ENOMEM;
    q->closed = false;
    ck_fifo_spsc_init(&q->fifo, first);
    return 0;
}

static inline void peer_destroy(struct peer *q)
{
    struct ck_fifo_spsc_entry *next;
    for (ck_fifo_spsc_deinit(&q->fifo, &next); next;) { /* from the garbage to the last node */
        struct ck_fifo_spsc_entry *const entry = next;
        next = entry->next;
        free(entry);
    }
}

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
    struct ck_fifo_spsc_entry *entry = ck_fifo_spsc_recycle(&q->fifo);
    if (__builtin_expect(!entry, 0) && !(entry = malloc(sizeof *entry)))
        return Q_NOMEM;
    ck_fifo_spsc_enqueue(&q->fifo, entry, (void *)item);
    return Q_OK;
}

static inline q_hot bool peer_try_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    (void)h;
    void *value;
    if (!ck_fifo_spsc_dequeue(&q->fifo, &value))
        return false;
    *item = (uintptr_t)value;
    return true;
}

static inline size_t peer_capacity(const struct peer *q)
{
    (void)q;
    return 0;
}

#include "queues/peers/peer_rest.h"
