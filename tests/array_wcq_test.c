/* array_wcq_test.c: the requests of array_wcq: real threads that ask for every position, a thread that
 * asks and then stops, and as many handles as there may be. (Helpers that come late:
 * array_wcq_turns_test.c.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>

/* Below: 16, 64. */
static unsigned most_tries, help_delay;
#define ARRAY_WCQ_TRIES most_tries
#define ARRAY_WCQ_DELAY help_delay
#include "queues/array_wcq.h"

static struct array_wcq q;

/* ---- threads ------------------------------------------------------------------------------- */

enum { SIDE = 3, THREADS = 2 * SIDE };

static atomic(unsigned) at_work;
static uint64_t each;

static double scale(void)
{
    const char *const text = getenv("QUEUELAB_TEST_SCALE");
    return text ? strtod(text, NULL) : 1;
}

static void *pushes(void *argument)
{
    struct array_wcq_handle h;
    assert_int_equal(array_wcq_attach(&q, &h, Q_PRODUCER), 0);
    for (uint64_t i = 1; i <= each; i++)
        assert_int_equal(
            array_wcq_push_wait(&q, &h, (uint64_t)(uintptr_t)argument << 32 | i, Q_FOREVER), Q_OK);
    if (a_sub(&at_work, 1, acq_rel) == 1)
        array_wcq_close(&q, &h);
    array_wcq_detach(&q, &h);
    return NULL;
}

static void *pops(void *argument)
{
    uint64_t *const own = argument, last[SIDE + 1] = {0};
    struct array_wcq_handle h;
    q_item item = 0;
    assert_int_equal(array_wcq_attach(&q, &h, Q_CONSUMER), 0);
    while (array_wcq_pop_wait(&q, &h, &item, Q_FOREVER) == Q_OK) {
        const uint64_t i = item & UINT32_MAX;
        assert_true(item >> 32 <= SIDE && i > last[item >> 32]);
        last[item >> 32] = i;
        *own += i;
    }
    array_wcq_detach(&q, &h);
    return NULL;
}

/* Every position is asked for, and every operation helps. */
static void by_threads(void **state)
{
    (void)state;
    most_tries = 0;
    help_delay = 1;
    each = (uint64_t)(40000 * scale()) + 1000;
    for (size_t capacity = 1; capacity <= 64; capacity *= 8) {
        pthread_t id[THREADS];
        uint64_t own[SIDE] = {0}, all = 0;
        assert_int_equal(
            array_wcq_init(
                &q, &(struct q_config){.capacity = capacity, .producers = SIDE, .consumers = SIDE}),
            0);
        a_init(&at_work, SIDE);
        for (unsigned i = 0; i < SIDE; i++) {
            assert_int_equal(pthread_create(&id[i], NULL, pushes, (void *)(uintptr_t)(i + 1)), 0);
            assert_int_equal(pthread_create(&id[SIDE + i], NULL, pops, &own[i]), 0);
        }
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(id[i], NULL);
        for (unsigned i = 0; i < SIDE; i++)
            all += own[i];
        assert_int_equal(all, SIDE * (each * (each + 1) / 2));
        array_wcq_destroy(&q);
    }
}

/* ---- by hand ------------------------------------------------------------------------------- */

/* A thread stops after it has asked, before it does anything itself: others do it, and once. */
static void others_end_it(void **state)
{
    (void)state;
    struct array_wcq_handle stops_here, works;
    uint64_t index = 0;
    q_item item = 0;
    most_tries = 16;
    help_delay = 64;
    assert_int_equal(array_wcq_init(&q, &(struct q_config){.capacity = 4}), 0);
    assert_int_equal(array_wcq_attach(&q, &stops_here, Q_BOTH), 0);
    assert_int_equal(array_wcq_attach(&q, &works, Q_BOTH), 0);
    struct wcq_record *const r = stops_here.record;

    assert_int_equal(array_wcq_get(&q, WCQ_FREE, &stops_here, &index), Q_OK);
    q.item[index] = 77;
    const unsigned tail = 2 * WCQ_USED + WCQ_TAIL, head = 2 * WCQ_USED + WCQ_HEAD;
    uint64_t p = wcq_position(a_add(&wcq_end(&q, tail)->word, WCQ_TICKET, relaxed));
    a_store(&r->index, index, relaxed);
    a_store(&r->asks, p << 2 | tail, relaxed);
    a_store(&r->at[tail], p << 2, relaxed);
    for (unsigned i = 0; i < 2 * help_delay; i++) { /* looks at each of two records */
        assert_int_equal(array_wcq_push(&q, &works, 100 + i), Q_OK);
        const enum q_status s = array_wcq_pop(&q, &works, &item);
        assert_true(s == Q_OK && (item == 77 || item >= 100));
        if (item == 77)
            break;
    }
    assert_int_equal(item, 77);
    assert_int_equal(a_load(&r->at[tail], relaxed) & (WCQ_DONE | WCQ_ANNOUNCED), WCQ_DONE);
    a_store(&r->asks, 0, relaxed);

    /* So with a pop: its item is kept for it, and nobody else gets it. */
    while (array_wcq_pop(&q, &works, &item) == Q_OK)
        ;
    assert_int_equal(array_wcq_push(&q, &works, 88), Q_OK);
    p = wcq_position(a_add(&wcq_end(&q, head)->word, WCQ_TICKET, relaxed));
    a_store(&r->asks, p << 2 | head, relaxed);
    a_store(&r->at[head], p << 2, relaxed);
    for (unsigned i = 0; i < 2 * help_delay; i++)
        assert_true(array_wcq_pop(&q, &works, &item) == Q_EMPTY);
    const uint64_t at = a_load(&r->at[head], relaxed);
    assert_int_equal(at & (WCQ_DONE | WCQ_ANNOUNCED), WCQ_DONE);
    const uint64_t entry = a_load(&wcq_entry(&q, head, at >> 2)->word, relaxed);
    assert_true(wcq_filled(&q, entry, wcq_cycle(&q, at >> 2)));
    assert_int_equal(q.item[wcq_take(&q, head, at >> 2, entry)], 88);
    array_wcq_detach(&q, &works);
    array_wcq_detach(&q, &stops_here);
    array_wcq_destroy(&q);
}

static void as_many_handles_as_said(void **state)
{
    (void)state;
    struct array_wcq_handle h[4];
    assert_int_equal(array_wcq_init(&q, &(struct q_config){.producers = 1, .consumers = 2}), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(array_wcq_attach(&q, &h[i], Q_BOTH), 0);
    assert_int_equal(array_wcq_attach(&q, &h[3], Q_BOTH), ENOMEM);
    array_wcq_detach(&q, &h[1]);
    assert_int_equal(array_wcq_attach(&q, &h[3], Q_BOTH), 0);
    assert_ptr_equal(h[3].record, h[1].record);
    array_wcq_destroy(&q);
    assert_int_equal(array_wcq_init(&q, &(struct q_config){.producers = 1000, .consumers = 24}),
                     EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_threads),
        cmocka_unit_test(others_end_it),
        cmocka_unit_test(as_many_handles_as_said),
    };
    return cmocka_run_group_tests_name("array_wcq", tests, NULL, NULL);
}
