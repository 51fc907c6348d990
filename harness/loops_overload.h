/* loops_overload.h: the kernels of the workload `overload`: more is offered than is taken, and the
 * queue's policy says what becomes of the rest. Included by stamp.c after loops.h. */
#ifndef HARNESS_LOOPS_OVERLOAD_H
#define HARNESS_LOOPS_OVERLOAD_H

/* One item, offered until it is taken or dropped. */
static inline enum q_status offer(struct q_worker *w, queue *q, handle *h, q_item item)
{
    for (unsigned spins = 0;;) {
        const enum q_status s = PUSH(q, h, item);
        if (s == Q_OK || s == Q_DROPPED || unexpected(w, s, Q_FULL))
            return s;
        w->full++;
        q_relax(&spins);
    }
}

/* Every push is timed, whatever its answer; a refused one until it is taken. */
static void produce_offered(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, source = source_of(w);
    uint64_t sum = 0, taken = 0, number = 0;
    w->start = clock_ticks_fenced();
    for (uint64_t i = 0; i < n; i++) {
        const uint64_t due = w->epoch + w->schedule[i];
        for (unsigned spins = 0; clock_ticks() < due && !stopped(w);)
            q_relax(&spins);
        number = later(w->schedule[i] << 1 | 1, number);
        const uint64_t key = key_of(source, number);
        const q_item item = q_item_of(key);
        const uint64_t before = clock_ticks_fenced();
        const enum q_status s = offer(w, q, h, item);
        if (w->push_ticks)
            histogram_add(w->push_ticks, clock_ticks_fenced() - before);
        if (s == Q_OK) {
            taken++;
            sum += key;
        } else if (s == Q_DROPPED) {
            w->dropped++;
        } else {
            break;
        }
    }
    pushed_end(w, taken, sum);
}

/* Like consume_timed, with `work` ticks of work on each item. */
static void consume_slow(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    struct checked c = checked_begin(w);
    unsigned spins = 0;
    w->start = clock_ticks_fenced();
    while (c.popped < w->n) {
        q_item item;
        const enum q_status s = POP(q, h, &item);
        if (COLD(s != Q_OK)) {
            if (s == Q_CLOSED || unexpected(w, s, Q_EMPTY))
                break;
            w->empty++;
            q_relax(&spins);
            continue;
        }
        spins = 0;
        const uint64_t now = clock_ticks_fenced();
        const uint64_t born = w->epoch + ((q_key(&item) & Q_KEY_NUMBER_MASK) >> 1);
        if (w->sojourn_ticks)
            histogram_add(w->sojourn_ticks, now > born ? now - born : 0);
        check(&c, &item);
        while (clock_ticks() - now < w->work)
            a_pause();
    }
    w->end = clock_ticks_fenced();
    checked_end(w, &c);
}

#endif
