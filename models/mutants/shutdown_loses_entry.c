/* shutdown_loses_entry.c: an entry is admitted, but not in the queue yet. Expect: assertion. */
/* append() and the last flush of "Bounded Queue with Backpressure". It promises: "Shutdown: Final
 * flush drains all pending entries before exit".
 *
 * 1. The writer counts its entry: it is pending. 2. The flusher's last drain finds the queue empty
 * and ends. 3. The writer pushes and returns Ok for an entry that nobody will ever write.
 *
 * Repair: put a closed bit into the count, so that nothing is admitted after it, and drain until
 * as many were popped as were admitted. */
#include <assert.h>
#include <pthread.h>

#define MAX_QUEUE_SIZE 1
#include "wal_queue.h"

static void *writer(void *arg)
{
    (void)arg;
    append(1);
    return NULL;
}

static void *flusher(void *arg)
{
    (void)arg;
    const size_t admitted = atomic_load_explicit(&pending_count, memory_order_acquire);
    const size_t written = drain_and_flush(); /* the last one */
    assert(written >= admitted);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {writer, flusher};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
