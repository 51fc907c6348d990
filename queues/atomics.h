/* atomics.h: the words for C11 atomics, and the only way a queue touches shared memory.
 *
 *   atomic(T) x;                              a T that only the words below can touch
 *   a_init (&x, v)                            atomic_init: before the object is shared
 *   a_load (&x, acquire)                      atomic_load_explicit(&x, memory_order_acquire)
 *   a_store(&x, v, release)                   atomic_store_explicit
 *   a_swap (&x, v, acq_rel)                   atomic_exchange_explicit
 *   a_add  (&x, n, relaxed)   a_sub  a_or  a_and     atomic_fetch_..._explicit: the OLD value
 *   a_cas  (&x, &seen, v, acq_rel, acquire)   atomic_compare_exchange_strong_explicit; a_cas_weak:
 *                                             may fail for no reason, so only inside a loop
 *   a_fence(seq_cst)                          atomic_thread_fence
 *   a_fence_light()  a_fence_heavy()          one full fence split in two: together they order like
 *                                             a_fence(seq_cst) on both sides, but the light one
 *                                             costs nothing and the heavy one a system call (P1202)
 *   a_pause()                                 "I am spinning", to the processor (pause.h)
 *   a_prefetch_read(p)  a_prefetch_write(p)   "I shall want this line": to read it, to write to it
 *
 * The order is always the last word and never has a default. `atomic(T)` is a struct, so `q->n++`,
 * which C11 would silently make seq_cst, does not compile. This is notation only: nothing is
 * hooked here, and `gcc -E` shows plain <stdatomic.h>. */
#ifndef QUEUES_ATOMICS_H
#define QUEUES_ATOMICS_H

#ifdef __cplusplus
#error "the queues are C11: include them from C, and call that from C++"
#endif
#if defined(__STRICT_ANSI__) && !defined(_GNU_SOURCE) && !defined(_DEFAULT_SOURCE)
#error "add -D_GNU_SOURCE, or use -std=gnu11: waiting needs Linux system calls (queues/wait.h)"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queues/pause.h"

#define atomic(T)                                                                                  \
    struct {                                                                                       \
        _Atomic(T) v_;                                                                             \
    }

#define a_init(p, v)         atomic_init(&(p)->v_, v)
#define a_load(p, order)     atomic_load_explicit(&(p)->v_, memory_order_##order)
#define a_store(p, v, order) atomic_store_explicit(&(p)->v_, v, memory_order_##order)
#define a_swap(p, v, order)  atomic_exchange_explicit(&(p)->v_, v, memory_order_##order)
#define a_add(p, n, order)   atomic_fetch_add_explicit(&(p)->v_, n, memory_order_##order)
#define a_sub(p, n, order)   atomic_fetch_sub_explicit(&(p)->v_, n, memory_order_##order)
#define a_or(p, n, order)    atomic_fetch_or_explicit(&(p)->v_, n, memory_order_##order)
#define a_and(p, n, order)   atomic_fetch_and_explicit(&(p)->v_, n, memory_order_##order)
#define a_cas(p, seen, v, good, bad)                                                               \
    atomic_compare_exchange_strong_explicit(&(p)->v_, seen, v, memory_order_##good,                \
                                            memory_order_##bad)
#define a_cas_weak(p, seen, v, good, bad)                                                          \
    atomic_compare_exchange_weak_explicit(&(p)->v_, seen, v, memory_order_##good,                  \
                                          memory_order_##bad)
#define a_fence(order)  atomic_thread_fence(memory_order_##order)
#define a_fence_light() atomic_signal_fence(memory_order_seq_cst)

static inline void a_prefetch_read(const void *p) { __builtin_prefetch(p, 0); }

/* By hand where there is an instruction for it: for x86 compilers turn the builtin into a prefetch
 * for reading, unless told of a processor that has more. */
static inline void a_prefetch_write(const void *p)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)p));
#else
    __builtin_prefetch(p, 1);
#endif
}

#endif
