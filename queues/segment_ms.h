/* segment_ms.h: unbounded, a linked list, any producers, any consumers: the textbook.
 *
 *        head                              tail
 *         v                                 v
 *     [ spent ] --next--> [ x ] --next--> [ x ] --next--> [ x ] --next--> none, or CLOSED
 *                                              the tail may be one node late
 *
 * Michael and Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue
 * Algorithms", PODC 1996: the non-blocking queue. A segment holds one item. A push links its node
 * behind the last one by compare-and-swap and then moves the tail; who finds the tail late moves it
 * on for the other. A pop moves the head to the next node, whose item is then its own; that node is
 * the new spent one, and the old one is retired (reclaim.h).
 *
 * A pop does not look at the tail, unless it took the last item (the check of Doherty, Groves,
 * Luchangco and Moir, 2004): only then may the tail still stand on the node that it retires. For who
 * linked a node behind the new head had found the tail on that head.
 *
 * Memory: nodes come one by one; those given back by reclaim.h travel as a chain, through one place
 * (`spare`) from which any handle takes all of them at once: exchanged whole, so without ABA. Kept
 * when drained: the spare chain, one in each handle, and what waits for readers.
 *
 * Progress: push and pop are lock-free; an operation begins again only when another one ended.
 * Q_EMPTY is exact: the node at the head had no next one.
 * Close puts a mark into the last node's `next`: no push can link there any more.
 *
 * Edges   linked   push, close -> push, pop, close   the next node is filled; no more will come
 *         moved    push, pop, close -> push, close   the tail's node is initialised
 *         taken    pop -> pop                        the head's node is initialised
 *         spare    any -> any                        nobody uses the nodes of this chain
 *
 * Undecided, since the checker comes to no end of what would show it (two pushes, a pop, and a close
 * that still holds the old tail): the last look of a pop at the next node. Who links behind the new
 * head has moved the tail there before; a pop that sees the link but not the move would retire a node
 * that q.tail may still lead to. */
#ifndef QUEUES_SEGMENT_MS_H
#define QUEUES_SEGMENT_MS_H

#include "queues/queue.h"
#include "queues/reclaim.h"

#define SEGMENT_MS_PATIENCE 128 /* nodes that a handle retires before it looks which are free */

struct segment_ms_node {
    struct q_retired retired;              /* also links the chains of unused nodes */
    atomic(struct segment_ms_node *) next; /* NULL at first; written once */
    q_item item;
};
#define SEGMENT_MS_CLOSED ((struct segment_ms_node *)1) /* in the last node's next */

struct segment_ms {
    alignas(Q_LINE) atomic(struct segment_ms_node *) tail;
    alignas(Q_LINE) atomic(struct segment_ms_node *) head;
    alignas(Q_LINE) struct q_event items; /* from here on constant, or written rarely */
    struct q_event room;                  /* nobody ever waits for room */
    struct q_reclaim reclaim;
    struct q_memory memory;
    alignas(Q_LINE) atomic(struct segment_ms_node *) spare;
};
struct segment_ms_handle {
    struct q_counts counts;
    struct q_guard guard;
    unsigned head_slot; /* 0 or 1: the slot that protects the head; the other, its next */
    struct segment_ms_node *nodes; /* a chain to push with */
};
enum { SEGMENT_MS_TAIL_SLOT = 2 };
_Static_assert(offsetof(struct segment_ms_node, retired) == 0, "an object begins with q_retired");

static const struct q_traits segment_ms_traits = {
    .name = "segment_ms",
    .family = "segment",
    .summary = "unbounded, a lock-free list, nodes reclaimed behind readers",
    .source =
        "Michael and Scott, Simple, Fast, and Practical ... Concurrent Queue Algorithms, 1996",
    .push = Q_LOCK_FREE,
    .pop = Q_LOCK_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = true,
    .close_any = true,
    .native = 0,
};

/* ---- nodes ---------------------------------------------------------------------------------- */

