/* hooks_tsan.c: what compilers call under -fsanitize=thread, in place of libtsan: every access to
 * memory, every atomic operation and fence, every function's entry and exit.
 *
 * gcc calls _compare_exchange_strong and _weak with the address of what was expected; clang calls
 * _compare_exchange_val, which returns the old value, for both: it forgets which ones are weak. */
#include "models/checker/hooks/hooks.h"

#include <string.h>

#include "models/checker/run/locations.h"

/* False only while the program is loaded. */
static inline bool watched(void) { return __builtin_expect(current != NULL, true); }

/* ---- calls --------------------------------------------------------------------------------- */

HOOK(void, __tsan_init, void) {}

HOOK(void, __tsan_func_entry, void *call)
{
    if (watched())
        step_enter((uintptr_t)call, (uintptr_t)__builtin_dwarf_cfa());
}

HOOK(void, __tsan_func_exit, void)
{
    if (watched())
        step_leave();
}

/* Asks not to look at what follows. Races there are races all the same. */
HOOK(void, __tsan_ignore_thread_begin, void) {}
HOOK(void, __tsan_ignore_thread_end, void) {}

/* ---- plain accesses ------------------------------------------------------------------------ */

#define PLAIN(name, n, write)                                                                      \
    HOOK(void, name, void *p)                                                                      \
    {                                                                                              \
        if (watched())                                                                             \
            step_plain(p, n, write, HERE);                                                         \
    }
#define PLAIN_BOTH(name, n)                                                                        \
    HOOK(void, name, void *p)                                                                      \
    {                                                                                              \
        if (watched()) {                                                                           \
            step_plain(p, n, false, HERE);                                                         \
            step_plain(p, n, true, HERE);                                                          \
        }                                                                                          \
    }
