/* history.h: the operations of one execution, and whether some order of them explains what they
 * returned.
 *
 * A scenario brackets each operation with model_call and model_return. Under weak memory there is
 * no global clock: an operation precedes another if its return happens-before the other's call
 * (Herlihy & Wing 1990 with hb for real time; docs/MEMORY_MODEL.md says what this leaves out). */
#ifndef MODELS_CHECKER_HISTORY_H
#define MODELS_CHECKER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/checker/explore/graph.h"

enum { OPS_MAX = 32 };

/* The sequential objects. Values are a queue item's 64 bits. An operation takes effect at one
 * instant between its call and its return:
 *
 *   push  OK       the queue is open and holds fewer than `capacity` items: appends. With
 *                  drops_oldest also when full: the oldest item is lost
 *         DROPPED  drops_newest, open and full: nothing is taken
 *         FULL     open and full                         CLOSED   closed before
 *         NOMEM    always; nothing is taken              TIMEOUT  as FULL
 *         IO       likewise
 *   pop   OK       takes the next item, see spec_kind    CLOSED   closed and empty
 *         EMPTY    open and empty                        TIMEOUT  as EMPTY
 *   close          from now on closed
 *
 * Where the queue is not exact, FULL, EMPTY and DROPPED may also be answered, an oldest item be
 * lost before the queue is full and a lane be passed over, by an operation that overlaps another;
 * TIMEOUT may be answered so by exact queues too. Where the capacity is rough, a push into a full queue
 * may also succeed. RESULT_PENDING: the operation did not return; it
 * took effect as OK or did not. */
enum spec_kind {
    SPEC_FIFO,              /* one queue */
    SPEC_FIFO_PER_PRODUCER, /* one queue for each thread that pushes, pops from any of them */
    SPEC_LANES,             /* the first non-empty lane (0 is the most urgent), FIFO inside it */
    SPEC_LANES_FAIR,        /* FIFO inside a lane, lanes in any order */
    SPEC_BAG                /* any order */
};

struct spec {
    enum spec_kind kind;
    bool exact;      /* EMPTY and FULL are answers about one instant; else they may be returned
                         whenever another operation overlaps */
    size_t capacity; /* 0: unbounded */
    bool rough;      /* the queue may hold more than `capacity` */
    unsigned lanes;
    bool drops_oldest, drops_newest; /* a push into a full queue succeeds and an item is lost */
};

enum op_kind { OP_PUSH, OP_POP, OP_CLOSE };
enum op_result {
    RESULT_OK,
    RESULT_FULL,
    RESULT_EMPTY,
    RESULT_CLOSED,
    RESULT_TIMEOUT,
    RESULT_NOMEM,
    RESULT_DROPPED,
    RESULT_IO,
    RESULT_PENDING
};

struct op {
    uint8_t kind, result, thread, lane;
    uint64_t item;      /* pushed, or popped (RESULT_OK) */
    uint16_t call, ret; /* po of its thread when it was called, when it had returned */
    vclock call_hb;     /* what its thread knew when it was called */
};

struct history {
    unsigned n;
    struct op op[OPS_MAX];
};

/* Of the execution that runs: filled by model_call and model_return. */
extern struct history history_now;

/* Does a return before b's call? Both in the same history's op[], a thread's in its order. */
static inline bool op_precedes(const struct op *a, const struct op *b)
{
    return a->thread == b->thread ? a < b && a->result != RESULT_PENDING
                                  : a->result != RESULT_PENDING && b->call_hb[a->thread] > a->ret;
}

/* True if linearizable; order[] then holds the operations' indices in a witness order (n of them).
 * Else `why` says in at most three sentences which results no order explains. */
bool history_check(const struct history *h, const struct spec *spec, uint8_t *order, char *why,
                   size_t why_size);

/* "push(7) = ok", "pop() = 7", "pop() = empty". */
void op_print(const struct op *op, char *text, size_t size);

#endif