static inline struct segment_ms_node *segment_ms_below(struct segment_ms_node *node)
{
    return (struct segment_ms_node *)node->retired.below;
}

static inline void segment_ms_free(struct segment_ms *q, struct segment_ms_node *chain)
{
    while (chain) {
        struct segment_ms_node *const below = segment_ms_below(chain);
        q_free(&q->memory, chain, alignof(struct segment_ms_node), sizeof *chain);
        chain = below;
    }
}

/* A chain that nobody uses becomes the spare one; an older one is for this handle, or is freed. So
 * is what makes it longer than usual: epochs give everything back at once when a reader goes on. */
static inline void segment_ms_give(struct segment_ms *q, struct segment_ms_handle *h,
                                   struct q_retired *back)
{
    if (!back)
        return;
    struct segment_ms_node *const chain = (struct segment_ms_node *)back;
    for (unsigned i = 1; i < SEGMENT_MS_PATIENCE && back->below; i++)
        back = back->below;
    segment_ms_free(q, (struct segment_ms_node *)back->below);
    back->below = NULL;
    struct segment_ms_node *const older = a_swap(&q->spare, chain, acq_rel); /* [spare>] [>spare] */
    if (h->nodes)
        segment_ms_free(q, older);
    else
        h->nodes = older;
}

/* A node, from this handle's chain, the spare one, or new; NULL: there is no memory. */
static inline struct segment_ms_node *segment_ms_node(struct segment_ms *q,
                                                      struct segment_ms_handle *h)
{
    if (!h->nodes && a_load(&q->spare, relaxed))
        h->nodes = a_swap(&q->spare, NULL, acquire); /* [>spare] */
    struct segment_ms_node *const node = h->nodes;
    if (__builtin_expect(!node, 0))
        return q_alloc(&q->memory, alignof(struct segment_ms_node), sizeof *node);
    h->nodes = segment_ms_below(node);
    return node;
}

/* ---- life ----------------------------------------------------------------------------------- */

static inline int segment_ms_init(struct segment_ms *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    struct segment_ms_node *const first =
        q_alloc(&q->memory, alignof(struct segment_ms_node), sizeof *first);
    if (!first)
        return ENOMEM;
    a_init(&first->next, NULL);
    a_init(&q->tail, first);
    a_init(&q->head, first);
    a_init(&q->spare, NULL);
    q_event_init(&q->items);
    q_event_init(&q->room);
    q_reclaim_init(&q->reclaim, &q->memory, SEGMENT_MS_PATIENCE);
    return 0;
}

static inline void segment_ms_destroy(struct segment_ms *q)
{
    struct segment_ms_node *node = a_load(&q->head, relaxed);
    while (node && node != SEGMENT_MS_CLOSED) {
        struct segment_ms_node *const next = a_load(&node->next, relaxed);
        q_free(&q->memory, node, alignof(struct segment_ms_node), sizeof *node);
        node = next;
    }
    segment_ms_free(q, (struct segment_ms_node *)q_reclaim_destroy(&q->reclaim));
    segment_ms_free(q, a_load(&q->spare, relaxed));
}

static inline int segment_ms_attach(struct segment_ms *q, struct segment_ms_handle *h,
                                    enum q_role role)
{
    (void)role;
    *h = (struct segment_ms_handle){.nodes = NULL};
    return q_guard_attach(&h->guard, &q->reclaim);
}

static inline void segment_ms_detach(struct segment_ms *q, struct segment_ms_handle *h)
{
    segment_ms_give(q, h, q_guard_detach(&h->guard, &q->reclaim));
    segment_ms_free(q, h->nodes);
    h->nodes = NULL;
}

/* ---- push and pop --------------------------------------------------------------------------- */

