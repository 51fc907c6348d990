/* rfc_wedge.c: one late producer stops all producers. Expect: livelock. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). It promises "no deadlocks or livelocks in any scenario". The aftermath of
 * rfc_stale_producer.c:
 *
 * 1. Producer 1 fills slot 0 a lap too late, behind the consumer's back. 2. The ring is used on,
 * slot 1, and both indices come round to 0. 3. Slot 0 is not null, so producer 2's compare-and-
 * swap fails for ever; the consumer sees an empty ring and will never empty it.
 *
 * Repair: a turn number in each slot. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 2
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#include "rfc_ring.h"

static struct ring ring;

static void *producer_1(void *arg)
{
    (void)arg;
    ring_push(&ring, 1);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        ring_push(&ring, 2 + i);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    int batch[1];
    for (int i = 0; i < 2; i++)
        ring_take_batch(&ring, batch, 1);
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
    return 0;
}
