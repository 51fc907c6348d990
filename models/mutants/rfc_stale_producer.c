/* rfc_stale_producer.c: an empty slot is not the slot of this lap. Expect: assertion. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). It promises "zero data loss under normal conditions" and "ABA problem resistance".
 *
 * 1. Producer 1 loads write_index 0 and is stopped. 2. Producer 2 fills slot 0, the consumer takes
 * it: both indices are 1, slot 0 is null again. 3. Producer 1 goes on: its compare-and-swap from
 * null succeeds, the one of write_index fails, and nobody looks at that. It answers Ok for an item
 * behind the consumer's back; one lap later every producer will spin on that slot.
 *
 * Repair: a turn number in each slot instead of null (queues/array_mpmc.h). Epochs do not help:
 * the ABA is on null. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 3
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
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    int batch[CAPACITY];
    taken = ring_take_batch(&ring, batch, 1);
    return NULL;
}

/* All that is left, when everybody has ended. */
static int drain(void)
{
    int batch[CAPACITY], all = 0, n;
    while ((n = ring_take_batch(&ring, batch, CAPACITY)) > 0)
        all += n;
    return all;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2, consumer};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    taken += drain();
    assert(taken == 2); /* both pushes found room */
    return 0;
}
