/* reuse.h: two consumers empty two places, and a producer fills them again. The second consumer may
 * be the first to end, and make the room that the producer finds; what the producer writes to is the
 * place of the other, who must have read it. */
static struct end *reuse_begin(size_t capacity)
{
    client_begin(capacity);
    end_open(Q_CONSUMER, 1, 0);
    end_open(Q_CONSUMER, 1, 0);
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    pushes(producer);
    producer->first = 3;
    return producer;
}

SCENARIO(reuse)
{
    reuse_begin(CAPACITY_reuse)->todo = 1;
    RUN(pops, pops, pushes);
    return client_settle();
}

SCENARIO(reuse_batch)
{
    reuse_begin(CAPACITY_reuse_batch)->todo =
        3; /* mutex_two_lock has two other nodes to take first */
    RUN(pops, batch_pops, batch_pushes);
    return client_settle();
}
