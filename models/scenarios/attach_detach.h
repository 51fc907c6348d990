/* attach_detach.h: threads come and go while others push and pop. Segments of one slot, so that
 * there is something to clear up when one goes. */
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

SCENARIO(attach_detach)
{
    const int error = client_try((struct q_config){.capacity = CAPACITY_attach_detach,
                                                   .segment = 1,
                                                   .producers = ENDS_MAX,
                                                   .consumers = ENDS_MAX});
    assert(error == 0);
    struct end *const producer = end_new(Q_PRODUCER, 1, 2);
    end_new(Q_CONSUMER, 2, 0);
    end_attach(producer, Q_PRODUCER);
    push(producer, 1);
    end_detach(producer);
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