/* The last node, protected; `next` what its next was: NULL, or CLOSED. */
static inline struct segment_ms_node *
segment_ms_last(struct segment_ms *q, struct segment_ms_handle *h, struct segment_ms_node **next)
{
    for (;;) {
        struct segment_ms_node *tail =
            q_protect(&h->guard, SEGMENT_MS_TAIL_SLOT, a_load(&q->tail, acquire)); /* [>moved] */
        *next = a_load(&tail->next, acquire);                                      /* [>linked] */
        if (!*next || *next == SEGMENT_MS_CLOSED)
            return tail;
        h->counts.retries++;
        a_cas(&q->tail, &tail, *next, release, relaxed); /* [moved>] */
    }
}

static inline q_hot enum q_status segment_ms_push(struct segment_ms *q, struct segment_ms_handle *h,
                                                  q_item item)
{
    struct segment_ms_node *const node = segment_ms_node(q, h);
    if (__builtin_expect(!node, 0))
        return Q_NOMEM;
    node->item = item;
    a_init(&node->next, NULL);
    q_enter(&h->guard, &q->reclaim);
    struct segment_ms_node *tail, *next;
    for (unsigned step = 0;;) {
        tail = segment_ms_last(q, h, &next);
        if (__builtin_expect(next != NULL, 0)) {
            q_leave(&h->guard);
            node->retired.below = (struct q_retired *)h->nodes;
            h->nodes = node;
            return Q_CLOSED;
        }
        if (a_cas(&tail->next, &next, node, release, relaxed)) /* [linked>] */
            break;
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    a_cas(&q->tail, &tail, node, release, relaxed); /* [moved>] */
    q_leave(&h->guard);
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status segment_ms_pop(struct segment_ms *q, struct segment_ms_handle *h,
                                                 q_item *item)
{
    q_enter(&h->guard, &q->reclaim);
    struct segment_ms_node *head, *next;
    for (unsigned step = 0;;) {
        head = q_protect(&h->guard, h->head_slot, a_load(&q->head, acquire)); /* [>taken] */
        next = a_load(&head->next, acquire);                                  /* [>linked] */
        if (!next || next == SEGMENT_MS_CLOSED) {
            q_leave(&h->guard);
            return next ? Q_CLOSED : Q_EMPTY;
        }
        q_hold(&h->guard, h->head_slot ^ 1, next); /* in time, if the head still stands: */
        struct segment_ms_node *seen = head;
        if (a_cas(&q->head, &seen, next, release, relaxed)) /* [taken>] */
            break;
        h->counts.cas_failed++;
        q_backoff(&step);
    }
    *item = next->item;
    if (a_load(&next->next, acquire) == NULL) { /* [>linked] else the tail has been there */
        struct segment_ms_node *seen = head;
        if (a_load(&q->tail, relaxed) == head)
            a_cas(&q->tail, &seen, next, release, relaxed); /* [moved>] */
    }
    q_leave(&h->guard);
    h->head_slot ^= 1;
    struct q_retired *const back = q_retire(&h->guard, &q->reclaim, &head->retired);
    if (__builtin_expect(back != NULL, 0))
        segment_ms_give(q, h, back);
    return Q_OK;
}

Q_BATCH_BY_LOOP(segment_ms)
Q_WAIT_BY_PARKING(segment_ms)

static inline void segment_ms_close(struct segment_ms *q, struct segment_ms_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    struct segment_ms_node *tail, *next;
    do
        tail = segment_ms_last(q, h, &next);
    while (!next &&
           !a_cas(&tail->next, &next, SEGMENT_MS_CLOSED, release, relaxed)); /* [linked>] */
    q_leave(&h->guard);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

/* As in a thread that is stopped in the middle of a pop (harness/driver.h). */
#define segment_ms_STOPS 1
static inline void segment_ms_stop(struct segment_ms *q, struct segment_ms_handle *h)
{
    q_enter(&h->guard, &q->reclaim);
    (void)q_protect(&h->guard, h->head_slot, a_load(&q->head, relaxed));
}

static inline size_t segment_ms_capacity(const struct segment_ms *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes segment_ms_bytes(const struct segment_ms *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
