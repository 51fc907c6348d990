/* class.h: the classes in which queues compete.
 *
 * A queue has one class, which follows from its traits, and may be in a view besides. It is
 * measured in the cells of its class; where it promises more than a smaller class asks for it may
 * compete there too, as a guest: a queue for any number of threads in the cells of one producer and
 * one consumer. A ranking shows members first.
 *
 *   spsc < mpsc < mpmc_bounded, mpmc_unbounded        one order for all
 *   relaxed                                           any threads, FIFO per producer or less
 *   priority                                          FIFO in each lane
 *   wait_free, blocking                               views: of mpmc queues whose operations are all
 *                                                     wait-free; of queues measured while waiting */
#ifndef HARNESS_CLASS_H
#define HARNESS_CLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/record.h"
#include "queues/traits.h"

#ifdef __cplusplus
extern "C" {
#endif

enum q_class {
    CLASS_SPSC,
    CLASS_MPSC,
    CLASS_MPMC_BOUNDED,
    CLASS_MPMC_UNBOUNDED,
    CLASS_RELAXED,
    CLASS_PRIORITY,
    CLASS_WAIT_FREE,
    CLASS_BLOCKING,
    CLASSES, /* also: none */
};

enum standing { CLASS_OUT, CLASS_GUEST, CLASS_MEMBER };

extern const char *const class_names[CLASSES];
extern const char *const class_sentences[CLASSES];

enum q_class class_find(const char *name); /* CLASSES: there is none of this name */

/* The class of a queue; never a view. CLASSES: a floor. */
enum q_class class_of(const struct q_traits *t);

/* What the queue of this record is in the class, in the record's own cell. */
enum standing class_standing(enum q_class c, const struct record *r);

/* Whether the record's cell, whatever the queue, is one in which the class is ranked. */
bool class_has_cell(enum q_class c, const struct record *r);

#ifdef __cplusplus
}
#endif

#endif
