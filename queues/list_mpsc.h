/* list_mpsc.h: unbounded linked list, any producers, one consumer; a push is one exchange.
 *
 *    head                                     tail
 *     v                                        v
 *    [d]───►[ a ]───►[ b ]   [ c ]───►[ e ]───► NULL      d: the dummy, its item is gone
 *                         ▲                               c: its producer took its place behind b
 *                         └ not linked yet                   and has not linked it yet
 *
 * push makes its node the tail by one exchange and then links it behind the node that was the tail
 * before. The order of the exchanges is the order of the items. Between its two steps the list is
 * cut: pops come no further than b, though e may have been pushed and answered.
 * Vyukov, Non-intrusive MPSC node-based queue, 2008 (1024cores.net).
 *
 * push is wait-free while its block lasts, and promises no more than lock-free: what an allocation
 * adds to the count of memory is a compare-and-swap that may have to be repeated (memory.h).
 * pop is blocking: it answers EMPTY behind a push that is stopped between its two steps, which is
 * also why Q_EMPTY is not exact.
 * close must not race with pushes: an exchange cannot refuse. (Refusing takes a compare-and-swap that
 * may have to be repeated: segment_mpmc, array_mpmc.)
 *
 * Nodes come in blocks, and a block belongs to a home, one per attached producer. A producer takes
 * the nodes of its block in turn. They are popped in the same turn, so that the consumer, when it
 * leaves the last one, knows that nobody needs that block any more, and hands it to its home as the
 * spare; the producer takes the spare when its block is used up. So no node has a state of its own,
 * nothing is compared, there is no ABA, and an allocator is asked once per block, if at all. A home
 * whose producer detaches waits, with the rest of its block, for the next one to attach.
 *
 * Edges    linked  push   -> pop      the node behind the one you look at holds an item
 *          placed  push   -> push     the node that was the tail is there to be linked behind
 *          spare   pop    -> push     nobody reads this block any more; the older spare's likewise
 *          homes   attach -> attach   a home in the list of homes
 *          left    detach -> attach   a home and the rest of its block
 *          closed  close  -> pop      no node will be linked behind the one you look at
 * Memory   Drained, it keeps per home, of which there are as many as ever producers were attached at
 *          once, one block in use and one spare. */
#ifndef QUEUES_LIST_MPSC_H
#define QUEUES_LIST_MPSC_H

#include "queues/queue.h"

#define LIST_MPSC_BLOCK 16384               /* bytes, if the nodes of a block are not told */
#define LIST_MPSC_MOST  (UINT64_C(1) << 24) /* nodes of a block */

struct list_mpsc_node {
    atomic(struct list_mpsc_node *) next;
    q_item item;
};
/* On a boundary of its size, so that a node knows its block. */
struct list_mpsc_block {
    struct list_mpsc_home *home;
    struct list_mpsc_node node[];
};
struct list_mpsc_home {
    alignas(Q_LINE) atomic(struct list_mpsc_block *) spare;
    struct list_mpsc_home *older; /* in the list of homes: constant */
    atomic(bool) taken;
    struct list_mpsc_node *next, *end; /* of nobody: the nodes left of the block in use */
};

struct list_mpsc {
    alignas(Q_LINE) atomic(struct list_mpsc_node *) tail; /* the newest node */
    alignas(Q_LINE) atomic(struct list_mpsc_node *) head; /* the dummy; the consumer's alone */
    alignas(Q_LINE) size_t nodes;                         /* of a block; from here on constant, */
    size_t block_bytes;                                   /* or written rarely */
    struct q_event items, room;                           /* nobody ever waits for room */
    atomic(struct list_mpsc_home *) homes;
    atomic(bool) closed;
    struct q_memory memory;
};
struct list_mpsc_handle {
    struct q_counts counts;
    struct list_mpsc_home *home;       /* NULL: no producer */
    struct list_mpsc_node *next, *end; /* the nodes left of the block in use */
};
_Static_assert(offsetof(struct list_mpsc, head) >= Q_LINE, "both ends on one cache line");

static const struct q_traits list_mpsc_traits = {
    .name = "list_mpsc",
    .family = "list",
    .summary = "unbounded list for one consumer, a push is one exchange",
    .source = "Vyukov, Non-intrusive MPSC node-based queue, 2008",
    .consumers = 1,
    .push = Q_LOCK_FREE,
    .pop = Q_BLOCKING,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = false,
    .exact = false,
    .native = Q_BATCH,
};

