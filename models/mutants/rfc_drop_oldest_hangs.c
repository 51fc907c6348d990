/* rfc_drop_oldest_hangs.c: dropping the oldest frees no slot. Expect: livelock. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). It promises "No deadlocks or livelocks in any scenario"; DropOldest is the policy
 * of its drop-in replacement. One thread is enough.
 *
 * 1. The ring is full: push moves read_index on, "to make space". 2. It takes the next slot, which
 * the full ring had left free, and the one after that still holds the item that was dropped. 3.
 * The compare-and-swap from null fails, for ever: nobody will empty that slot, since read_index is
 * past it.
 *
 * Repair: dropping is taking: empty the slot as a consumer does (queues/ring_mpsc.h,
 * ring_mpsc_discard). */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 2
#define POLICY   DROP_OLDEST
#define INDEX_STRONG
#include "rfc_ring.h"

static struct ring ring;

int main(void)
{
    for (int i = 1; i <= CAPACITY + 1; i++)
        ring_push(&ring, i);
    assert(ring_take_batch(&ring, (int[CAPACITY]){0}, CAPACITY) > 0);
    return 0;
}
