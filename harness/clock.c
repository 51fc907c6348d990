/* clock.c: chooses the clock of clock.h and measures it.
 *
 * The time-stamp counter of an x86-64 is trusted when all of this holds:
 *
 *   rate     CPUID 80000007h EDX bit 8: it ticks at one rate and never stops; and rdtscp exists
 *   kernel   the kernel's clocksource is "tsc": it has checked the counters of all processors
 *            against each other. Virtual machines often keep kvm-clock or hyperv, which are made
 *            from the same counter: there the hypervisor's CPUID promise is enough
 *   measured no exchange between two processors shows a counter behind one that was read earlier
 *
 * Otherwise CLOCK_MONOTONIC. On ARM the generic timer has a constant rate by architecture. The
 * environment's QUEUELAB_CLOCK=monotonic refuses the counter. */
#include "harness/clock.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "queues/memory.h"
#include "queues/wait.h"

bool clock_is_tsc = false;

static struct clock_card card = {.source = "monotonic", .ticks_per_ns = 1};

double clock_ns(uint64_t ticks) { return (double)ticks / card.ticks_per_ns; }

uint64_t clock_from_ns(double ns)
{
    const double ticks = ns * card.ticks_per_ns;
    if (!(ticks > 0))
        return 0;
    return ticks >= 0x1p64 ? UINT64_MAX : (uint64_t)ticks;
}

/* ---- may the counter be used? -------------------------------------------------------------- */

#if defined(__x86_64__)
static bool kernel_uses_tsc(void)
{
    char name[32] = "";
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (!f)
        return false;
    if (!fgets(name, sizeof name, f))
        name[0] = 0;
    fclose(f);
    return strcmp(name, "tsc\n") == 0;
}

static bool counter_promised(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(d & 1u << 27)) /* rdtscp */
        return false;
    if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1u << 8))
        return false;
    const bool virtual_machine = __get_cpuid(1, &a, &b, &c, &d) && c & 1u << 31;
    return virtual_machine || kernel_uses_tsc();
}
#define COUNTER "tsc"
#elif defined(__aarch64__)
static bool counter_promised(void) { return true; }
#define COUNTER "cntvct"
#else
static bool counter_promised(void) { return false; }
#define COUNTER "monotonic"
#endif

static bool counter_wanted(void)
{
    const char *wish = getenv("QUEUELAB_CLOCK");
    if (!wish || !*wish || strcmp(wish, "auto") == 0)
        return true;
    if (strcmp(wish, "monotonic") != 0)
        fprintf(stderr, "queuelab: QUEUELAB_CLOCK is '%s': say auto or monotonic; using auto\n",
                wish);
    return strcmp(wish, "monotonic") != 0;
}

/* ---- offset between two processors ---------------------------------------------------------- *
 * One thread reads its clock and hands over, the other reads its own and hands back, the first
 * reads again:  t1 < t2 < t3 in true time, so  t2 - t3 < offset < t2 - t1.  Over many exchanges the
 * tightest of each side count. A preempted thread makes an exchange loose, never wrong. */

enum { EXCHANGES = 2000, EXCHANGE_NS = 8000000, TIGHT = 500 };

struct exchange {
    alignas(Q_LINE) atomic(uint64_t) turn; /* odd: the far side's; UINT64_MAX: over */
    uint64_t far_ticks;                    /* handed over with turn */
    alignas(Q_LINE) int64_t low, high;     /* bounds of far - near, in ticks */
    uint64_t done;
};

static void *exchange_far(void *arg)
{
    struct exchange *const x = arg;
    for (uint64_t turn = 1;; turn += 2) {
        uint64_t now;
        for (unsigned looks = 0, spins = 0; (now = a_load(&x->turn, acquire)) < turn;)
            if (++looks > TIGHT) /* a pause would loosen the bound */
                q_relax(&spins);
        if (now == UINT64_MAX)
            return NULL;
        x->far_ticks = clock_ticks_fenced();
        a_store(&x->turn, turn + 1, release);
    }
}

static void *exchange_near(void *arg)
{
    struct exchange *const x = arg;
    const uint64_t deadline = clock_monotonic_ns() + EXCHANGE_NS;
    for (uint64_t turn = 1; x->done < EXCHANGES && clock_monotonic_ns() < deadline; turn += 2) {
        const uint64_t before = clock_ticks_fenced();
        a_store(&x->turn, turn, release);
        for (unsigned looks = 0, spins = 0; a_load(&x->turn, acquire) == turn;)
            if (++looks > TIGHT)
                q_relax(&spins);
        const uint64_t after = clock_ticks_fenced();
        const int64_t low = (int64_t)(x->far_ticks - after);
        const int64_t high = (int64_t)(x->far_ticks - before);
        x->low = x->done && x->low > low ? x->low : low;
        x->high = x->done && x->high < high ? x->high : high;
        x->done++;
    }
    a_store(&x->turn, UINT64_MAX, release);
    return NULL;
}

