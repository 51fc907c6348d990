/* rules.h: what a read does with the value it finds.
 *
 * Every atomic operation that reads is one rule applied to (old value, operand, second operand).
 * The rule alone decides whether the operation only reads, writes too, or blocks, so that the
 * explorer can judge a read for every write it might read from without running the program. */
#ifndef MODELS_CHECKER_RULES_H
#define MODELS_CHECKER_RULES_H

#include "models/checker/explore/graph.h"

enum rule {
    RULE_LOAD,
    RULE_SWAP, /* writes a */
    RULE_ADD,
    RULE_SUB,
    RULE_AND,
    RULE_OR,
    RULE_XOR,
    RULE_NAND,
    RULE_CAS,       /* old == a: writes b */
    RULE_CAS_FAILS, /* a weak one failing for no reason: reads if old == a, else this graph is moot */
    RULE_LOCK,      /* old == 0: writes b; else blocks */
    RULE_AWAIT_SET,      /* old & a: reads; else blocks */
    RULE_LOCK_SHARED,    /* the top bit of the low 32 clear: writes old + 1; else blocks */
    RULE_TAKE_TOKEN,     /* old > 0: writes old - 1; else blocks (a semaphore) */
    RULE_AWAIT_AT_LEAST, /* old >= a: reads; else blocks */
    RULE_WAKE, /* of a list of sleepers (hooks_sync.h): 1 to a of them: writes 0, all are woken;
                        none, or more than a: reads */
    RULE_ONCE, /* old == 0: writes b; 1: blocks; else reads (call_once) */
    RULE_TRY_SHARED, /* as RULE_LOCK_SHARED, but reads where that one blocks */
    RULE_TRY_TOKEN,  /* as RULE_TAKE_TOKEN, but reads where that one blocks */
    RULES
};

/* A list of sleepers is one 16-byte word with a field per thread: 0: awake; else the number of this
 * sleep of the thread. */
enum { SLEEP_BITS = 8, SLEEPS_MAX = 255 };
_Static_assert(MODEL_THREADS *SLEEP_BITS <= 128, "a list of sleepers has a field per thread");

static inline unsigned sleep_of(word sleepers, unsigned thread)
{
    return (unsigned)(sleepers >> (SLEEP_BITS * thread)) & SLEEPS_MAX;
}

/* Sizes of an access to 8 bytes of a pair: one location of 16 bytes, which some operations change as a
 * whole and others by halves (a_cas2 of queues/atomics.h). The halves have no order of their own: who
 * has seen a change of the one finds the other as new. */
enum { FIRST_HALF = 17, SECOND_HALF = 18 };

static inline bool is_half(unsigned size) { return size > sizeof(word); }
static inline unsigned size_bytes(unsigned size) { return is_half(size) ? 8 : size; }
/* How far behind its location's begin the access begins. */
static inline unsigned size_offset(unsigned size) { return size == SECOND_HALF ? 8 : 0; }
/* What of a location's value an access of this size sees. */
static inline word size_part(word value, unsigned size)
{
    return is_half(size) ? (uint64_t)(value >> 8 * size_offset(size)) : value;
}

/* The outcome for `old`, cut to `size` bytes; *new is the value written, when it WRITES: of a pair
 * the whole, for the whole. */
enum outcome rule_apply(enum rule rule, unsigned size, word old, word a, word b, word *new);

/* "compare-and-swap", "lock", ...: for people. */
const char *rule_name(enum rule rule);

#endif
