/* ring_batch.h: bounded ring, one producer, one consumer; each side looks at the other's index once
 * per batch, and asks for the lines of the batch before it comes to them.
 *
 *        head      limit          end    tail      item i lives in slot[i & mask]
 *   ..[ ][ x  x  x  x ][ x  x  x  x ][ x  x ][ ]   limit: as far as the consumer goes without a
 *         `--------'    `--------'                 thought; end: as far as it knows of items
 *        being read   on their way here            (the producer likewise, with free slots)
 *
 * ring_spsc with three things more. When a look at the other's index shows little, and the last
 * such wait was worth it, it waits for a moment and looks again (temporal slipping). It takes what
 * it saw by whole lines, and leaves one that is just being filled to the other side. And while it
 * works on one chunk of slots, the lines of the next travel.
 * Index batches: Lee, Bu & Chandranmenon, MCRingBuffer, 2009; slipping: Giacomoni, Moseley &
 * Vachharajani, FastForward, 2008; both weighed by Maffione, Lettieri & Rizzo, 2018 (BLQ, LLQ).
 * push and pop are wait-free: a wait is RING_BATCH_SLIP pauses, once, whatever it brings.
 *
 * Those batch what they publish: an item is shown to the consumer with the last one of its batch.
 * Here every push shows its own item and every pop its own room, or a producer that is stopped, or has
 * nothing more to push, would keep items that it was told were in the queue. Only the looking is in
 * batches, and that is where the time goes: a line changes hands when somebody reads it, however
 * often it was written.
 *
 * Which ring in which phase. Per lap a line of slots travels to the consumer and back; more is waste.
 *   Ends far apart, in a large ring: ring_batch. Each index line travels once per batch, and slot
 *     lines are on their way before they are wanted, which no processor can guess near a moving end.
 *   Ends close together, in a ring of few lines: ring_flag. There is nothing to batch, and it moves
 *     one line per item where the others move an index and a slot.
 *   One item at a time, and the other side waiting for it: ring_flag again, for the same reason.
 *   A batch per call: ring_spsc and ring_batch, which copy it as one block and publish it by one
 *     store; ring_flag stores a flag per item.
 *   ring_lamport moves an index line per operation in every phase: the price of not remembering.
 * What a batch costs is latency when the traffic is dense but not full: then an item may wait as long
 * as a slip. Where the wait does not pay it is given up, for longer each time.
 *
 * Q_EMPTY and Q_FULL are not exact, as in ring_spsc: each side stores its index and then reads the
 * other's, and nothing keeps the store from being seen after the read.
 *
 * Edges   filled   push  -> pop    slot[i] holds item i
 *         freed    pop   -> push   slot[i] has been read and may be overwritten
 *         closed   close -> pop    no index beyond the tail you read next will ever be filled */
#ifndef QUEUES_RING_BATCH_H
#define QUEUES_RING_BATCH_H

#include "queues/queue.h"

#ifndef RING_BATCH_LINE
#define RING_BATCH_LINE 64 /* bytes that travel together */
#endif
#ifndef RING_BATCH_CHUNK
#define RING_BATCH_CHUNK 8 /* lines that are asked for at once: about what a core can wait for */
#endif
#ifndef RING_BATCH_SLIP
#define RING_BATCH_SLIP 16 /* pauses before a second look; 0: there is none */
#endif
#define RING_BATCH_CALM 1024 /* most looks without a slip after slips that did not pay */

enum {
    RING_BATCH_LINE_ITEMS = (RING_BATCH_LINE - 1) / sizeof(q_item) + 1,
    RING_BATCH_CHUNK_ITEMS = RING_BATCH_CHUNK * RING_BATCH_LINE_ITEMS,
    RING_BATCH_FEW = 2 * RING_BATCH_CHUNK_ITEMS, /* to see less than this is worth a slip, */
    RING_BATCH_GAIN = 2 * RING_BATCH_LINE_ITEMS, /* which pays if it brings as much as this */
};

struct ring_batch_index {
    alignas(Q_LINE) atomic(uint64_t) at;
};
struct ring_batch {
    struct ring_batch_index tail;  /* next index to fill; only the producer stores */
    struct ring_batch_index head;  /* next index to drain; only the consumer stores */
    alignas(Q_LINE) uint64_t mask; /* from here on constant, or written rarely */
    q_item *slot;
    struct q_event items, room;
    atomic(bool) closed;
    struct q_memory memory;
};
/* What a side knows of the slots before it. Its own index never passes `limit` nor that `end`. */
struct ring_batch_view {
    uint64_t limit, end;
    unsigned calm, calm_next; /* looks to come without a slip; after the next failure */
};
struct ring_batch_handle {
    struct q_counts counts;
    struct ring_batch_view room, items; /* the producer's, the consumer's */
};

