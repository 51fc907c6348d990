/* faulty_queue.h: array_mpmc with a fault in it, chosen by `faulty`: what the instrument must notice. */
#ifndef TESTS_FAULTY_QUEUE_H
#define TESTS_FAULTY_QUEUE_H

#include <stdlib.h>

#include "harness/driver.h"
#include "queues/array_mpmc.h"

enum fault { NO_FAULT, LOSES, DOUBLES, REORDERS, ALTERS, ANSWERS_NOMEM, CRASHES, HANGS, FOLLOWS };
extern enum fault faulty; /* set before the sample; its process inherits it */

struct faulty_queue {
    struct array_mpmc in;
    atomic(uint64_t) lead; /* FOLLOWS: pushes of producer 0; odd: it has gone home */
};
struct faulty_queue_handle {
    union {
        struct q_counts counts;
        struct array_mpmc_handle in;
    };
    uint64_t pushes, followed;
    q_item kept;
    bool leads;
};
static const struct q_traits faulty_queue_traits = {.name = "faulty_queue",
                                                    .family = "test",
                                                    .summary = "wrong on request",
                                                    .source = "none",
                                                    .order = Q_FIFO,
                                                    .lanes = 1,
                                                    .bounded = true,
                                                    .close_any = true};

static inline int faulty_queue_init(struct faulty_queue *q, const struct q_config *cfg)
{
    a_init(&q->lead, 1);
    return array_mpmc_init(&q->in, cfg);
}
static inline void faulty_queue_destroy(struct faulty_queue *q) { array_mpmc_destroy(&q->in); }
static inline int faulty_queue_attach(struct faulty_queue *q, struct faulty_queue_handle *h,
                                      enum q_role role)
{
    h->pushes = h->followed = h->kept = 0;
    h->leads = false;
    return array_mpmc_attach(&q->in, &h->in, role);
}
static inline void faulty_queue_detach(struct faulty_queue *q, struct faulty_queue_handle *h)
{
    if (h->leads)
        a_store(&q->lead, a_load(&q->lead, relaxed) | 1, relaxed);
    array_mpmc_detach(&q->in, &h->in);
}
/* FOLLOWS: a producer pushes once for each push of producer 0: all stop when that one does. */
static inline bool faulty_queue_may_push(struct faulty_queue *q, struct faulty_queue_handle *h,
                                         q_item item)
{
    const uint64_t lead = a_load(&q->lead, relaxed);
    h->leads = q_key(&item) >> Q_KEY_NUMBER_BITS == 0;
    if (h->leads)
        a_store(&q->lead, (lead | 1) + 1, relaxed);
    else if (!(lead & 1) && lead == h->followed)
        return false;
    h->followed = lead;
    return true;
}
static inline enum q_status faulty_queue_push(struct faulty_queue *q, struct faulty_queue_handle *h,
                                              q_item item)
{
    if (faulty == FOLLOWS && !faulty_queue_may_push(q, h, item))
        return Q_FULL;
    if (h->kept && item == h->kept + 1) /* its successor is in already: this is its turn */
        item = h->kept;
    enum q_status s = Q_OK;
    if (h->pushes + 1 != 2000) { /* pushes that succeeded: beyond the warm-up, before the end */
        s = array_mpmc_push(&q->in, &h->in, item);
        h->pushes += s == Q_OK;
        return s;
    }
    switch (faulty) {
    case LOSES:
        h->pushes++;
        return Q_OK;
    case DOUBLES:
        for (int copy = 0; copy < 2; copy++)
            while (array_mpmc_push(&q->in, &h->in, item) != Q_OK)
                ;
        h->pushes++;
        return Q_OK;
    case REORDERS: /* an older number after a newer one; the sum is kept */
        while (array_mpmc_push(&q->in, &h->in, item + 1) != Q_OK)
            ;
        h->kept = item;
        h->pushes++;
        return Q_OK;
    case ALTERS:
        item += 7;
        break;
    case ANSWERS_NOMEM:
        return Q_NOMEM;
    case CRASHES:
        abort();
    case HANGS:
        for (;;)
            sched_yield();
    case NO_FAULT:
    case FOLLOWS:
        break;
    }
    s = array_mpmc_push(&q->in, &h->in, item);
    h->pushes += s == Q_OK;
    return s;
}
static inline enum q_status faulty_queue_pop(struct faulty_queue *q, struct faulty_queue_handle *h,
                                             q_item *item)
{
    return array_mpmc_pop(&q->in, &h->in, item);
}
Q_BATCH_BY_LOOP(faulty_queue)
static inline enum q_status faulty_queue_push_wait(struct faulty_queue *q,
                                                   struct faulty_queue_handle *h, q_item item,
                                                   uint64_t timeout_ns)
{
    const enum q_status s = faulty_queue_push(q, h, item);
    return s == Q_FULL ? array_mpmc_push_wait(&q->in, &h->in, item, timeout_ns) : s;
}
static inline enum q_status faulty_queue_pop_wait(struct faulty_queue *q,
                                                  struct faulty_queue_handle *h, q_item *item,
                                                  uint64_t timeout_ns)
{
    return array_mpmc_pop_wait(&q->in, &h->in, item, timeout_ns);
}
static inline void faulty_queue_close(struct faulty_queue *q, struct faulty_queue_handle *h)
{
    array_mpmc_close(&q->in, &h->in);
}
static inline size_t faulty_queue_capacity(const struct faulty_queue *q)
{
    return array_mpmc_capacity(&q->in);
}
static inline struct q_bytes faulty_queue_bytes(const struct faulty_queue *q)
{
    return array_mpmc_bytes(&q->in);
}

#endif
