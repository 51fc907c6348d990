/* pause.h: spinning and giving way, for C and C++. Sleeping is in wait.h.
 *
 *   q_relax(&spins)     between two looks at something another thread will change: pauses, then
 *                       yields the processor (on few cores the other thread may need it)
 *   q_backoff(&step)    after a lost compare-and-swap: pauses a quarter of Q_BACKOFF_MAX, then longer
 *                       each time, up to Q_BACKOFF_MAX. The first one must outlast the winner's next
 *                       operation, so that it finds the line still its own; what the loser pays in
 *                       tails, and the winner in fairness, every full run measures (REPORT.md, "The
 *                       frontier of the back-off"). 0: no pause. Why 64, and how to take another:
 *                       docs/INTERFACE.md
 *   await_while (cond) q_relax(&spins);     a loop that changes nothing but waits */
#ifndef QUEUES_PAUSE_H
#define QUEUES_PAUSE_H

#include <sched.h>
#include <stdint.h>
#include <time.h>

#ifndef Q_BACKOFF_MAX
#define Q_BACKOFF_MAX 64 /* pauses; recorded with every measurement */
#endif
#define Q_SPINS_MAX 64 /* pauses before yielding */
#define Q_YIELDS    4  /* yields before parking */
#define Q_FOREVER   UINT64_MAX

static inline void a_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline void q_relax(unsigned *spins)
{
    if (*spins < Q_SPINS_MAX) {
        ++*spins;
        a_pause();
    } else {
        sched_yield();
    }
}

static inline void q_backoff(unsigned *step)
{
    if (*step == 0)
        *step = Q_BACKOFF_MAX / 4 > 1 ? Q_BACKOFF_MAX / 4 : 1;
    for (unsigned i = 0; i < *step && i < Q_BACKOFF_MAX; i++)
        a_pause();
    if (*step < Q_BACKOFF_MAX)
        *step *= 2;
}

#define await_while(cond) while (cond)

/* Nanoseconds since some fixed instant; q_deadline adds without passing Q_FOREVER. */
static inline uint64_t q_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t q_deadline(uint64_t timeout_ns)
{
    if (timeout_ns == Q_FOREVER)
        return Q_FOREVER;
    const uint64_t now = q_now_ns();
    return timeout_ns > Q_FOREVER - 1 - now ? Q_FOREVER - 1 : now + timeout_ns;
}

#endif