static const struct q_traits ring_batch_traits = {
    .name = "ring_batch",
    .family = "ring",
    .summary = "ring for one producer and one consumer, looks and transfers in batches",
    .source = "Lee, Bu & Chandranmenon, MCRingBuffer, 2009; Maffione, Lettieri & Rizzo, 2018",
    .producers = 1,
    .consumers = 1,
    .push = Q_WAIT_FREE,
    .pop = Q_WAIT_FREE,
    .order = Q_FIFO,
    .lanes = 1,
    .bounded = true,
    .exact = false,
    .native = Q_BATCH,
};

static inline int ring_batch_init(struct ring_batch *q, const struct q_config *cfg)
{
    const size_t capacity = q_round_up(cfg->capacity ? cfg->capacity : 1024, 1);
    if (capacity == 0 || capacity > SIZE_MAX / sizeof(q_item) || cfg->when_full != Q_REFUSE)
        return EINVAL;
    q_memory_init(&q->memory, cfg);
    q->slot = q_alloc(&q->memory, Q_LINE, capacity * sizeof(q_item));
    if (!q->slot)
        return ENOMEM;
    q->mask = capacity - 1;
    a_init(&q->tail.at, 0);
    a_init(&q->head.at, 0);
    a_init(&q->closed, false);
    q_event_init(&q->items);
    q_event_init(&q->room);
    return 0;
}

static inline void ring_batch_destroy(struct ring_batch *q)
{
    q_free(&q->memory, q->slot, Q_LINE, (q->mask + 1) * sizeof(q_item));
}

static inline int ring_batch_attach(struct ring_batch *q, struct ring_batch_handle *h,
                                    enum q_role role)
{
    (void)role;
    const uint64_t tail = a_load(&q->tail.at, relaxed), head = a_load(&q->head.at, relaxed);
    *h = (struct ring_batch_handle){.room = {.limit = tail, .end = tail},
                                    .items = {.limit = head, .end = head}};
    return 0; /* a later producer or consumer takes over where the one before it detached */
}

static inline void ring_batch_detach(struct ring_batch *q, struct ring_batch_handle *h)
{
    (void)q, (void)h;
}

/* ---- looking ahead: the same on both sides --------------------------------------------------- *
 * What lies ahead of index `mine` ends at the other's index plus `lap`: the consumer's items at the
 * tail, lap 0; the producer's room at the head, a whole ring later. */

static inline uint64_t ring_batch_end(const struct ring_batch_index *theirs, uint64_t lap)
{
    return a_load(&theirs->at, acquire) + lap; /* [>filled] [>freed] */
}

/* Asks for the lines of slots from `from` on, at most a chunk and not beyond `to`. */
static inline void ring_batch_ask(const struct ring_batch *q, uint64_t from, uint64_t to,
                                  bool to_write)
{
    if (to - from > RING_BATCH_CHUNK_ITEMS)
        to = from + RING_BATCH_CHUNK_ITEMS;
    for (uint64_t i = from; i < to; i += RING_BATCH_LINE_ITEMS) {
        if (to_write)
            a_prefetch_write(&q->slot[i & q->mask]);
        else
            a_prefetch_read(&q->slot[i & q->mask]);
    }
}

/* Looks at the other's index: where does what lies ahead end? */
static inline uint64_t ring_batch_look(struct ring_batch_view *v,
                                       const struct ring_batch_index *theirs, uint64_t lap,
                                       uint64_t mine)
{
    uint64_t end = ring_batch_end(theirs, lap);
    if (end - mine >= RING_BATCH_FEW || end == mine || RING_BATCH_SLIP == 0)
        return end;
    if (v->calm > 0) {
        v->calm--;
        return end;
    }
    for (unsigned i = 0; i < RING_BATCH_SLIP; i++)
        a_pause();
    const uint64_t later = ring_batch_end(theirs, lap);
    if (later - end >= RING_BATCH_GAIN) {
        v->calm_next = 1;
    } else {
        v->calm = v->calm_next;
        if (v->calm_next < RING_BATCH_CALM)
            v->calm_next = 2 * v->calm_next + 1;
    }
    return later;
}

/* At its limit: sets a new one. False: nothing lies ahead. */
static __attribute__((noinline)) bool ring_batch_go_on(const struct ring_batch *q,
                                                       struct ring_batch_view *v,
                                                       const struct ring_batch_index *theirs,
                                                       uint64_t lap, uint64_t mine)
{
    const bool to_write = lap != 0;
    if (v->end == mine) {
        v->end = ring_batch_look(v, theirs, lap, mine);
        if (v->end == mine)
            return false;
        if (v->end - mine > RING_BATCH_LINE_ITEMS) /* not the line that they are at */
            v->end -= v->end % RING_BATCH_LINE_ITEMS;
        ring_batch_ask(q, mine, v->end, to_write);
    }
    v->limit = mine - mine % RING_BATCH_CHUNK_ITEMS + RING_BATCH_CHUNK_ITEMS;
    if (v->limit >= v->end)
        v->limit = v->end;
    else
        ring_batch_ask(q, v->limit, v->end, to_write);
    return true;
}

