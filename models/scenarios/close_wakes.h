/* close_wakes.h: close wakes who waits: a consumer of an empty queue, a producer of a full one. If
 * it does not, somebody sleeps for ever, which the checker reports. */
static void *close_wakes_pops(void *end)
{
    struct end *const e = end;
    e->timeout_ns = Q_FOREVER;
    claim(pop_wait(e) == Q_CLOSED, "a consumer waits for a closed queue");
    return NULL;
}

SCENARIO(close_wakes)
{
    client_begin(CAPACITY_close_wakes);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 0, 0);
    RUN(close_wakes_pops, closes);
    return client_settle();
}

SCENARIO(close_wakes_two)
{
    client_begin(CAPACITY_close_wakes_two);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_CONSUMER, 0, 0);
    end_open(Q_PRODUCER, 0, 0);
    RUN(close_wakes_pops, close_wakes_pops, closes);
    return client_settle();
}

static void *close_wakes_pushes(void *end)
{
    struct end *const e = end;
    e->timeout_ns = Q_FOREVER;
    claim(push_wait(e, 2) == Q_CLOSED, "a producer finds room in a full queue");
    return NULL;
}

SCENARIO(close_wakes_push)
{
    client_begin(CAPACITY_close_wakes_push);
    struct end *const waits = end_open(Q_PRODUCER, 0, 0);
    end_open(Q_PRODUCER, 0, 0);
    push(waits, 1);
    RUN(close_wakes_pushes, closes);
    return client_settle();
}
