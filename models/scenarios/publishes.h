/* publishes.h: what a thread wrote before a call is there for whoever the call's answer reaches: the
 * pops that answer CLOSED, the push that takes the room of a pop. That of pushes is publish.h. */
static uint64_t written_before; /* plain: a race if nothing orders the two sides */

static void *writes_and_closes(void *end)
{
    written_before = 1;
    close_queue(end);
    return NULL;
}

static void *reads_when_closed(void *end)
{
    if (pop(end) == Q_CLOSED)
        claim(written_before == 1, "closed, and what came before is not there");
    return NULL;
}

SCENARIO(close_publishes)
{
    written_before = 0;
    client_begin(CAPACITY_close_publishes);
    struct end *const consumer = end_open(Q_CONSUMER, 0, 0);
    push(end_open(Q_PRODUCER, 0, 0), 1); /* both are at home here: no fence of their first time */
    pop(consumer);
    RUN(reads_when_closed, writes_and_closes);
    return client_settle();
}

static void *writes_and_pops(void *end)
{
    written_before = 1;
    pop(end);
    return NULL;
}

/* Into another lane, if there are any: then the room is all that the two have in common. */
static void *reads_when_pushed(void *end)
{
    if (push(end, q_in_lane(Q_LOW, 2)) == Q_OK)
        claim(written_before == 1, "there is room, and what came before is not there");
    return NULL;
}

SCENARIO(room_publishes)
{
    written_before = 0;
    client_begin(CAPACITY_room_publishes);
    struct end *const producer = end_open(Q_PRODUCER, 0, 0);
    end_open(Q_CONSUMER, 0, 0);
    push(producer, q_in_lane(Q_HIGH, 1));
    RUN(reads_when_pushed, writes_and_pops);
    return client_settle();
}

/* The same where a queue holds more than it says: the producer alone fills all there is. */
static void *writes_and_pops_all(void *end)
{
    written_before = 1;
    return pops(end);
}

static void *reads_and_pushes_more(void *end)
{
    reads_when_pushed(end);
    return pushes(end);
}

SCENARIO(refill)
{
    written_before = 0;
    client_begin(CAPACITY_refill);
    struct end *const producer = end_open(Q_PRODUCER, 1, 2);
    end_open(Q_CONSUMER, 4, 0);
    while (push(producer, ++producer->first) == Q_OK)
        ;
    RUN(reads_and_pushes_more, writes_and_pops_all);
    return client_settle();
}
