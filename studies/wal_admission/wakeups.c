/* wakeups.c: one writer, room for one entry: how often does it sleep though there is room? */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/wal_admission/experiments.h"

enum { POOL = 8, PATIENCE_MS = 20 };

struct lonely {
    struct wal *ours;
    struct as_written *written;
    struct device_slow device;
    uint64_t appends;
    atomic(uint64_t) done;
    atomic(bool) ended;
};

static void *append_all(void *arg)
{
    struct lonely *const l = arg;
    struct wal_handle *h = NULL;
    struct as_written_handle *w = NULL;
    struct wal_entry pool[POOL] = {0};
    const uint64_t bytes = 1;
    const int error = l->ours ? wal_attach(l->ours, &h) : as_written_attach(l->written, &w);
    for (uint64_t i = 0; !error && i < l->appends; i++) {
        if (h) {
            struct wal_entry *const e = &pool[i % POOL];
            if (i >= POOL)
                wal_wait(h, e);
            *e = (struct wal_entry){.bytes = &bytes, .length = sizeof bytes};
            wal_append(h, e, Q_FOREVER);
        } else {
            as_written_append(w, &bytes, sizeof bytes);
        }
        a_store(&l->done, i + 1, relaxed);
    }
    for (uint64_t i = 0; h && i < POOL && i < l->appends; i++)
        wal_wait(h, &pool[i]);
    if (h)
        wal_detach(h);
    else if (w)
        as_written_detach(w);
    a_store(&l->ended, true, release);
    return NULL;
}

static uint64_t pending(const struct lonely *l)
{
    return l->ours ? wal_depth(l->ours).entries : as_written_pending(l->written);
}

static void measure(const struct study_run *run, const struct study_cell *cell,
                    struct study_sample *s)
{
    static struct lonely l;
    struct commit_setup setup;
    char path[600];
    pthread_t writer;
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.lonely", setup.path);
    device_slow(&l.device, 0);
    l.appends = (uint64_t)cell->number[1];
    const struct wal_config c = {
        .path = path, .io = &l.device.io, .max_queue_size = 1, .who = WAL_FLUSHER, .hold = true};
    const struct as_written_config w = {
        .log = c, .pauses = (unsigned)cell->number[0], .repaired = cell->flags == 1};
    int error = cell->flags == 2 ? wal_open(&l.ours, &c, NULL, NULL, NULL)
                                 : as_written_open(&l.written, &w);
    if (!error)
        error = pthread_create(&writer, NULL, append_all, &l);
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    const double limit = cell->number[2];
    const uint64_t begin = clock_monotonic_ns();
    double stalls = 0;
    uint64_t seen = 0, since = begin;
    while (!a_load(&l.ended, acquire)) {
        usleep(1000);
        const uint64_t done = a_load(&l.done, relaxed), now = clock_monotonic_ns();
        if (done != seen) {
            seen = done;
            since = now;
        } else if (now - since > PATIENCE_MS * UINT64_C(1000000) && pending(&l) == 0 &&
                   done < l.appends) {
            stalls++; /* nothing is pending, and the only writer sleeps: nobody would wake it */
            since = now;
            if (!l.written)
                break;
            as_written_rescue(l.written, false);
        }
        if ((double)(now - begin) / 1e9 > limit)
            break; /* what was counted until now will do; the process ends with this sample */
    }
    study_put(s, "stalls", stalls);
    study_put(s, "appends", (double)a_load(&l.done, relaxed));
    study_put(s, "stalls_per_million", 1e6 * stalls / fmax(1, (double)a_load(&l.done, relaxed)));
    unlink(path);
}

void wakeups_cells(struct cells *c, const struct study_run *run)
{
    static const struct {
        const char *variant;
        unsigned pauses, flags;
    } kinds[] = {
        {"as written", 0, 0},
        {"as written, 200 pauses in its window", 200, 0},
        {"as written, but registers first", 200, 1},
        {"ours", 0, 2},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct study_cell *const cell = cells_add(c, "wake-ups", kinds[i].variant, measure);
        snprintf(cell->setting, sizeof cell->setting, "1 writer, room for 1 entry");
        cell->number[0] = kinds[i].pauses;
        cell->number[1] = study_quick(run) ? 20000 : 200000;
        cell->number[2] = study_quick(run) ? 1.2 : 4;
        cell->flags = kinds[i].flags;
        cell->rounds = study_quick(run) ? 1 : 2;
    }
}
