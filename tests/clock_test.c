/* clock_test.c: the clock never runs backwards, agrees with the kernel's, and can be refused. */
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/clock.h"
#include "queues/memory.h"
#include "queues/wait.h"

/* Calibration happens once per process: what depends on the environment is tried in children,
 * before this process has calibrated. The child's exit status says which line failed. */
#define EXPECT(condition)                                                                          \
    if (!(condition))                                                                              \
    _exit(__LINE__ % 250 + 1)

static void in_child(void (*body)(void), char *said, size_t size)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        body();
        _exit(0);
    }
    close(out[1]);
    size_t n = 0;
    for (ssize_t got; n + 1 < size && (got = read(out[0], said + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = 0;
    close(out[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("child: status %#x (exit status is the line modulo 250, plus 1): %s",
                 (unsigned)status, said);
}

static void forced_monotonic(void)
{
    setenv("QUEUELAB_CLOCK", "monotonic", 1);
    const struct clock_card *card = clock_calibrate();
    EXPECT(!clock_is_tsc && !card->invariant);
    EXPECT(strcmp(card->source, "monotonic") == 0);
    EXPECT(card->ticks_per_ns == 1);
    EXPECT(clock_ns(12345) == 12345 && clock_from_ns(12345) == 12345);
    const uint64_t before = clock_monotonic_ns(), ticks = clock_ticks_fenced();
    EXPECT(before <= ticks && ticks <= clock_monotonic_ns());
    EXPECT(card->cost_ns > 0 && card->resolution_ns >= 1);
}

static void misspelt(void)
{
    setenv("QUEUELAB_CLOCK", "sundial", 1);
    EXPECT(clock_calibrate()->cost_ns > 0);
}

static void one_processor(void)
{
    cpu_set_t set;
    EXPECT(sched_getaffinity(0, sizeof set, &set) == 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    EXPECT(sched_setaffinity(0, sizeof set, &set) == 0);
    EXPECT(clock_calibrate()->cross_cpu_ns == 0);
}

static void the_counter_can_be_refused(void **state)
{
    (void)state;
    char said[256];
    in_child(forced_monotonic, said, sizeof said);
    assert_string_equal(said, "");
}

static void a_misspelt_wish_is_named(void **state)
{
    (void)state;
    char said[256];
    in_child(misspelt, said, sizeof said);
    assert_string_equal(said, "queuelab: QUEUELAB_CLOCK is 'sundial': say auto or monotonic; using "
                              "auto\n");
}

static void one_processor_has_no_offset(void **state)
{
    (void)state;
    char said[256];
    in_child(one_processor, said, sizeof said);
    assert_string_equal(said, "");
}

static void the_card_is_filled_in(void **state)
{
    (void)state;
    cpu_set_t before, after;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    const struct clock_card *card = clock_calibrate();
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after)); /* its threads were pinned, not its caller */
    assert_ptr_equal(card, clock_calibrate());
    print_message("clock: %s, %.6f ticks/ns, calibrations within %.2f ppm, reading %.1f ns, "
                  "resolution %.2f ns, two processors within %.0f ns\n",
                  card->source, card->ticks_per_ns, card->calibration_ppm, card->cost_ns,
                  card->resolution_ns, card->cross_cpu_ns);
    assert_true(card->ticks_per_ns > 0 && isfinite(card->ticks_per_ns));
    assert_true(card->calibration_ppm >= 0 && isfinite(card->calibration_ppm));
    assert_true(card->cost_ns > 0 && card->resolution_ns > 0 && card->cross_cpu_ns >= 0);
    assert_true(card->invariant == clock_is_tsc);
    assert_true((strcmp(card->source, "monotonic") == 0) == !clock_is_tsc);
    if (CPU_COUNT(&before) > 1)
        assert_true(card->cross_cpu_ns > 0);
}

static void ticks_and_nanoseconds_are_inverse(void **state)
{
    (void)state;
    assert_int_equal(clock_from_ns(0), 0);
    assert_int_equal(clock_from_ns(-5), 0);
    assert_int_equal(clock_from_ns(NAN), 0);
    assert_true(clock_from_ns(1e30) == UINT64_MAX);
    for (uint64_t ticks = 1; ticks < UINT64_C(1) << 50; ticks *= 7) {
        const uint64_t back = clock_from_ns(clock_ns(ticks));
        assert_true(back <= ticks && ticks - back <= 1);
    }
}

/* m0 t0 m1 ... m2 t1 m3: whatever happens between the readings, m2 - m1 <= t1 - t0 <= m3 - m0. The
 * kernel may slew its clock by 500 ppm. */
static void intervals_agree_with_the_kernel(void **state)
{
    (void)state;
    const uint64_t m0 = clock_monotonic_ns(), t0 = clock_ticks_fenced(), m1 = clock_monotonic_ns();
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    const uint64_t m2 = clock_monotonic_ns(), t1 = clock_ticks_fenced(), m3 = clock_monotonic_ns();
    const double ns = clock_ns(t1 - t0);
    assert_true(ns >= (double)(m2 - m1) * 0.999 - 1);
    assert_true(ns <= (double)(m3 - m0) * 1.001 + 1);
}

/* ---- what time stamps are for: an item must not be popped before it was pushed -------------- */

enum { HANDOVERS = 20000 };

struct hand {
    alignas(Q_LINE) atomic(uint64_t) turn;
    uint64_t ticks; /* handed over with turn */
    uint64_t backwards;
};

static void take_turns(struct hand *h, uint64_t mine)
{
    for (uint64_t turn = mine; turn < HANDOVERS; turn += 2) {
        for (unsigned spins = 0; a_load(&h->turn, acquire) != turn;)
            q_relax(&spins);
        const uint64_t now = clock_ticks_fenced();
        h->backwards += now < h->ticks;
        h->ticks = clock_ticks_fenced();
        a_store(&h->turn, turn + 1, release);
    }
}

static void *other_side(void *arg)
{
    take_turns(arg, 1);
    return NULL;
}

static void stamps_never_run_backwards_between_threads(void **state)
{
    (void)state;
    struct hand h = {.backwards = 0};
    a_init(&h.turn, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, other_side, &h), 0);
    take_turns(&h, 0);
    pthread_join(thread, NULL);
    assert_int_equal(h.backwards, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_counter_can_be_refused), /* children first, see above */
        cmocka_unit_test(a_misspelt_wish_is_named),
        cmocka_unit_test(one_processor_has_no_offset),
        cmocka_unit_test(the_card_is_filled_in),
        cmocka_unit_test(ticks_and_nanoseconds_are_inverse),
        cmocka_unit_test(intervals_agree_with_the_kernel),
        cmocka_unit_test(stamps_never_run_backwards_between_threads),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
