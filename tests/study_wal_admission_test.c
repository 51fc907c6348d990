/* study_wal_admission_test.c: the log of studies/wal_admission: its bounds, its errors, its shutdown, and
 * the document's beside it. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "studies/wal_admission/systems.h"
#include "tests/scale.h"

static char directory[] = "/tmp/study_wal_admission_test.XXXXXX";
static char path[64];

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/wal.log", directory);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return rmdir(directory); /* nothing was left behind */
}

/* ---- bounds ----------------------------------------------------------------------------------- */

/* A device whose sync waits until it is told to go on. */
struct gate {
    struct wal_io io;
    atomic(bool) shut;
};
static int gate_write(struct wal_io *io, int fd, const void *bytes, size_t n, uint64_t at)
{
    (void)io;
    return wal_disk.write(&wal_disk, fd, bytes, n, at);
}
static int gate_sync(struct wal_io *io, int fd)
{
    (void)fd;
    while (a_load(&((struct gate *)io)->shut, acquire))
        usleep(100);
    return 0;
}
static int gate_cut(struct wal_io *io, int fd, uint64_t size)
{
    (void)io;
    return wal_disk.cut(&wal_disk, fd, size);
}

static void bounds_are_kept(void **state)
{
    (void)state;
    static const char *const queues[] = {"list_mpsc", "array_mpmc", "segment_ring"};
    for (size_t q = 0; q < 3; q++) {
        struct gate gate = {.io = {gate_write, gate_sync, gate_cut, NULL}};
        struct wal_entry e[6] = {0};
        struct wal *log;
        struct wal_handle *h;
        const struct wal_config c = {.path = path,
                                     .io = &gate.io,
                                     .queue = queues[q],
                                     .max_queue_size = 4,
                                     .max_queue_bytes = 100,
                                     .group_bytes = 200,
                                     .who = WAL_FLUSHER,
                                     .hold = true};
        static const char bytes[400];
        assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), 0);
        assert_int_equal(wal_attach(log, &h), 0);
        a_store(&gate.shut, true, release);
        for (unsigned i = 0; i < 6; i++)
            e[i] = (struct wal_entry){.bytes = bytes, .length = 10};
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(wal_append(h, &e[i], 0), 0);
        assert_int_equal(wal_append(h, &e[4], 0), EAGAIN);
        assert_int_equal(wal_append(h, &e[4], 2000000), EAGAIN); /* 2 ms */
        assert_int_equal(wal_depth(log).entries, 4);
        assert_int_equal(wal_depth(log).bytes, 40);
        a_store(&gate.shut, false, release);
        assert_int_equal(wal_append(h, &e[4], Q_FOREVER), 0);
        for (unsigned i = 0; i < 5; i++)
            assert_int_equal(wal_wait(h, &e[i]), 0);
        assert_int_equal(e[4].lsn, 5);

        a_store(&gate.shut, true, release);
        e[0] = (struct wal_entry){.bytes = bytes, .length = 70};
        e[1] = (struct wal_entry){.bytes = bytes, .length = 31};
        e[2] = (struct wal_entry){.bytes = bytes, .length = 30};
        assert_int_equal(wal_append(h, &e[0], Q_FOREVER), 0);
        assert_int_equal(wal_append(h, &e[1], 0), EAGAIN); /* 101 bytes */
        assert_int_equal(wal_append(h, &e[2], 0), 0);
        e[3] = (struct wal_entry){.bytes = bytes, .length = 101};
        assert_int_equal(wal_append(h, &e[3], 0), EMSGSIZE);
        a_store(&gate.shut, false, release);
        assert_int_equal(wal_wait(h, &e[0]), 0);
        assert_int_equal(wal_wait(h, &e[2]), 0);

        wal_shutdown(log);
        assert_int_equal(wal_append(h, &e[0], Q_FOREVER), ESHUTDOWN);
        assert_int_equal(wal_depth(log).entries, 0);
        struct wal_metrics m;
        wal_detach(h);
        wal_metrics(log, &m);
        assert_int_equal(m.admitted, 7);
        assert_int_equal(m.entries, 7);
        assert_int_equal(m.refused, 3);
        assert_int_equal(m.failed, 0);
        wal_close(log);
        unlink(path);
    }
}

/* ---- many threads ----------------------------------------------------------------------------- */

