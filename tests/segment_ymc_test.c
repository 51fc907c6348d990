/* segment_ymc_test.c: what no contract can ask of segment_ymc: cells that are given up stay so, and
 * what a thread that has stopped keeps. Threads stop where this test says: it takes the first steps
 * of their operations by hand, in the order of the queue's own code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "queues/segment_ymc.h"

static struct segment_ymc q;

static void begin(size_t segment)
{
    assert_int_equal(segment_ymc_init(&q, &(struct q_config){.segment = segment}), 0);
}

static struct ymc_record *attach(struct segment_ymc_handle *h)
{
    assert_int_equal(segment_ymc_attach(&q, h, Q_BOTH), 0);
    return h->record;
}

/* A slow push asked for a cell, and cells 1 and 2 were reserved for it. It gets cell 1. The pop whose
 * ticket is 2 finds that out and leaves for good. Then the same record asks again, from ticket 2 on:
 * nobody may put that item into cell 2, where nobody comes to get it. (In the paper a reservation is
 * the record's, and that is what happens; issue 14 of the authors' code says so too.) */
static void a_cell_given_up_stays_so(void **state)
{
    (void)state;
    struct segment_ymc_handle push, pop;
    begin(8);
    struct ymc_record *const p = attach(&push), *const c = attach(&pop);
    struct ymc_cell *const cell = a_load(&q.first, relaxed)->cell;
    a_store(&q.tail.ticket, 1, relaxed); /* the push has ticket 0, pops have 0, 1 and 2 */
    a_store(&q.head.ticket, 3, relaxed);
    for (unsigned i = 0; i < 3; i++)
        a_store(&cell[i].value, YMC_TOP, relaxed);
    a_store(&cell[0].enq, YMC_SPOILED, relaxed);
    a_store(&p->enq.value, 77, relaxed);
    a_store(&p->enq.state, YMC_PENDING | 0, relaxed);
    a_store(&cell[1].enq, ymc_reservation(p, 0), relaxed);
    a_store(&cell[2].enq, ymc_reservation(p, 0), relaxed);

    assert_int_equal(ymc_help_push(&q, c, &cell[1], 1), 77); /* claimed for cell 1, and taken */
    assert_int_equal(a_load(&q.tail.ticket, relaxed), 2);
    assert_int_equal(ymc_help_push(&q, c, &cell[2], 2), YMC_NONE); /* given up: nothing behind 1 */

    assert_int_equal(a_add(&q.tail.ticket, 1, relaxed), 2); /* its next push: cell 2 is spoiled */
    a_store(&p->enq.value, 88, relaxed);
    a_store(&p->enq.state, YMC_PENDING | 2, relaxed);
    assert_int_equal(ymc_help_push(&q, c, &cell[2], 2), YMC_TOP); /* a helper of a slow pop */
    assert_int_equal(a_load(&p->enq.state, relaxed), YMC_PENDING | 2);
    assert_int_equal(ymc_help_push(&q, c, &cell[3], 3), 88); /* reserves it and claims */
    segment_ymc_detach(&q, &push);
    segment_ymc_detach(&q, &pop);
    segment_ymc_destroy(&q);
}

static void through(struct segment_ymc_handle *h, uint64_t n)
{
    q_item item = q_item_of(0);
    for (uint64_t key = 1; key <= n; key++) {
        assert_int_equal(segment_ymc_push(&q, h, q_item_of(key)), Q_OK);
        assert_int_equal(segment_ymc_pop(&q, h, &item), Q_OK);
        assert_int_equal(q_key(&item), key);
    }
}

enum { CELLS = 16, MANY = 64 * CELLS };

/* A thread stopped inside an operation keeps all that comes after it; when it goes on, all is freed.
 * One that is not in an operation keeps nothing, wherever it has been. */
static void what_a_stopped_thread_keeps(void **state)
{
    (void)state;
    struct segment_ymc_handle works, stops;
    begin(CELLS);
    struct ymc_record *const r = attach(&stops);
    attach(&works);
    const size_t one = ymc_segment_bytes(&q);
    through(&stops, CELLS + 1);
    const size_t before = segment_ymc_bytes(&q).now;
    through(&works, MANY);
    assert_true(segment_ymc_bytes(&q).now <= before + SEGMENT_YMC_GARBAGE * one);

    a_store(&r->pin, r->head.number, release); /* as a push or pop begins; there it stops */
    through(&works, MANY);
    const size_t after = segment_ymc_bytes(&q).now;
    assert_true(after >= before + (MANY / CELLS - 1) * one);
    through(&works, MANY);
    assert_true(segment_ymc_bytes(&q).now >= after + (MANY / CELLS - 1) * one);

    a_store(&r->pin, YMC_IDLE, release);
    through(&works, (SEGMENT_YMC_GARBAGE + 1) * CELLS);
    assert_true(segment_ymc_bytes(&q).now <= before + SEGMENT_YMC_GARBAGE * one);
    through(&stops, 1); /* and it goes on where its place was moved to */
    segment_ymc_detach(&q, &works);
    segment_ymc_detach(&q, &stops);
    segment_ymc_destroy(&q);
}

/* More handles than the queue was told of, and again: records are used again. */
static void records_are_used_again(void **state)
{
    (void)state;
    static struct segment_ymc_handle h[100];
    begin(CELLS);
    size_t bytes = 0;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(attach(&h[i])->number, i);
        for (unsigned i = 0; i < 100; i++)
            through(&h[i], CELLS);
        for (unsigned i = 0; i < 100; i++)
            segment_ymc_detach(&q, &h[i]);
        assert_true(round == 0 || segment_ymc_bytes(&q).now <= bytes + 2 * ymc_segment_bytes(&q));
        bytes = segment_ymc_bytes(&q).now;
    }
    segment_ymc_destroy(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_given_up_stays_so),
        cmocka_unit_test(what_a_stopped_thread_keeps),
        cmocka_unit_test(records_are_used_again),
    };
    return cmocka_run_group_tests_name("segment_ymc", tests, NULL, NULL);
}
