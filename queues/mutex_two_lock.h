/* mutex_two_lock.h: unbounded, any producers and consumers: a linked list with a lock at each end.
 *
 *    first ──> [ ] ──> [ ] ──> [ ] ──> [ x ] ──> [ x ] ──> [ x ] ──> NULL
 *              free nodes      head: the dummy,              tail
 *                              its item is gone
 *
 * The dummy keeps the ends apart: producers write behind tail, consumers advance head, and they
 * meet on a node only when the queue is empty, where both touch the dummy's `next`. That one
 * pointer is therefore atomic; everything else is under one of the two locks.
 *
 * Michael & Scott 1996, the two-lock queue. The paper leaves free nodes to an allocator; here they
 * stay linked in front of head and producers take them from there (Vyukov's node cache of his
 * unbounded SPSC queue, 2009), so a steady queue allocates nothing.  push and pop are blocking.
 *
 * Edges    linked  push -> pop    the node behind the one you look at holds an item
 *          freed   pop -> push    every node before this head has been read and may be taken
 *          closed  close -> pop   no node will ever be linked behind the last one you see next
 * Memory   Nodes come in slabs of 64, allocated outside the locks when no node is free. They return
 *          to the system when the queue is destroyed: a queue keeps what its fullest moment needed.
 * Errors   push answers NOMEM when there is no memory for a slab, never FULL. */
#ifndef QUEUES_MUTEX_TWO_LOCK_H
#define QUEUES_MUTEX_TWO_LOCK_H

#include <pthread.h>

#include "queues/queue.h"

#ifndef MUTEX_TWO_LOCK_SLAB
#define MUTEX_TWO_LOCK_SLAB 64 /* nodes per allocation */
#endif

struct mutex_two_lock_node {
    atomic(struct mutex_two_lock_node *) next;
    q_item item;
};
struct mutex_two_lock_slab {
    struct mutex_two_lock_slab *older;
    struct mutex_two_lock_node node[MUTEX_TWO_LOCK_SLAB];
};

struct mutex_two_lock {
    alignas(Q_LINE) pthread_mutex_t tail_lock; /* of tail, first, seen_head, slabs */
    struct mutex_two_lock_node *tail;          /* the newest node */
    struct mutex_two_lock_node *first;         /* the oldest node: free unless it is the head */
    struct mutex_two_lock_node *seen_head;     /* the head when a producer last looked */
    struct mutex_two_lock_slab *slabs;
    alignas(Q_LINE) pthread_mutex_t head_lock;
    atomic(struct mutex_two_lock_node *) head; /* the dummy; stored under head_lock */
    alignas(Q_LINE) atomic(bool) closed;       /* stored under tail_lock */
    struct q_event items;
    struct q_event room; /* never slept on: never full */
    struct q_memory memory;
};
struct mutex_two_lock_handle {
    struct q_counts counts;
};

static const struct q_traits mutex_two_lock_traits = {
    .name = "mutex_two_lock",
    .family = "mutex",
    .summary = "linked list, one lock for each end",
    .source = "Michael & Scott, Simple, fast, and practical ... queue algorithms, 1996",
    .push = Q_BLOCKING,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .exact = true,
    .close_any = true,
    .native = Q_BATCH,
};

/* ---- nodes --------------------------------------------------------------------------------- */

static inline struct mutex_two_lock_slab *mutex_two_lock_new_slab(struct mutex_two_lock *q)
{
    struct mutex_two_lock_slab *slab =
        q_alloc(&q->memory, alignof(struct mutex_two_lock_slab), sizeof *slab);
    if (!slab)
        return NULL;
    for (size_t i = 0; i < MUTEX_TWO_LOCK_SLAB; i++)
        a_init(&slab->node[i].next, i + 1 < MUTEX_TWO_LOCK_SLAB ? &slab->node[i + 1] : NULL);
    return slab;
}

/* Puts the nodes of a new slab before `first`. Under tail_lock. */
static inline void mutex_two_lock_add_slab(struct mutex_two_lock *q,
                                           struct mutex_two_lock_slab *slab)
{
    slab->older = q->slabs;
    q->slabs = slab;
    a_store(&slab->node[MUTEX_TWO_LOCK_SLAB - 1].next, q->first, relaxed);
    q->first = &slab->node[0];
}

/* A free node, or NULL. Under tail_lock. */
static inline struct mutex_two_lock_node *mutex_two_lock_take(struct mutex_two_lock *q)
{
    struct mutex_two_lock_node *const node = q->first;
    if (node == q->seen_head) {
        q->seen_head = a_load(&q->head, acquire); /* [>freed] */
        if (node == q->seen_head)
            return NULL;
    }
    q->first = a_load(&node->next, relaxed); /* linked by a producer: under our lock */
    return node;
}

/* ---- making and ending --------------------------------------------------------------------- */