struct crowd {
    struct wal *log;
    unsigned each;
    atomic(unsigned) good, bad;
};

static void *commit_some(void *arg)
{
    struct crowd *const c = arg;
    struct wal_handle *h;
    assert_int_equal(wal_attach(c->log, &h), 0);
    for (unsigned i = 0; i < c->each; i++)
        if (wal_commit(h, &i, sizeof i) == 0)
            a_add(&c->good, 1, relaxed);
        else
            a_add(&c->bad, 1, relaxed);
    wal_detach(h);
    return NULL;
}

static void run_crowd(struct crowd *c, const struct wal_config *config, unsigned threads)
{
    pthread_t t[16];
    assert_int_equal(wal_open(&c->log, config, NULL, NULL, NULL), 0);
    for (unsigned i = 0; i < threads; i++)
        assert_int_equal(pthread_create(&t[i], NULL, commit_some, c), 0);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(wal_depth(c->log).entries, 0); /* all room was given back */
    assert_int_equal(wal_depth(c->log).bytes, 0);
    wal_shutdown(c->log);
}

static void every_commit_ends_and_is_there(void **state)
{
    (void)state;
    for (unsigned who = 0; who < 2; who++)
        for (unsigned room = 1; room <= 100; room *= 10) {
            struct device_slow device;
            struct crowd c = {.each = (unsigned)scaled(1000, 20)};
            struct wal_found found;
            struct wal_metrics m;
            device_slow(&device, 1000);
            const struct wal_config config = {.path = path,
                                              .io = &device.io,
                                              .max_queue_size = room,
                                              .who = who ? WAL_FLUSHER : WAL_COMMITTERS,
                                              .hold = room == 10};
            run_crowd(&c, &config, 8);
            wal_metrics(c.log, &m);
            wal_close(c.log);
            assert_int_equal(a_load(&c.good, relaxed), 8 * c.each);
            assert_int_equal(m.entries, 8 * c.each);
            assert_int_equal(m.admitted, 8 * c.each);
            assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
            assert_int_equal(found.records, 8 * c.each);
            unlink(path);
        }
}

/* Every so often a write is refused: each commit gets an answer, and the log has the good ones. */
static void refused_writes_reach_their_writers(void **state)
{
    (void)state;
    for (unsigned who = 0; who < 2; who++) {
        struct device_faulty device;
        struct crowd c = {.each = (unsigned)scaled(1000, 20)};
        struct wal_found found;
        device_faulty(&device);
        device.write_fails = 5;
        device.write_again = 3;
        device.sync_ns = 1000;
        const struct wal_config config = {.path = path,
                                          .io = &device.io,
                                          .max_queue_size = 3,
                                          .who = who ? WAL_FLUSHER : WAL_COMMITTERS,
                                          .hold = who};
        run_crowd(&c, &config, 8);
        wal_close(c.log);
        assert_int_equal(a_load(&c.good, relaxed) + a_load(&c.bad, relaxed), 8 * c.each);
        assert_true(a_load(&c.bad, relaxed) > 0);
        assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
        assert_int_equal(found.records, a_load(&c.good, relaxed));
        unlink(path);
    }
}

/* Half of a refused group is in the file for a moment: whole records, which must not be found. */
static void what_was_refused_is_cut_off(void **state)
{
    (void)state;
    struct device_faulty device;
    struct wal_entry e[6];
    struct wal *log;
    struct wal_handle *h;
    struct wal_found found;
    device_faulty(&device);
    device.write_fails = 2; /* the first one after the header */
    const struct wal_config c = {
        .path = path, .io = &device.io, .flush_interval_ns = 100000000, .who = WAL_FLUSHER};
    assert_int_equal(wal_open(&log, &c, NULL, NULL, NULL), 0);
    assert_int_equal(wal_attach(log, &h), 0);
    for (unsigned i = 0; i < 6; i++) {
        e[i] = (struct wal_entry){.bytes = "refused", .length = 7};
        assert_int_equal(wal_append(h, &e[i], Q_FOREVER), 0);
    }
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(wal_wait(h, &e[i]), ENOSPC);
    assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
    assert_int_equal(found.records, 0);
    assert_int_equal(found.cut_bytes, 0);
    assert_int_equal(wal_commit(h, "taken", 5), 0);
    wal_detach(h);
    wal_shutdown(log);
    wal_close(log);
    assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
    assert_int_equal(found.records, 1);
    unlink(path);
}