/* ---- push and pop -------------------------------------------------------------------------- */

static inline q_hot enum q_status ring_batch_push(struct ring_batch *q, struct ring_batch_handle *h,
                                                  q_item item)
{
    const uint64_t tail = a_load(&q->tail.at, relaxed); /* our own index */
    if (__builtin_expect(tail == h->room.limit, 0) &&
        !ring_batch_go_on(q, &h->room, &q->head, q->mask + 1, tail))
        return a_load(&q->closed, relaxed) ? Q_CLOSED : Q_FULL;
    q->slot[tail & q->mask] = item;
    a_store(&q->tail.at, tail + 1, release); /* [filled>] */
    q_event_notify(&q->items, 1, &h->counts);
    return Q_OK;
}

static inline q_hot enum q_status ring_batch_pop(struct ring_batch *q, struct ring_batch_handle *h,
                                                 q_item *item)
{
    const uint64_t head = a_load(&q->head.at, relaxed); /* our own index */
    if (__builtin_expect(head == h->items.limit, 0)) {
        /* Ask `closed` before `tail`: once closed, the tail we then read is the last one. */
        const bool closed = a_load(&q->closed, acquire); /* [>closed] */
        if (!ring_batch_go_on(q, &h->items, &q->tail, 0, head))
            return closed ? Q_CLOSED : Q_EMPTY;
    }
    *item = q->slot[head & q->mask];
    a_store(&q->head.at, head + 1, release); /* [freed>] */
    q_event_notify(&q->room, 1, &h->counts);
    return Q_OK;
}

/* ---- batches: one store publishes all, one block (two, at the end of the ring) is copied ------- */

/* How many of n lie ahead of `mine`. Where these end a single push or pop thinks again. */
static inline size_t ring_batch_ahead(struct ring_batch_view *v,
                                      const struct ring_batch_index *theirs, uint64_t lap,
                                      uint64_t mine, size_t n)
{
    if (n > v->end - mine)
        v->end = ring_batch_look(v, theirs, lap, mine);
    if (n > v->end - mine)
        n = v->end - mine;
    v->limit = mine + n;
    return n;
}

static inline size_t ring_batch_push_n(struct ring_batch *q, struct ring_batch_handle *h,
                                       const q_item *items, size_t n)
{
    const uint64_t tail = a_load(&q->tail.at, relaxed), first = tail & q->mask;
    n = ring_batch_ahead(&h->room, &q->head, q->mask + 1, tail, n);
    if (n == 0)
        return 0;
    const size_t before = n < q->mask + 1 - first ? n : q->mask + 1 - first;
    memcpy(&q->slot[first], items, before * sizeof *items);
    memcpy(q->slot, items + before, (n - before) * sizeof *items);
    a_store(&q->tail.at, tail + n, release); /* [filled>] */
    q_event_notify(&q->items, n, &h->counts);
    ring_batch_ask(q, tail + n, h->room.end, true);
    return n;
}

static inline size_t ring_batch_pop_n(struct ring_batch *q, struct ring_batch_handle *h,
                                      q_item *items, size_t n)
{
    const uint64_t head = a_load(&q->head.at, relaxed), first = head & q->mask;
    n = ring_batch_ahead(&h->items, &q->tail, 0, head, n);
    if (n == 0)
        return 0;
    ring_batch_ask(q, head + n, h->items.end, false);
    const size_t before = n < q->mask + 1 - first ? n : q->mask + 1 - first;
    memcpy(items, &q->slot[first], before * sizeof *items);
    memcpy(items + before, q->slot, (n - before) * sizeof *items);
    a_store(&q->head.at, head + n, release); /* [freed>] */
    q_event_notify(&q->room, n, &h->counts);
    return n;
}

Q_WAIT_BY_PARKING(ring_batch)

static inline void ring_batch_close(struct ring_batch *q, struct ring_batch_handle *h)
{
    a_store(&q->closed, true, release); /* [closed>] */
    q_event_notify(&q->items, SIZE_MAX, &h->counts);
    q_event_notify(&q->room, SIZE_MAX, &h->counts);
}

static inline size_t ring_batch_capacity(const struct ring_batch *q) { return q->mask + 1; }

static inline struct q_bytes ring_batch_bytes(const struct ring_batch *q)
{
    return q_memory_bytes(&q->memory, sizeof *q);
}

#endif
