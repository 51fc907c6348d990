/* array_wcq_turns_test.c: array_wcq by threads that take turns at every atomic operation, by chance, and
 * stop for long; with one try, or none, before they ask for help. So what real threads seldom meet
 * happens all the time: requests that are half done, and helpers that come late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

#include "queues/queue.h"

/* The words of atomics.h in which the queue is compiled here: before each, it may be another's turn. */
static void turn(void);
#undef a_load
#undef a_store
#undef a_add
#undef a_sub
#undef a_or
#undef a_cas
#define a_load(p, order)     (turn(), atomic_load_explicit(&(p)->v_, memory_order_##order))
#define a_store(p, v, order) (turn(), atomic_store_explicit(&(p)->v_, v, memory_order_##order))
#define a_add(p, n, order)   (turn(), atomic_fetch_add_explicit(&(p)->v_, n, memory_order_##order))
#define a_sub(p, n, order)   (turn(), atomic_fetch_sub_explicit(&(p)->v_, n, memory_order_##order))
#define a_or(p, n, order)    (turn(), atomic_fetch_or_explicit(&(p)->v_, n, memory_order_##order))
#define a_cas(p, seen, v, good, bad)                                                               \
    (turn(), atomic_compare_exchange_strong_explicit(&(p)->v_, seen, v, memory_order_##good,       \
                                                     memory_order_##bad))
static unsigned most_tries, help_delay;
#define ARRAY_WCQ_TRIES most_tries
#define ARRAY_WCQ_DELAY help_delay
#include "queues/array_wcq.h"

static struct array_wcq q;

/* ---- threads that take turns --------------------------------------------------------------- */

enum { SIDE = 3, THREADS = 2 * SIDE, MOST_STEPS = 2000 };

static struct {
    ucontext_t context;
    bool ended;
    uint64_t stopped_until, steps;
    uint64_t last[SIDE]; /* a consumer's: of each producer */
} thread[THREADS];
static alignas(16) char stack[THREADS][64 << 10];
static ucontext_t scheduler;
static unsigned threads, producers, current = THREADS; /* THREADS: none of them runs */
static unsigned rarely, stops;                         /* switches at one in so many operations */
static uint64_t chance, now, each;
static unsigned producing;
static uint64_t pushed, popped, pops_begun, longest, asked[WCQ_ENDS];
static uint64_t sum[SIDE];

static uint64_t below(uint64_t n)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance % n;
}

/* Whose turn it is: of those that are not stopped, if there are any. */
static unsigned choose(void)
{
    unsigned could[THREADS], n = 0;
    for (unsigned pass = 0; pass < 2 && n == 0; pass++)
        for (unsigned i = 0; i < threads; i++)
            if (!thread[i].ended && (pass == 1 || thread[i].stopped_until <= now))
                could[n++] = i;
    return n ? could[below(n)] : THREADS;
}

static void turn(void)
{
    if (current == THREADS)
        return;
    now++;
    thread[current].steps++;
    if (below(rarely) != 0)
        return;
    if (below(stops) == 0)
        thread[current].stopped_until = now + below(4000);
    const unsigned next = choose(), mine = current;
    if (next == mine)
        return;
    current = next;
    swapcontext(&thread[mine].context, &thread[next].context);
}

static void stepped(uint64_t from)
{
    const uint64_t steps = thread[current].steps - from;
    longest = steps > longest ? steps : longest;
}

static void produces(struct array_wcq_handle *h)
{
    for (uint64_t i = 1; i <= each;) {
        const uint64_t from = thread[current].steps;
        const enum q_status s = array_wcq_push(&q, h, (uint64_t)(current + 1) << 32 | i);
        stepped(from);
        assert_true(s == Q_OK || s == Q_FULL);
        i += s == Q_OK;
        pushed += s == Q_OK;
        turn();
    }
    if (--producing == 0)
        array_wcq_close(&q, h);
}

static void consumes(struct array_wcq_handle *h)
{
    for (;;) {
        const uint64_t from = thread[current].steps, before = pushed;
        q_item item = 0;
        pops_begun++;
        const enum q_status s = array_wcq_pop(&q, h, &item);
        stepped(from);
        if (s == Q_OK) {
            const uint64_t who = (item >> 32) - 1, i = item & UINT32_MAX;
            assert_true(who < producers && i > thread[current].last[who]);
            thread[current].last[who] = i;
            sum[who] += i;
            popped++;
        } else {
            pops_begun--;
            assert_true(before <= pops_begun); /* all that was inside is or will be another's */
            if (s == Q_CLOSED)
                return;
        }
        turn();
    }
}

static void lives(void)
{
    const bool produces_here = current < producers;
    struct array_wcq_handle h;
    assert_int_equal(array_wcq_attach(&q, &h, produces_here ? Q_PRODUCER : Q_CONSUMER), 0);
    if (produces_here)
        produces(&h);
    else
        consumes(&h);
    array_wcq_detach(&q, &h);
    thread[current].ended = true;
    current = choose();
    setcontext(current == THREADS ? &scheduler : &thread[current].context);
}

static void take_turns(uint64_t seed)
{
    chance = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (unsigned i = 0; i < 10; i++)
        below(2);
    const size_t capacity = (size_t)1 << below(4);
    producers = producing = 1 + (unsigned)below(SIDE);
    threads = producers + 1 + (unsigned)below(SIDE);
    rarely = 2u << below(4);
    stops = 24u << 2 * below(3);
    most_tries = (unsigned)below(3);
    help_delay = 1 + most_tries;
    each = 3 + below(30);
    now = pushed = popped = pops_begun = 0;
    memset(sum, 0, sizeof sum);
    assert_int_equal(array_wcq_init(&q, &(struct q_config){.capacity = capacity,
                                                           .producers = producers,
                                                           .consumers = threads - producers}),
                     0);
    for (unsigned i = 0; i < threads; i++) {
        thread[i].ended = false;
        thread[i].stopped_until = thread[i].steps = 0;
        memset(thread[i].last, 0, sizeof thread[i].last);
        getcontext(&thread[i].context);
        thread[i].context.uc_stack = (stack_t){.ss_sp = stack[i], .ss_size = sizeof stack[i]};
        makecontext(&thread[i].context, lives, 0);
    }
    current = choose();
    swapcontext(&scheduler, &thread[current].context);
    assert_int_equal(popped, producers * each);
    for (unsigned i = 0; i < producers; i++)
        assert_int_equal(sum[i], each * (each + 1) / 2);
    for (uint32_t i = 0; i < q.most; i++)
        for (unsigned end = 0; end < WCQ_ENDS; end++)
            asked[end] += a_load(&q.record[i].at[end], relaxed) != WCQ_DONE;
    array_wcq_destroy(&q);
}

static double scale(void)
{
    const char *const text = getenv("QUEUELAB_TEST_SCALE");
    return text ? strtod(text, NULL) : 1;
}

/* Nothing is lost, doubled or overtaken, EMPTY and CLOSED are true, and no operation needs more
 * steps than the others' items can explain. (That help is what ends a request: array_wcq_test.) */
static void by_turns(void **state)
{
    (void)state;
    const uint64_t schedules = (uint64_t)(10000 * scale());
    for (uint64_t seed = 1; seed <= (schedules < 1000 ? 1000 : schedules); seed++)
        take_turns(seed);
    assert_true(longest < MOST_STEPS);
    for (unsigned end = 0; end < WCQ_ENDS; end++)
        assert_true(asked[end] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_turns)};
    return cmocka_run_group_tests_name("array_wcq_turns", tests, NULL, NULL);
}
