/* queue.h: what every queue in this lab looks like. Read this file first.
 *
 * A queue N is ONE header, queues/N.h. It defines, `static inline` and prefixed with its own file
 * name, every operation below, so that every queue runs in every experiment. harness/stamp.c is
 * compiled once per queue and inlines them into the measured loops: no call through a pointer, no
 * switch per operation.
 *
 *   int            N_init     (struct N *q, const struct q_config *cfg);    0 or an errno
 *   void           N_destroy  (struct N *q);                                after all detached
 *   int            N_attach   (struct N *q, struct N_handle *h, enum q_role role);  0 or an errno
 *   void           N_detach   (struct N *q, struct N_handle *h);
 *   enum q_status  N_push     (struct N *q, struct N_handle *h, q_item item);
 *                             OK FULL CLOSED NOMEM; with a policy also DROPPED, IO
 *   enum q_status  N_pop      (struct N *q, struct N_handle *h, q_item *item);  OK EMPTY CLOSED
 *                             (and IO: a spill file that cannot be read)
 *   size_t         N_push_n   (q, h, const q_item *items, size_t n);  how many of the first were taken
 *   size_t         N_pop_n    (q, h, q_item *items, size_t n);        how many were given
 *   enum q_status  N_push_wait(q, h, q_item item, uint64_t timeout_ns);   OK CLOSED TIMEOUT NOMEM
 *   enum q_status  N_pop_wait (q, h, q_item *item, uint64_t timeout_ns);  OK CLOSED TIMEOUT
 *   void           N_close    (struct N *q, struct N_handle *h);
 *   size_t         N_capacity (const struct N *q);     items, 0: unbounded
 *   struct q_bytes N_bytes    (const struct N *q);     memory held now, and at most so far
 *   static const struct q_traits N_traits;
 *
 * Threads.  A handle belongs to one thread at a time and begins with `struct q_counts counts`.
 *   attach and detach may run while others push and pop; init and destroy may not.
 * Order.    What happens before a push happens before the pop that returns its item; before a pop,
 *   before the push that takes the room it made; before close, before a pop that answers CLOSED.
 * Batches.  push_n takes a prefix and pop_n gives the oldest; both stop early rather than wait.
 *   A short push_n says nothing about why: ask N_push for the next item.
 * Close.    Every push that answered OK, also during close, is popped; then pops answer CLOSED for
 *   ever, and so does every push that begins after close. Waiters wake. Where traits.close_any is
 *   false, the caller closes after the last push has returned and pushes no more. Closing twice is
 *   harmless. The fast path does not pay: a closed queue looks full to push and empty to pop.
 * Waiting.  timeout_ns 0 tries once; Q_FOREVER never gives up. Waiters sleep in the kernel (wait.h).
 * Errors.   Misuse is an assertion, never a status. init and attach answer EINVAL or ENOMEM, with a
 *   spill file also what opening it answered. Under a policy (traits.policies) push_wait may answer
 *   DROPPED or IO, pop_wait IO, as push and pop do.
 * Globals.  None: a queue lives in its struct and its handles, so two builds of one queue can be
 *   loaded side by side. */
#ifndef QUEUES_QUEUE_H
#define QUEUES_QUEUE_H

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "queues/atomics.h"
#include "queues/item.h"
#include "queues/memory.h"
#include "queues/traits.h"
#include "queues/wait.h"

/* ---- what a queue need not write itself; Q_BATCH_BY_LOOP(N): item.h ------------------------ */

/* push_wait and pop_wait by trying, spinning, yielding, then sleeping on the queue's event counts
 * `room` (producers) and `items` (consumers). The queue's push ends in
 * q_event_notify(&q->items, 1, &h->counts) after publishing, its pop (if bounded) in
 * q_event_notify(&q->room, ...), and its close in q_event_notify(..., SIZE_MAX, ...) on both. */
#define Q_WAIT_LOOP_(TRY, AGAIN, EVENT)                                                            \
    enum q_status s = (TRY);                                                                       \
    if (s != (AGAIN) || timeout_ns == 0)                                                           \
        return s == (AGAIN) ? Q_TIMEOUT : s;                                                       \
    const uint64_t deadline = q_deadline(timeout_ns);                                              \
    for (unsigned spins = 0; spins < Q_SPINS_MAX + Q_YIELDS;) {                                    \
        q_relax(&spins);                                                                           \
        if (spins >= Q_SPINS_MAX)                                                                  \
            spins++;                                                                               \
        if ((s = (TRY)) != (AGAIN))                                                                \
            return s;                                                                              \
    }                                                                                              \
    for (bool in_time = true;;) {                                                                  \
        const struct q_event_ticket ticket = q_event_prepare(EVENT);                               \
        if ((s = (TRY)) == (AGAIN) && in_time) {                                                   \
            h->counts.parks++;                                                                     \
            in_time = q_event_sleep(EVENT, ticket, deadline);                                      \
        }                                                                                          \
        q_event_cancel(EVENT);                                                                     \
        if (s != (AGAIN)) {                                                                        \
            q_event_notify(EVENT, 1, &h->counts);                                                  \
            return s;                                                                              \
        }                                                                                          \
        if (!in_time)                                                                              \
            return (s = (TRY)) == (AGAIN) ? Q_TIMEOUT : s;                                         \
    }

#define Q_WAIT_BY_PARKING(N)                                                                       \
    static inline enum q_status N##_push_wait(struct N *q, struct N##_handle *h, q_item item,      \
                                              uint64_t timeout_ns)                                 \
    {                                                                                              \
        Q_WAIT_LOOP_(N##_push(q, h, item), Q_FULL, &q->room)                                       \
    }                                                                                              \
    static inline enum q_status N##_pop_wait(struct N *q, struct N##_handle *h, q_item *item,      \
                                             uint64_t timeout_ns)                                  \
    {                                                                                              \
        Q_WAIT_LOOP_(N##_pop(q, h, item), Q_EMPTY, &q->items)                                      \
    }

#endif
