/* stamp.c: the measured loops, compiled once per queue, as C11 or (peers, queues/peers) C++20, with
 *
 *   -DQ_NAME=array_mpmc -DQ_HEADER="queues/array_mpmc.h" -DQ_ID=array_mpmc -DQ_ITEM_BYTES=8
 *   [-DLANES_INNER=...]          QUEUE_OVER: the inner queue
 *   [-DQ_WITH=part -DQ_WITH_PART]  QUEUE_WITH: a part that the queue chooses
 *   [-DSTAMP_CALL_INDIRECT]      every operation through a function pointer: an ablation
 *   [-DSTAMP_BY_HAND]            ring_spsc written out inside the loops: the interface's own cost
 *   [-DPEER_NAME="..."]          a peer: its adapter's prefix says nothing (queues/peers/peer.h)
 *
 * The result is one `const struct q_driver` (driver.h). Operations are inlined into the kernels;
 * what the kernels add per item (a key, a sum, an order check) is what null_queue measures. */
#include "harness/backoff.h"
#undef Q_BACKOFF_MAX
#define Q_BACKOFF_MAX harness_backoff_max
#ifdef LANES_INNER
#define STAMP_OVER
#endif
#include Q_HEADER

#include <stddef.h>

#include "harness/clock.h"
#include "harness/driver.h"

#define CAT_(a, b)    a##b
#define CAT(a, b)     CAT_(a, b)
#define STRING_(a)    #a
#define STRING(a)     STRING_(a)
#define OP(operation) CAT(Q_NAME, operation)

typedef struct Q_NAME queue;
typedef struct CAT(Q_NAME, _handle) handle;
#define TRAITS OP(_traits)

/* ---- conformance: a missing or mistyped operation stops the build here, by its name -------- */

static int (*const conforms_init)(queue *, const struct q_config *) = OP(_init);
static void (*const conforms_destroy)(queue *) = OP(_destroy);
static int (*const conforms_attach)(queue *, handle *, enum q_role) = OP(_attach);
static void (*const conforms_detach)(queue *, handle *) = OP(_detach);
static enum q_status (*const conforms_push)(queue *, handle *, q_item) = OP(_push);
static enum q_status (*const conforms_pop)(queue *, handle *, q_item *) = OP(_pop);
static size_t (*const conforms_push_n)(queue *, handle *, const q_item *, size_t) = OP(_push_n);
static size_t (*const conforms_pop_n)(queue *, handle *, q_item *, size_t) = OP(_pop_n);
static enum q_status (*const conforms_push_wait)(queue *, handle *, q_item,
                                                 uint64_t) = OP(_push_wait);
static enum q_status (*const conforms_pop_wait)(queue *, handle *, q_item *,
                                                uint64_t) = OP(_pop_wait);
static void (*const conforms_close)(queue *, handle *) = OP(_close);
static size_t (*const conforms_capacity)(const queue *) = OP(_capacity);
static struct q_bytes (*const conforms_bytes)(const queue *) = OP(_bytes);
static_assert(offsetof(handle, counts) == 0, "a handle begins with `struct q_counts counts`");
static_assert(sizeof(((handle *)0)->counts) == sizeof(struct q_counts), "counts: q_counts");

/* ---- the operations behind pointers, for tests and slow users ------------------------------ */

static int any_init(void *q, const struct q_config *cfg) { return conforms_init((queue *)q, cfg); }
static void any_destroy(void *q) { conforms_destroy((queue *)q); }
static int any_attach(void *q, void *h, enum q_role role)
{
    return conforms_attach((queue *)q, (handle *)h, role);
}
static void any_detach(void *q, void *h) { conforms_detach((queue *)q, (handle *)h); }
static enum q_status any_push(void *q, void *h, const void *item)
{
    return conforms_push((queue *)q, (handle *)h, *(const q_item *)item);
}
static enum q_status any_pop(void *q, void *h, void *item)
{
    return conforms_pop((queue *)q, (handle *)h, (q_item *)item);
}
static size_t any_push_n(void *q, void *h, const void *items, size_t n)
{
    return conforms_push_n((queue *)q, (handle *)h, (const q_item *)items, n);
}
static size_t any_pop_n(void *q, void *h, void *items, size_t n)
{
    return conforms_pop_n((queue *)q, (handle *)h, (q_item *)items, n);
}
static enum q_status any_push_wait(void *q, void *h, const void *item, uint64_t timeout_ns)
{
    return conforms_push_wait((queue *)q, (handle *)h, *(const q_item *)item, timeout_ns);
}
static enum q_status any_pop_wait(void *q, void *h, void *item, uint64_t timeout_ns)
{
    return conforms_pop_wait((queue *)q, (handle *)h, (q_item *)item, timeout_ns);
}
static void any_close(void *q, void *h) { conforms_close((queue *)q, (handle *)h); }
static size_t any_capacity(const void *q) { return conforms_capacity((const queue *)q); }
static struct q_bytes any_bytes(const void *q) { return conforms_bytes((const queue *)q); }

