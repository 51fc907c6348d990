/* spill.h: Q_SPILL: what does not fit into the ring goes to a file, and comes out in its turn. The
 * file is the checker's (models/checker/memory/files.h); what a crash leaves in a real one is for
 * tests/spill_crash_test.c. */
static int spill_try(size_t capacity)
{
    return client_try((struct q_config){.capacity = capacity,
                                        .producers = ENDS_MAX,
                                        .consumers = 1,
                                        .when_full = Q_SPILL,
                                        .spill_path = "spilled.log"});
}

static void spill_begin(size_t capacity)
{
    const int error = spill_try(capacity);
    assert(error == 0);
}

/* Capacity 1, and so many items inside: one in the ring, the others in the file. */
static struct end *spill_begin_spilling(unsigned items)
{
    spill_begin(1);
    struct end *const producer = end_open(Q_PRODUCER, items, 1);
    pushes(producer);
    claim(producer->pushes == items, "under Q_SPILL a push was refused though the disk has room");
    producer->first = items + 1;
    return producer;
}

/* More are pushed while the consumer comes to the end of the file, from where on the ring is used.
 * It reads the file in chunks of two. */
SCENARIO(spill_order)
{
    spill_begin_spilling(3)->todo = 2;
    end_open(Q_CONSUMER, 4, 0);
    RUN(pushes, pops);
    claim(pushed_in_all() == 5, "under Q_SPILL a push was refused though the disk has room");
    return client_settle();
}

/* Two producers: one may have claimed a cell and not filled it when the other's item is in the
 * file. */
SCENARIO(spill_order_two)
{
    spill_begin(CAPACITY_spill_order_two);
    end_open(Q_PRODUCER, 2, 11);
    end_open(Q_PRODUCER, 2, 21);
    end_open(Q_CONSUMER, 2, 0);
    RUN(pushes, pushes, pops);
    claim(pushed_in_all() == 4, "under Q_SPILL a push was refused though the disk has room");
    return client_settle();
}

/* A batch that goes to ring and file, and comes out of both. */
static void *spill_batch_pops(void *end)
{
    for (unsigned i = 0; i < 3; i++)
        batch_pops(end);
    return NULL;
}

SCENARIO(spill_batch)
{
    spill_begin(CAPACITY_spill_batch);
    struct end *const producer = end_open(Q_PRODUCER, 2, 1);
    struct end *const consumer = end_open(Q_CONSUMER, 0, 0);
    batch_pushes(producer);
    producer->first = 3;
    RUN(batch_pushes, spill_batch_pops);
    claim(producer->pushes == 4, "under Q_SPILL a batch was cut short though the disk has room");
    batch_settle(producer, consumer);
    return client_end();
}

/* A consumer sleeps until there is an item, in the ring or in the file. */
static void *spill_waits(void *end)
{
    waits_to_pop(end);
    return waits_to_pop(end);
}

SCENARIO(spill_wakes)
{
    spill_begin(CAPACITY_spill_wakes);
    struct end *const producer = end_open(Q_PRODUCER, 1, 1);
    end_open(Q_CONSUMER, 0, 0);
    pushes(producer);
    producer->first = 2;
    RUN(pushes, spill_waits);
    return client_settle();
}

/* An item that went to the file while the queue was being closed is popped before CLOSED is
 * answered. */
SCENARIO(spill_close)
{
    spill_begin(CAPACITY_spill_close);
    struct end *const producer = end_open(Q_PRODUCER, 1, 1);
    end_open(Q_CONSUMER, 3, 0);
    end_open(Q_PRODUCER, 0, 0);
    pushes(producer);
    producer->first = 2;
    RUN(pushes, close_drains_pops, closes);
    claim(drain() == Q_CLOSED, "closed and drained, a pop answers EMPTY");
    claim(push(producer, 9) == Q_CLOSED, "a push to a closed queue answers something else");
    return client_settle();
}

/* The disk takes one and a half records. Once the consumer has come to the end of the file, the file
 * is cut back and there is room again. */
SCENARIO(spill_disk_full)
{
#ifdef QUEUES_SPILL_H
    if (model_disk_full_at)
        model_disk_full_at(sizeof(struct spill_header) + sizeof(struct spill_record) * 3 / 2);
#endif
    struct end *const producer = spill_begin_spilling(2);
    producer->todo = 1;
    end_open(Q_PRODUCER, 1, 21);
    end_open(Q_CONSUMER, 3, 0);
    RUN(pushes, pushes, pops);
    for (unsigned i = 0; i < 2; i++)
        claim(ends[i].last == Q_OK || ends[i].last == Q_IO, "a push answers neither OK nor IO");
    drain();
    producer->first = 4;
    producer->todo = 2;
    pushes(producer);
    claim(producer->last == Q_OK, "the disk is still full, though all has been read");
    claim(!model_disk_full_at || push(producer, 6) == Q_IO, "OK for a record that does not fit");
    return client_settle();
}

/* Destroyed with items in the file and none in the ring, and made again with the same file. */
static void spill_again(struct end *consumer)
{
    const unsigned count = end_count;
    client_end();
    spill_begin(1);
    end_count = count;
    end_attach(consumer, Q_CONSUMER);
}

/* The consumer does not come to the file's end, so that all that is pushed goes there. */
SCENARIO(spill_reopen)
{
    spill_begin_spilling(3)->todo = 1;
    struct end *const consumer = end_open(Q_CONSUMER, 2, 0);
    RUN(pushes, pops);
    spill_again(consumer);
    return client_settle();
}

/* The environment chooses which write or cut of the file fails, once: then init answers EIO or a push
 * IO, and what was to be cut or marked is so later: also the next queue finds the file in order. */
SCENARIO(spill_disk_fails)
{
    if (model_disk_fails_at && model_choose)
        model_disk_fails_at(1 + model_choose(12));
    const int error = spill_try(1);
    claim(error == 0 || error == EIO, "init answers neither 0 nor EIO");
    if (error)
        return 0;
    struct end *const producer = end_open(Q_PRODUCER, 3, 1);
    struct end *const consumer = end_open(Q_CONSUMER, 3, 0);
    pushes(producer);
    producer->first = 4;
    producer->todo = 2;
    RUN(pushes, pops);
    drain();
    producer->first = 6;
    pushes(producer); /* one into the ring, one into the file */
    claim(pushed_in_all() >= 6, "more than one push was refused, though the disk failed once");
    pop(consumer);
    if (model_disk_fails_at)
        model_disk_fails_at(0);
    spill_again(consumer);
    return client_settle();
}
