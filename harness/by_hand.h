/* by_hand.h: ring_spsc written out inside the measured loops: what a programmer would write who
 * needed this one transfer and no queue. Indices live in registers, nothing is waited on by event
 * counts, nothing is counted. The stamped ring_spsc is compared with it in every report. Where this
 * loop is the slower one (it may follow the producer too closely), the comparison bounds nothing,
 * and the report says so. */
#ifndef HARNESS_BY_HAND_H
#define HARNESS_BY_HAND_H

static void by_hand_produce(struct q_worker *w)
{
    struct ring_spsc *const q = w->queue;
    q_item *const slot = q->slot;
    const uint64_t mask = q->mask, n = w->n, source = source_of(w);
    uint64_t tail = a_load(&q->tail, relaxed), head = a_load(&q->head, acquire), sum = 0, i = 0;
    w->start = clock_ticks_fenced();
    for (; i < n; i++) {
        for (unsigned spins = 0; COLD(tail - head > mask);) {
            head = a_load(&q->head, acquire);
            if (tail - head <= mask)
                break;
            if (stopped(w))
                goto out;
            w->full++;
            q_relax(&spins);
        }
        const uint64_t key = source | (i + 1);
        slot[tail & mask] = q_item_of(key);
        a_store(&q->tail, ++tail, release);
        sum += key;
    }
out:
    pushed_end(w, i, sum);
}

static void by_hand_consume(struct q_worker *w)
{
    struct ring_spsc *const q = w->queue;
    const q_item *const slot = q->slot;
    const uint64_t mask = q->mask, n = w->n;
    struct checked c = checked_begin(w);
    uint64_t head = a_load(&q->head, relaxed), tail = head;
    w->start = clock_ticks_fenced();
    while (c.popped < n) {
        for (unsigned spins = 0; COLD(tail == head);) {
            const bool closed = a_load(&q->closed, acquire);
            tail = a_load(&q->tail, acquire);
            if (tail != head)
                break;
            if (closed || stopped(w))
                goto out;
            w->empty++;
            q_relax(&spins);
        }
        check(&c, &slot[head & mask]);
        a_store(&q->head, ++head, release);
    }
out:
    w->end = clock_ticks_fenced();
    checked_end(w, &c);
}

#endif
