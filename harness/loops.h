/* loops.h: the bodies of the measured kernels. Included by stamp.c alone, which has defined the
 * queue, PUSH, POP, PUSH_N, POP_N. What each kernel does: driver.h.
 *
 * Every popped item is checked in the loop: intact, later than the one before it from the same
 * source, and summed. The check is branch-free and the same for every queue. C11 and C++20 alike. */
#ifndef HARNESS_LOOPS_H
#define HARNESS_LOOPS_H

#define COLD(condition) __builtin_expect(!!(condition), 0)

/* What a consumer keeps in registers while it checks. */
struct checked {
    uint64_t popped, sum, disorder, torn;
    uint64_t *last;
};

static inline void check(struct checked *c, const q_item *item)
{
    const uint64_t key = q_key(item);
    const uint64_t number = key & Q_KEY_NUMBER_MASK;
    uint64_t *last = &c->last[key >> Q_KEY_NUMBER_BITS];
    c->disorder += number <= *last;
    c->torn += !q_intact(item);
    c->sum += key;
    c->popped++;
    *last = number;
}

static inline struct checked checked_begin(const struct q_worker *w)
{
    const struct checked c = {0, 0, 0, 0, w->last};
    return c;
}

static inline void checked_end(struct q_worker *w, const struct checked *c)
{
    w->popped += c->popped;
    w->sum_popped += c->sum;
    w->disorder += c->disorder;
    w->torn += c->torn;
}

static inline void pushed_end(struct q_worker *w, uint64_t items, uint64_t sum)
{
    w->end = clock_ticks_fenced();
    w->pushed += items;
    w->sum_pushed += sum;
}

/* The key of a producer's item. Priority queues get two normal, one low, one high of four items
 * (the lowest bit is left out: timed runs use it as a flag). */
static inline uint64_t key_of(uint64_t source, uint64_t number)
{
    const uint64_t key = source | number;
    if (TRAITS.order == Q_PRIORITY_FIFO)
        return q_in_lane(number & 2 ? Q_NORMAL : number & 4 ? Q_LOW : Q_HIGH, key);
    return key;
}

static inline uint64_t source_of(const struct q_worker *w)
{
    return w->producer << Q_KEY_NUMBER_BITS;
}

static inline bool stopped(const struct q_worker *w)
{
    return __atomic_load_n(w->stop, __ATOMIC_RELAXED);
}

static inline bool unexpected(struct q_worker *w, enum q_status got, enum q_status expected)
{
    if (got == expected)
        return stopped(w);
    w->other++;
    w->failed_status = (int)got;
    return true;
}

/* ---- throughput ---------------------------------------------------------------------------- */

/* Pushes one item for certain; false when the run was abandoned. */
static inline q_hot bool push_one(struct q_worker *w, queue *q, handle *h, q_item item)
{
    for (unsigned spins = 0;;) {
        const enum q_status s = PUSH(q, h, item);
        if (__builtin_expect(s == Q_OK, 1))
            return true;
        if (unexpected(w, s, Q_FULL))
            return false;
        w->full++;
        q_relax(&spins);
    }
}

/* Pops one item for certain; false when closed or abandoned. */
static inline q_hot bool pop_one(struct q_worker *w, queue *q, handle *h, q_item *item)
{
    for (unsigned spins = 0;;) {
        const enum q_status s = POP(q, h, item);
        if (__builtin_expect(s == Q_OK, 1))
            return true;
        if (s == Q_CLOSED || unexpected(w, s, Q_EMPTY))
            return false;
        w->empty++;
        q_relax(&spins);
    }
}

static __attribute__((unused)) void produce(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, batch = w->batch, source = source_of(w);
    uint64_t sum = 0, i = 0;
    w->start = clock_ticks_fenced();
    if (batch == 1) {
        for (; i < n; i++) {
            const uint64_t key = key_of(source, i + 1);
            const q_item item = q_item_of(key);
            if (COLD(!push_one(w, q, h, item)))
                break;
            sum += key;
        }
    } else {
        q_item items[Q_BATCH_MAX];
        while (i < n) {
            const uint64_t want = n - i < batch ? n - i : batch;
            for (uint64_t k = 0; k < want; k++) {
                const uint64_t key = key_of(source, i + k + 1);
                items[k] = q_item_of(key);
                sum += key;
            }
            uint64_t done = PUSH_N(q, h, items, want);
            for (unsigned spins = 0; COLD(done < want);) {
                w->full++;
                if (stopped(w))
                    break;
                q_relax(&spins);
                done += PUSH_N(q, h, items + done, want - done);
            }
            i += done;
            if (COLD(done < want))
                break;
        }
    }
    pushed_end(w, i, sum);
}