/* ---- blocks and homes ---------------------------------------------------------------------- */

static inline struct list_mpsc_block *list_mpsc_block_of(const struct list_mpsc *q,
                                                         struct list_mpsc_node *node)
{
    const size_t inside = (uintptr_t)node & (q->block_bytes - 1);
    return (struct list_mpsc_block *)((char *)node - inside);
}

static inline bool list_mpsc_is_last(const struct list_mpsc *q, const struct list_mpsc_node *node)
{
    return ((uintptr_t)node & (q->block_bytes - 1)) ==
           offsetof(struct list_mpsc_block, node) + (q->nodes - 1) * sizeof *node;
}

static inline void list_mpsc_free_block(struct list_mpsc *q, struct list_mpsc_block *block)
{
    q_free(&q->memory, block, q->block_bytes, q->block_bytes);
}

/* The nodes of another block for a producer that has none left. False: no memory. */
static __attribute__((noinline)) bool list_mpsc_refill(struct list_mpsc *q,
                                                       struct list_mpsc_handle *h)
{
    struct list_mpsc_block *block = NULL;
    if (a_load(&h->home->spare, relaxed))
        block = a_swap(&h->home->spare, NULL, acquire); /* [>spare] */
    if (!block)
        block = q_alloc(&q->memory, q->block_bytes, q->block_bytes);
    if (!block)
        return false;
    block->home = h->home;
    h->next = block->node;
    h->end = block->node + q->nodes;
    return true;
}

/* The consumer has left the last node of this block. Spares come from here alone: an older one has
 * not been touched since. */
static __attribute__((noinline)) void list_mpsc_give(struct list_mpsc *q,
                                                     struct list_mpsc_block *block)
{
    list_mpsc_free_block(q, a_swap(&block->home->spare, block, release)); /* [spare>] */
}

static inline struct list_mpsc_home *list_mpsc_new_home(struct list_mpsc *q)
{
    struct list_mpsc_home *const home = q_alloc(&q->memory, Q_LINE, sizeof *home);
    if (!home)
        return NULL;
    a_init(&home->spare, NULL);
    a_init(&home->taken, true);
    home->next = home->end = NULL;
    home->older = a_load(&q->homes, relaxed);
    while (!a_cas_weak(&q->homes, &home->older, home, release, relaxed)) /* [homes>] */
        ;
    return home;
}

/* ---- life ---------------------------------------------------------------------------------- */

static inline int list_mpsc_attach(struct list_mpsc *q, struct list_mpsc_handle *h,
                                   enum q_role role)
{
    *h = (struct list_mpsc_handle){.home = NULL};
    if (!(role & Q_PRODUCER))
        return 0; /* a later consumer takes over where the one before it detached */
    struct list_mpsc_home *home = a_load(&q->homes, acquire); /* [>homes] */
    for (; home; home = home->older) {
        bool taken = a_load(&home->taken, relaxed);
        if (!taken && a_cas(&home->taken, &taken, true, acquire, relaxed)) /* [>left] */
            break;
    }
    if (!home && !(home = list_mpsc_new_home(q)))
        return ENOMEM;
    h->home = home;
    h->next = home->next;
    h->end = home->end;
    return 0;
}

static inline void list_mpsc_detach(struct list_mpsc *q, struct list_mpsc_handle *h)
{
    (void)q;
    if (!h->home)
        return;
    h->home->next = h->next;
    h->home->end = h->end;
    a_store(&h->home->taken, false, release); /* [left>] */
}

static inline void list_mpsc_destroy(struct list_mpsc *q)
{
    /* A block that is used up has its last node in the list, or it would have been given back. */
    for (struct list_mpsc_node *node = a_load(&q->head, relaxed), *next; node; node = next) {
        next = a_load(&node->next, relaxed);
        if (list_mpsc_is_last(q, node))
            list_mpsc_free_block(q, list_mpsc_block_of(q, node));
    }
    for (struct list_mpsc_home *home = a_load(&q->homes, relaxed), *older; home; home = older) {
        older = home->older;
        if (home->next != home->end)
            list_mpsc_free_block(q, list_mpsc_block_of(q, home->next));
        list_mpsc_free_block(q, a_load(&home->spare, relaxed));
        q_free(&q->memory, home, Q_LINE, sizeof *home);
    }
}

