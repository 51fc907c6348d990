/* small.h: few operations, most of them at the end of a segment, so that every step meets every
 * other within a few hundred executions and a weaker memory order is found out at little cost
 * (`queuelab check --weaken`). Each item has a note, a plain variable that its producer writes before
 * the push: a push and a pop that do not synchronize are a data race. */
static uint64_t note[KEYS_MAX];

static void *pushes_noted(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < e->todo; i++) {
        note[e->first + i] = 10 * (e->first + i);
        push(e, e->first + i);
    }
    return NULL;
}

static void *pops_noted(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < e->todo; i++)
        if (pop(e) == Q_OK) {
            const uint64_t key = e->popped[e->pops - 1];
            claim(note[key] == 10 * key, "the note of an item is not there");
        }
    return NULL;
}

static void *pushes_and_pops_noted(void *end)
{
    struct end *const e = end;
    pushes_noted(e);
    return pops_noted(e);
}

/* Before the threads begin: `n` items, and their notes. */
static void fill(struct end *producer, unsigned n)
{
    const struct end as_it_was = *producer;
    producer->todo = n;
    producer->first = 1;
    pushes_noted(producer);
    producer->todo = as_it_was.todo;
    producer->first = as_it_was.first;
}

SCENARIO(publish_one)
{
    client_begin(CAPACITY_publish_one);
    end_open(Q_PRODUCER, 1, 1);
    end_open(Q_CONSUMER, 1, 0);
    RUN(pushes_noted, pops_noted);
    return client_settle();
}

static void *pops_and_pushes_noted(void *end)
{
    struct end *const e = end;
    pop(e);
    return pushes_noted(e);
}

/* exact_empty at the end of a segment: the item that was pushed is in the next one. */
SCENARIO(exact_empty_link)
{
    reclaim_begin(CAPACITY_exact_empty_link, 1);
    end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_BOTH, 1, 11), 1);
    RUN(pops_noted, pushes_and_pops_noted);
    return client_settle();
}

/* A push links a segment, another one is to follow, and close comes between. */
SCENARIO(link_closes)
{
    reclaim_begin(CAPACITY_link_closes, 1);
    end_open(Q_PRODUCER, 2, 11);
    end_open(Q_PRODUCER, 0, 0);
    RUN(pushes_noted, closes);
    return client_settle();
}

/* A push links the segment that a pop has just given back. */
SCENARIO(link_given_back)
{
    reclaim_begin(CAPACITY_link_given_back, 1);
    fill(end_open(Q_PRODUCER, 1, 11), 2);
    end_open(Q_CONSUMER, 2, 0);
    RUN(pushes_noted, pops_noted);
    return client_settle();
}

/* A push links a segment, a close moves the tail there for it, and another close finds it there: by
 * way of a thread that did not make it. (Three pushes do so too, in a hundred times as many steps.) */
SCENARIO(link_three)
{
    reclaim_begin(CAPACITY_link_three, 1);
    for (unsigned i = 0; i < 3; i++)
        end_open(Q_PRODUCER, 1, 11 + i);
    fill(&ends[0], 1);
    RUN(pushes_noted, closes, closes);
    return client_settle();
}

/* A push links a segment, a pop moves the head there, and another pop finds it there. */
SCENARIO(link_follow_one)
{
    reclaim_begin(CAPACITY_link_follow_one, 1);
    end_open(Q_CONSUMER, 1, 0);
    end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_PRODUCER, 1, 11), 1);
    pops_noted(&ends[0]);
    RUN(pops_noted, pops_noted, pushes_noted);
    return client_settle();
}

/* The place of a push is that of an item that is still being popped, and another pop passes it by. */
SCENARIO(reuse_passed)
{
    reclaim_begin(CAPACITY_reuse_passed, 1);
    end_open(Q_CONSUMER, 1, 0);
    end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_PRODUCER, 1, 11), 1);
    RUN(pops_noted, pops_noted, pushes_noted);
    return client_settle();
}

/* reclaim_held with one pop and two items: the segment that is used again is the first one. */
SCENARIO(reclaim_held_one)
{
    reclaim_begin(CAPACITY_reclaim_held_one, 1);
    end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_BOTH, 1, 11), 2);
    RUN(pops, pops_and_pushes);
    return client_settle();
}

/* Who has just read in a segment leaves, and another uses it again. */
SCENARIO(reclaim_gone)
{
    reclaim_begin(CAPACITY_reclaim_gone, 1);
    struct end *const goes = end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_BOTH, 1, 11), 2);
    RUN(pops_and_goes, pops_and_pushes_noted);
    const int error = OP(_attach)(q, goes->h, goes->role);
    assert(error == 0);
    return client_settle();
}

/* ... or comes again at once, and is not there any more for whoever looks only then. */
SCENARIO(reclaim_twice)
{
    reclaim_begin(CAPACITY_reclaim_twice, 1);
    end_open(Q_CONSUMER, 2, 0);
    fill(end_open(Q_BOTH, 2, 11), 2);
    RUN(pops, pops);
    return client_settle();
}

/* Two consumers give segments back, one of them two: then the other's is freed. */
SCENARIO(reclaim_two)
{
    reclaim_begin(CAPACITY_reclaim_two, 1);
    struct end *const one = end_open(Q_CONSUMER, 3, 0);
    struct end *const two = end_open(Q_BOTH, 2, 0);
    fill(two, 6);
    pops_noted(one);
    one->todo = 1;
    RUN(pops_noted, pops_noted);
    return client_settle();
}

/* close_publishes where the segment is used up. */
SCENARIO(close_publishes_link)
{
    written_before = 0;
    reclaim_begin(CAPACITY_close_publishes_link, 1);
    struct end *const consumer = end_open(Q_CONSUMER, 1, 0);
    fill(end_open(Q_PRODUCER, 0, 0), 1);
    pops_noted(consumer);
    RUN(reads_when_closed, writes_and_closes);
    return client_settle();
}
