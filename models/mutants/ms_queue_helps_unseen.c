/* ms_queue_helps_unseen.c: a producer helps with a node it has not acquired. Expect: crash. */

/* Ours, while we wrote models/litmus/ms_queue.c: who loses the compare-and-swap on `next` has just
 * been told the winner's node, so why not move `tail` to it at once?
 *   1. T1 links its node n. T2's compare-and-swap fails, relaxed, and reads n.
 *   2. T2 moves `tail` to n, release: but T2 never acquired n, so it passes nothing of n on.
 *   3. T3 acquires `tail` = n, sees that the queue is not empty, reads head->next: still NULL.
 * Repair: failure order acquire, or go round and load `next` with acquire first. */
#define AFTER_LOSING cas(&tail, &t, next)
#include "models/litmus/ms_queue.c"