/* A failed sync: nothing is acknowledged any more, until the log was opened again. */
static void a_failed_sync_breaks_the_log(void **state)
{
    (void)state;
    struct device_faulty device;
    struct crowd c = {.each = 50};
    struct wal_found found;
    device_faulty(&device);
    device.sync_fails = 12;
    device.sync_ns = 1000;
    const struct wal_config config = {.path = path, .io = &device.io};
    run_crowd(&c, &config, 4);
    wal_close(c.log);
    const unsigned good = a_load(&c.good, relaxed);
    assert_int_equal(good + a_load(&c.bad, relaxed), 200);
    assert_true(good > 0 && good < 200);
    assert_int_equal(a_load(&device.syncs, relaxed), 12); /* it was not tried again */
    assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
    assert_true(found.records >= good);
    struct crowd again = {.each = 10};
    run_crowd(&again, &(struct wal_config){.path = path}, 2);
    wal_close(again.log);
    assert_int_equal(a_load(&again.good, relaxed), 20);
    unlink(path);
}

/* The kernel's own refusal. In a process of its own: the limit stays. */
static void a_full_disk_is_survived(void **state)
{
    (void)state;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const struct rlimit limit = {20000, 20000};
        struct wal *log;
        struct wal_handle *h;
        char bytes[500] = {1};
        unsigned good = 0, bad = 0;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        const struct wal_config c = {.path = path, .ahead = 1 << 16};
        if (wal_open(&log, &c, NULL, NULL, NULL) != 0 || wal_attach(log, &h) != 0)
            _exit(100);
        for (unsigned i = 0; i < 60; i++) {
            const int error = wal_commit(h, bytes, sizeof bytes);
            good += error == 0;
            bad += error == EFBIG;
        }
        const bool small = wal_commit(h, bytes, 10) == 0; /* there is room for a smaller one */
        wal_detach(h);
        wal_shutdown(log);
        wal_close(log);
        _exit(good + bad == 60 && small ? (int)good : 101);
    }
    int status;
    struct wal_found found;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
    assert_int_equal(WEXITSTATUS(status), (20000 - WAL_HEADER) / (500 + WAL_RECORD));
    assert_int_equal(found.records, WEXITSTATUS(status) + 1);
    unlink(path);
}

/* Space that is reserved reads as zeroes and is no record; where it cannot be reserved, the file grows. */
static unsigned asked;
static int refuse_to_reserve(struct wal_io *io, int fd, uint64_t at, uint64_t n)
{
    (void)io, (void)fd, (void)at, (void)n;
    asked++;
    return EOPNOTSUPP;
}

static int reserve(struct wal_io *io, int fd, uint64_t at, uint64_t n)
{
    asked++;
    return wal_disk_reserving.reserve(io, fd, at, n);
}

static void space_is_reserved_ahead(void **state)
{
    (void)state;
    struct wal_io reserving = wal_disk_reserving, refusing = wal_disk_reserving;
    struct wal_io *const ios[] = {&reserving, &refusing, &wal_disk};
    const off_t ahead = 1 << 20;
    reserving.reserve = reserve;
    refusing.reserve = refuse_to_reserve;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned times = 1; times <= 2; times++) { /* opened, and opened again */
            const struct wal_config config = {.path = path, .io = ios[i], .ahead = (uint64_t)ahead};
            struct crowd c = {.each = 100};
            struct wal_found found;
            struct stat s;
            asked = 0;
            run_crowd(&c, &config, 2);
            wal_close(c.log);
            assert_int_equal(asked, i == 2 || (i == 0 && times == 2) ? 0 : 1);
            assert_int_equal(a_load(&c.good, relaxed), 200);
            assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
            assert_int_equal(found.records, times * 200);
            assert_int_equal(found.cut_bytes, 0);
            assert_int_equal(stat(path, &s), 0);
            assert_true(i == 1 ? (uint64_t)s.st_size == found.end : s.st_size == ahead);
            assert_true(i == 1 || s.st_blocks * 512 >= ahead); /* no hole */
            if (times == 2)
                unlink(path);
        }
}

