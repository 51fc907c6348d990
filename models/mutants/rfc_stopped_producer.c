/* rfc_stopped_producer.c: a producer stopped half-way stops all. Expect: livelock. */
/* The ring of the request for comments "Lock-Free Ring Buffer for High-Performance Telemetry"
 * (rfc_ring.h). It is called lock-free and is to need no coordination among producers.
 *
 * 1. Producer 1 puts its item into slot 0 and is stopped before it moves write_index: here it ends
 * there, as a thread does that is killed or waits for its turn on the processor. 2. Producer 2 reads
 * write_index 0, finds slot 0 taken and tries again. 3. Nobody else moves write_index: it tries for as
 * long as producer 1 stands, although the other slots are free.
 *
 * Repair: claim the position first, fill the cell then: producers go on behind a stopped one until the
 * ring has come round (queues/array_mpmc.h). Lock-free is that neither: its consumer waits. */
#include <assert.h>
#include <pthread.h>

#define CAPACITY 3
#define POLICY   DROP_NEWEST
#define INDEX_STRONG
#include "rfc_ring.h"

static struct ring ring;
static int item = 1;

/* ring_push up to, and without, its last step. */
static void *producer_1(void *arg)
{
    (void)arg;
    int *expected = NULL;
    const size_t write_pos = atomic_load_explicit(&ring.write_index, memory_order_acquire);
    atomic_compare_exchange_strong_explicit(&ring.buffer[write_pos], &expected, &item,
                                            memory_order_release, memory_order_relaxed);
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    ring_push(&ring, 2);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