static inline int mutex_two_lock_init(struct mutex_two_lock *q, const struct q_config *cfg)
{
    if (cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    struct mutex_two_lock_slab *const slab = mutex_two_lock_new_slab(q);
    if (!slab)
        return ENOMEM;
    struct mutex_two_lock_node *const dummy = &slab->node[MUTEX_TWO_LOCK_SLAB - 1];
    slab->older = NULL;
    q->slabs = slab;
    q->first = &slab->node[0];
    q->seen_head = dummy;
    q->tail = dummy;
    a_init(&q->head, dummy);
    a_init(&q->closed, false);
    pthread_mutex_init(&q->head_lock, NULL); /* on Linux it cannot fail */
    pthread_mutex_init(&q->tail_lock, NULL);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void mutex_two_lock_destroy(struct mutex_two_lock *q)
{
    for (struct mutex_two_lock_slab *slab = q->slabs, *older; slab; slab = older) {
        older = slab->older;
        q_free(&q->memory, slab, alignof(struct mutex_two_lock_slab), sizeof *slab);
    }
    pthread_mutex_destroy(&q->head_lock);
    pthread_mutex_destroy(&q->tail_lock);
}

static inline int mutex_two_lock_attach(struct mutex_two_lock *q, struct mutex_two_lock_handle *h,
                                        enum q_role role)
{
    (void)q, (void)role;
    *h = (struct mutex_two_lock_handle){0};
    return 0;
}

static inline void mutex_two_lock_detach(struct mutex_two_lock *q, struct mutex_two_lock_handle *h)
{
    (void)q, (void)h;
}

/* ---- the operations ------------------------------------------------------------------------ */

/* Links a chain of the first of n items, as many as there are free nodes. Under tail_lock. */
static inline size_t mutex_two_lock_link(struct mutex_two_lock *q, const q_item *items, size_t n)
{
    struct mutex_two_lock_node *const begin = mutex_two_lock_take(q), *end = begin;
    if (!begin)
        return 0;
    begin->item = items[0];
    size_t done = 1;
    for (struct mutex_two_lock_node *node; done < n && (node = mutex_two_lock_take(q)); done++) {
        node->item = items[done];
        a_store(&end->next, node, relaxed);
        end = node;
    }
    a_store(&end->next, NULL, relaxed);
    /* From this store on a consumer may pass the old tail and another producer may reuse it once
     * we unlock: it is not touched again. */
    a_store(&q->tail->next, begin, release); /* [linked>] */
    q->tail = end;
    return done;
}

/* Pushes all, or stops at the first that found the queue closed or no memory: *why. */
static __attribute__((noinline)) size_t mutex_two_lock_push_upto(struct mutex_two_lock *q,
                                                                 struct mutex_two_lock_handle *h,
                                                                 const q_item *items, size_t n,
                                                                 enum q_status *why)
{
    struct mutex_two_lock_slab *slab = NULL;
    size_t done = 0;
    *why = Q_OK;
    while (done < n) {
        pthread_mutex_lock(&q->tail_lock);
        if (__builtin_expect(slab != NULL, 0))
            mutex_two_lock_add_slab(q, slab);
        const bool closed = a_load(&q->closed, relaxed); /* stored under our lock */
        if (!closed)
            done += mutex_two_lock_link(q, items + done, n - done);
        pthread_mutex_unlock(&q->tail_lock);
        if (__builtin_expect(done == n, 1))
            break;
        if (closed)
            *why = Q_CLOSED;
        else if (!(slab = mutex_two_lock_new_slab(q)))
            *why = Q_NOMEM;
        if (*why != Q_OK)
            break;
    }
    if (done)
        q_event_notify(&q->items, done, &h->counts);
    return done;
}

static inline q_hot enum q_status mutex_two_lock_push(struct mutex_two_lock *q,
                                                      struct mutex_two_lock_handle *h, q_item item)
{
    pthread_mutex_lock(&q->tail_lock);
    const bool done = !a_load(&q->closed, relaxed) && mutex_two_lock_link(q, &item, 1) == 1;
    pthread_mutex_unlock(&q->tail_lock);
    if (__builtin_expect(done, 1)) {
        q_event_notify(&q->items, 1, &h->counts);
        return Q_OK;
    }
    enum q_status why;
    mutex_two_lock_push_upto(q, h, &item, 1, &why);
    return why;
}

static inline size_t mutex_two_lock_push_n(struct mutex_two_lock *q,
                                           struct mutex_two_lock_handle *h, const q_item *items,
                                           size_t n)
{
    enum q_status why;
    return mutex_two_lock_push_upto(q, h, items, n, &why);
}

static inline q_hot enum q_status mutex_two_lock_pop(struct mutex_two_lock *q,
                                                     struct mutex_two_lock_handle *h, q_item *item)
{
    (void)h;
    pthread_mutex_lock(&q->head_lock);
    struct mutex_two_lock_node *const dummy = a_load(&q->head, relaxed);
    struct mutex_two_lock_node *next = a_load(&dummy->next, acquire); /* [>linked] */
    if (!next) {
        /* Ask `closed` before looking again: once closed, what we then see is the last node. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        next = a_load(&dummy->next, acquire);            /* [>linked] */
        if (!next) {
            pthread_mutex_unlock(&q->head_lock);
            return closed ? Q_CLOSED : Q_EMPTY;
        }
    }
    *item = next->item;
    a_store(&q->head, next, release); /* [freed>] */
    pthread_mutex_unlock(&q->head_lock);
    return Q_OK;
}

static inline size_t mutex_two_lock_pop_n(struct mutex_two_lock *q, struct mutex_two_lock_handle *h,
                                          q_item *items, size_t n)
{
    (void)h;
    size_t done = 0;
    pthread_mutex_lock(&q->head_lock);
    struct mutex_two_lock_node *dummy = a_load(&q->head, relaxed), *next;
    while (done < n && (next = a_load(&dummy->next, acquire))) { /* [>linked] */
        items[done++] = next->item;
        dummy = next;
    }
    if (done)
        a_store(&q->head, dummy, release); /* [freed>] */
    pthread_mutex_unlock(&q->head_lock);
    return done;
}

Q_WAIT_BY_PARKING(mutex_two_lock)

static inline void mutex_two_lock_close(struct mutex_two_lock *q, struct mutex_two_lock_handle *h)
{
    pthread_mutex_lock(&q->tail_lock);
    a_store(&q->closed, true, release); /* [closed>] */
    pthread_mutex_unlock(&q->tail_lock);
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
}

static inline size_t mutex_two_lock_capacity(const struct mutex_two_lock *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes mutex_two_lock_bytes(const struct mutex_two_lock *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
