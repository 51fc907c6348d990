/* lost_wakeup_notify.c: checks its bound, then registers to be woken. Expect: lost wake-up. */
/* The writer and the flusher of "Bounded Queue with Backpressure" (a write-ahead log). It
 * promises: "Queue Full: Writers wait asynchronously, resume when space available".
 *
 * 1. The writer finds the queue full. 2. Before it has registered, the flusher drains the queue
 * and wakes all who are registered: nobody, and such a wake-up is not kept for later. 3. The
 * writer registers and sleeps; the queue is empty, and if this is the only writer no flush will
 * ever wake it again.
 *
 * Repair: register first, then look at the count again, then sleep (queues/wait.h: prepare, look,
 * sleep). */
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
        size_t current_count = atomic_load_explicit(&pending_count, memory_order_acquire);
        if (current_count >= MAX_QUEUE_SIZE) {
            notify_notified(&space_available); /* .notified().await */
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

static size_t drain_and_flush(void)
{
    size_t batch_size = 0;
    while (segqueue_pop(&pending))
        batch_size++;
    /* ... write and fsync batch ... */
    atomic_fetch_sub_explicit(&pending_count, batch_size, memory_order_release);
    notify_waiters(&space_available);
    return batch_size;
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
    drain_and_flush();
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
