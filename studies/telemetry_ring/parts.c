/* parts.c: cells that measure one part alone. */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/stats.h"
#include "harness/topology.h"
#include "studies/telemetry_ring/cells.h"
#include "studies/telemetry_ring/ring.h"
#include "studies/telemetry_ring/written.h"

static const struct event *event_number(uint64_t i)
{
    return &telemetry_input.event[i & (telemetry_input.n_events - 1)];
}

/* Processor time of this thread: what others do on the machine does not count. */
static double cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* ---- memory ------------------------------------------------------------------------------------ */

enum { A_MILLION = 1000000 };
enum layout { LAYOUT_RING, LAYOUT_BOXES_EMPTY, LAYOUT_BOXES_FULL };

static double heap_bytes(void)
{
    const struct mallinfo2 m = mallinfo2();
    return (double)m.uordblks + (double)m.hblkhd;
}

static double resident_bytes(void)
{
    char line[128], *pages = line;
    FILE *const f = fopen("/proc/self/statm", "r"); /* all pages, then the resident ones */
    if (!f)
        return 0;
    const bool got = fgets(line, sizeof line, f) != NULL;
    fclose(f);
    if (got)
        strtoul(line, &pages, 10);
    return got ? (double)strtoul(pages, NULL, 10) * (double)sysconf(_SC_PAGESIZE) : 0;
}

static bool fill_ring(struct ring_mpsc *q)
{
    struct ring_mpsc_handle h;
    const struct q_config config = {.capacity = A_MILLION, .when_full = Q_REFUSE};
    if (ring_mpsc_init(q, &config) != 0 || ring_mpsc_attach(q, &h, Q_BOTH) != 0)
        return false;
    for (uint64_t i = 0; i < A_MILLION; i++)
        if (ring_mpsc_push(q, &h, event_item(event_number(i))) != Q_OK)
            return false;
    return true;
}

/* Vec<AtomicPtr<T>>, and a Box for each item inside. */
static bool fill_boxes(struct event ***slots, bool full)
{
    *slots = malloc(A_MILLION * sizeof **slots);
    for (uint64_t i = 0; *slots && i < A_MILLION; i++) {
        (*slots)[i] = full ? malloc(sizeof(struct event)) : NULL;
        if (full && !(*slots)[i])
            return false;
        if (full)
            *(*slots)[i] = *event_number(i);
    }
    return *slots != NULL;
}

static void measure_memory(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    static struct ring_mpsc ring;
    static struct event **slots;
    const enum layout layout = (enum layout)cell->flags;
    const double heap = heap_bytes(), resident = resident_bytes();
    (void)run;
    if (!(layout == LAYOUT_RING ? fill_ring(&ring)
                                : fill_boxes(&slots, layout == LAYOUT_BOXES_FULL))) {
        study_fail(s, "no memory for a million events");
        return;
    }
    const double inside = layout == LAYOUT_BOXES_EMPTY ? 0 : A_MILLION * sizeof(struct event);
    study_put(s, "overhead_bytes", heap_bytes() - heap - inside);
    study_put(s, "heap_bytes", heap_bytes() - heap);
    study_put(s, "resident_bytes", resident_bytes() - resident);
}

/* ---- taking a backlog ------------------------------------------------------------------------------- */

/* ring_take (ring_spill.h) with a request for the cell so many ahead, as the document's iterator. */
static size_t take_ahead(struct ring_mpsc *q, q_item *items, size_t n, unsigned ahead)
{
    struct array_mpmc *const ring = &q->ring;
    const uint64_t head = a_load(&ring->head, relaxed);
    size_t k = 0;
    for (; k < n; k++) {
        a_prefetch_read(array_mpmc_cell(ring, head + k + ahead));
        if (a_load(&array_mpmc_cell(ring, head + k)->turn, acquire) !=
            array_mpmc_turn(ring, head + k) + 1)
            break;
        array_mpmc_drain(ring, head + k, &items[k]);
    }
    a_store(&ring->head, head + k, relaxed);
    return k;
}

static void measure_backlog(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    static struct ring_mpsc ring;
    struct ring_mpsc_handle h;
    q_item items[256];
    uint64_t sum = 0;
    const unsigned ahead = cell->flags;
    const size_t batch = (size_t)cell->number[0];
    (void)run;
    if (!fill_ring(&ring) || ring_mpsc_attach(&ring, &h, Q_CONSUMER) != 0) {
        study_fail(s, "no memory for a million events");
        return;
    }
    const double before = cpu_ns();
    for (size_t got = 1, all = 0; got; all += got) {
        got = batch == 1 ? ring_mpsc_pop(&ring, &h, items) == Q_OK
              : ahead    ? take_ahead(&ring, items, batch, ahead)
                         : ring_mpsc_pop_n(&ring, &h, items, batch);
        for (size_t i = 0; i < got; i++)
            sum += items[i].word[1];
        if (!got && all != A_MILLION)
            study_fail(s, "%zu of a million events came out", all);
    }
    study_put(s, "event_ns", (cpu_ns() - before) / A_MILLION);
    study_put(s, "sum", (double)(sum & 0xffff)); /* used: the loop stays */
}

