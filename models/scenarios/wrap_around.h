/* wrap_around.h: places that are used a second time hold what was pushed last. Position 0 of 2 is
 * used up before the threads begin; positions 1, 2 and 3 reuse it and its neighbour. (The indices
 * have 62 bits and more: no run gets them to wrap, and nothing here depends on their size.) */
SCENARIO(wrap_around)
{
    client_begin(CAPACITY_wrap_around);
    struct end *const producer = end_open(Q_PRODUCER, 3, 2);
    struct end *const consumer = end_open(Q_CONSUMER, 3, 0);
    push(producer, 1);
    pop(consumer);
    RUN(pushes, pops);
    return client_settle();
}
