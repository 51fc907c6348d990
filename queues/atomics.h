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
 *   a_init2(&pair, v, w)                      two words next to each other, changed by a_cas2 or singly
 *   a_cas2 (&pair, seen, v, w, acq_rel, acquire)     both compared and exchanged at once (below)
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

/* Two words at once: atomic_pair(v, w) p; has the words p.v and p.w and begins with a_init2. a_cas2
 * compares both words with seen[0] and seen[1] and puts v and w in their place; where it fails, `seen` is what both were at that instant. Each word may also be loaded, swapped, added to,
 * or-ed, compared and exchanged by itself, but NOT stored to: behind a store of its own to one word, a
 * thread on x86 may see the other as it was before somebody's a_cas2 that came first.
 *
 * For order a pair is ONE place: who has seen a change of one word sees the other as new or newer.
 * Processors see to that, since every change of a pair is a locked instruction there; and compilers,
 * which leave atomic accesses in their order although C11 does not ask for it.
 *
 * x86-64 alone has it (A_HAS_CAS2): cmpxchg16b by hand, since compilers call libatomic instead. What
 * needs it says #error elsewhere, and the build leaves that queue out by name. ThreadSanitizer does
 * not look into assembly, and is told that each acquires and releases: only the model checker, which has
 * words of its own for these two, judges their orders. */
#ifdef __x86_64__
#define A_HAS_CAS2 1
#define atomic_pair(first, second)                                                                 \
    struct {                                                                                       \
        _Alignas(16) atomic(uint64_t) first;                                                       \
        atomic(uint64_t) second;                                                                   \
    }
#define A_IS_PAIR(p)                                                                               \
    _Static_assert(sizeof *(p) == 16 && _Alignof(__typeof__(*(p))) == 16,                          \
                   "not an atomic_pair, nor a struct of one and nothing else")
#ifdef MODEL_CHECKER
void model_pair_init(volatile void *, uint64_t, uint64_t);
int __tsan_atomic128_compare_exchange_strong(volatile unsigned __int128 *, void *,
                                             unsigned __int128, int, int);
#define a_init2(p, v, w)                                                                           \
    ({                                                                                             \
        A_IS_PAIR(p);                                                                              \
        model_pair_init(p, v, w);                                                                  \
    })
#define a_cas2(p, seen, v, w, good, bad)                                                           \
    ({                                                                                             \
        A_IS_PAIR(p);                                                                              \
        __tsan_atomic128_compare_exchange_strong((volatile unsigned __int128 *)(p), seen,          \
                                                 (unsigned __int128)(w) << 64 | (v),               \
                                                 memory_order_##good, memory_order_##bad) != 0;    \
    })
#else
#if defined(__SANITIZE_THREAD__)
#define A_TELL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define A_TELL_TSAN 1
#endif
#endif
#ifdef A_TELL_TSAN
void __tsan_acquire(void *address);
void __tsan_release(void *address);
#endif

static inline __attribute__((always_inline)) bool
a_cas2_by_hand(uint64_t (*pair)[2], uint64_t *seen, uint64_t v, uint64_t w)
{
    bool same;
#ifdef A_TELL_TSAN
    __tsan_release(&(*pair)[0]);
    __tsan_release(&(*pair)[1]);
#endif
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(same), "+m"(*pair), "+a"(seen[0]), "+d"(seen[1])
                     : "b"(v), "c"(w)
                     : "memory");
#ifdef A_TELL_TSAN
    __tsan_acquire(&(*pair)[0]);
    __tsan_acquire(&(*pair)[1]);
#endif
    return same;
}
#define a_init2(p, v, w)                                                                           \
    ({                                                                                             \
        A_IS_PAIR(p);                                                                              \
        atomic(uint64_t) *const pair_ = (void *)(p);                                               \
        a_init(&pair_[0], v);                                                                      \
        a_init(&pair_[1], w);                                                                      \
    })
#define a_cas2(p, seen, v, w, good, bad)                                                           \
    ({                                                                                             \
        A_IS_PAIR(p);                                                                              \
        (void)(memory_order_##good + memory_order_##bad);                                          \
        a_cas2_by_hand((uint64_t(*)[2])(p), seen, v, w);                                           \
    })
#endif
#endif

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
