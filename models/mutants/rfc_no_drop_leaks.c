/* rfc_no_drop_leaks.c: a ring that is thrown away with items inside. Expect: leak. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). It promises "No memory leaks under stress testing", and there is no Drop.
 *
 * 1. Items are boxed and stored as raw pointers. 2. The ring goes out of scope with an item
 * inside. 3. A vector of AtomicPtr frees the pointers' memory, not what they point to.
 *
 * Repair: empty the ring when it is destroyed. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 4
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#include "rfc_ring.h"

static void *producer(void *arg)
{
    ring_push(arg, 1);
    return NULL;
}

int main(void)
{
    struct ring *const ring = calloc(1, sizeof *ring);
    pthread_t thread;
    assert(ring);
    pthread_create(&thread, NULL, producer, ring);
    pthread_join(thread, NULL);
    free(ring);
    return 0;
}
