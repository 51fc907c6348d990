/* stall.c: see stall.h. */
#include "harness/stall.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/sample.h"
#include "harness/stats.h"

static struct stall *current; /* for the handler; a process has one sample at a time */

static void sleep_ns(uint64_t ns)
{
    struct timespec left = {.tv_sec = (time_t)(ns / 1000000000u),
                            .tv_nsec = (long)(ns % 1000000000u)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static uint64_t done_by_others(const struct stall *s)
{
    uint64_t sum = 0;
    for (unsigned i = 1; i < s->size; i++)
        sum += a_load(&s->members[i].rounds, relaxed);
    return sum;
}

static uint64_t processor_ns(const struct member *m)
{
    struct timespec t = {0};
    clock_gettime(m->processor_time, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The letter of /proc/self/task/TID/stat behind the name in brackets. */
static bool sleeps(const struct member *m)
{
    char text[128];
    const ssize_t n = pread(m->stat_file, text, sizeof text - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    const char *const end = strrchr(text, ')');
    return end && end[1] && end[2] == 'S';
}

/* In a signal handler or not: nothing here but system calls. */
static void look(struct stall *s, unsigned kind)
{
    uint64_t had[STALL_MOST];
    const uint64_t begin = clock_monotonic_ns(), before = done_by_others(s);
    sleep_ns(STALL_NS / 2);
    for (unsigned i = 1; i < s->size; i++)
        had[i] = processor_ns(&s->members[i]);
    const uint64_t half = done_by_others(s);
    sleep_ns(STALL_NS / 2);
    const uint64_t after = done_by_others(s), ns = clock_monotonic_ns() - begin;
    bool starved = false;
    for (unsigned i = 1; i < s->size; i++)
        starved |= !sleeps(&s->members[i]) && processor_ns(&s->members[i]) - had[i] < STALL_NS / 16;
    s->seen[kind].starved += starved;
    if (starved)
        return;
    s->seen[kind].ns += ns;
    s->seen[kind].pairs += (after - before) * STALL_PAIRS;
    s->seen[kind].rests += after == half;
    s->seen[kind].windows++;
}

static void on_stop(int number)
{
    const int kept = errno;
    (void)number;
    look(current, STALL_STOPPED);
    a_add(&current->stops, 1, release);
    errno = kept;
}

void stall_work(struct stall *s, struct member *m)
{
    struct q_worker *const w = &m->worker;
    uint64_t start = 0;
    m->thread_id = (int)syscall(SYS_gettid);
    a_add(&s->working, 1, release);
    w->n = STALL_PAIRS;
    while (!a_load(&s->over, relaxed) && !__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
        m->kernel(w);
        a_add(&m->rounds, 1, relaxed);
        start = start ? start : w->start; /* of the first round: each writes its own */
    }
    w->start = start ? start : w->start;
}

void stall_direct(struct stall *s, uint64_t target_ns, uint64_t seed)
{
    const struct sigaction act = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct sigaction before;
    struct stats_random random;
    const uint64_t begin = clock_monotonic_ns(), patience = 1000000000,
                   last_ns = target_ns > STALL_LEAST_NS ? target_ns : STALL_LEAST_NS;
    current = s;
    sigaction(SIGUSR1, &act, &before);
    stats_random_seed(&random, seed);
    while (a_load(&s->working, acquire) < s->size)
        sleep_ns(100000);
    bool ready = s->size <= STALL_MOST;
    for (unsigned i = 0; i < s->size; i++) {
        struct member *const m = &s->members[i];
        char path[64];
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", m->thread_id);
        m->stat_file = open(path, O_RDONLY | O_CLOEXEC);
        ready &= m->stat_file >= 0 && pthread_getcpuclockid(m->thread, &m->processor_time) == 0;
    }
    for (uint64_t asked = 1; ready && clock_monotonic_ns() - begin < last_ns; asked++) {
        sleep_ns(100000 + stats_random_below(&random, 400000));
        look(s, STALL_FREE);
        sleep_ns(stats_random_below(&random, 100000));
        if (pthread_kill(s->members[0].thread, SIGUSR1) != 0)
            break;
        const uint64_t since = clock_monotonic_ns();
        while (a_load(&s->stops, acquire) < asked && clock_monotonic_ns() - since < patience)
            sleep_ns(STALL_NS / 4);
        if (a_load(&s->stops, acquire) < asked)
            break; /* it never ran: the sample says how often it did */
    }
    a_store(&s->over, true, relaxed);
    for (unsigned i = 0; i < s->size; i++)
        if (s->members[i].stat_file >= 0)
            close(s->members[i].stat_file);
}
