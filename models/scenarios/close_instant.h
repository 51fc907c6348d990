/* close_instant.h: close happens at one instant for all producers: whoever has two handles, and by one
 * of them has been answered CLOSED, is answered CLOSED by the other too, whatever part of the queue it
 * uses. */
static void *pushes_by_both(void *end)
{
    struct end *const one = end, *const other = &ends[2];
    const bool closed = push(one, one->first) == Q_CLOSED;
    claim(push(other, other->first) == Q_CLOSED || !closed,
          "a push is taken after another one was answered CLOSED");
    return NULL;
}

SCENARIO(close_instant)
{
    client_begin(CAPACITY_close_instant);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 1, 1);
    end_open(Q_PRODUCER, 1, OP(_traits).lanes > 1 ? q_in_lane(Q_LOW, 2) : 2);
    RUN(closes, pushes_by_both);
    return client_settle();
}
