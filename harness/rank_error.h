/* rank_error.h: how far out of order do items come out?
 *
 * The rank error of an item: how many older items were still inside when it left (Alistarh, Kopinsky,
 * Li & Shavit, PODC 2015). Here each push and pop is stamped before and after, and only what the
 * stamps prove is counted: items whose push had returned before this one's began, and whose pop
 * began after this one's had returned. So a queue with one order for all shows 0 for every item, and
 * what a relaxed one shows is a lower bound, short by at most what was under way.
 *
 *   older   push |--|                                   pop |--|      counts: inside all the time
 *   this one         push |--|          pop |--|
 *
 * The workload `rank_error`: every thread pushes RANK_ERROR_INSIDE items, then n times pushes one and
 * pops one, then pops what is left of its share; so about threads * RANK_ERROR_INSIDE items are
 * inside, whatever the queue. Operations go through the driver's table and two clocks each: its own
 * speed is no figure, `pairs` of the same run is. */
#ifndef HARNESS_RANK_ERROR_H
#define HARNESS_RANK_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "harness/driver.h"
#include "harness/record.h"

#define RANK_ERROR_INSIDE 64     /* items of each thread */
#define RANK_ERROR_MOST   200000 /* items of each thread in one sample: logs have a size */

struct rank_error_stamps {
    uint64_t begin, end; /* ticks: before the call, after it */
};
struct rank_error_item {
    struct rank_error_stamps push, pop;
};

/* What one thread did. */
struct rank_error_log {
    struct rank_error_stamps *push; /* its item number i + 1 */
    struct {
        uint64_t key;
        struct rank_error_stamps at;
    } * pop;
    uint64_t pushes, pops, room;
};

int rank_error_open(struct rank_error_log *log, uint64_t items); /* 0 or ENOMEM */
void rank_error_close(struct rank_error_log *log);

/* The kernel, with a log of at least w->n + RANK_ERROR_INSIDE items. */
void rank_error_pairs(struct q_worker *w, struct rank_error_log *log);

/* error[i]: the rank error of item i. 0 or ENOMEM. */
int rank_error_of(const struct rank_error_item *items, size_t n, uint64_t *error);

/* The figures of all threads into *r: mean, quantiles, greatest. 0, ENOMEM; EINVAL: an item that
 * nobody pushed. */
int rank_error_judge(const struct rank_error_log *const *logs, unsigned threads, struct record *r);

#endif
