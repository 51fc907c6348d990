/* limits.h: what the machine can do at best: the ceilings of every queue.
 *
 * Each limit is the smallest program that has one cost of a queue and nothing else. They are
 * sampled like queues, in the same rounds and on the same processors, because on a shared machine
 * a figure from another moment is a figure of another machine. Records: workload "limit", queue =
 * the limit's name, `floor` set, so that they are drawn but never ranked.
 *
 * With two threads, items are those of both together, and elapsed_ns runs from the first start to
 * the last end. Two threads may share one processor: they then take turns, which is that
 * placement's truth. */
#ifndef HARNESS_LIMITS_H
#define HARNESS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct limit {
    const char *name;
    const char *what; /* one line; says what one item is */
    unsigned threads; /* 1 or 2 */
};

extern const struct limit limits[];
extern const size_t limits_count;

/* NULL: none of this name. */
const struct limit *limit_find(const char *name);

/* Measures for about target_ns, after shorter passes that find out how many items that is. No pass
 * of two threads goes on for much more than four times the target (4 ms if that is more).
 * cpus[0..threads): where each thread is pinned, -1 nowhere; NULL: none is pinned. Fills which
 * limit it is, items, elapsed_ns, ns_per_item, items_per_s, ok; other fields stay. 0, or an errno:
 * then ok is false and `error` says why. Call clock_calibrate first. */
int limit_run(const struct limit *l, const int *cpus, uint64_t target_ns, struct record *out);

#ifdef __cplusplus
}
#endif

#endif
