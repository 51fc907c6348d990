/* lanes.h: what only priority lanes claim: their depth stays within its bounds, and the order in
 * which lanes are served. They look into the struct, so they exist for queues over queues/lanes.h. */
#ifdef QUEUES_LANES_H

/* Reads the depth, whatever it is just then, once. */
static void *watches_depth(void *end)
{
    (void)end;
    claim(lanes_depth(&q->in) <= q->in.capacity, "the depth is out of its bounds");
    return NULL;
}

/* A push and a pop: the pop must not give back what the push has not reserved yet. */
SCENARIO(depth_never_underflows)
{
    client_begin(CAPACITY_depth_never_underflows);
    end_open(Q_PRODUCER, 1, 1);
    end_open(Q_CONSUMER, 1, 0);
    end_open(Q_BOTH, 0, 0);
    RUN(pushes, pops, watches_depth);
    return client_settle();
}

/* Two producers and room for one. */
SCENARIO(depth_never_exceeds_capacity)
{
    client_begin(CAPACITY_depth_never_exceeds_capacity);
    end_open(Q_PRODUCER, 1, 11);
    end_open(Q_PRODUCER, 1, 21);
    end_open(Q_BOTH, 0, 0);
    RUN(pushes, pushes, watches_depth);
    claim(pushed_in_all() == 1, "room for one, and not one push succeeded");
    return client_settle();
}

/* Room for one. A push reserves it, and its lane has no memory: the reservation goes back, and who
 * waits for room is told. (In lanes of a fixed size the push succeeds, and its item is popped.) */
static void lanes_refused_begin(size_t capacity)
{
    const int error =
        client_try((struct q_config){.capacity = capacity, .segment = 1, .alloc_fails_at = 4});
    assert(error == 0);
    end_open(Q_BOTH, 0, 0);
    end_open(Q_PRODUCER, 0, 0);
}

static void *is_refused(void *end)
{
    if (push(end, q_in_lane(Q_LOW, 1)) == Q_OK)
        pop(end);
    return NULL;
}

SCENARIO(lanes_refused)
{
    lanes_refused_begin(CAPACITY_lanes_refused);
    RUN(is_refused, waits_to_push);
    return client_settle();
}

static void *is_refused_all(void *end)
{
    struct end *const e = end;
    const q_item items[2] = {q_item_of(q_in_lane(Q_LOW, 1)), q_item_of(q_in_lane(Q_LOW, 3))};
    const size_t took = OP(_push_n)(q, e->h, items, 2);
    claim(took <= 1, "room for one, and push_n took more");
    if (took) {
        e->pushed[e->pushes++] = q_key(&items[0]);
        pop(e);
    }
    return NULL;
}

SCENARIO(lanes_refused_batch)
{
    lanes_refused_begin(CAPACITY_lanes_refused_batch);
    RUN(is_refused_all, waits_to_push);
    return client_settle();
}

/* Strict lanes: a low and a normal item are inside, a high one comes. A pop may miss the high one,
 * whose lane it has just seen empty, but never takes the low one before the normal one. */
#ifdef QUEUES_LANES_STRICT_H
SCENARIO(lanes_order)
{
    client_begin(CAPACITY_lanes_order);
    struct end *const producer = end_open(Q_PRODUCER, 1, q_in_lane(Q_HIGH, 3));
    struct end *const consumer = end_open(Q_CONSUMER, 2, 0);
    push(producer, q_in_lane(Q_LOW, 1));
    push(producer, q_in_lane(Q_NORMAL, 2));
    RUN(pushes, pops);
    claim(consumer->pops == 2, "items were inside, and a pop failed");
    claim(consumer->popped[0] != q_in_lane(Q_LOW, 1), "a low item left before a normal one");
    claim(consumer->popped[0] != q_in_lane(Q_HIGH, 3) ||
              consumer->popped[1] == q_in_lane(Q_NORMAL, 2),
          "a low item left before a normal one");
    return client_settle();
}
#endif

/* Fair lanes: a consumer two turns before the one that asks low first, and high items enough. The
 * low item leaves with the third pop at the latest, whatever arrives meanwhile. */
#ifdef QUEUES_LANES_FAIR_H
SCENARIO(lanes_no_starvation)
{
    client_begin(CAPACITY_lanes_no_starvation);
    struct end *const producer = end_open(Q_PRODUCER, 1, q_in_lane(Q_HIGH, 5));
    struct end *const consumer = end_open(Q_CONSUMER, 3, 0);
    push(producer, q_in_lane(Q_LOW, 1));
    for (uint64_t key = 2; key <= 4; key++)
        push(producer, q_in_lane(Q_HIGH, key));
    consumer->h->turn = LANES_FAIR_ROUND - 2;
    RUN(pushes, pops);
    claim(consumer->pops == 3, "items were inside, and a pop failed");
    claim(times(q_in_lane(Q_LOW, 1), true) == 1, "the low item waited for more than its turn");
    return client_settle();
}
#endif
#endif
