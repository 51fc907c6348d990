/* policies.h: what a push to a full queue does under each policy; Q_SPILL: spill.h. */
static void policy_begin(enum q_when_full when_full, size_t capacity)
{
    const int error = client_try((struct q_config){
        .capacity = capacity, .producers = ENDS_MAX, .consumers = 1, .when_full = when_full});
    assert(error == 0 || OP(_traits).policies == 0);
}

/* Q_BLOCK: the push sleeps until there is room. */
static void *blocks(void *end)
{
    claim(push(end, 2) == Q_OK, "a push that blocks does not answer OK");
    return NULL;
}

SCENARIO(block_waits)
{
    policy_begin(Q_BLOCK, CAPACITY_block_waits);
    struct end *const producer = end_open(Q_PRODUCER, 0, 0);
    end_open(Q_CONSUMER, 1, 0);
    push(producer, 1);
    RUN(blocks, pops);
    return client_settle();
}

/* Q_DROP_NEWEST: a push answers DROPPED only when it found no room. */
SCENARIO(drop_newest)
{
    policy_begin(Q_DROP_NEWEST, CAPACITY_drop_newest);
    struct end *const producer = end_open(Q_PRODUCER, 2, 2);
    end_open(Q_CONSUMER, 2, 0);
    push(producer, 1);
    RUN(pushes, pops);
    return client_settle();
}

/* Q_DROP_OLDEST: what is not popped in the end was discarded, and nothing came twice. That what was
 * discarded was the oldest, and the queue full then, follows from the recorded operations. */
static int policy_settle(void)
{
    drain();
    nothing_twice();
    claim(popped_in_all() <= pushed_in_all(), "more items came out than went in");
#ifdef QUEUES_RING_MPSC_H
    claim(popped_in_all() + ring_mpsc_dropped(q) == pushed_in_all(),
          "an item was neither popped nor counted as dropped");
#endif
    return client_end();
}

SCENARIO(drop_oldest_races_take)
{
    policy_begin(Q_DROP_OLDEST, CAPACITY_drop_oldest_races_take);
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    end_open(Q_CONSUMER, 2, 0);
    pushes(producer);
    producer->first = 3;
    producer->todo = 1;
    RUN(pushes, pops);
    claim(producer->pushes == 3, "under Q_DROP_OLDEST a push was refused");
    return policy_settle();
}

static int drop_oldest_both(size_t capacity, unsigned second)
{
    policy_begin(Q_DROP_OLDEST, capacity);
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    end_open(Q_PRODUCER, second, 21);
    pushes(producer);
    producer->first = 11;
    producer->todo = 1;
    RUN(pushes, pushes);
    claim(pushed_in_all() == 3 + second, "under Q_DROP_OLDEST a push was refused");
    return policy_settle();
}

SCENARIO(drop_oldest_two) { return drop_oldest_both(CAPACITY_drop_oldest_two, 1); }

/* The second producer comes round to the cell that the first has claimed and not yet filled. */
SCENARIO(drop_oldest_laps) { return drop_oldest_both(CAPACITY_drop_oldest_laps, 2); }

/* One cell. The second producer discards its own first item, and before it has pushed the next the
 * first producer takes the cell: what else would tell it that the item has been written? */
SCENARIO(drop_oldest_reuse) { return drop_oldest_both(CAPACITY_drop_oldest_reuse, 2); }
