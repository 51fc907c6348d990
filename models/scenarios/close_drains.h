/* close_drains.h: every push that answered OK, also during close, is popped before pops answer
 * CLOSED; from then on pushes and pops answer nothing else. Where close must not race with pushes,
 * the producer closes when its own are done. */
static void *close_drains_pushes(void *end)
{
    pushes(end);
    if (!OP(_traits).close_any)
        close_queue(end);
    return NULL;
}

static void *close_drains_pops(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0, closed = 0; i < e->todo; i++) {
        const enum q_status s = pop(e);
        claim(!closed || s == Q_CLOSED, "a pop after CLOSED answers something else");
        closed += s == Q_CLOSED;
    }
    return NULL;
}

SCENARIO(close_drains)
{
    const bool any = OP(_traits).close_any;
    client_begin(CAPACITY_close_drains);
    struct end *const producer = end_open(Q_PRODUCER, any ? 1 : 2, 1);
    end_open(Q_CONSUMER, 2, 0);
    if (any) {
        end_open(OP(_traits).producers == 1 ? Q_CONSUMER : Q_PRODUCER, 0, 0);
        RUN(close_drains_pushes, close_drains_pops, closes);
    } else {
        RUN(close_drains_pushes, close_drains_pops);
    }
    claim(drain() == Q_CLOSED, "closed and drained, a pop answers EMPTY");
    claim(!any || push(producer, 9) == Q_CLOSED, "a push to a closed queue answers something else");
    return client_settle();
}