static int start_on(pthread_t *thread, int cpu, void *(*run)(void *), void *arg)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);
    if (error)
        return error;
    error = pthread_attr_setaffinity_np(&attr, sizeof set, &set);
    if (!error)
        error = pthread_create(thread, &attr, run, arg);
    pthread_attr_destroy(&attr);
    return error;
}

/* The first and the last usable processor: on most machines as far apart as two can be. False when
 * their counters contradict each other. */
static bool compare_processors(void)
{
    cpu_set_t usable;
    int first = -1, last = -1;
    card.cross_cpu_ns = 0;
    if (sched_getaffinity(0, sizeof usable, &usable))
        return true;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &usable)) {
            first = first < 0 ? cpu : first;
            last = cpu;
        }
    if (first == last)
        return true;

    struct exchange x = {.done = 0};
    a_init(&x.turn, 0);
    pthread_t near, far;
    if (start_on(&far, last, exchange_far, &x))
        return true;
    if (start_on(&near, first, exchange_near, &x))
        a_store(&x.turn, UINT64_MAX, release);
    else
        pthread_join(near, NULL);
    pthread_join(far, NULL);
    if (x.done == 0)
        return true;
    card.cross_cpu_ns = fmax(fabs((double)x.low), fabs((double)x.high)) / card.ticks_per_ns;
    return x.low <= 0 && x.high >= 0;
}

/* ---- rate, cost, resolution ------------------------------------------------------------------ */

struct instant {
    uint64_t ticks, ns;
};

/* Both clocks at one instant: the tightest of some readings of one between two of the other. */
static struct instant both_clocks(void)
{
    struct instant best = {0, 0};
    uint64_t width = UINT64_MAX;
    for (int i = 0; i < 32; i++) {
        struct timespec t;
        const uint64_t before = clock_ticks_fenced();
        clock_gettime(CLOCK_MONOTONIC_RAW, &t);
        const uint64_t after = clock_ticks_fenced();
        if (after - before < width) {
            width = after - before;
            best.ticks = before + width / 2;
            best.ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
        }
    }
    return best;
}

static double rate(struct instant from, struct instant to)
{
    return (double)(to.ticks - from.ticks) / (double)(to.ns - from.ns);
}

static void calibrate(void)
{
    enum { WINDOWS = 5 };
    const struct timespec window = {.tv_nsec = 8000000};
    struct instant at[WINDOWS + 1];
    double slowest = INFINITY, fastest = 0;
    at[0] = both_clocks();
    for (int i = 1; i <= WINDOWS; i++) {
        nanosleep(&window, NULL); /* the counters go on without us */
        at[i] = both_clocks();
        slowest = fmin(slowest, rate(at[i - 1], at[i]));
        fastest = fmax(fastest, rate(at[i - 1], at[i]));
    }
    const double whole = rate(at[0], at[WINDOWS]);
    card.calibration_ppm = (fastest - slowest) / whole * 1e6;
    card.ticks_per_ns = clock_is_tsc ? whole : 1; /* CLOCK_MONOTONIC counts nanoseconds */
}

static int ascending(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void measure_reading(void)
{
    enum { READINGS = 2000 };
    static uint64_t step[READINGS];
    for (int pass = 0; pass < 2; pass++) { /* the first one warms up */
        uint64_t last = clock_ticks_fenced();
        for (int i = 0; i < READINGS; i++) {
            const uint64_t now = clock_ticks_fenced();
            step[i] = now - last;
            last = now;
        }
    }
    qsort(step, READINGS, sizeof *step, ascending);
    card.cost_ns = clock_ns(step[READINGS / 2]);
    /* No two readings can be nearer than the cost, but two intervals can: what they differ by is
     * what the counter moves in. */
    uint64_t least = step[0];
    for (int i = 1; i < READINGS; i++)
        if (step[i] > step[i - 1] && (least == 0 || step[i] - step[i - 1] < least))
            least = step[i] - step[i - 1];
    card.resolution_ns = clock_ns(least);
}

const struct clock_card *clock_calibrate(void)
{
    static bool done = false;
    if (done)
        return &card;
    done = true;
    clock_is_tsc = counter_wanted() && counter_promised();
    calibrate();
    if (!compare_processors() && clock_is_tsc) { /* promised, but not so */
        clock_is_tsc = false;
        calibrate();
        compare_processors();
    }
    card.source = clock_is_tsc ? COUNTER : "monotonic";
    card.invariant = clock_is_tsc; /* a counter that is not was refused */
    measure_reading();
    return &card;
}
