/* crash.c: see crash.h. */
#include "studies/wal_admission/crash.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "studies/wal_admission/device.h"
#include "studies/wal_admission/wal.h"

enum { WRITERS = 4, EACH_MOST = 1 << 16, PAYLOAD_MOST = 700, POINTS_OF_A_FILE = 20 };

/* An answer on its way to the parent, and the beginning of an entry's bytes. */
struct answer {
    uint32_t point;
    uint16_t writer;
    uint16_t refused; /* else acknowledged */
    uint64_t number;  /* of this writer since the last crash, from 0 */
};

/* What is known of the entries since the last crash. */
struct book {
    unsigned char state[WRITERS][EACH_MOST];
    uint64_t next[WRITERS]; /* in the order of the log */
    uint32_t point;
    uint64_t older; /* records of earlier points */
    struct crash_result *result;
};
enum { ACKNOWLEDGED = 1, REFUSED = 2, FOUND = 4 };

/* ---- entries --------------------------------------------------------------------------------- */

/* The bytes follow from the name, their number too. */
static uint32_t make_entry(unsigned char *bytes, uint32_t point, unsigned writer, uint64_t number)
{
    const struct answer name = {.point = point, .writer = (uint16_t)writer, .number = number};
    struct stats_random random;
    stats_random_seed(&random, (uint64_t)point << 40 ^ (uint64_t)writer << 32 ^ number);
    const uint32_t length =
        sizeof name + (uint32_t)stats_random_below(&random, PAYLOAD_MOST - sizeof name);
    memcpy(bytes, &name, sizeof name);
    for (uint32_t i = sizeof name; i < length; i++)
        bytes[i] = (unsigned char)stats_random_next(&random);
    return length;
}

static void check_record(void *arg, uint64_t lsn, const void *bytes, uint32_t length)
{
    struct book *const b = arg;
    unsigned char expected[PAYLOAD_MOST];
    struct answer name;
    (void)lsn;
    b->result->recovered++;
    if (length < sizeof name || length > PAYLOAD_MOST) {
        b->result->wrong++;
        return;
    }
    memcpy(&name, bytes, sizeof name);
    if (name.writer >= WRITERS || name.number >= EACH_MOST || name.point > b->point ||
        make_entry(expected, name.point, name.writer, name.number) != length ||
        memcmp(expected, bytes, length) != 0) {
        b->result->wrong++;
        return;
    }
    if (name.point < b->point) {
        b->older++;
        return;
    }
    unsigned char *const state = &b->state[name.writer][name.number];
    if (*state & FOUND || name.number < b->next[name.writer])
        b->result->wrong++;
    *state |= FOUND;
    b->next[name.writer] = name.number + 1;
}

static void take_answer(struct book *b, const struct answer *a)
{
    b->state[a->writer][a->number] |= a->refused ? REFUSED : ACKNOWLEDGED;
    b->result->acknowledged += !a->refused;
    b->result->refused += a->refused;
}

/* Reads the log after a crash. `older` records have survived earlier ones. */
static int compare(struct book *b, const char *path, uint64_t *older)
{
    struct wal_found found = {0};
    struct crash_result *const r = b->result;
    const int error = wal_file_read(path, &found, check_record, b);
    bool any = false;
    if (error && error != ENOENT && error != ENODATA && error != EINVAL)
        return error; /* those three: it died while the log was being made */
    for (unsigned w = 0; w < WRITERS; w++)
        for (unsigned i = 0; i < EACH_MOST; i++) {
            const unsigned char state = b->state[w][i];
            any |= state & ACKNOWLEDGED;
            r->lost_acknowledged += (state & ACKNOWLEDGED) && !(state & FOUND);
            r->refused_found += (state & REFUSED) && (state & FOUND);
        }
    if (b->older < *older)
        r->lost_acknowledged += *older - b->older;
    *older = found.records;
    r->torn_tails += found.cut_bytes > 0;
    r->with_answers += any;
    r->points++;
    return 0;
}

/* ---- committers ------------------------------------------------------------------------------ */

