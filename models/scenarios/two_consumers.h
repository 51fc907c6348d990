/* two_consumers.h: two consumers share three items, none comes twice, none is left out. */
SCENARIO(two_consumers)
{
    client_begin(CAPACITY_two_consumers);
    end_open(Q_CONSUMER, 2, 0);
    end_open(Q_CONSUMER, 2, 0);
    pushes(end_open(Q_PRODUCER, 3, 1));
    RUN(pops, pops);
    return client_settle();
}
