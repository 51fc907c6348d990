/* rfc_index_goes_back.c: stores read_index over a drop. Expect: assertion or livelock. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). DropOldest moves read_index from the producer's side.
 *
 * 1. The consumer takes the item of slot 0 and means to store read_index 1. 2. A producer finds
 * the ring full and drops: read_index is 2 by now. 3. The consumer stores 1: the index goes back,
 * and the newest item, which no policy may drop here, cannot be reached (or, if the consumer was
 * slower, the producer hangs as in rfc_drop_oldest_hangs.c).
 *
 * Repair: whoever moves the read index does it by compare-and-swap, consumer and dropping
 * producers alike. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 3
#define POLICY   DROP_OLDEST
#define INDEX_STRONG
#include "rfc_ring.h"

enum { NEWEST = 4 };
static struct ring ring;
static bool seen_newest;

static void take(int max_items)
{
    int batch[CAPACITY];
    const int n = ring_take_batch(&ring, batch, max_items);
    for (int i = 0; i < n; i++)
        seen_newest |= batch[i] == NEWEST;
}

static void *producer(void *arg)
{
    (void)arg;
    ring_push(&ring, 3);
    ring_push(&ring, NEWEST);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    take(1);
    return NULL;
}

int main(void)
{
    ring_push(&ring, 1);
    ring_push(&ring, 2); /* now it is full */
    static void *(*const entry[])(void *) = {producer, consumer};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    take(CAPACITY);
    take(CAPACITY);
    assert(seen_newest);
    return 0;
}
