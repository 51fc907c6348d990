/* flush_waits_for_others.c: flush() waits for other people's entries. Expect: livelock. */
/* flush() of "Bounded Queue with Backpressure": commit() calls it to wait until its own entries
 * are on disk.
 *
 * 1. A committer waits for pending_count to be 0. 2. The flusher writes the committer's entry;
 * another writer has appended one meanwhile. 3. The count is not 0, so the committer goes on
 * waiting, though all it asked for is durable. Here the flusher ends after its flush, so it waits
 * for ever; with a flusher that goes on it waits as long as others keep writing, which is why 128
 * threads commit one by one.
 *
 * Repair: give each entry a number and wait until that number is durable. */
#include <pthread.h>
#include <sched.h>

#define MAX_QUEUE_SIZE 2
#include "wal_queue.h"

static void *committer(void *arg)
{
    (void)arg;
    while (atomic_load_explicit(&pending_count, memory_order_acquire) > 0)
        sched_yield(); /* tokio::time::sleep(100 us).await */
    return NULL;
}

static void *other_writer(void *arg)
{
    (void)arg;
    append(2);
    return NULL;
}

static void *flusher(void *arg)
{
    (void)arg;
    drain_and_flush();
    return NULL;
}

int main(void)
{
    append(1); /* the committer's */
    static void *(*const entry[])(void *) = {committer, other_writer, flusher};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