#define PLAIN_SIZE(n)                                                                              \
    PLAIN(__tsan_read##n, n, false)                                                                \
    PLAIN(__tsan_write##n, n, true)                                                                \
    PLAIN(__tsan_unaligned_read##n, n, false)                                                      \
    PLAIN(__tsan_unaligned_write##n, n, true)                                                      \
    PLAIN(__tsan_volatile_read##n, n, false) /* volatile orders nothing and excuses no race */     \
    PLAIN(__tsan_volatile_write##n, n, true)                                                       \
    PLAIN(__tsan_unaligned_volatile_read##n, n, false)                                             \
    PLAIN(__tsan_unaligned_volatile_write##n, n, true)                                             \
    PLAIN_BOTH(__tsan_read_write##n, n)                                                            \
    PLAIN_BOTH(__tsan_unaligned_read_write##n, n)

PLAIN_SIZE(1)
PLAIN_SIZE(2)
PLAIN_SIZE(4)
PLAIN_SIZE(8)
PLAIN_SIZE(16)

HOOK(void, __tsan_read_range, void *p, unsigned long n) { memory_read(p, n, HERE); }

HOOK(void, __tsan_write_range, void *p, unsigned long n) { memory_write(p, n, HERE); }

/* A destructor sets the table pointer to what it already was: C++ has no object there that could
 * be written, and virtual calls by other threads are allowed until the most derived destructor
 * returns. Other changes do conflict with them. */
HOOK(void, __tsan_vptr_update, void **vptr, void *value)
{
    if (watched())
        step_plain(vptr, sizeof *vptr, *vptr != value, HERE);
}

HOOK(void, __tsan_vptr_read, void **vptr)
{
    if (watched())
        step_plain(vptr, sizeof *vptr, false, HERE);
}

HOOK(void *, __tsan_memcpy, void *to, const void *from, unsigned long n)
{
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, __tsan_memmove, void *to, const void *from, unsigned long n)
{
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, __tsan_memset, void *to, int value, unsigned long n)
{
    memory_write(to, n, HERE);
    return memset(to, value, n);
}

/* ---- atomic operations --------------------------------------------------------------------- */

enum {
    LOADS = 1 << RELAXED | 1 << CONSUME | 1 << ACQUIRE | 1 << SEQ_CST,
    STORES = 1 << RELAXED | 1 << RELEASE | 1 << SEQ_CST,
    UPDATES = LOADS | STORES | 1 << ACQ_REL
};

/* The order that the program gave, without the bits for hardware lock elision. */
static inline enum order order_of(int given, int allowed, const char *what, uintptr_t pc)
{
    static const char *const names[] = {"relaxed", "consume", "acquire",
                                        "release", "acq_rel", "seq_cst"};
    const int order = given & 0xffff;
    if (__builtin_expect(order > SEQ_CST, false))
        unsupported(pc, "%s with the memory order %d: there is no such order", what, order);
    if (__builtin_expect(!(allowed >> order & 1), false))
        unsupported(pc, "%s with memory_order_%s is undefined in C11: use %s", what, names[order],
                    allowed == STORES ? "relaxed, release or seq_cst"
                                      : "relaxed, acquire or seq_cst");
    return (enum order)order;
}

/* While the program is loaded there is one thread and memory itself. */
static word read_natively(const struct step *s, bool *wrote)
{
    void *p = (void *)(uintptr_t)s->address;
    word old = 0, new = 0;
    memcpy(&old, p, s->size);
    *wrote = rule_apply(s->rule, s->size, old, s->a, s->b, &new) == WRITES;
    if (*wrote)
        memcpy(p, &new, s->size);
    return old;
}

static word read_by(volatile void *p, unsigned size, enum rule rule, word a, word b,
                    enum order good, enum order bad, bool *wrote, uintptr_t pc)
{
    const struct step s = {.address = p,
                           .space = SPACE_MEMORY,
                           .size = size,
                           .rule = rule,
                           .good = good,
                           .bad = bad,
                           .a = a,
                           .b = b,
                           .pc = pc};
    bool ignored;
    return watched() ? step_read(&s, wrote) : read_natively(&s, wrote ? wrote : &ignored);
}

static void store(volatile void *p, unsigned size, word value, int given, uintptr_t pc)
{
    const enum order order = order_of(given, STORES, "an atomic store", pc);
    if (watched())
        step_write(p, SPACE_MEMORY, size, value, order, pc);
    else
        memcpy((void *)(uintptr_t)p, &value, size);
}

static word update(volatile void *p, unsigned size, enum rule rule, word a, int given, uintptr_t pc)
{
    const enum order order = order_of(given, UPDATES, "an atomic update", pc);
    return read_by(p, size, rule, a, 0, order, order, NULL, pc);
}

static word load(const volatile void *p, unsigned size, int given, uintptr_t pc)
{
    const enum order order = order_of(given, LOADS, "an atomic load", pc);
    return read_by((volatile void *)(uintptr_t)p, size, RULE_LOAD, 0, 0, order, order, NULL, pc);
}

/* What C++ takes for failure where one order is given for both; some compilers leave it to us. */
static inline int failure_order(int given)
{
    const int order = given & 0xffff;
    return order == ACQ_REL ? ACQUIRE : order == RELEASE ? RELAXED : order;
}

static word compare_and_swap(volatile void *p, unsigned size, word expected, word value, bool weak,
                             int good, int bad, bool *wrote, uintptr_t pc)
{
    const enum order if_written = order_of(good, UPDATES, "a compare-and-swap", pc);
    const enum order if_not = order_of(failure_order(bad), LOADS, "a failed compare-and-swap", pc);
    /* Whether a weak one fails for no reason is decided before it reads. */
    const bool fails =
        weak && watched() && step_choose(2, BUDGET_SPURIOUS, "weak compare-and-swap", pc) == 1;
    return read_by(p, size, fails ? RULE_CAS_FAILS : RULE_CAS, expected, value, if_written, if_not,
                   wrote, pc);
}

/* gcc's form: *expected is the program's memory as well, and nothing else announces its use. */
static int compare_exchange(volatile void *p, unsigned size, void *expected, word value, bool weak,
                            int good, int bad, uintptr_t pc)
{
    if (watched())
        step_plain(expected, size, false, pc);
    word seen = 0;
    memcpy(&seen, expected, size);
    bool wrote = false;
    seen = compare_and_swap(p, size, seen, value, weak, good, bad, &wrote, pc);
    if (!wrote) {
        if (watched())
            step_plain(expected, size, true, pc);
        memcpy(expected, &seen, size);
    }
    return wrote;
}

#define UPDATE(bits, name, rule, type, arg)                                                        \
    HOOK(type, __tsan_atomic##bits##_##name, volatile type *p, arg v, int order)                   \
    {                                                                                              \
        return (type)update(p, sizeof(type), rule, (type)v, order, HERE);                          \
    }

/* `arg` is the type in which the value arrives: callers leave the upper bits of a register as they
 * were, so that narrow ones must be cut here and not be taken for extended. */
#define ATOMIC(bits, type, arg)                                                                    \
    HOOK(type, __tsan_atomic##bits##_load, const volatile type *p, int order)                      \
    {                                                                                              \
        return (type)load(p, sizeof(type), order, HERE);                                           \
    }                                                                                              \
    HOOK(void, __tsan_atomic##bits##_store, volatile type *p, arg v, int order)                    \
    {                                                                                              \
        store(p, sizeof(type), (type)v, order, HERE);                                              \
    }                                                                                              \
    UPDATE(bits, exchange, RULE_SWAP, type, arg)                                                   \
    UPDATE(bits, fetch_add, RULE_ADD, type, arg)                                                   \
    UPDATE(bits, fetch_sub, RULE_SUB, type, arg)                                                   \
    UPDATE(bits, fetch_and, RULE_AND, type, arg)                                                   \
    UPDATE(bits, fetch_or, RULE_OR, type, arg)                                                     \
    UPDATE(bits, fetch_xor, RULE_XOR, type, arg)                                                   \
    UPDATE(bits, fetch_nand, RULE_NAND, type, arg)                                                 \
    HOOK(int, __tsan_atomic##bits##_compare_exchange_strong, volatile type *p, void *expected,     \
         arg v, int good, int bad)                                                                 \
    {                                                                                              \
        return compare_exchange(p, sizeof(type), expected, (type)v, false, good, bad, HERE);       \
    }                                                                                              \
    HOOK(int, __tsan_atomic##bits##_compare_exchange_weak, volatile type *p, void *expected,       \
         arg v, int good, int bad)                                                                 \
    {                                                                                              \
        return compare_exchange(p, sizeof(type), expected, (type)v, true, good, bad, HERE);        \
    }                                                                                              \
    HOOK(type, __tsan_atomic##bits##_compare_exchange_val, volatile type *p, arg expected, arg v,  \
         int good, int bad)                                                                        \
    {                                                                                              \
        bool wrote;                                                                                \
        return (type)compare_and_swap(p, sizeof(type), (type)expected, (type)v, false, good, bad,  \
                                      &wrote, HERE);                                               \
    }

ATOMIC(8, uint8_t, uint32_t)
ATOMIC(16, uint16_t, uint32_t)
ATOMIC(32, uint32_t, uint32_t)
ATOMIC(64, uint64_t, uint64_t)
ATOMIC(128, word, word)

/* a_init2 of queues/atomics.h: 16 bytes that are accessed as a whole and by halves. */
HOOK(void, model_pair_init, volatile void *p, uint64_t first, uint64_t second)
{
    const word both = (word)second << 64 | first;
    if (watched()) {
        location_pair(p);
        step_write(p, SPACE_MEMORY, sizeof both, both, RELAXED, HERE);
    } else {
        memcpy((void *)(uintptr_t)p, &both, sizeof both);
    }
}

/* ---- fences -------------------------------------------------------------------------------- */

static void fence(int given, uintptr_t pc)
{
    const enum order order = order_of(given, UPDATES, "a fence", pc);
    if (watched() && order != RELAXED) /* a relaxed fence has no effect */
        step_fence(order == CONSUME ? ACQUIRE : order, pc);
}

HOOK(void, __tsan_atomic_thread_fence, int order) { fence(order, HERE); }

/* Stops the compiler only, unless another thread's membarrier makes it a real fence. */
HOOK(void, __tsan_atomic_signal_fence, int order)
{
    if (watched() && model_membarrier && order == __ATOMIC_SEQ_CST)
        step_fence_light(HERE);
}

/* ---- libatomic ----------------------------------------------------------------------------- */

/* What compilers call for atomics whose size or alignment they do not trust: clang for all of 16
 * bytes without -mcx16, and for C++ structures. */
static unsigned size_of(size_t n, uintptr_t pc)
{
    if (n != 1 && n != 2 && n != 4 && n != 8 && n != 16)
        unsupported(pc,
                    "an atomic object of %zu bytes has a hidden lock, which is not modelled: "
                    "use 1, 2, 4, 8 or 16 bytes, or a mutex",
                    n);
    return (unsigned)n;
}

HOOK(void, model___atomic_load, size_t n, const volatile void *p, void *to, int order)
{
    const word v = load(p, size_of(n, HERE), order, HERE);
    memory_write(to, n, HERE);
    memcpy(to, &v, n);
}

HOOK(void, model___atomic_store, size_t n, volatile void *p, const void *from, int order)
{
    word v = 0;
    const unsigned size = size_of(n, HERE);
    memory_read(from, n, HERE);
    memcpy(&v, from, size);
    store(p, size, v, order, HERE);
}

HOOK(void, model___atomic_exchange, size_t n, volatile void *p, const void *from, void *to,
     int order)
{
    word v = 0;
    const unsigned size = size_of(n, HERE);
    memory_read(from, n, HERE);
    memcpy(&v, from, size);
    v = update(p, size, RULE_SWAP, v, order, HERE);
    memory_write(to, n, HERE);
    memcpy(to, &v, size);
}

HOOK(int, model___atomic_compare_exchange, size_t n, volatile void *p, void *expected,
     const void *from, int good, int bad)
{
    word v = 0;
    const unsigned size = size_of(n, HERE);
    memory_read(from, n, HERE);
    memcpy(&v, from, size);
    return compare_exchange(p, size, expected, v, false, good, bad, HERE);
}

HOOK(word, model___atomic_load_16, const volatile word *p, int order)
{
    return load(p, 16, order, HERE);
}
HOOK(void, model___atomic_store_16, volatile word *p, word v, int order)
{
    store(p, 16, v, order, HERE);
}
HOOK(int, model___atomic_compare_exchange_16, volatile word *p, void *expected, word v, int good,
     int bad)
{
    return compare_exchange(p, 16, expected, v, false, good, bad, HERE);
}

#define LIBATOMIC(name, rule)                                                                      \
    HOOK(word, model___atomic_##name##_16, volatile word *p, word v, int order)                    \
    {                                                                                              \
        return update(p, 16, rule, v, order, HERE);                                                \
    }
LIBATOMIC(exchange, RULE_SWAP)
LIBATOMIC(fetch_add, RULE_ADD)
LIBATOMIC(fetch_sub, RULE_SUB)
LIBATOMIC(fetch_and, RULE_AND)
LIBATOMIC(fetch_or, RULE_OR)
LIBATOMIC(fetch_xor, RULE_XOR)
LIBATOMIC(fetch_nand, RULE_NAND)

/* Floating-point flags that gcc raises after an update of an _Atomic float: nobody looks at them. */
HOOK(void, model___atomic_feraiseexcept, int flags) { (void)flags; }
