/* flush_error_keeps_capacity.c: an error of the disk is never subtracted. Expect: lost wake-up. */
/* drain_and_flush() of "Bounded Queue with Backpressure" when the disk answers an error: `?`
 * returns from the middle of it. (The wait is the repaired one here: it registers before it
 * looks.)
 *
 * 1. The flusher has popped the batch, and the write fails. 2. It returns before the count goes
 * down: the entries are gone and their capacity with them. 3. The writer waits for room that never
 * comes; every flush() waits for ever too.
 *
 * Repair: subtract and wake on every way out, and tell those whose entries were lost. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "notify.h"
#include "segqueue.h"

enum { MAX_QUEUE_SIZE = 1 };
static struct segqueue pending = SEGQUEUE_INIT;
static atomic_size_t pending_count;
static struct notify space_available = NOTIFY_INIT;

static void append(int entry)
{
    for (;;) {
        const unsigned wave = notify_register(&space_available);
        size_t current_count = atomic_load_explicit(&pending_count, memory_order_acquire);
        if (current_count >= MAX_QUEUE_SIZE) {
            notify_wait(&space_available, wave);
            continue;
        }
        if (atomic_compare_exchange_strong_explicit(&pending_count, &current_count,
                                                    current_count + 1, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            segqueue_push(&pending, entry);
            return;
        }
    }
}

static bool drain_and_flush(bool disk_works)
{
    size_t batch_size = 0;
    while (segqueue_pop(&pending))
        batch_size++;
    if (!disk_works)
        return false; /* write_all(...)? */
    atomic_fetch_sub_explicit(&pending_count, batch_size, memory_order_release);
    notify_waiters(&space_available);
    return true;
}

static void *writer(void *arg)
{
    (void)arg;
    append(2);
    return NULL;
}

static void *flusher(void *arg)
{
    (void)arg;
    if (!drain_and_flush(false))
        drain_and_flush(true); /* the disk is well again */
    return NULL;
}

int main(void)
{
    append(1); /* now it is full */
    static void *(*const entry[])(void *) = {writer, flusher};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
