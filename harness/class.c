/* class.c: see class.h. */
#include "harness/class.h"

#include <string.h>

#include "harness/report.h"

const char *const class_names[CLASSES] = {
    [CLASS_SPSC] = "spsc",
    [CLASS_MPSC] = "mpsc",
    [CLASS_MPMC_BOUNDED] = "mpmc_bounded",
    [CLASS_MPMC_UNBOUNDED] = "mpmc_unbounded",
    [CLASS_RELAXED] = "relaxed",
    [CLASS_PRIORITY] = "priority",
    [CLASS_WAIT_FREE] = "wait_free",
    [CLASS_BLOCKING] = "blocking",
};

const char *const class_sentences[CLASSES] = {
    [CLASS_SPSC] = "one producer, one consumer",
    [CLASS_MPSC] = "any producers, one consumer",
    [CLASS_MPMC_BOUNDED] = "any producers, any consumers, one order for all, a capacity",
    [CLASS_MPMC_UNBOUNDED] = "any producers, any consumers, one order for all, no capacity",
    [CLASS_RELAXED] = "any producers, any consumers, FIFO for each producer or less",
    [CLASS_PRIORITY] = "any producers, any consumers, lanes of priority",
    [CLASS_WAIT_FREE] = "any producers, any consumers, every operation wait-free",
    [CLASS_BLOCKING] = "operations that wait until they can be done",
};

/* The cells of a class: single threads of control or teams, everything else as usual (capacity
 * 1024, inline, throughput). consumers 0: every thread pushes and pops. */
static const struct cell_of {
    const char *workload;
    unsigned producers, consumers, batch, payload_bytes;
} spsc[] = {{"spsc", 1, 1, 1, 8}, {"spsc", 1, 1, 32, 8}, {"spsc", 1, 1, 1, 64}},
  mpsc[] = {{"mpsc", 2, 1, 1, 8}, {"mpsc", 4, 1, 1, 8}, {"mpsc", 8, 1, 1, 8}},
  mpmc[] = {{"mpmc", 1, 1, 1, 8},  {"mpmc", 2, 2, 1, 8},  {"mpmc", 4, 4, 1, 8},
            {"mpmc", 8, 8, 1, 8},  {"mpmc", 4, 1, 1, 8},  {"mpmc", 1, 4, 1, 8},
            {"pairs", 1, 0, 1, 8}, {"pairs", 2, 0, 1, 8}, {"pairs", 4, 0, 1, 8},
            {"pairs", 8, 0, 1, 8}},
  waiting[] = {{"waiting", 1, 1, 1, 8}, {"waiting", 4, 1, 1, 8}, {"waiting", 4, 4, 1, 8}};

#define CELLS(list) list, sizeof list / sizeof *list
static const struct {
    const struct cell_of *cells;
    size_t n;
    unsigned guests; /* bit 1 << class for each class whose queues may compete */
} rules[CLASSES] = {
    [CLASS_SPSC] = {CELLS(spsc), 1 << CLASS_MPSC | 1 << CLASS_MPMC_BOUNDED |
                                     1 << CLASS_MPMC_UNBOUNDED |
                                     1 << CLASS_RELAXED}, /* of one producer: FIFO */
    [CLASS_MPSC] = {CELLS(mpsc), 1 << CLASS_MPMC_BOUNDED | 1 << CLASS_MPMC_UNBOUNDED},
    [CLASS_MPMC_BOUNDED] = {CELLS(mpmc), 0},
    [CLASS_MPMC_UNBOUNDED] = {CELLS(mpmc), 0},
    [CLASS_RELAXED] = {CELLS(mpmc), 1 << CLASS_MPMC_UNBOUNDED | 1 << CLASS_MPMC_BOUNDED},
    [CLASS_PRIORITY] = {CELLS(mpmc), 0},
    [CLASS_WAIT_FREE] = {CELLS(mpmc), 0},
    [CLASS_BLOCKING] = {CELLS(waiting), 0},
};

enum q_class class_find(const char *name)
{
    unsigned c = 0;
    while (c < CLASSES && strcmp(class_names[c], name) != 0)
        c++;
    return c;
}

enum q_class class_of(const struct q_traits *t)
{
    if (t->floor)
        return CLASSES;
    if (t->order == Q_PRIORITY_FIFO)
        return CLASS_PRIORITY;
    if (t->producers == 1)
        return CLASS_SPSC; /* more consumers are more than the class asks for */
    if (t->consumers == 1)
        return CLASS_MPSC;
    if (t->order != Q_FIFO)
        return CLASS_RELAXED;
    return t->bounded ? CLASS_MPMC_BOUNDED : CLASS_MPMC_UNBOUNDED;
}

enum standing class_standing(enum q_class c, const struct record *r)
{
    const enum q_class own = class_find(r->class_name);
    if (r->floor || own == CLASSES || strcmp(r->call, "inline") != 0)
        return CLASS_OUT;
    const bool many = own == CLASS_MPMC_BOUNDED || own == CLASS_MPMC_UNBOUNDED;
    bool in_view = c == CLASS_WAIT_FREE && (many || own == CLASS_RELAXED) &&
                   strcmp(r->promised, "wait-free") == 0;
    in_view |= c == CLASS_BLOCKING && many && strcmp(r->workload, "waiting") == 0;
    if (c == CLASS_WAIT_FREE || c == CLASS_BLOCKING)
        return in_view ? CLASS_MEMBER : CLASS_OUT;
    if (own == c)
        return CLASS_MEMBER;
    const bool reference = strcmp(r->queue, REPORT_REFERENCE) == 0;
    return reference || rules[c].guests >> own & 1 ? CLASS_GUEST : CLASS_OUT;
}

bool class_has_cell(enum q_class c, const struct record *r)
{
    if (strcmp(r->mode, "throughput") != 0 || r->capacity != 1024)
        return false;
    for (size_t i = 0; i < rules[c].n; i++) {
        const struct cell_of *cell = &rules[c].cells[i];
        if (strcmp(cell->workload, r->workload) == 0 && cell->producers == r->producers &&
            cell->consumers == r->consumers && cell->batch == r->batch &&
            cell->payload_bytes == r->payload_bytes)
            return true;
    }
    return false;
}
