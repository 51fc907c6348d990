/* notation.h: litmus programs as one line of text.
 *
 *   x=1 rel; y || y rlx; x acq
 *
 * Threads are separated by ||, operations by ; and an operation ends in its memory order: rlx, acq,
 * rel, ar (acq_rel) or sc; none means sc. The variables x, y, z, w are atomic ints, initially 0.
 *
 *   x acq            load                x+=1 ar          fetch_add
 *   x=1 rel          store               x:=3 ar          exchange
 *   F sc             fence               x?0:2 ar         strong compare-exchange of 0 with 2
 *                                        x?0:2 ar/rlx     ... its failure order given, too
 *
 * The main thread creates the threads in this order and joins them. */
#ifndef MODELS_LITMUS_NOTATION_H
#define MODELS_LITMUS_NOTATION_H

#include <stdbool.h>
#include <stddef.h>

enum { LITMUS_THREADS = 6, LITMUS_OPS = 16, LITMUS_LOCATIONS = 4, LITMUS_TEXT = 512 };

enum litmus_order { RLX, ACQ, REL, AR, SC };

enum litmus_kind {
    LITMUS_LOAD,
    LITMUS_STORE,
    LITMUS_ADD,
    LITMUS_EXCHANGE,
    LITMUS_CAS,
    LITMUS_FENCE
};

struct litmus_op {
    enum litmus_kind kind;
    unsigned thread;
    unsigned location;                  /* not of a fence */
    enum litmus_order order, order_bad; /* order_bad: of a compare-exchange that fails */
    int expected;                       /* of a compare-exchange */
    int operand;                        /* what is stored, added */
};

struct litmus {
    unsigned threads, ops;
    struct litmus_op op[LITMUS_OPS]; /* thread after thread, each in program order */
};

static inline bool litmus_reads(const struct litmus_op *op)
{
    return op->kind != LITMUS_STORE && op->kind != LITMUS_FENCE;
}
static inline bool litmus_may_write(const struct litmus_op *op)
{
    return op->kind != LITMUS_LOAD && op->kind != LITMUS_FENCE;
}

/* The failure order of a compare-exchange that names none: its order without the release. */
enum litmus_order litmus_order_bad(enum litmus_order order);

/* False: `why` says what is wrong, and where. */
bool litmus_parse(struct litmus *p, const char *text, char *why, size_t why_size);

/* The text again, at most size - 1 characters of it. */
void litmus_print(const struct litmus *p, char *text, size_t size);

/* Takes operation i out, and its thread if that was its only one. */
void litmus_drop(struct litmus *p, unsigned i);

extern const char litmus_location[LITMUS_LOCATIONS + 1]; /* the names, one character each */

/* One line of counts.tsv. */
struct litmus_count {
    char shape[32];
    char text[LITMUS_TEXT];
    size_t rc11, sc;
};

/* 1: filled in; 0: an empty line or a comment; -1: neither. */
int litmus_count_parse(struct litmus_count *c, const char *line);

#endif
