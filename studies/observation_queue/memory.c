/* memory.c: the memory that a waiting record takes. */
#include <malloc.h>
#include <unistd.h>

#include "experiments.h"

/* The second number of /proc/self/statm, in pages. */
static double resident_bytes(void)
{
    char line[256] = "", *end = line;
    FILE *const f = fopen("/proc/self/statm", "r");
    if (f && fgets(line, sizeof line, f))
        strtoull(line, &end, 10);
    if (f)
        fclose(f);
    return (double)strtoull(end, NULL, 10) * (double)sysconf(_SC_PAGESIZE);
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
