/* rfc_retry_drops_item.c: frees the item, then retries. Expect: use after free or race. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). The listing's Err arm: `Box::from_raw(item_ptr); // Clean up`, then `continue`. In
 * Rust this does not compile, for item has moved; here is what it would do.
 *
 * 1. Two producers want the same slot. 2. The loser frees its item. 3. It tries again with what it
 * has freed, and the consumer reads and frees it a second time.
 *
 * Repair: allocate once, before the loop, and free only when giving up. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 3
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#define CLEAN_UP
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
    ring_push(&ring, 2);
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
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(drain() == 2);
    return 0;
}