/* A queue with policies (traits.policies) defines N_POLICIES, N_dropped and N_spilled. */
#if CAT(Q_NAME, _POLICIES)
static uint64_t any_dropped(const void *q) { return OP(_dropped)(q); }
static uint64_t any_spilled(const void *q) { return OP(_spilled)(q); }
#else
#define any_dropped 0
#define any_spilled 0
#endif

/* A queue that keeps memory for its readers may define N_STOPS and N_stop. */
#if CAT(Q_NAME, _STOPS)
static void any_stop(void *q, void *h) { OP(_stop)(q, h); }
#else
#define any_stop 0
#endif

static void any_make(void *item, uint64_t key) { *(q_item *)item = q_item_of(key); }
static uint64_t any_key(const void *item)
{
    return q_intact((const q_item *)item) ? q_key((const q_item *)item) : 0;
}

/* ---- how the kernels call ------------------------------------------------------------------ */

#ifdef STAMP_CALL_INDIRECT
#define PUSH(q, h, item)    w->driver->push(q, h, &(item))
#define POP(q, h, item)     w->driver->pop(q, h, item)
#define PUSH_N(q, h, it, n) w->driver->push_n(q, h, it, n)
#define POP_N(q, h, it, n)  w->driver->pop_n(q, h, it, n)
#define CALL                "indirect"
#else
#define PUSH(q, h, item)    OP(_push)(q, h, item)
#define POP(q, h, item)     OP(_pop)(q, h, item)
#define PUSH_N(q, h, it, n) OP(_push_n)(q, h, it, n)
#define POP_N(q, h, it, n)  OP(_pop_n)(q, h, it, n)
#define CALL                "inline"
#endif

#include "harness/loops.h"
#include "harness/loops_overload.h"

#ifdef STAMP_BY_HAND
#undef CALL
#define CALL "by hand"
#include "harness/by_hand.h"
#define KERNEL(name) by_hand_##name
#else
#define KERNEL(name) name
#endif

#if defined PEER_NAME
#define INNER ""
#define ID    PEER_NAME
#elif defined STAMP_OVER
#define INNER STRING(LANES_INNER)
#define ID    STRING(Q_NAME) "." INNER
#else
#define INNER ""
#ifdef Q_WITH
#define ID STRING(Q_NAME) "." STRING(Q_WITH)
#else
#define ID STRING(Q_NAME)
#endif
#endif

extern const struct q_driver CAT(q_driver_, Q_ID);
const struct q_driver CAT(q_driver_, Q_ID) = {
    .abi = Q_DRIVER_ABI,
    .item_bytes = sizeof(q_item),
    .name = ID,
    .inner = INNER,
    .call = CALL,
    .traits = &TRAITS,
    .queue_bytes = sizeof(queue),
    .handle_bytes = sizeof(handle),
    .align = Q_LINE,
    .init = any_init,
    .destroy = any_destroy,
    .attach = any_attach,
    .detach = any_detach,
    .push = any_push,
    .pop = any_pop,
    .push_n = any_push_n,
    .pop_n = any_pop_n,
    .push_wait = any_push_wait,
    .pop_wait = any_pop_wait,
    .close = any_close,
    .capacity = any_capacity,
    .bytes = any_bytes,
    .dropped = any_dropped,
    .spilled = any_spilled,
    .stop = any_stop,
    .make = any_make,
    .key = any_key,
    .produce = KERNEL(produce),
    .consume = KERNEL(consume),
    .pairs = pairs,
    .fill_drain = fill_drain,
    .ping = ping,
    .pong = pong,
    .produce_timed = produce_timed,
    .produce_paced = produce_paced,
    .consume_timed = consume_timed,
    .pairs_timed = pairs_timed,
    .produce_offered = produce_offered,
    .consume_slow = consume_slow,
};
static_assert(alignof(queue) <= Q_LINE && alignof(handle) <= Q_LINE, "alignment beyond Q_LINE");
