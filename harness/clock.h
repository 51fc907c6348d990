/* clock.h: the clock of the measured loops.
 *
 * Ticks are the processor's time-stamp counter where it is invariant (constant rate, never stops,
 * the same on all processors: CPUID says the first two, the kernel's clocksource vouches for the
 * third), the generic timer on ARM, else CLOCK_MONOTONIC nanoseconds.
 *
 *   clock_ticks()          cheap and unfenced: for spinning until an instant
 *   clock_ticks_fenced()   orders: everything before it has happened, nothing after it has begun.
 *                          A time stamp that is compared with one of another thread needs this,
 *                          or a correct queue appears to hand out items before they were pushed. */
#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct clock_card {
    const char *source;     /* "tsc", "cntvct" or "monotonic" */
    double ticks_per_ns;    /* calibrated against CLOCK_MONOTONIC_RAW */
    double calibration_ppm; /* disagreement of the calibrations, parts per million */
    double cost_ns;         /* of one fenced reading, median */
    double resolution_ns;   /* smallest step seen between two fenced readings */
    double cross_cpu_ns; /* bound on the offset between two processors, by ping-pong; 0 unknown */
    bool invariant;      /* false: frequency changes may bend it */
};

/* Measures the card (about 50 ms). Call once, before threads start; later calls are free. */
const struct clock_card *clock_calibrate(void);

extern bool clock_is_tsc; /* set by clock_calibrate; false until then */

static inline uint64_t clock_monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_is_tsc, 1))
        return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    if (__builtin_expect(clock_is_tsc, 1)) {
        uint64_t t;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
        return t;
    }
#endif
    return clock_monotonic_ns();
}

static inline uint64_t clock_ticks_fenced(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_is_tsc, 1)) {
        unsigned aux;
        __builtin_ia32_mfence();
        const uint64_t t = __builtin_ia32_rdtscp(&aux);
        __builtin_ia32_lfence();
        return t;
    }
#elif defined(__aarch64__)
    if (__builtin_expect(clock_is_tsc, 1)) {
        uint64_t t;
        __asm__ volatile("dsb ish\n\tisb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(t)::"memory");
        return t;
    }
#endif
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    const uint64_t t = clock_monotonic_ns();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return t;
}

double clock_ns(uint64_t ticks);   /* ticks to nanoseconds */
uint64_t clock_from_ns(double ns); /* nanoseconds to ticks */

#endif
