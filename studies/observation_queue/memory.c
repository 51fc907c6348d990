/* memory.c: what a waiting record takes: memory, and the ways to carry it. */
#include <malloc.h>
#include <unistd.h>

#include "experiments.h"
#include "harness/clock.h"
#include "team.h"

static double resident_bytes(void)
{
    unsigned long long total = 0, resident = 0;
    FILE *const f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double heap_bytes(void)
{
    const struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd);
}

/* The document's record: the memory space is a string, whose characters each record has its own copy
 * of. */
struct string_record {
    char *space;
    size_t length, room;
    struct episode *episode;
    uint64_t sequence;
    uint64_t enqueued[2];
    uint8_t priority;
};
_Static_assert(sizeof(struct string_record) == sizeof(struct observation), "the same 64 bytes");

/* One record on its way in: by value, or in memory of its own. False: no memory. */
static bool put(const struct plain *p, void *h, uint64_t i, enum carriage how)
{
    if (how == BY_VALUE_AND_STRING) {
        static const char name[] = "memory-space-0000000000"; /* as a UUID cut short */
        struct string_record r = {.space = strdup(name), .length = sizeof name - 1, .sequence = i};
        return r.space && p->driver->push(p->queue, h, &r) == Q_OK;
    }
    const struct observation o = observation_of(Q_NORMAL, i, NULL);
    if (how == BY_VALUE)
        return p->driver->push(p->queue, h, &o) == Q_OK;
    struct observation *const copy = malloc(sizeof *copy);
    if (!copy)
        return false;
    *copy = o;
    const uint64_t item = (uint64_t)(uintptr_t)copy;
    return p->driver->push(p->queue, h, &item) == Q_OK;
}

/* So many records wait; episodes are not counted: they exist without a queue, too. */
void measure_memory(const struct study_run *run, const struct study_cell *cell,
                    struct study_sample *s)
{
    struct plain p;
    const enum carriage how = (enum carriage)cell->number[1];
    const uint64_t n = (uint64_t)cell->number[0];
    const struct q_config config = {.capacity = 0};
    (void)run;
    if (!plain_init(&p, s, cell->subject, how == BY_POINTER ? 8 : sizeof(struct observation),
                    &config))
        return;
    void *const h = plain_attach(&p, Q_BOTH);
    const double resident = resident_bytes(), heap = heap_bytes();
    for (uint64_t i = 0; i < n; i++)
        if (!h || !put(&p, h, i, how)) {
            study_fail(s, "no memory for record %llu", (unsigned long long)i);
            return;
        }
    study_put(s, "heap_bytes_per_record", (heap_bytes() - heap) / (double)n);
    study_put(s, "resident_bytes_per_record", (resident_bytes() - resident) / (double)n);
    study_put(s, "heap_mb", (heap_bytes() - heap) / 1e6);
}

/* How many slots a segment has: pushes between two allocations. */
void measure_segment_slots(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    struct plain p;
    const struct q_config config = {.capacity = 0};
    uint64_t since = 0, least = UINT64_MAX, most = 0, steps = 0;
    (void)run;
    if (!plain_init(&p, s, cell->subject, sizeof(struct observation), &config))
        return;
    void *const h = plain_attach(&p, Q_BOTH);
    double heap = heap_bytes();
    for (uint64_t i = 0; h && i < (uint64_t)cell->number[0]; i++) {
        if (!put(&p, h, i, BY_VALUE)) {
            study_fail(s, "no memory");
            return;
        }
        since++;
        const double now = heap_bytes();
        if (now > heap && steps++ > 1) { /* the first ones: at start-up */
            least = since < least ? since : least;
            most = since > most ? since : most;
        }
        if (now > heap)
            since = 0;
        heap = now;
    }
    if (most == 0) {
        study_fail(s, "no segment was seen to be allocated");
        return;
    }
    study_put(s, "slots_least", (double)least);
    study_put(s, "slots_most", (double)most);
}

/* ---- by value or by pointer? ---------------------------------------------------------------------- */

struct carriage_team {
    struct plain p;
    enum carriage how;
    uint64_t n, got, sum;
    atomic(bool) failed;
};

static void carriage_thread(void *arg, unsigned index)
{
    struct carriage_team *const t = arg;
    void *const h = plain_attach(&t->p, index == 0 ? Q_PRODUCER : Q_CONSUMER);
    unsigned spins = 0;
    if (!h) {
        a_store(&t->failed, true, relaxed);
        return;
    }
    for (uint64_t i = 0; index == 0 && i < t->n && !a_load(&t->failed, relaxed); i++)
        if (!put(&t->p, h, i, t->how))
            a_store(&t->failed, true, relaxed);
    while (index == 1 && t->got < t->n && !a_load(&t->failed, relaxed)) {
        struct observation o;
        uint64_t item;
        if (t->p.driver->pop(t->p.queue, h, t->how == BY_POINTER ? (void *)&item : &o) != Q_OK) {
            q_relax(&spins);
            continue;
        }
        if (t->how == BY_POINTER) {
            struct observation *const copy = (struct observation *)(uintptr_t)item;
            o = *copy;
            free(copy);
        }
        spins = 0;
        t->sum += o.sequence;
        t->got++;
    }
    plain_detach(&t->p, h, NULL);
}

/* One producer, one consumer: records that lie in the queue, or each in memory of its own, which the
 * producer asks for and the consumer gives back. */
void measure_carriage(const struct study_run *run, const struct study_cell *cell,
                      struct study_sample *s)
{
    static struct carriage_team t;
    const struct q_config config = {.capacity = 0};
    (void)run;
    t.how = (enum carriage)cell->number[1];
    t.n = (uint64_t)cell->number[0];
    if (!plain_init(&t.p, s, cell->subject, t.how == BY_POINTER ? 8 : sizeof(struct observation),
                    &config))
        return;
    const double seconds = team_run(1, 1, carriage_thread, &t);
    if (seconds < 0 || t.got != t.n || t.sum != t.n * (t.n - 1) / 2) {
        study_fail(s, "%llu of %llu records came through", (unsigned long long)t.got,
                   (unsigned long long)t.n);
        return;
    }
    study_put(s, "records_per_s", (double)t.n / seconds);
}
