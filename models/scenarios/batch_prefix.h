/* batch_prefix.h: push_n takes the first of its items, pop_n gives the oldest, and neither tears or
 * reorders. A batch is no single operation of a sequential queue, so nothing is recorded here; with
 * one producer and one consumer the order is claimed outright: 1, 2, 3, ... without a gap. */
enum { BATCH_MAX = 3 };

static void *batch_pushes(void *end)
{
    struct end *const e = end;
    q_item items[BATCH_MAX];
    for (unsigned i = 0; i < e->todo; i++)
        items[i] = q_item_of(e->first + i);
    const size_t took = OP(_push_n)(q, e->h, items, e->todo);
    claim(took <= e->todo, "push_n took more than it was given");
    claim(took == e->todo || OP(_traits).bounded,
          "unbounded, but push_n took less than it was given");
    for (unsigned i = 0; i < took; i++)
        e->pushed[e->pushes++] = e->first + i;
    return NULL;
}

static void *batch_pops(void *end)
{
    struct end *const e = end;
    q_item items[2];
    const size_t got = OP(_pop_n)(q, e->h, items, 2);
    claim(got <= 2, "pop_n gave more than it was asked for");
    claim(e->pops + got <= KEYS_MAX, "more items came out than can be inside");
    for (unsigned i = 0; i < got; i++)
        e->popped[e->pops++] = q_key(&items[i]);
    return NULL;
}

static void batch_settle(struct end *producer, struct end *consumer)
{
    for (unsigned before = 0; before != consumer->pops;) {
        before = consumer->pops;
        batch_pops(consumer);
    }
    for (unsigned i = 0; i < consumer->pops; i++)
        claim(consumer->popped[i] == i + 1, "an item is missing, or came too early");
    claim(consumer->pops == producer->pushes, "an item was pushed and never came out");
}

SCENARIO(batch_prefix)
{
    client_begin(CAPACITY_batch_prefix);
    struct end *const producer = end_open(Q_PRODUCER, 2, 2);
    struct end *const consumer = end_open(Q_CONSUMER, 0, 0);
    const enum q_status s = OP(_push)(q, producer->h, q_item_of(1));
    claim(s == Q_OK, "a push into an empty queue fails");
    producer->pushed[producer->pushes++] = 1;
    RUN(batch_pushes, batch_pops);
    batch_settle(producer, consumer);
    return client_end();
}
