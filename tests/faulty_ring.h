/* faulty_ring.h: ring_mpsc that loses items or miscounts, chosen by `faulty`: what overload_test
 * must notice. */
#ifndef TESTS_FAULTY_RING_H
#define TESTS_FAULTY_RING_H

#include "queues/ring_mpsc.h"

enum fault { NO_FAULT, LOSES_SILENTLY, COUNTS_ONE_MORE, DROPS_THE_WRONG_END };
extern enum fault faulty; /* set before the sample; its process inherits it */

struct faulty_ring {
    struct ring_mpsc in;
};
struct faulty_ring_handle {
    union {
        struct q_counts counts;
        struct ring_mpsc_handle in;
    };
    uint64_t pushes;
};
static const struct q_traits faulty_ring_traits = {.name = "faulty_ring",
                                                   .family = "test",
                                                   .summary = "wrong on request",
                                                   .source = "none",
                                                   .consumers = 1,
                                                   .order = Q_FIFO,
                                                   .lanes = 1,
                                                   .bounded = true,
                                                   .close_any = true,
                                                   .policies = 31};
#define faulty_ring_POLICIES 1

static inline int faulty_ring_init(struct faulty_ring *q, const struct q_config *cfg)
{
    return ring_mpsc_init(&q->in, cfg);
}
static inline void faulty_ring_destroy(struct faulty_ring *q) { ring_mpsc_destroy(&q->in); }
static inline int faulty_ring_attach(struct faulty_ring *q, struct faulty_ring_handle *h,
                                     enum q_role role)
{
    h->pushes = 0;
    return ring_mpsc_attach(&q->in, &h->in, role);
}
static inline void faulty_ring_detach(struct faulty_ring *q, struct faulty_ring_handle *h)
{
    ring_mpsc_detach(&q->in, &h->in);
}
static inline enum q_status faulty_ring_push(struct faulty_ring *q, struct faulty_ring_handle *h,
                                             q_item item)
{
    if (++h->pushes == 3000 && faulty == LOSES_SILENTLY) /* beyond the warm-up */
        return Q_OK;
    if (h->pushes == 3000 && faulty == DROPS_THE_WRONG_END)
        return Q_DROPPED;
    return ring_mpsc_push(&q->in, &h->in, item);
}
static inline enum q_status faulty_ring_pop(struct faulty_ring *q, struct faulty_ring_handle *h,
                                            q_item *item)
{
    return ring_mpsc_pop(&q->in, &h->in, item);
}
Q_BATCH_BY_LOOP(faulty_ring)
static inline enum q_status faulty_ring_push_wait(struct faulty_ring *q,
                                                  struct faulty_ring_handle *h, q_item item,
                                                  uint64_t timeout_ns)
{
    return ring_mpsc_push_wait(&q->in, &h->in, item, timeout_ns);
}
static inline enum q_status faulty_ring_pop_wait(struct faulty_ring *q,
                                                 struct faulty_ring_handle *h, q_item *item,
                                                 uint64_t timeout_ns)
{
    return ring_mpsc_pop_wait(&q->in, &h->in, item, timeout_ns);
}
static inline void faulty_ring_close(struct faulty_ring *q, struct faulty_ring_handle *h)
{
    ring_mpsc_close(&q->in, &h->in);
}
static inline size_t faulty_ring_capacity(const struct faulty_ring *q)
{
    return ring_mpsc_capacity(&q->in);
}
static inline struct q_bytes faulty_ring_bytes(const struct faulty_ring *q)
{
    return ring_mpsc_bytes(&q->in);
}
static inline uint64_t faulty_ring_dropped(const struct faulty_ring *q)
{
    return ring_mpsc_dropped(&q->in) + (faulty == COUNTS_ONE_MORE);
}
static inline uint64_t faulty_ring_spilled(const struct faulty_ring *q)
{
    return ring_mpsc_spilled(&q->in);
}

#endif
