/* rfc_drop_past_empty.c: drops from an empty ring. Expect: assertion or livelock. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). DropOldest moves read_index by a load and a store.
 *
 * 1. The producer finds the ring full. 2. The consumer takes everything: read_index equals
 * write_index. 3. The producer moves read_index on by one, past write_index: the empty ring now
 * counts as nearly full, the consumer stops at the first null, and the item just pushed is not
 * found.
 *
 * Repair: drop by compare-and-swap, only what is there (queues/ring_mpsc.h looks at both indices
 * and the turn). */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 3
#define POLICY   DROP_OLDEST
#define INDEX_STRONG
#include "rfc_ring.h"

enum { NEWEST = 3 };
static struct ring ring;
static bool seen_newest;

static void take(void)
{
    int batch[CAPACITY];
    const int n = ring_take_batch(&ring, batch, CAPACITY);
    for (int i = 0; i < n; i++)
        seen_newest |= batch[i] == NEWEST;
}

static void *producer(void *arg)
{
    (void)arg;
    ring_push(&ring, NEWEST);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    take();
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
    take();
    take();
    assert(seen_newest);
    return 0;
}
