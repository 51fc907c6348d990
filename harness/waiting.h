/* waiting.h: the kernels of the workload `waiting`: producers and consumers that call push_wait and
 * pop_wait, and sleep in them when they cannot go on. Private to sample.c.
 *
 * They call through the driver's pointers, ours as well as those of others, so that one table does for
 * all: an item costs four calls beside its two operations, the same for every queue. What is compared
 * is therefore nearer to 1 than the operations alone would be. */
#ifndef HARNESS_WAITING_H
#define HARNESS_WAITING_H

#include "harness/driver.h"

q_kernel waiting_produce, waiting_consume;

#endif
