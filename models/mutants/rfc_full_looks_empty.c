/* rfc_full_looks_empty.c: a full ring looks like an empty one. Expect: assertion. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). One slot stays free so that full and empty differ.
 *
 * 1. Producer 1 loads write_index 0 and finds room. 2. A lap goes by: the ring is full, and the
 * slot that must stay free is slot 0. 3. Producer 1 fills it and moves write_index on to where
 * read_index is: the consumer sees an empty ring, with an item in every slot, and producers spin.
 *
 * Repair: indices that never wrap, and a turn number in each slot. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 2
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#include "rfc_ring.h"

static struct ring ring;
static int taken;

static void *producer_1(void *arg)
{
    (void)arg;
    ring_push(&ring, 1);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    ring_push(&ring, 2);
    ring_push(&ring, 3);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    int batch[CAPACITY];
    taken = ring_take_batch(&ring, batch, 1);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2, consumer};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    (void)taken;
    bool full = true;
    for (int i = 0; i < CAPACITY; i++)
        full &= atomic_load(&ring.buffer[i]) != NULL;
    assert(!(full && atomic_load(&ring.write_index) == atomic_load(&ring.read_index)));
    return 0;
}