struct team {
    struct wal *log;
    uint32_t point;
    int to;            /* answers go through this pipe, or, -1, into the book */
    struct book *book; /* each writer has lines of its own */
    pthread_mutex_t lock;
    int spoil;
    atomic(bool) stop;
};
struct member {
    struct team *team;
    unsigned number;
};

static void answer(struct team *t, unsigned writer, uint64_t number, bool refused)
{
    const struct answer a = {t->point, (uint16_t)writer, refused, number};
    if (t->to >= 0) {
        if (write(t->to, &a, sizeof a) != sizeof a) /* atomic: less than PIPE_BUF */
            _exit(1);
        return;
    }
    pthread_mutex_lock(&t->lock);
    take_answer(t->book, &a);
    pthread_mutex_unlock(&t->lock);
}

static void *commit_on(void *arg)
{
    const struct member *const m = arg;
    struct team *const t = m->team;
    unsigned char bytes[PAYLOAD_MOST];
    struct wal_handle *h;
    if (wal_attach(t->log, &h) != 0)
        return NULL;
    for (uint64_t i = 0; i < EACH_MOST && !a_load(&t->stop, relaxed); i++) {
        const uint32_t length = make_entry(bytes, t->point, m->number, i);
        if (t->spoil == 2)
            answer(t, m->number, i, false);
        const int error = wal_commit(h, bytes, length);
        if (error == 0 && t->spoil != 2)
            answer(t, m->number, i, false);
        else if (error == ENOSPC || error == EFBIG)
            answer(t, m->number, i, true);
        else if (error)
            break; /* the log is broken: nobody knows what became of this entry */
    }
    wal_detach(h);
    return NULL;
}

static int start_team(struct team *t, struct member *m, pthread_t *threads)
{
    for (unsigned i = 0; i < WRITERS; i++) {
        m[i] = (struct member){t, i};
        const int error = pthread_create(&threads[i], NULL, commit_on, &m[i]);
        if (error)
            return error;
    }
    return 0;
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

/* What fails in this life, and when. */
static void draw_faults(struct device_faulty *d, struct stats_random *random)
{
    const uint64_t which = stats_random_below(random, 3);
    if (which == 0) { /* no room from time to time */
        d->write_fails = 1 + stats_random_below(random, 20);
        d->write_again = 1 + stats_random_below(random, 10);
    } else if (which == 1) {
        d->sync_fails = 2 + stats_random_below(random, 60);
    } else { /* the kernel's own refusal, in the middle of a write */
        const rlim_t size = 4096 + stats_random_below(random, 200000);
        const struct rlimit limit = {size, size};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
    }
}

static void live(const struct crash_plan *plan, uint32_t point, uint64_t seed, int to)
{
    static struct device_faulty device;
    struct team t = {.point = point, .to = to, .spoil = plan->spoil};
    struct stats_random random;
    struct member m[WRITERS];
    pthread_t threads[WRITERS];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    stats_random_seed(&random, seed);
    device_faulty(&device);
    if (plan->spoil == 2)
        device.sync_ns = 5000000; /* time to die in */
    if (stats_random_below(&random, 2))
        device_faulty_reserves(&device);
    if (plan->kind == CRASH_FAULTS)
        draw_faults(&device, &random);
    const struct wal_config c = {
        .path = plan->path,
        .queue = plan->queue,
        .io = &device.io,
        .ahead = stats_random_below(&random, 2) ? 64 << 10 : 0,
        .max_queue_size = 1 + (size_t)stats_random_below(&random, 8),
        .who = stats_random_below(&random, 2) ? WAL_COMMITTERS : WAL_FLUSHER,
    };
    if (wal_open(&t.log, &c, NULL, NULL, NULL) != 0 || start_team(&t, m, threads) != 0)
        _exit(0); /* the device refused: the parent sees a log without answers */
    for (;;)
        pause();
}

/* Answers until the end of the pipe, or until this instant. */
static bool listen_until(int from, uint64_t deadline, struct book *b)
{
    struct answer a[256];
    for (;;) {
        const uint64_t now = clock_monotonic_ns();
        struct pollfd p = {.fd = from, .events = POLLIN};
        if (now >= deadline)
            return true;
        const uint64_t left = deadline - now;
        const struct timespec t = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
        if (ppoll(&p, 1, deadline == UINT64_MAX ? NULL : &t, NULL) <= 0)
            continue;
        const ssize_t n = read(from, a, sizeof a); /* whole answers: they are written so */
        for (ssize_t i = 0; i < n / (ssize_t)sizeof *a; i++)
            take_answer(b, &a[i]);
        if (n == 0)
            return false;
    }
}

static int kill_once(const struct crash_plan *plan, struct book *b, struct stats_random *random,
                     uint64_t *older)
{
    const double life = stats_random_unit(random) * plan->most_ms * 1e6;
    const uint64_t seed = stats_random_next(random);
    int pipes[2];
    if (pipe(pipes) != 0)
        return errno;
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        live(plan, b->point, seed, pipes[1]);
    }
    close(pipes[1]);
    if (pid < 0) {
        close(pipes[0]);
        return errno;
    }
    struct pollfd first = {.fd = pipes[0], .events = POLLIN};
    if (stats_random_below(random, 2)) /* half of them die while they start or recover */
        poll(&first, 1, 5000);
    listen_until(pipes[0], clock_monotonic_ns() + (uint64_t)life, b);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    listen_until(pipes[0], UINT64_MAX, b);
    close(pipes[0]);
    return compare(b, plan->path, older);
}

