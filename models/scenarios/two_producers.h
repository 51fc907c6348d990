/* two_producers.h: two producers lose nothing and each keeps its order. There is room for all. */
SCENARIO(two_producers)
{
    client_begin(CAPACITY_two_producers);
    end_open(Q_PRODUCER, 2, 11);
    end_open(Q_PRODUCER, 2, 21);
    RUN(pushes, pushes);
    claim(pushed_in_all() == 4, "a push failed though there was room");
    return client_settle();
}
