/* rules.c: what a read does with the value it finds. */
#include "models/checker/explore/rules.h"

static word cut(word value, unsigned size)
{
    return size >= sizeof(word) ? value : value & (((word)1 << (8 * size)) - 1);
}

static enum outcome wake(word sleepers, word at_most, word *new)
{
    word n = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        n += sleep_of(sleepers, t) != 0;
    if (n == 0 || n > at_most)
        return READS;
    *new = 0;
    return WRITES;
}

static enum outcome apply_to_half(enum rule rule, unsigned size, word old, word a, word b,
                                  word *new)
{
    const unsigned shift = 8 * size_offset(size);
    word half;
    const enum outcome o = rule_apply(rule, 8, size_part(old, size), a, b, &half);
    *new = (old & ~((word)UINT64_MAX << shift)) | half << shift;
    return o;
}

enum outcome rule_apply(enum rule rule, unsigned size, word old, word a, word b, word *new)
{
    if (is_half(size))
        return apply_to_half(rule, size, old, a, b, new);
    *new = old;
    switch (rule) {
    case RULE_LOAD:
        return READS;
    case RULE_SWAP:
        *new = cut(a, size);
        return WRITES;
    case RULE_ADD:
        *new = cut(old + a, size);
        return WRITES;
    case RULE_SUB:
        *new = cut(old - a, size);
        return WRITES;
    case RULE_AND:
        *new = old &a;
        return WRITES;
    case RULE_OR:
        *new = cut(old | a, size);
        return WRITES;
    case RULE_XOR:
        *new = cut(old ^ a, size);
        return WRITES;
    case RULE_NAND:
        *new = cut(~(old & a), size);
        return WRITES;
    case RULE_CAS:
        if (old != cut(a, size))
            return READS;
        *new = cut(b, size);
        return WRITES;
    case RULE_CAS_FAILS:
        return old == cut(a, size) ? READS : BLOCKS;
    case RULE_LOCK:
        *new = b;
        return old == 0 ? WRITES : BLOCKS;
    case RULE_AWAIT_SET:
        return old & a ? READS : BLOCKS;
    case RULE_LOCK_SHARED:
        *new = old + 1;
        return old >> 31 & 1 ? BLOCKS : WRITES;
    case RULE_TAKE_TOKEN:
        *new = old - 1;
        return old ? WRITES : BLOCKS;
    case RULE_AWAIT_AT_LEAST:
        return old >= a ? READS : BLOCKS;
    case RULE_WAKE:
        return wake(old, a, new);
    case RULE_ONCE:
        if (old == 0) {
            *new = b;
            return WRITES;
        }
        return old == 1 ? BLOCKS : READS;
    case RULE_TRY_SHARED:
        if (old >> 31 & 1)
            return READS;
        *new = old + 1;
        return WRITES;
    case RULE_TRY_TOKEN:
        if (old == 0)
            return READS;
        *new = old - 1;
        return WRITES;
    case RULES:
        break;
    }
    return READS;
}

const char *rule_name(enum rule rule)
{
    static const char *const names[RULES] = {
        [RULE_LOAD] = "load",
        [RULE_SWAP] = "exchange",
        [RULE_ADD] = "fetch_add",
        [RULE_SUB] = "fetch_sub",
        [RULE_AND] = "fetch_and",
        [RULE_OR] = "fetch_or",
        [RULE_XOR] = "fetch_xor",
        [RULE_NAND] = "fetch_nand",
        [RULE_CAS] = "compare_exchange",
        [RULE_CAS_FAILS] = "compare_exchange (fails for no reason)",
        [RULE_LOCK] = "lock",
        [RULE_AWAIT_SET] = "wait",
        [RULE_LOCK_SHARED] = "lock for reading",
        [RULE_TAKE_TOKEN] = "take",
        [RULE_AWAIT_AT_LEAST] = "wait",
        [RULE_WAKE] = "wake",
        [RULE_ONCE] = "call once",
        [RULE_TRY_SHARED] = "try to lock for reading",
        [RULE_TRY_TOKEN] = "try to take",
    };
    return rule < RULES && names[rule] ? names[rule] : "operation";
}
