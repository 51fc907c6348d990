/* rfc_capacity.c: a ring of N holds N - 1. Expect: assertion. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). LockFreeRingBuffer::new(capacity, policy).
 *
 * 1. One slot stays free to tell full from empty. 2. So the ring is full one item early. 3. The
 * N-th item of N is refused.
 *
 * Repair: indices that never wrap tell full from empty by their difference (queues/ring_spsc.h). */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 2
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#include "rfc_ring.h"

static struct ring ring;

int main(void)
{
    int batch[CAPACITY], pushed = 0;
    for (int i = 0; i < CAPACITY; i++)
        pushed += ring_push(&ring, 1 + i);
    ring_take_batch(&ring, batch, CAPACITY);
    assert(pushed == CAPACITY);
    return 0;
}
