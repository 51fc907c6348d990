/* faulty_queue.h: array_mpmc with a fault in it, chosen by `faulty`: what the instrument must notice. */
#ifndef TESTS_FAULTY_QUEUE_H
#define TESTS_FAULTY_QUEUE_H

#include <stdlib.h>

#include "queues/array_mpmc.h"

enum fault { NO_FAULT, LOSES, DOUBLES, REORDERS, ALTERS, ANSWERS_NOMEM, CRASHES, HANGS };
extern enum fault faulty; /* set before the sample; its process inherits it */

struct faulty_queue {
    struct array_mpmc in;
};
struct faulty_queue_handle {
    union {
        struct q_counts counts;
        struct array_mpmc_handle in;
    };
    uint64_t pushes;
    q_item kept;
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
    return array_mpmc_init(&q->in, cfg);
}
static inline void faulty_queue_destroy(struct faulty_queue *q) { array_mpmc_destroy(&q->in); }
static inline int faulty_queue_attach(struct faulty_queue *q, struct faulty_queue_handle *h,
                                      enum q_role role)
{
    h->pushes = h->kept = 0;
    return array_mpmc_attach(&q->in, &h->in, role);
}
static inline void faulty_queue_detach(struct faulty_queue *q, struct faulty_queue_handle *h)
{
    array_mpmc_detach(&q->in, &h->in);
}
static inline enum q_status faulty_queue_push(struct faulty_queue *q, struct faulty_queue_handle *h,
                                              q_item item)
{
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
    return array_mpmc_push_wait(&q->in, &h->in, item, timeout_ns);
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
