/* stalled.c: memory that is held while a reader stands still: what epochs do not bound. */
#include <errno.h>
#include <string.h>

#include "studies/indexing/indexing.h"

static void measure_stalled(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *sample)
{
    const struct map_driver *const d = map_driver_named(cell->variant);
    const uint64_t most = (uint64_t)study_number(run, "changes");
    int error;
    void *const map = d->create(&(struct map_config){.capacity = 1024}, &error);
    void *const reader = map ? d->attach(map) : NULL, *const writer = map ? d->attach(map) : NULL;
    if (!reader || !writer) {
        study_fail(sample, "cannot make the map: %s", strerror(map ? ENOMEM : error));
        return;
    }
    if (cell->number[0] != 0)
        d->stop(map, reader); /* in the middle of a find, for good */
    uint64_t value, next = 1000;
    for (uint64_t n = 1; n <= most; n++) {
        /* 512 keys are there at any time; each change brings a new one. */
        if (d->insert(map, writer, key_of(n), n) != MAP_OK ||
            (n > 512 && d->remove(map, writer, key_of(n - 512), &value) != MAP_OK)) {
            study_fail(sample, "change %llu failed", (unsigned long long)n);
            return;
        }
        if (n == next) {
            char name[STUDY_WORD];
            snprintf(name, sizeof name, "bytes_%llu", (unsigned long long)n);
            study_put(sample, name, (double)d->bytes(map).now);
            next *= 10;
        }
    }
}

void plan_stalled(struct plan *p, const struct study_run *run)
{
    (void)run;
    for (const struct map_driver *const *d = map_drivers; *d; d++)
        for (unsigned stopped = 0; (*d)->stop && !(*d)->traits->wrong && stopped < 2; stopped++) {
            if (strcmp((*d)->id, "map_list_pool") == 0)
                continue;
            struct study_cell *const c = plan_add(p, "stalled reader", (*d)->id, "%s",
                                                  stopped ? "a reader stands still" : "no reader");
            c->measure = measure_stalled;
            c->number[0] = stopped;
            c->rounds = 1;
        }
}
