/* wal_queue.h: append and drain_and_flush of "Bounded Queue with Backpressure" (a write-ahead log's
 * queue), line by line in C. The program that includes it defines MAX_QUEUE_SIZE. */
#ifndef MODELS_MUTANTS_WAL_QUEUE_H
#define MODELS_MUTANTS_WAL_QUEUE_H

#include <stdatomic.h>
#include <stddef.h>

#include "notify.h"
#include "segqueue.h"

static struct segqueue pending = SEGQUEUE_INIT;
static atomic_size_t pending_count;
static struct notify space_available = NOTIFY_INIT;

static inline void append(int entry)
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

static inline size_t drain_and_flush(void)
{
    size_t batch_size = 0;
    while (segqueue_pop(&pending))
        batch_size++;
    /* ... write and fsync batch ... */
    atomic_fetch_sub_explicit(&pending_count, batch_size, memory_order_release);
    notify_waiters(&space_available);
    return batch_size;
}

#endif
