/* attach_detach.h: threads come and go while others push and pop. */
static void *comes_and_goes(void *end)
{
    struct end *const e = end;
    handle mine;
    const int error = OP(_attach)(q, &mine, e->role);
    claim(error == 0, "attach fails");
    e->h = &mine;
    if (e->role == Q_PRODUCER)
        pushes(e);
    else
        pops(e);
    OP(_detach)(q, &mine);
    e->h = NULL;
    return NULL;
}

static void attach_begin(size_t capacity, size_t segment)
{
    const int error = client_try((struct q_config){
        .capacity = capacity, .segment = segment, .producers = ENDS_MAX, .consumers = ENDS_MAX});
    assert(error == 0);
}

/* Segments of one slot, so that there is something to clear up when one goes. */
SCENARIO(attach_detach)
{
    attach_begin(CAPACITY_attach_detach, 1);
    struct end *const producer = end_new(Q_PRODUCER, 1, 2);
    end_new(Q_CONSUMER, 2, 0);
    end_attach(producer, Q_PRODUCER);
    push(producer, 1);
    end_detach(producer);
    RUN(comes_and_goes, comes_and_goes);
    return client_settle();
}

/* One end goes and comes back as another comes, which may find something to take over. Then memory is
 * given back, which the one that came may be about to look into. */
static struct end *leaving;

static void *sees_off_and_pops(void *end)
{
    end_detach(leaving);
    end_attach(leaving, Q_CONSUMER);
    return pops(end);
}

static void *comes_and_pops(void *end)
{
    struct end *const e = end;
    handle mine; /* client.h says why it lies here */
    const int error = OP(_attach)(q, &mine, e->role);
    claim(error == 0, "attach fails");
    e->h = &mine;
    pops(e);
    e->h = handle_new();
    memcpy(e->h, &mine, sizeof mine);
    return NULL;
}

SCENARIO(attach_handed)
{
    reclaim_begin(CAPACITY_attach_handed, 1);
    struct end *const stays = end_new(Q_CONSUMER, 3, 0);
    end_new(Q_CONSUMER, 1, 0);
    struct end *const producer = end_open(Q_PRODUCER, 5, 1);
    pushes(producer);
    end_detach(producer);
    end_attach(stays, Q_CONSUMER);
    leaving = end_open(Q_CONSUMER, 0, 0);
    pops(stays);
    stays->todo = 1;
    RUN(sees_off_and_pops, comes_and_pops);
    return client_settle();
}

/* One producer is attached and stays; two come and go at once: what a queue keeps for each producer is
 * made by one and may be left to the other. (One push is enough: more would only multiply.) */
SCENARIO(attach_two)
{
    attach_begin(CAPACITY_attach_two, 3);
    end_new(Q_PRODUCER, 0, 0);
    end_new(Q_PRODUCER, 1, 1);
    end_open(Q_PRODUCER, 0, 0);
    RUN(comes_and_goes, comes_and_goes);
    return client_settle();
}

/* One comes just when another gives back the memory that its items were in. */
SCENARIO(attach_reclaim)
{
    reclaim_begin(CAPACITY_attach_reclaim, 1);
    end_open(Q_CONSUMER, 2, 0);
    end_new(Q_PRODUCER, 1, 3);
    pushes(end_open(Q_PRODUCER, 2, 1));
    RUN(pops, comes_and_goes);
    return client_settle();
}
