/* loops_wait.h: the measured kernels of `waiting`: as produce and consume, one item at a time, by the
 * queue's own push_wait and pop_wait instead of trying again. Included by stamp.c alone, after
 * loops.h.
 *
 * Each call waits for WAIT_SLICE at most, so that a run that is abandoned ends; a slice that passes is
 * an answer FULL or EMPTY to the books. */
#ifndef HARNESS_LOOPS_WAIT_H
#define HARNESS_LOOPS_WAIT_H

#define WAIT_SLICE 100000000u /* ns */

static void produce_waiting(struct q_worker *w)
{
    queue *const q = w->queue;
    handle *const h = w->handle;
    const uint64_t n = w->n, source = source_of(w);
    uint64_t sum = 0, i = 0;
    w->start = clock_ticks_fenced();
    while (i < n) {
        const uint64_t key = key_of(source, i + 1);
        const q_item item = q_item_of(key);
        const enum q_status s = PUSH_WAIT(q, h, item, WAIT_SLICE);
        if (__builtin_expect(s == Q_OK, 1)) {
            sum += key;
            i++;
            continue;
        }
        if (unexpected(w, s, Q_TIMEOUT))
            break;
        w->full++;
    }
    pushed_end(w, i, sum);
}

static void consume_waiting(struct q_worker *w)
{
    queue *const q = w->queue;
    handle *const h = w->handle;
    struct checked c = checked_begin(w);
    w->start = clock_ticks_fenced();
    while (c.popped < w->n) {
        q_item item;
        const enum q_status s = POP_WAIT(q, h, &item, WAIT_SLICE);
        if (__builtin_expect(s == Q_OK, 1)) {
            check(&c, &item);
            continue;
        }
        if (s == Q_CLOSED || unexpected(w, s, Q_TIMEOUT))
            break;
        w->empty++;
    }
    w->end = clock_ticks_fenced();
    checked_end(w, &c);
}

#endif