static __attribute__((unused)) void consume(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, batch = w->batch;
    struct checked c = checked_begin(w);
    w->start = clock_ticks_fenced();
    if (batch == 1) {
        q_item item;
        while (c.popped < n && pop_one(w, q, h, &item))
            check(&c, &item);
    } else {
        q_item items[Q_BATCH_MAX];
        while (c.popped < n) {
            const uint64_t got = POP_N(q, h, items, n - c.popped < batch ? n - c.popped : batch);
            for (uint64_t k = 0; k < got; k++)
                check(&c, &items[k]);
            if (COLD(got == 0)) { /* wait for one; it also tells empty from closed */
                q_item item;
                if (!pop_one(w, q, h, &item))
                    break;
                check(&c, &item);
            }
        }
    }
    w->end = clock_ticks_fenced();
    checked_end(w, &c);
}

static void pairs(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, source = source_of(w);
    struct checked c = checked_begin(w);
    uint64_t sum = 0, i = 0;
    w->start = clock_ticks_fenced();
    for (; i < n; i++) {
        const uint64_t key = key_of(source, i + 1);
        q_item item = q_item_of(key);
        if (COLD(!push_one(w, q, h, item)))
            break;
        sum += key;
        if (COLD(!pop_one(w, q, h, &item))) {
            i++;
            break;
        }
        check(&c, &item);
    }
    pushed_end(w, i, sum);
    checked_end(w, &c);
}

static void fill_drain(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, depth = w->depth, source = source_of(w);
    struct checked c = checked_begin(w);
    uint64_t sum = 0, i = 0;
    bool go = true;
    w->start = clock_ticks_fenced();
    while (go && i < n) {
        const uint64_t want = n - i < depth ? n - i : depth;
        uint64_t done = 0;
        for (; done < want; done++) {
            const uint64_t key = key_of(source, i + done + 1);
            const q_item item = q_item_of(key);
            if (COLD(!(go = push_one(w, q, h, item))))
                break;
            sum += key;
        }
        i += done;
        for (q_item item; done > 0 && (go = pop_one(w, q, h, &item)); done--)
            check(&c, &item);
    }
    pushed_end(w, i, sum);
    checked_end(w, &c);
}

/* One item goes out through `queue` and comes back through `back`. */
static void ping(struct q_worker *w)
{
    queue *const out = (queue *)w->queue, *const in = (queue *)w->back;
    handle *const ho = (handle *)w->handle, *const hi = (handle *)w->back_handle;
    const uint64_t source = source_of(w);
    struct checked c = checked_begin(w);
    uint64_t sum = 0, i = 0;
    w->start = clock_ticks_fenced();
    for (; i < w->n; i++) {
        const uint64_t key = key_of(source, i + 1);
        q_item item = q_item_of(key);
        if (COLD(!push_one(w, out, ho, item)))
            break;
        sum += key;
        if (COLD(!pop_one(w, in, hi, &item)))
            break;
        check(&c, &item);
    }
    pushed_end(w, i, sum);
    checked_end(w, &c);
}

static void pong(struct q_worker *w)
{
    queue *const in = (queue *)w->queue, *const out = (queue *)w->back;
    handle *const hi = (handle *)w->handle, *const ho = (handle *)w->back_handle;
    w->start = clock_ticks_fenced();
    q_item item;
    for (uint64_t i = 0; i < w->n; i++)
        if (COLD(!pop_one(w, in, hi, &item)) || COLD(!push_one(w, out, ho, item)))
            break;
    w->end = clock_ticks_fenced();
}

/* ---- latency ------------------------------------------------------------------------------- *
 * In timed runs a key's number is twice a time stamp (ticks after the epoch) plus one; an even
 * number marks an item that carries no time and only keeps its producer's order. */

static inline uint64_t later(uint64_t number, uint64_t last)
{
    return number > last ? number : last + 2 - ((last ^ number) & 1);
}

