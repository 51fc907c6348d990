/* failures.c: crashes, errors of the device, and a shutdown under load. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/wal_admission/crash.h"
#include "studies/wal_admission/experiments.h"

enum { WRITERS = 8 };

static void nap_ms(unsigned ms) { usleep(ms * 1000); }

/* ---- crashes --------------------------------------------------------------------------------- */

static void measure_crashes(const struct study_run *run, const struct study_cell *cell,
                            struct study_sample *s)
{
    struct commit_setup setup;
    char path[600], why[160];
    struct crash_result r;
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.crash", setup.path);
    const struct crash_plan plan = {
        .kind = (enum crash_kind)cell->flags,
        .path = path,
        .points = (unsigned)cell->number[0],
        .most_ms = 30,
        .seed = study_seed(run),
        .queue = setup.queue,
    };
    if (crash_run(&plan, &r, why, sizeof why) != 0)
        study_fail(s, "%s", why);
    study_put(s, "kill_points", (double)r.points);
    study_put(s, "with_answers", (double)r.with_answers);
    study_put(s, "acknowledged", (double)r.acknowledged);
    study_put(s, "recovered_records_read", (double)r.recovered);
    study_put(s, "lost_acknowledged", (double)r.lost_acknowledged);
    study_put(s, "wrong_records", (double)r.wrong);
    study_put(s, "refused", (double)r.refused);
    study_put(s, "refused_found", (double)r.refused_found);
    study_put(s, "torn_tails", (double)r.torn_tails);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* Eight committers, a device that fails once: is everybody told, and does it go on? */
struct errors {
    struct wal *ours;
    struct as_written *written;
    struct device_faulty device;
    atomic(bool) stop;
    atomic(unsigned) left; /* committers that have ended */
    atomic(uint64_t) acknowledged, told, after;
};

static void *commit_until_stopped(void *arg)
{
    struct errors *const e = arg;
    struct wal_handle *h = NULL;
    struct as_written_handle *w = NULL;
    const uint64_t bytes[8] = {1};
    if (e->ours ? wal_attach(e->ours, &h) : as_written_attach(e->written, &w))
        return NULL;
    while (!a_load(&e->stop, relaxed)) {
        const bool failed = a_load(&e->device.failed, relaxed) > 0;
        int error =
            h ? wal_commit(h, bytes, sizeof bytes) : as_written_append(w, bytes, sizeof bytes);
        if (!h && !error)
            error = as_written_flush(w);
        if (!error) {
            a_add(&e->acknowledged, 1, relaxed);
            a_add(&e->after, failed, relaxed);
        } else if (error != ECANCELED) {
            a_add(&e->told, 1, relaxed);
            nap_ms(1);
        }
    }
    a_add(&e->left, 1, release);
    if (h)
        wal_detach(h);
    else
        as_written_detach(w);
    return NULL;
}

static int open_either(struct errors *e, bool ours, const char *path)
{
    const struct wal_config c = {.path = path, .io = &e->device.io};
    const struct as_written_config w = {.log = c};
    return ours ? wal_open(&e->ours, &c, NULL, NULL, NULL) : as_written_open(&e->written, &w);
}

static void measure_errors(const struct study_run *run, const struct study_cell *cell,
                           struct study_sample *s)
{
    const bool ours = cell->flags & 1, at_sync = cell->flags & 2;
    static struct errors e;
    struct commit_setup setup;
    char path[600];
    struct wal_found found = {0};
    pthread_t threads[WRITERS];
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.errors", setup.path);
    device_faulty(&e.device);
    e.device.sync_ns = 200000;
    *(at_sync ? &e.device.sync_fails : &e.device.write_fails) = 50;
    const int error = open_either(&e, ours, path);
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    for (unsigned i = 0; i < WRITERS; i++)
        if (pthread_create(&threads[i], NULL, commit_until_stopped, &e) != 0) {
            study_fail(s, "no thread");
            return;
        }
    for (unsigned ms = 0; ms < 5000 && a_load(&e.device.failed, relaxed) == 0; ms++)
        nap_ms(1);
    nap_ms(200);
    a_store(&e.stop, true, relaxed);
    for (unsigned ms = 0; ms < 500 && a_load(&e.left, acquire) < WRITERS; ms++)
        nap_ms(1);
    const unsigned hung = WRITERS - a_load(&e.left, acquire);
    const uint64_t kept = ours ? wal_depth(e.ours).entries : as_written_pending(e.written);
    if (!ours)
        as_written_rescue(e.written, true);
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    if (ours) {
        wal_shutdown(e.ours);
        wal_close(e.ours);
    } else {
        as_written_shutdown(e.written);
        as_written_close(e.written);
    }
    const int unread = wal_file_read(path, &found, NULL, NULL);
    if (unread)
        study_fail(s, "%s: %s", path, strerror(unread));
    const uint64_t acknowledged = a_load(&e.acknowledged, relaxed);
    unlink(path);
    study_put(s, "hung_writers", hung);
    study_put(s, "room_kept", (double)kept);
    study_put(s, "told", (double)a_load(&e.told, relaxed));
    study_put(s, "acknowledged", (double)acknowledged);
    study_put(s, "acknowledged_after", (double)a_load(&e.after, relaxed));
    study_put(s, "lost_acknowledged",
              (double)(acknowledged > found.records ? acknowledged - found.records : 0));
}

/* ---- shutdown -------------------------------------------------------------------------------- */

struct closing {
    struct wal *ours;
    struct as_written *written;
    struct device_slow device;
    atomic(bool) stop;
    atomic(uint64_t) accepted;
    atomic(unsigned) left;
};
enum { POOL = 1 << 14 };

static void *append_until_stopped(void *arg)
{
    struct closing *const c = arg;
    struct wal_handle *h = NULL;
    struct as_written_handle *w = NULL;
    struct wal_entry *const pool = calloc(POOL, sizeof *pool);
    const uint64_t bytes[2] = {1};
    if (!pool || (c->ours ? wal_attach(c->ours, &h) : as_written_attach(c->written, &w))) {
        a_add(&c->left, 1, relaxed);
        free(pool);
        return NULL;
    }
    unsigned n = 0;
    for (; n < POOL && !a_load(&c->stop, acquire); n++) {
        pool[n] = (struct wal_entry){.bytes = bytes, .length = sizeof bytes};
        if ((h ? wal_append(h, &pool[n], Q_FOREVER) : as_written_append(w, bytes, sizeof bytes)))
            break; /* refused: that is an answer */
        a_add(&c->accepted, 1, relaxed);
    }
    a_add(&c->left, 1, relaxed);
    for (unsigned i = 0; h && i < n; i++)
        wal_wait(h, &pool[i]);
    if (h)
        wal_detach(h);
    else
        as_written_detach(w);
    free(pool);
    return NULL;
}

static void close_once(const char *path, bool ours, bool told, struct stats_random *random,
                       double *lost, double *accepted, struct study_sample *s)
{
    struct closing c = {0};
    pthread_t threads[4];
    struct wal_found found = {0};
    device_slow(&c.device, 0);
    const struct wal_config config = {.path = path, .io = &c.device.io, .max_queue_size = 64};
    const struct as_written_config written = {.log = config};
    int error =
        ours ? wal_open(&c.ours, &config, NULL, NULL, NULL) : as_written_open(&c.written, &written);
    for (unsigned i = 0; !error && i < 4; i++)
        error = pthread_create(&threads[i], NULL, append_until_stopped, &c);
    if (error) {
        study_fail(s, "%s: %s", path, strerror(error));
        return;
    }
    usleep((unsigned)stats_random_below(random, 2000));
    a_store(&c.stop, told, release);
    if (ours)
        wal_shutdown(c.ours);
    else
        as_written_shutdown(c.written);
    const uint64_t before = a_load(&c.accepted, acquire);
    a_store(&c.stop, true, release);
    while (!ours && a_load(&c.left, relaxed) < 4) {
        as_written_rescue(c.written, true); /* nobody drains: who waits for room waits for ever */
        usleep(20);
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    if (ours)
        wal_close(c.ours);
    else
        as_written_close(c.written);
    error = wal_file_read(path, &found, NULL, NULL);
    if (error)
        study_fail(s, "%s: %s", path, strerror(error));
    unlink(path);
    *accepted += (double)before;
    *lost += before > found.records ? (double)(before - found.records) : 0;
}

static void measure_shutdown(const struct study_run *run, const struct study_cell *cell,
                             struct study_sample *s)
{
    struct commit_setup setup;
    struct stats_random random;
    char path[600];
    double lost = 0, accepted = 0, with_loss = 0;
    stats_random_seed(&random, study_seed(run));
    setup_make(&setup, run);
    snprintf(path, sizeof path, "%s.closing", setup.path);
    for (unsigned i = 0; i < (unsigned)cell->number[0] && !s->error[0]; i++) {
        const double before = lost;
        close_once(path, cell->flags & 1, cell->flags & 2, &random, &lost, &accepted, s);
        with_loss += lost > before;
    }
    study_put(s, "shutdowns", cell->number[0]);
    study_put(s, "accepted", accepted);
    study_put(s, "accepted_not_written", lost);
    study_put(s, "shutdowns_with_loss", with_loss);
}

/* ---- cells ----------------------------------------------------------------------------------- */

void failures_cells(struct cells *c, const struct study_run *run)
{
    static const char *const kinds[] = {"kill -9", "kill -9, refused writes, failed syncs",
                                        "power cut, simulated"};
    for (unsigned k = CRASH_KILL; k <= CRASH_POWER; k++) {
        struct study_cell *const cell = cells_add(c, "crash", kinds[k], measure_crashes);
        const double points = study_number(run, "kill-points");
        snprintf(cell->setting, sizeof cell->setting, "4 writers, %s",
                 commit_filesystem(setup_base(run)));
        cell->flags = k;
        cell->number[0] = points;
        cell->rounds = 1;
        cell->limit_s = 60 + points * 0.5;
    }
    for (unsigned flags = 0; flags < 4; flags++) {
        const char *const variant = flags & 1 ? "ours" : "as written";
        struct study_cell *cell = cells_add(c, "errors", variant, measure_errors);
        snprintf(cell->setting, sizeof cell->setting, "8 writers, %s",
                 flags & 2 ? "a sync fails (EIO)" : "a write is refused (ENOSPC)");
        cell->flags = flags;
        cell->rounds = study_quick(run) ? 1 : 3;
        cell = cells_add(c, "shutdown", variant, measure_shutdown);
        snprintf(cell->setting, sizeof cell->setting, "4 appenders, %s",
                 flags & 2 ? "told to stop as it begins" : "not told");
        cell->flags = flags;
        cell->number[0] = study_quick(run) ? 40 : 200;
        cell->rounds = study_quick(run) ? 1 : 3;
    }
}
