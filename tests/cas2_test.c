/* cas2_test.c: two words compared and exchanged at once (queues/atomics.h): what it answers, that
 * changes of one word and of both exclude each other, and that ThreadSanitizer knows what it orders. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "queues/atomics.h"

#ifdef A_HAS_CAS2
static atomic_pair(low, high) pair;

static void both_words_are_compared(void **state)
{
    (void)state;
    const uint64_t big = UINT64_C(0x8000000000000001);
    a_init2(&pair, 1, big);
    static const uint64_t wrong[][2] = {{1, 1}, {0, 1}, {0, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint64_t seen[2] = {wrong[i][0], wrong[i][1]};
        assert_false(a_cas2(&pair, seen, 5, 6, acq_rel, acquire));
        assert_int_equal(seen[0], 1);
        assert_int_equal(seen[1], big);
    }
    uint64_t first[2] = {0, big};
    assert_false(a_cas2(&pair, first, 5, 6, seq_cst, seq_cst));
    uint64_t seen[2] = {1, big};
    assert_true(a_cas2(&pair, seen, 5, 6, release, relaxed));
    assert_int_equal(a_load(&pair.low, relaxed), 5);
    assert_int_equal(a_load(&pair.high, relaxed), 6);
}

/* low counts the locks taken; bit 0 of high is the lock, the rest counts additions by themselves. */
enum { TURNS = 20000, THREADS = 3 };
static long guarded;

static void *takes_turns(void *arg)
{
    for (int i = 0; i < TURNS; i++) {
        uint64_t seen[2] = {a_load(&pair.low, relaxed), a_load(&pair.high, relaxed)};
        for (;;) {
            if (!(seen[1] & 1) && a_cas2(&pair, seen, seen[0] + 1, seen[1] | 1, acquire, relaxed))
                break;
            a_pause();
            seen[0] = a_load(&pair.low, relaxed);
            seen[1] = a_load(&pair.high, relaxed);
        }
        guarded++;
        if (i % 2) {
            a_and(&pair.high, ~UINT64_C(1), release);
        } else { /* by both words; others may add meanwhile */
            uint64_t held[2] = {seen[0] + 1, seen[1] | 1};
            while (!a_cas2(&pair, held, held[0], held[1] - 1, release, relaxed))
                ;
        }
        a_add(&pair.high, 2, relaxed);
    }
    return arg;
}

static void words_and_pairs_exclude_each_other(void **state)
{
    (void)state;
    pthread_t t[THREADS];
    a_init2(&pair, 0, 0);
    guarded = 0;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&t[i], NULL, takes_turns, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(guarded, THREADS * TURNS);
    assert_int_equal(a_load(&pair.low, relaxed), THREADS * TURNS);
    assert_int_equal(a_load(&pair.high, relaxed), 2 * THREADS * TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_words_are_compared),
        cmocka_unit_test(words_and_pairs_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
    puts("skipped: no compare-and-swap of 16 bytes on this machine");
    return 77;
}
#endif