static void produce_timed(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, source = source_of(w), sample = w->sample;
    uint64_t sum = 0, i = 0, number = 0, countdown = 1;
    w->start = clock_ticks_fenced();
    for (; i < n; i++) {
        const bool timed = --countdown == 0;
        uint64_t before = 0;
        if (timed) {
            countdown = sample;
            before = clock_ticks_fenced();
            number = later((before - w->epoch) << 1 | 1, number);
        } else {
            number = (number | 1) + 1;
        }
        const uint64_t key = key_of(source, number);
        const q_item item = q_item_of(key);
        if (COLD(!push_one(w, q, h, item)))
            break;
        if (timed && w->push_ticks)
            histogram_add(w->push_ticks, clock_ticks_fenced() - before);
        sum += key;
    }
    pushed_end(w, i, sum);
}

static void produce_paced(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, source = source_of(w);
    uint64_t sum = 0, i = 0, number = 0, countdown = 1;
    w->start = clock_ticks_fenced();
    for (; i < n; i++) {
        const uint64_t due = w->epoch + w->schedule[i];
        for (unsigned spins = 0; clock_ticks() < due && !stopped(w);)
            q_relax(&spins);
        const bool timed = --countdown == 0;
        number = later(w->schedule[i] << 1 | timed, number);
        const uint64_t key = key_of(source, number);
        const q_item item = q_item_of(key);
        const uint64_t before = timed ? clock_ticks_fenced() : 0;
        if (COLD(!push_one(w, q, h, item)))
            break;
        if (timed) {
            countdown = w->sample;
            if (w->push_ticks)
                histogram_add(w->push_ticks, clock_ticks_fenced() - before);
        }
        sum += key;
    }
    pushed_end(w, i, sum);
}

static void consume_timed(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    struct checked c = checked_begin(w);
    uint64_t countdown = 1;
    unsigned spins = 0;
    w->start = clock_ticks_fenced();
    while (c.popped < w->n) {
        q_item item;
        const bool timed = --countdown == 0;
        const uint64_t before = timed ? clock_ticks_fenced() : 0;
        enum q_status s = POP(q, h, &item);
        if (COLD(s != Q_OK)) { /* an empty answer is not a service time */
            if (timed)
                countdown = 1;
            if (s == Q_CLOSED || unexpected(w, s, Q_EMPTY))
                break;
            w->empty++;
            q_relax(&spins);
            continue;
        }
        spins = 0;
        const uint64_t number = q_key(&item) & Q_KEY_NUMBER_MASK;
        if (timed || number & 1) {
            const uint64_t now = clock_ticks_fenced();
            if (timed && w->pop_ticks)
                histogram_add(w->pop_ticks, now - before);
            if (number & 1 && w->sojourn_ticks) {
                const uint64_t born = w->epoch + (number >> 1);
                histogram_add(w->sojourn_ticks, now > born ? now - born : 0);
            }
        }
        if (timed)
            countdown = w->sample;
        check(&c, &item);
    }
    w->end = clock_ticks_fenced();
    checked_end(w, &c);
}

static void pairs_timed(struct q_worker *w)
{
    queue *const q = (queue *)w->queue;
    handle *const h = (handle *)w->handle;
    const uint64_t n = w->n, source = source_of(w), sample = w->sample;
    struct checked c = checked_begin(w);
    uint64_t sum = 0, i = 0, number = 0, countdown = 1;
    w->start = clock_ticks_fenced();
    for (; i < n; i++) {
        const bool timed = --countdown == 0;
        const uint64_t before = timed ? clock_ticks_fenced() : 0;
        number = timed ? later((before - w->epoch) << 1 | 1, number) : (number | 1) + 1;
        const uint64_t key = key_of(source, number);
        q_item item = q_item_of(key);
        if (COLD(!push_one(w, q, h, item)))
            break;
        sum += key;
        const uint64_t between = timed ? clock_ticks_fenced() : 0;
        const bool got = pop_one(w, q, h, &item);
        if (timed) {
            countdown = sample;
            const uint64_t after = clock_ticks_fenced();
            if (w->push_ticks)
                histogram_add(w->push_ticks, between - before);
            if (w->pop_ticks)
                histogram_add(w->pop_ticks, after - between);
        }
        if (COLD(!got)) {
            i++;
            break;
        }
        check(&c, &item);
    }
    pushed_end(w, i, sum);
    checked_end(w, &c);
}

#endif
