/* held.c: see held.h. */
#include "harness/held.h"

#include "harness/clock.h"
#include "harness/sample.h"
#include "queues/pause.h"

enum { FIRST = 1000, AFTER = 100000, ROUNDS_AFTER = 16 };

/* Everybody waits for the others here, unless the run is abandoned. */
static void meet(struct held *h, struct member *m, uint64_t *meetings)
{
    a_add(&h->arrived, 1, acq_rel);
    ++*meetings;
    for (unsigned spins = 0; a_load(&h->arrived, acquire) < *meetings * m->team->size &&
                             !__atomic_load_n(m->worker.stop, __ATOMIC_RELAXED);)
        q_relax(&spins);
}

/* Everybody stands still while the bytes are read. */
static void look(struct held *h, struct member *m, uint64_t *meetings, uint64_t *bytes)
{
    meet(h, m, meetings);
    if (m == m->team->members)
        *bytes = m->team->driver->bytes(m->team->queue).now;
    meet(h, m, meetings);
}

/* Passes this many items: the kernel counts those of every call. */
static void pass(struct member *m, uint64_t items)
{
    m->worker.n = items;
    if (items > 0)
        m->kernel(&m->worker);
}

void held_work(struct held *h, struct member *m)
{
    struct q_worker *const w = &m->worker;
    const bool reader = m == m->team->members;
    const uint64_t start = clock_ticks_fenced();
    const unsigned workers = m->team->size - 1;
    uint64_t items = 0, next = FIRST, meetings = 0;
    if (reader)
        m->team->driver->stop(w->queue, w->handle);
    look(h, m, &meetings, &h->bytes[0]);
    for (unsigned i = 1; i < HELD_LOOKS; i++, items = next, next *= 10) {
        if (!reader)
            pass(m, (next - items) / workers);
        look(h, m, &meetings, &h->bytes[i]);
    }
    if (reader)
        pass(m, 1); /* it goes on */
    for (unsigned i = 0; i < ROUNDS_AFTER; i++) {
        if (!reader)
            pass(m, AFTER / workers / ROUNDS_AFTER);
        look(h, m, &meetings, &h->after);
    }
    w->start = start;
}

void held_collect(const struct held *h, struct record *r)
{
    r->held_0 = h->bytes[0];
    r->held_1k = h->bytes[1];
    r->held_10k = h->bytes[2];
    r->held_100k = h->bytes[3];
    r->held_1m = h->bytes[4];
    r->held_after = h->after;
}
