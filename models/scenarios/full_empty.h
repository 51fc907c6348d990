/* full_empty.h: FULL and EMPTY are answered only when they may be. One item is inside and room for
 * one more, so that each side can come to its end, and past it by what the other side does. */
SCENARIO(full_empty)
{
    client_begin(CAPACITY_full_empty);
    struct end *const producer = end_open(Q_PRODUCER, 2, 2);
    end_open(Q_CONSUMER, 2, 0);
    push(producer, 1);
    RUN(pushes, pops);
    return client_settle();
}

/* Where EMPTY is exact: who has pushed an item and then finds nothing must be able to say who has
 * all the items; the other consumer can have taken only one of two. */
static void *pushes_and_pops(void *end)
{
    struct end *const e = end;
    pushes(e);
    pop(e);
    return NULL;
}

SCENARIO(exact_empty)
{
    client_begin(CAPACITY_exact_empty);
    struct end *const both = end_open(Q_BOTH, 1, 1);
    end_open(Q_CONSUMER, 1, 0);
    pushes(both);
    both->first = 2;
    RUN(pushes_and_pops, pops);
    return client_settle();
}
