/* peer_rest.h: what every adapter has in common, from its peer_push and peer_try_pop. Included last.
 *
 *   PEER_BATCH    the adapter has push_n and pop_n of its own
 *   PEER_WAIT     it has pop_wait of its own
 *   PEER_BYTES    it has bytes of its own; else 0: the queue tells nobody what it holds */
#ifdef __cplusplus
namespace
{
#endif

/* After close nothing comes in any more (close_any is false): one more look is the last one. The
 * item goes through a variable of its own, so that the caller's can stay in a register. */
static __attribute__((noinline, cold)) bool peer_last_look(struct peer *q, struct peer_handle *h,
                                                           q_item *item)
{
    return peer_try_pop(q, h, item);
}

static inline q_hot enum q_status peer_pop(struct peer *q, struct peer_handle *h, q_item *item)
{
    if (__builtin_expect(peer_try_pop(q, h, item), 1))
        return Q_OK;
    if (!peer_is_closed(&q->closed))
        return Q_EMPTY;
    q_item last;
    if (!peer_last_look(q, h, &last))
        return Q_CLOSED;
    *item = last;
    return Q_OK;
}

static inline void peer_close(struct peer *q, struct peer_handle *h)
{
    (void)h;
    peer_set_closed(&q->closed);
}

#ifndef PEER_BATCH
Q_BATCH_BY_LOOP(peer)
#endif

/* Waiting is trying again and giving way: no peer here has a wait with a deadline and a close. */
#define PEER_TRY_UNTIL(TRY, AGAIN)                                                                 \
    enum q_status s = (TRY);                                                                       \
    if (s != (AGAIN) || timeout_ns == 0)                                                           \
        return s == (AGAIN) ? Q_TIMEOUT : s;                                                       \
    const uint64_t deadline = q_deadline(timeout_ns);                                              \
    for (unsigned spins = 0; (s = (TRY)) == (AGAIN);) {                                            \
        if (deadline != Q_FOREVER && q_now_ns() >= deadline)                                       \
            return Q_TIMEOUT;                                                                      \
        q_relax(&spins);                                                                           \
    }                                                                                              \
    return s;

static inline enum q_status peer_push_wait(struct peer *q, struct peer_handle *h, q_item item,
                                           uint64_t timeout_ns)
{
    PEER_TRY_UNTIL(peer_push(q, h, item), Q_FULL)
}

#ifndef PEER_WAIT
static inline enum q_status peer_pop_wait(struct peer *q, struct peer_handle *h, q_item *item,
                                          uint64_t timeout_ns)
{
    PEER_TRY_UNTIL(peer_pop(q, h, item), Q_EMPTY)
}
#endif

#ifndef PEER_BYTES
static inline struct q_bytes peer_bytes(const struct peer *q)
{
    (void)q;
    const struct q_bytes unknown = {0, 0};
    return unknown;
}
#endif

#ifdef __cplusplus
} // namespace
#endif