/* ---- the power ------------------------------------------------------------------------------- */

static int no_sync(struct wal_io *io, int fd)
{
    (void)io, (void)fd;
    return 0;
}

static int cut_once(const struct crash_plan *plan, struct book *b, struct stats_random *random)
{
    struct device_power *const device = malloc(sizeof *device);
    struct team t = {.point = b->point, .to = -1, .book = b, .spoil = plan->spoil};
    struct member m[WRITERS];
    pthread_t threads[WRITERS];
    uint64_t none = 0;
    if (!device)
        return ENOMEM;
    device_power(device, 1 + stats_random_below(random, 400), stats_random_next(random));
    if (stats_random_below(random, 2))
        device_power_reserves(device);
    if (plan->spoil == 1)
        device->io.sync = no_sync;
    const struct wal_config c = {
        .path = plan->path,
        .queue = plan->queue,
        .io = &device->io,
        .ahead = stats_random_below(random, 2) ? 64 << 10 : 0,
        .who = stats_random_below(random, 2) ? WAL_COMMITTERS : WAL_FLUSHER,
    };
    pthread_mutex_init(&t.lock, NULL);
    int error = wal_open(&t.log, &c, NULL, NULL, NULL);
    if (!error) {
        error = start_team(&t, m, threads);
        if (error) {
            free(device);
            return error; /* threads are left behind: the caller gives up */
        }
        for (unsigned i = 0; i < WRITERS; i++)
            pthread_join(threads[i], NULL);
        wal_shutdown(t.log);
        wal_close(t.log);
    } else if (error == EIO) {
        error = 0; /* it died while the log was being made */
    }
    unlink(plan->path);
    if (!error)
        error = device_power_save(device, plan->path);
    free(device);
    pthread_mutex_destroy(&t.lock);
    return error ? error : compare(b, plan->path, &none);
}

int crash_run(const struct crash_plan *plan, struct crash_result *result, char *why, size_t size)
{
    struct book *const b = malloc(sizeof *b);
    struct stats_random random;
    uint64_t older = 0;
    int error = b ? 0 : ENOMEM;
    *result = (struct crash_result){0};
    stats_random_seed(&random, plan->seed);
    for (unsigned point = 0; !error && point < plan->points; point++) {
        memset(b, 0, sizeof *b);
        b->point = point;
        b->result = result;
        if (point % POINTS_OF_A_FILE == 0 || plan->kind == CRASH_POWER) {
            unlink(plan->path);
            older = 0;
        }
        error = plan->kind == CRASH_POWER ? cut_once(plan, b, &random)
                                          : kill_once(plan, b, &random, &older);
        if (error)
            snprintf(why, size, "crash %u with %s: %s", point, plan->path, strerror(error));
    }
    unlink(plan->path);
    free(b);
    return error;
}