static inline int list_mpsc_init(struct list_mpsc *q, const struct q_config *cfg)
{
    const size_t header = sizeof(struct list_mpsc_block), node = sizeof(struct list_mpsc_node);
    q->nodes = cfg->segment ? cfg->segment : (LIST_MPSC_BLOCK - header) / node;
    if (q->nodes > LIST_MPSC_MOST || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q->block_bytes = q_round_up(header + q->nodes * node, Q_LINE);
    q_memory_init(&q->memory, cfg);
    a_init(&q->homes, NULL);
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    struct list_mpsc_handle first; /* makes the dummy, and leaves a home for the first producer */
    if (list_mpsc_attach(q, &first, Q_PRODUCER) != 0)
        return ENOMEM;
    if (!list_mpsc_refill(q, &first)) {
        q_free(&q->memory, first.home, Q_LINE, sizeof *first.home);
        return ENOMEM;
    }
    struct list_mpsc_node *const dummy = first.next++;
    list_mpsc_detach(q, &first);
    a_init(&dummy->next, NULL);
    a_init(&q->tail, dummy);
    a_init(&q->head, dummy);
    return 0;
}

/* ---- push ---------------------------------------------------------------------------------- */

/* Puts the chain from `first` to `last` at the end of the list. */
static inline void list_mpsc_place(struct list_mpsc *q, struct list_mpsc_node *first,
                                   struct list_mpsc_node *last)
{
    a_store(&last->next, NULL, relaxed);
    struct list_mpsc_node *const before = a_swap(&q->tail, last, acq_rel); /* [placed>] [>placed] */
    a_store(&before->next, first, release);                                /* [linked>] */
}

static inline q_hot enum q_status list_mpsc_push(struct list_mpsc *q, struct list_mpsc_handle *h,
                                                 q_item item)
{
    if (__builtin_expect(h->next == h->end, 0) && !list_mpsc_refill(q, h))
        return Q_NOMEM;
    struct list_mpsc_node *const node = h->next++;
    node->item = item;
    list_mpsc_place(q, node, node);
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

/* One exchange for the whole batch. */
static inline size_t list_mpsc_push_n(struct list_mpsc *q, struct list_mpsc_handle *h,
                                      const q_item *items, size_t n)
{
    struct list_mpsc_node *first = NULL, *last = NULL;
    size_t done = 0;
    for (; done < n && (h->next != h->end || list_mpsc_refill(q, h)); done++) {
        struct list_mpsc_node *const node = h->next++;
        node->item = items[done];
        if (last)
            a_store(&last->next, node, relaxed);
        else
            first = node;
        last = node;
    }
    if (done) {
        list_mpsc_place(q, first, last);
        q_event_notify(&q->items, done, &h->counts);
    }
    return done;
}

/* ---- pop ----------------------------------------------------------------------------------- */

/* Makes `next` the dummy, once its item has been read. */
static inline void list_mpsc_leave(struct list_mpsc *q, struct list_mpsc_node *head,
                                   struct list_mpsc_node *next)
{
    a_store(&q->head, next, relaxed);
    if (__builtin_expect(list_mpsc_is_last(q, head), 0))
        list_mpsc_give(q, list_mpsc_block_of(q, head));
}

static inline q_hot enum q_status list_mpsc_pop(struct list_mpsc *q, struct list_mpsc_handle *h,
                                                q_item *item)
{
    (void)h;
    struct list_mpsc_node *const head = a_load(&q->head, relaxed);
    struct list_mpsc_node *next = a_load(&head->next, acquire); /* [>linked] */
    if (!next) {
        if (!a_load(&q->closed, acquire)) /* [>closed] */
            return Q_EMPTY;
        next = a_load(&head->next, relaxed); /* closed after the last push: that is known by now */
        if (!next)
            return Q_CLOSED;
    }
    *item = next->item;
    list_mpsc_leave(q, head, next);
    return Q_OK;
}

static inline size_t list_mpsc_pop_n(struct list_mpsc *q, struct list_mpsc_handle *h, q_item *items,
                                     size_t n)
{
    (void)h;
    size_t done = 0;
    struct list_mpsc_node *head = a_load(&q->head, relaxed), *next;
    for (; done < n && (next = a_load(&head->next, acquire)); head = next) { /* [>linked] */
        items[done++] = next->item;
        list_mpsc_leave(q, head, next);
    }
    return done;
}

Q_WAIT_BY_PARKING(list_mpsc)

static inline void list_mpsc_close(struct list_mpsc *q, struct list_mpsc_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t list_mpsc_capacity(const struct list_mpsc *q)
{
    (void)q;
    return 0;
}

static inline struct q_bytes list_mpsc_bytes(const struct list_mpsc *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
