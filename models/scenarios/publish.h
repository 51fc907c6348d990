/* publish.h: what its producer wrote before a push is there for whoever pops the item: the note
 * is a plain variable, so that a push and pop which do not synchronize are a data race. */
static uint64_t publish_note[3];

static void *publish_writes(void *end)
{
    for (uint64_t key = 1; key <= 2; key++) {
        publish_note[key] = 10 * key;
        push(end, key);
    }
    return NULL;
}

static void *publish_reads(void *end)
{
    struct end *const e = end;
    pops(e);
    for (unsigned i = 0; i < e->pops; i++)
        claim(publish_note[e->popped[i]] == 10 * e->popped[i], "the note of an item is not there");
    return NULL;
}

SCENARIO(publish)
{
    client_begin(CAPACITY_publish);
    end_open(Q_PRODUCER, 0, 0);
    end_open(Q_CONSUMER, 2, 0);
    RUN(publish_writes, publish_reads);
    return client_settle();
}
