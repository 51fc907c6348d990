/* sweep.h: workloads that try a parameter of the queues in many settings, side by side in one round.
 *
 *   backoff    pauses at most after a lost compare-and-swap (pause.h)
 *   segment    cells of a segment (q_config.segment); 0: the queue's own choice
 *
 * In the plan are the queues named in sweep.c. Others take part when both they and the workload are
 * asked for: `queuelab bench --workload backoff --queue array_mine`. */
#ifndef HARNESS_SWEEP_H
#define HARNESS_SWEEP_H

#include "harness/workload.h"

struct sweep {
    const char *workload;
    const char *const *queues; /* ends with NULL */
    const unsigned *settings;
    size_t n;
};

const struct sweep *sweep_find(const char *workload); /* NULL: it sweeps nothing */
bool sweep_names(const struct sweep *s, const char *queue);
void sweep_set(const struct sweep *s, size_t i, struct cell *c); /* its i-th setting */

#endif
