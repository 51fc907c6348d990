/* reclaim.h: memory is given back, or used again, when nobody reads it any more, and all of it in
 * the end. The checker sees every access to memory that was freed or is being overwritten, and what
 * nobody freed. Segments are short; where the capacity is only a hint it is 2, too few. */
static void reclaim_begin(size_t capacity, size_t segment)
{
    const int error = client_try((struct q_config){.capacity = OP(_traits).bounded ? capacity : 2,
                                                   .segment = segment,
                                                   .producers = ENDS_MAX,
                                                   .consumers = ENDS_MAX});
    assert(error == 0);
}

/* Segments of one slot: every push links one, every pop leaves one behind. */
SCENARIO(reclaim)
{
    reclaim_begin(CAPACITY_reclaim, 1);
    struct end *const producer = end_open(Q_PRODUCER, 2, 2);
    end_open(Q_CONSUMER, 2, 0);
    push(producer, 1);
    RUN(pushes, pops);
    return client_settle();
}

/* One consumer may still be reading the first item while another takes the rest of the segment and
 * pushes until it is used again. */
static void *pops_and_pushes(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < 2; i++)
        pop(e);
    pushes(e);
    return NULL;
}

/* ... and then leaves: what another retired is looked at again. */
static void *pops_and_leaves(void *end)
{
    struct end *const e = end;
    pops(e);
    OP(_detach)(q, e->h);
    const int error = OP(_attach)(q, e->h, e->role);
    assert(error == 0);
    return NULL;
}

/* The same with segments of one slot, and no more than is needed for the first to be used again
 * while the slow one is about to follow a pointer to it (a consumer, or a producer), or has just
 * read in it. */
SCENARIO(reclaim_held)
{
    reclaim_begin(CAPACITY_reclaim_held, 1);
    end_open(Q_CONSUMER, 2, 0);
    end_open(Q_BOTH, 1, 4);
    pushes(end_open(Q_PRODUCER, 3, 1));
    RUN(pops, pops_and_pushes);
    return client_settle();
}

static void *pops_and_goes(void *end)
{
    struct end *const e = end;
    pops(e);
    OP(_detach)(q, e->h);
    return NULL;
}

SCENARIO(reclaim_fenced)
{
    if (model_refuse_membarrier)
        model_refuse_membarrier();
    reclaim_begin(CAPACITY_reclaim_fenced, 1);
    struct end *const goes = end_open(Q_CONSUMER, 1, 0);
    end_open(Q_BOTH, 1, 4);
    pushes(end_open(Q_PRODUCER, 3, 1));
    RUN(pops_and_goes, pops_and_pushes);
    const int error = OP(_attach)(q, goes->h, goes->role);
    assert(error == 0);
    return client_settle();
}

static void *pops_and_pushes_in_turn(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < e->todo; i++) {
        pop(e);
        push(e, e->first + i);
    }
    return NULL;
}

SCENARIO(reclaim_held_push)
{
    reclaim_begin(CAPACITY_reclaim_held_push, 1);
    end_open(Q_PRODUCER, 1, 11);
    struct end *const both = end_open(Q_BOTH, 2, 21);
    push(both, 1);
    pop(both);
    RUN(pushes, pops_and_pushes_in_turn);
    return client_settle();
}

static int reclaim_slow(size_t capacity, void *(*other)(void *))
{
    reclaim_begin(capacity, 3);
    end_open(Q_CONSUMER, 1, 0);
    end_open(Q_BOTH, 2, 6);
    pushes(end_open(Q_PRODUCER, 5, 1));
    RUN(pops_and_leaves, other);
    return client_settle();
}

SCENARIO(reclaim_slow) { return reclaim_slow(CAPACITY_reclaim_slow, pops_and_pushes); }

/* A batch goes on into the segment that it linked knowing nothing new: one of lanes has reserved
 * its room before the first item. */
static void *pops_and_pushes_batch(void *end)
{
    for (unsigned i = 0; i < 2; i++)
        pop(end);
    return batch_pushes(end);
}

SCENARIO(reclaim_slow_batch)
{
    return reclaim_slow(CAPACITY_reclaim_slow_batch, pops_and_pushes_batch);
}

/* Two producers both come to the end of the memory there is. */
static int producers_link(size_t capacity, size_t segment)
{
    reclaim_begin(capacity, segment);
    end_open(Q_PRODUCER, 1, 11);
    end_open(Q_PRODUCER, 1, 21);
    pushes(end_open(Q_PRODUCER, 2, 1));
    RUN(pushes, pushes);
    return client_settle();
}

SCENARIO(two_producers_link) { return producers_link(CAPACITY_two_producers_link, 1); }

/* One slot of three is left: one push takes it and links the next segment, the other goes there. */
SCENARIO(link_then_push) { return producers_link(CAPACITY_link_then_push, 3); }

/* Two consumers both come to the end of a segment: the head moves under one of them. */
SCENARIO(two_consumers_link)
{
    reclaim_begin(CAPACITY_two_consumers_link, 1);
    end_open(Q_CONSUMER, 2, 0);
    end_open(Q_CONSUMER, 2, 0);
    pushes(end_open(Q_PRODUCER, 3, 1));
    RUN(pops, pops);
    return client_settle();
}

/* One slot of three is left, and two consumers are on the heels of the producer that links the next
 * segment. Between them they ask for one item more than there is: who believed the tail to be behind
 * the head would wait for it, and nobody pushes it. */
SCENARIO(link_then_pop)
{
    reclaim_begin(CAPACITY_link_then_pop, 3);
    struct end *const consumer = end_open(Q_CONSUMER, 2, 0);
    end_open(Q_CONSUMER, 1, 0);
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    pushes(producer);
    pops(consumer);
    producer->first = 11;
    RUN(pops, pops, pushes);
    return client_settle();
}

/* One thread stands at a segment while another leaves it behind. There is a spare one already, so
 * that it is given back for good: what a thread is about to look into must still be there. */
SCENARIO(reclaim_stale)
{
    reclaim_begin(CAPACITY_reclaim_stale, 1);
    end_open(Q_CONSUMER, 1, 0);
    struct end *const other = end_open(Q_CONSUMER, 3, 0);
    pushes(end_open(Q_PRODUCER, 5, 1));
    pops(other);
    other->todo = 1;
    RUN(pops, pops);
    return client_settle();
}

/* Every segment is full, so that the push of a thread links one, and one consumer finds it by way of
 * another. */
SCENARIO(link_then_follow)
{
    reclaim_begin(CAPACITY_link_then_follow, 1);
    end_open(Q_CONSUMER, 2, 0);
    end_open(Q_CONSUMER, 1, 0);
    struct end *const producer = end_open(Q_PRODUCER, 1, 1);
    pushes(producer);
    producer->first = 11;
    RUN(pops, pops, pushes);
    return client_settle();
}
