/* mpmc_2x2.h: two producers, two consumers, all at once: one operation each, and two. */
static int mpmc(unsigned operations, size_t capacity)
{
    client_begin(capacity);
    end_open(Q_PRODUCER, operations, 11);
    end_open(Q_PRODUCER, operations, 21);
    end_open(Q_CONSUMER, operations, 0);
    end_open(Q_CONSUMER, operations, 0);
    RUN(pushes, pushes, pops, pops);
    return client_settle();
}

SCENARIO(mpsc_2x1)
{
    client_begin(CAPACITY_mpsc_2x1);
    end_open(Q_PRODUCER, 1, 11);
    end_open(Q_PRODUCER, 1, 21);
    end_open(Q_CONSUMER, 1, 0);
    RUN(pushes, pushes, pops);
    return client_settle();
}

SCENARIO(mpmc_2x2x1) { return mpmc(1, CAPACITY_mpmc_2x2x1); }

SCENARIO(mpmc_2x2) { return mpmc(2, CAPACITY_mpmc_2x2); }
