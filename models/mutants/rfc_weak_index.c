/* rfc_weak_index.c: the index moves by a weak compare-and-swap, once. Expect: assertion. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). Producers and consumer run one after the other here: nobody disturbs.
 *
 * 1. The producer fills its slot. 2. The compare_exchange_weak of write_index fails for no reason,
 * as it may (on Arm without its newer atomics it does), and the result is thrown away. 3. push
 * answers Ok, and the consumer sees an empty ring.
 *
 * Repair: the strong form, in a loop that ends when the index has moved. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 2
#define POLICY   DROP_NEWEST
#include "rfc_ring.h"

static struct ring ring;
static bool pushed;

static void *producer(void *arg)
{
    (void)arg;
    pushed = ring_push(&ring, 1);
    return NULL;
}

int main(void)
{
    int batch[1];
    pthread_t thread;
    pthread_create(&thread, NULL, producer, NULL);
    pthread_join(thread, NULL);
    const int taken = ring_take_batch(&ring, batch, 1);
    assert(!pushed || taken == 1);
    return 0;
}