/* ---- validation -------------------------------------------------------------------------------- */

static void measure_validation(const struct study_run *run, const struct study_cell *cell,
                               struct study_sample *s)
{
    const size_t n = telemetry_input.n_events < 4096 ? telemetry_input.n_events : 4096;
    const unsigned laps = (unsigned)(4000000 / n);
    (void)run;
    if (cell->flags && !events_have_vector()) {
        study_fail(s, "this processor has no AVX2");
        return;
    }
    size_t good = 0;
    const double before = cpu_ns();
    for (unsigned lap = 0; lap < laps; lap++)
        for (size_t at = 0; at < n; at += 256) {
            const size_t k = n - at < 256 ? n - at : 256;
            good += cell->flags ? events_valid_vector(&telemetry_input.event[at], k)
                                : events_valid(&telemetry_input.event[at], k);
        }
    study_put(s, "event_ns", (cpu_ns() - before) / (double)(n * laps));
    if (good != n * laps)
        study_fail(s, "%zu of %zu events are not valid", n * laps - good, n * laps);
}

/* ---- the document's own tests ---------------------------------------------------------------------- */

/* Its property: whatever comes out went in. Its operations: one thread, pushes and batches by chance. */
static void measure_property(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *s)
{
    enum { SEQUENCES = 100, OPERATIONS = 10000 };
    struct stats_random random;
    uint64_t unexpected = 0;
    (void)cell;
    stats_random_seed(&random, study_seed(run));
    for (unsigned sequence = 0; sequence < SEQUENCES; sequence++) {
        struct written *const w = written_new(WRITTEN_DROP_NEWEST, NULL);
        bool *const expected = calloc(OPERATIONS + 1, sizeof *expected), stop = false;
        const uint64_t n = 1 + stats_random_below(&random, OPERATIONS);
        unsigned depth = 0;
        int next = 0, batch[256];
        for (uint64_t i = 0; w && expected && i < n; i++) {
            if (stats_random_below(&random, 2)) {
                next++;
                expected[next] = written_push(w, next, &stop, &depth) == WRITTEN_OK;
            } else {
                const int got = written_take(w, batch, (int)stats_random_below(&random, 256));
                for (int k = 0; k < got; k++) {
                    unexpected += !expected[batch[k]];
                    expected[batch[k]] = false;
                }
            }
        }
        free(expected);
        if (w)
            written_free(w);
    }
    study_put(s, "sequences", SEQUENCES);
    study_put(s, "violations", (double)unexpected);
}

/* take_snapshot() asks for room for usize::MAX events before it looks at the ring. */
static void measure_printed_snapshot(const struct study_run *run, const struct study_cell *cell,
                                     struct study_sample *s)
{
    volatile size_t most = SIZE_MAX;
    void *const batch = calloc(most, sizeof(struct event));
    (void)run, (void)cell;
    study_put(s, "refused", batch == NULL);
    free(batch);
}

static void measure_places(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    struct topology t;
    (void)run, (void)cell;
    const int error = topology_load(&t);
    if (error)
        study_fail(s, "cannot see the processors: %s", strerror(error));
    study_put(s, "numa_nodes", t.numa_nodes);
    study_put(s, "processors", t.cpus);
}

void add_parts(const struct study_run *run, struct study_cell *cell, size_t *n)
{
    (void)run;
    const struct study_cell parts[] = {
        {"memory", "ring", "1 M events", measure_memory, .flags = LAYOUT_RING, .rounds = 2},
        {"memory", "a box each, empty", "1 M events", measure_memory, .flags = LAYOUT_BOXES_EMPTY,
         .rounds = 2},
        {"memory", "a box each", "1 M events", measure_memory, .flags = LAYOUT_BOXES_FULL,
         .rounds = 2},
        {"taking", "1 at a time", "a backlog of 1 M", measure_backlog, .number = {1}},
        {"taking", "16 at a time", "a backlog of 1 M", measure_backlog, .number = {16}},
        {"taking", "256 at a time", "a backlog of 1 M", measure_backlog, .number = {256}},
        {"prefetch", "none", "a backlog of 1 M", measure_backlog, .flags = 0, .number = {256}},
        {"prefetch", "4 ahead", "a backlog of 1 M", measure_backlog, .flags = 4, .number = {256}},
        {"prefetch", "32 ahead", "a backlog of 1 M", measure_backlog, .flags = 32, .number = {256}},
        {"validation", "one by one", "", measure_validation, .flags = 0},
        {"validation", "four at a time", "", measure_validation, .flags = 1},
        {"own property", "as written", "", measure_property, .rounds = 2},
        {"own snapshot", "as written", "", measure_printed_snapshot, .rounds = 1},
        {"places", "this machine", "", measure_places, .rounds = 1},
    };
    memcpy(cell + *n, parts, sizeof parts);
    *n += sizeof parts / sizeof *parts;
}