/* Those who append while it closes get an answer, and what was accepted is in the file. */
static void *append_until_refused(void *arg)
{
    struct crowd *const c = arg;
    struct wal_handle *h;
    struct wal_entry *const e = calloc(c->each, sizeof *e);
    unsigned n = 0;
    assert_non_null(e);
    assert_int_equal(wal_attach(c->log, &h), 0);
    for (; n < c->each; n++) {
        e[n] = (struct wal_entry){.bytes = &e[n].length, .length = 4};
        const int error = wal_append(h, &e[n], Q_FOREVER);
        if (error) {
            assert_int_equal(error, ESHUTDOWN);
            break;
        }
    }
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(wal_wait(h, &e[i]), 0);
    a_add(&c->good, n, relaxed);
    wal_detach(h);
    free(e);
    return NULL;
}

static void shutdown_writes_what_was_admitted(void **state)
{
    (void)state;
    const unsigned rounds = (unsigned)scaled(100, 5);
    for (unsigned i = 0; i < rounds; i++) {
        struct device_slow device;
        struct crowd c = {.each = 3000};
        struct wal_found found;
        pthread_t t[4];
        device_slow(&device, 1000);
        const struct wal_config config = {
            .path = path, .io = &device.io, .max_queue_size = 1 + i % 7, .who = i & 1};
        assert_int_equal(wal_open(&c.log, &config, NULL, NULL, NULL), 0);
        for (unsigned k = 0; k < 4; k++)
            assert_int_equal(pthread_create(&t[k], NULL, append_until_refused, &c), 0);
        usleep(i * 37 % 1000);
        wal_shutdown(c.log);
        assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0); /* all of it, already */
        for (unsigned k = 0; k < 4; k++)
            pthread_join(t[k], NULL);
        wal_close(c.log);
        assert_int_equal(found.records, a_load(&c.good, relaxed));
        unlink(path);
    }
}

/* ---- the document's --------------------------------------------------------------------------- */

static void the_documents_log_commits_and_hangs(void **state)
{
    (void)state;
    struct device_faulty device;
    struct as_written *log;
    struct as_written_handle *h;
    struct wal_found found;
    device_faulty(&device);
    device.sync_ns = 1000;
    device.write_fails = 5; /* the header and three commits go well */
    const struct as_written_config c = {.log = {.path = path, .io = &device.io}};
    assert_int_equal(as_written_open(&log, &c), 0);
    assert_int_equal(as_written_attach(log, &h), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(as_written_append(h, &i, sizeof i), 0);
        assert_int_equal(as_written_flush(h), 0);
    }
    assert_int_equal(as_written_append(h, "lost", 4), 0);
    while (a_load(&device.failed, acquire) == 0)
        usleep(1000);
    as_written_rescue(log, true);
    assert_int_equal(as_written_flush(h), ECANCELED); /* else: never */
    assert_int_equal(as_written_pending(log), 1);
    as_written_detach(h);
    as_written_shutdown(log);
    as_written_close(log);
    assert_int_equal(wal_file_read(path, &found, NULL, NULL), 0);
    assert_int_equal(found.records, 3);
    unlink(path);
}

static void every_system_commits(void **state)
{
    (void)state;
    const struct commit_system *const systems[] = {
        &commit_leaders,       &commit_leaders_growing, &commit_flusher,
        &commit_written_100us, &commit_written_1ms,     &commit_each,
    };
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
        struct commit_setup setup = {.sync_ns = 100000, .ahead = 1 << 16, .payload = 100};
        struct study_sample s = {.n = 0};
        snprintf(setup.path, sizeof setup.path, "%s/system", directory);
        commit_closed_loop(systems[i], &setup, 3, 0.05, &s);
        assert_string_equal(s.error, "");
        unsigned k = 0;
        while (k < s.n && strcmp(s.metric[k].name, "most_ns") != 0)
            k++;
        assert_true(k < s.n && s.metric[k].value > 0); /* somebody got an answer */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(every_commit_ends_and_is_there),
        cmocka_unit_test(refused_writes_reach_their_writers),
        cmocka_unit_test(what_was_refused_is_cut_off),
        cmocka_unit_test(a_failed_sync_breaks_the_log),
        cmocka_unit_test(a_full_disk_is_survived),
        cmocka_unit_test(space_is_reserved_ahead),
        cmocka_unit_test(shutdown_writes_what_was_admitted),
        cmocka_unit_test(the_documents_log_commits_and_hangs),
        cmocka_unit_test(every_system_commits),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
