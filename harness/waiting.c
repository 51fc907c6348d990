/* waiting.c: see waiting.h. A wait ends after a while to look whether the run was abandoned. */
#include "harness/waiting.h"

#include <stdalign.h>
#include <stdbool.h>

#include "harness/clock.h"
#include "queues/memory.h"

enum { LOOK_NS = 100000000, ITEM_MOST = 64 };

static bool stopped(const struct q_worker *w) { return __atomic_load_n(w->stop, __ATOMIC_RELAXED); }

static void unexpected(struct q_worker *w, enum q_status s)
{
    w->other++;
    w->failed_status = (int)s;
}

void waiting_produce(struct q_worker *w)
{
    const struct q_driver *const d = w->driver;
    const uint64_t source = w->producer << Q_KEY_NUMBER_BITS;
    uint64_t sum = 0, i = 0;
    alignas(Q_LINE) unsigned char item[ITEM_MOST];
    w->start = clock_ticks_fenced();
    for (enum q_status s = Q_OK; i < w->n; i++) {
        const uint64_t key = source | (i + 1);
        d->make(item, key);
        while ((s = d->push_wait(w->queue, w->handle, item, LOOK_NS)) == Q_TIMEOUT && !stopped(w))
            w->full++;
        if (s != Q_OK) {
            if (s != Q_TIMEOUT)
                unexpected(w, s);
            break;
        }
        sum += key;
    }
    w->end = clock_ticks_fenced();
    w->pushed += i;
    w->sum_pushed += sum;
}

void waiting_consume(struct q_worker *w)
{
    const struct q_driver *const d = w->driver;
    alignas(Q_LINE) unsigned char item[ITEM_MOST];
    w->start = clock_ticks_fenced();
    for (;;) {
        const enum q_status s = d->pop_wait(w->queue, w->handle, item, LOOK_NS);
        if (s == Q_OK) {
            const uint64_t key = d->key(item), number = key & Q_KEY_NUMBER_MASK;
            uint64_t *const last = &w->last[key >> Q_KEY_NUMBER_BITS];
            w->torn += key == 0;
            w->disorder += number <= *last;
            *last = number;
            w->sum_popped += key;
            w->popped++;
        } else if (s == Q_TIMEOUT && !stopped(w)) {
            w->empty++;
        } else {
            if (s != Q_CLOSED && s != Q_TIMEOUT)
                unexpected(w, s);
            break;
        }
    }
    w->end = clock_ticks_fenced();
}
