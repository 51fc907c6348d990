/* close_instant.h: close happens at one instant for all producers: when one of them has been answered
 * CLOSED and told another, that one is answered CLOSED too, whatever part of the queue it uses. */
static atomic(bool) closed_was_told;

static void *pushes_and_tells(void *end)
{
    struct end *const e = end;
    if (push(e, e->first) == Q_CLOSED)
        a_store(&closed_was_told, true, release);
    return NULL;
}

static void *hears_and_pushes(void *end)
{
    struct end *const e = end;
    const bool told = a_load(&closed_was_told, acquire);
    claim(push(e, e->first) == Q_CLOSED || !told,
          "a push is taken after another one was answered CLOSED");
    return NULL;
}

SCENARIO(close_instant)
{
    client_begin(CAPACITY_close_instant);
    a_init(&closed_was_told, false);
    end_open(Q_PRODUCER, 1, 1);
    end_open(Q_PRODUCER, 1, OP(_traits).lanes > 1 ? q_in_lane(Q_LOW, 2) : 2);
    end_open(Q_PRODUCER, 0, 0);
    RUN(pushes_and_tells, hears_and_pushes, closes);
    return client_settle();
}
