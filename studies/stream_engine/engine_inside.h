/* engine_inside.h: what engine.c (threads), windows.c and execute.c (records) share. */
#ifndef STUDIES_STREAM_ENGINE_INSIDE_H
#define STUDIES_STREAM_ENGINE_INSIDE_H

#include "studies/stream_engine/engine.h"
#include "studies/stream_engine/sums.h"

struct worker {
    alignas(Q_LINE) struct guard_waiter waiter;
    struct store_handle handle;
    struct sums batch; /* STATE_PARTIAL */
    struct tally_part *meter;
    uint64_t turns, x;
    uint64_t records, emitted, emitted_count, emitted_gain, overtaken, late;
    int64_t emitted_rows;
    double cpu_s, asleep_s, switches, forced;
    uint64_t start;
};

struct engine {
    const struct engine_config *c;
    const struct q_driver *driver;
    void *queue[WORKERS_MOST];
    unsigned queues;
    uint64_t per_lap;
    struct guard guard;
    struct pane {
        bool there;
        struct store shared, *own; /* own[worker]: STATE_PARTITIONED */
        struct sums *sums;         /* sums[worker]: STATE_OWN */
    } pane[PANES];
    struct worker *worker;

    alignas(Q_LINE) atomic(uint64_t) next; /* batch */
    atomic(unsigned) producers_left, workers_left;
    atomic(bool) failed;
    alignas(Q_LINE) atomic(uint64_t) closed; /* windows; changed under `closing` */
    pthread_mutex_t closing;                 /* of `low`, `done` and the result's windows */
    uint64_t low;                            /* all batches before it are done */
    bool done[RING];
    atomic(unsigned) parts[RING]; /* STATE_PARTITIONED: workers that are done with a batch */
    struct engine_result *result;

    alignas(Q_LINE) pthread_mutex_t meter_lock;
    uint64_t metered;
    alignas(Q_LINE) atomic(uint64_t) meter;
    struct tally tally;
    struct q_memory memory;
};

/* It cannot go on: no memory, no threads. */
static inline void engine_fail(struct engine *e) { a_store(&e->failed, true, relaxed); }
static inline bool engine_failed(const struct engine *e) { return a_load(&e->failed, relaxed); }

static inline bool tumbles(const struct engine *e)
{
    return e->c->scenario == TUMBLING || e->c->scenario == TUMBLING_CHANGES;
}
struct batch {
    struct record *record;
    const uint32_t *share;
    size_t n;
    uint64_t window; /* of the lap's first record */
    uint64_t order;  /* of its first record */
};

static inline struct batch batch_at(const struct engine *e, uint64_t number)
{
    const struct stream *const s = e->c->stream;
    const size_t first = (size_t)(number % e->per_lap) * e->c->batch, left = s->n - first;
    return (struct batch){.record = s->record + first,
                          .share = s->share + first,
                          .n = left < e->c->batch ? left : e->c->batch,
                          .window = number / e->per_lap * s->windows,
                          .order = number * e->c->batch + 1};
}

/* windows.c */
int pane_init(const struct engine *e,
              struct pane *p); /* 0 or an errno; then there is nothing of it */
void pane_destroy(const struct engine *e, struct pane *p);
/* The next window: its groups go out; `again`: its pane is made ready for another. Under `closing`. */
void close_window(struct engine *e, bool again);
/* As one thread would do it: a record behind the window says that all of the window was there. False:
 * the record's own window is closed. */
bool close_at_once(struct engine *e, struct worker *w, uint64_t window);
void batch_done(struct engine *e, uint64_t number);

/* execute.c */
void execute_batch(struct engine *e, struct worker *w, uint64_t number);

#endif
