/* rfc_ring.h: push and take_batch of the request for comments "Lock-Free Ring Buffer for
 * High-Performance Telemetry", line by line in C. The program that includes it defines
 *
 *   CAPACITY       slots; POLICY: DROP_OLDEST or DROP_NEWEST
 *   INDEX_STRONG   the write index moves by a strong compare-and-swap instead of a weak one, so
 *                  that its failing for no reason (rfc_weak_index.c) hides no other bug
 *   CLEAN_UP       with the listing's clean-up on a lost slot (rfc_retry_drops_item.c)
 *
 * In its favour: the item is boxed once, before the loop (inside it does not compile). The epoch
 * guard protects nothing, for items are freed directly; it is left out. */
#ifndef MODELS_MUTANTS_RFC_RING_H
#define MODELS_MUTANTS_RFC_RING_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

enum { DROP_OLDEST, DROP_NEWEST };

struct ring {
    _Atomic(int *) buffer[CAPACITY];
    atomic_size_t write_index, read_index;
};

/* True: push again. */
static inline bool ring_handle_full_buffer(struct ring *r)
{
    if (POLICY == DROP_NEWEST)
        return false;
    const size_t read_pos = atomic_load_explicit(&r->read_index, memory_order_acquire);
    atomic_store_explicit(&r->read_index, (read_pos + 1) % CAPACITY, memory_order_release);
    return true;
}

static inline bool ring_push(struct ring *r, int item)
{
    int *const item_ptr = malloc(sizeof *item_ptr);
    *item_ptr = item;
    for (;;) {
        size_t write_pos = atomic_load_explicit(&r->write_index, memory_order_acquire);
        const size_t read_pos = atomic_load_explicit(&r->read_index, memory_order_acquire);
        const size_t next_write = (write_pos + 1) % CAPACITY;
        if (next_write == read_pos) {
            if (ring_handle_full_buffer(r))
                continue;
            free(item_ptr);
            return false;
        }
        int *expected = NULL;
        if (atomic_compare_exchange_weak_explicit(&r->buffer[write_pos], &expected, item_ptr,
                                                  memory_order_release, memory_order_relaxed)) {
#ifdef INDEX_STRONG
            atomic_compare_exchange_strong_explicit(&r->write_index, &write_pos, next_write,
                                                    memory_order_release, memory_order_relaxed);
#else
            atomic_compare_exchange_weak_explicit(&r->write_index, &write_pos, next_write,
                                                  memory_order_release, memory_order_relaxed);
#endif
            return true;
        }
#ifdef CLEAN_UP
        free(item_ptr);
#endif
        sched_yield(); /* std::hint::spin_loop() */
    }
}

static inline int ring_take_batch(struct ring *r, int *batch, int max_items)
{
    int n = 0;
    size_t read_pos = atomic_load_explicit(&r->read_index, memory_order_acquire);
    const size_t write_pos = atomic_load_explicit(&r->write_index, memory_order_acquire);
    while (n < max_items && read_pos != write_pos) {
        int *item_ptr = atomic_load_explicit(&r->buffer[read_pos], memory_order_acquire);
        if (!item_ptr)
            break;
        int *const mine = item_ptr;
        if (atomic_compare_exchange_strong_explicit(&r->buffer[read_pos], &item_ptr, NULL,
                                                    memory_order_release, memory_order_relaxed)) {
            batch[n++] = *mine;
            free(mine);
            read_pos = (read_pos + 1) % CAPACITY;
        }
    }
    atomic_store_explicit(&r->read_index, read_pos, memory_order_release);
    return n;
}

#endif
