/* contract_wait_test.c: waiting: not shorter than asked, and no wake-up lost. There is no upper
 * limit to a wait here: a machine may be busy. A lost wake-up hangs, and that is the failure. */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "queues/wait.h"
#include "tests/contract.h"

#define MS UINT64_C(1000000)

static void times_out(const struct q_driver *d)
{
    static const uint64_t times[] = {0, 1, 1000, 5 * MS, 30 * MS};
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 2});
    end_attach(&e, &s, Q_BOTH);
    uint64_t key;
    for (size_t i = 0; i < N_OF(times); i++) {
        context("pop_wait of %llu ns on an empty queue", (unsigned long long)times[i]);
        const uint64_t before = q_now_ns();
        const enum q_status got = take_wait(&e, &key, times[i]);
        const uint64_t took = q_now_ns() - before;
        check(got == Q_TIMEOUT, "it answers %s", status_name(got));
        check(took >= times[i], "it gives up after %llu ns", (unsigned long long)took);
    }
    check(put_wait(&e, key_for(d, 0, 1), Q_FOREVER) == Q_OK, "push_wait with room fails");
    check(take_wait(&e, &key, 0) == Q_OK, "pop_wait with an item fails");

    uint64_t number = 1;
    while (d->traits->bounded && put(&e, key_for(d, 0, ++number)) == Q_OK)
        ;
    for (size_t i = 0; i < N_OF(times) && d->traits->bounded; i++) {
        context("push_wait of %llu ns on a full queue", (unsigned long long)times[i]);
        const uint64_t before = q_now_ns();
        const enum q_status got = put_wait(&e, key_for(d, 0, number), times[i]);
        const uint64_t took = q_now_ns() - before;
        check(got == Q_TIMEOUT, "it answers %s", status_name(got));
        check(took >= times[i], "it gives up after %llu ns", (unsigned long long)took);
    }
    end_detach(&e);
    subject_destroy(&s);
}

/* ---- one sleeper, one waker ------------------------------------------------------------------- */

struct sleeper {
    struct subject *subject;
    bool pushes;
    atomic(unsigned) round; /* what the waker may answer */
    unsigned rounds;
    uint64_t parks;
};

static void *sleeper_body(void *argument)
{
    struct sleeper *const t = argument;
    struct end e;
    end_attach(&e, t->subject, t->pushes ? Q_PRODUCER : Q_CONSUMER);
    uint64_t key, number = 0;
    if (t->pushes)
        while (put(&e, key_for(e.driver, 0, number + 1)) == Q_OK)
            number++;
    for (unsigned i = 0; i < t->rounds; i++) {
        a_store(&t->round, i + 1, release);
        const enum q_status got = t->pushes
                                      ? put_wait(&e, key_for(e.driver, 0, ++number), Q_FOREVER)
                                      : take_wait(&e, &key, Q_FOREVER);
        check(got == Q_OK, "the sleeper gets %s", status_name(got));
    }
    t->parks = end_counts(&e).parks;
    end_detach(&e);
    return NULL;
}

static void woken(const struct q_driver *d, bool pushes, bool batch)
{
    uint64_t parks = 0, random = contract_seed();
    for (unsigned attempt = 0; parks == 0; attempt++) {
        check(attempt < 10, "in 10 attempts the waiter never went to sleep");
        context("attempt %u, woken by a %s%s", attempt, pushes ? "pop" : "push",
                batch ? " of a batch" : "");
        struct subject s;
        subject_open(&s, d, &(struct q_config){.capacity = 2});
        struct sleeper t = {
            .subject = &s, .pushes = pushes, .rounds = (unsigned)scaled(100, 20) + 20};
        pthread_t thread;
        check(pthread_create(&thread, NULL, sleeper_body, &t) == 0, "no thread");
        struct end e;
        end_attach(&e, &s, pushes ? Q_CONSUMER : Q_PRODUCER);
        for (unsigned i = 0; i < t.rounds; i++) {
            while (a_load(&t.round, acquire) < i + 1)
                sched_yield();
            /* From "it has not slept yet" to "it sleeps for certain". */
            const struct timespec nap = q_timespec(i < 5 ? MS << i : random_below(&random, 200000));
            nanosleep(&nap, NULL);
            uint64_t key = key_for(d, 1, i + 1);
            const bool ok = batch ? (pushes ? take_n(&e, &key, 1) : put_n(&e, &key, 1)) == 1
                                  : (pushes ? take(&e, &key) : put(&e, key)) == Q_OK;
            check(ok, "the waker's operation fails in round %u", i);
        }
        pthread_join(thread, NULL);
        parks += t.parks;
        end_detach(&e);
        subject_destroy(&s);
    }
}

static void consumer_woken(const struct q_driver *d)
{
    woken(d, false, false);
    woken(d, false, true);
}
static void producer_woken(const struct q_driver *d)
{
    woken(d, true, false);
    woken(d, true, true);
}

/* ---- many waiters, few items ------------------------------------------------------------------ */

static void many_waiters(const struct q_driver *d)
{
    static const size_t capacities[] = {1, 2, 64};
    for (size_t i = 0; i < N_OF(capacities); i++) {
        const struct flow f = {.producers = most_producers(d, 4),
                               .consumers = most_consumers(d, 4),
                               .items = crowd_scaled(d, 8000, 64),
                               .ways = FLOW_WAIT,
                               .config = {.capacity = capacities[i]}};
        flow_run(d, &f);
        const struct flow slow = {.producers = 1,
                                  .consumers = most_consumers(d, 4),
                                  .items = crowd_scaled(d, 2000, 64),
                                  .ways = FLOW_WAIT | FLOW_YIELD,
                                  .config = {.capacity = capacities[i]}};
        flow_run(d, &slow);
    }
}

/* A batch of k items wakes k sleepers, not one: each sleeper takes one item and leaves. */
enum { SLEEPERS = 4 };
static void *one_item(void *argument)
{
    struct sleeper *const t = argument;
    struct end e;
    end_attach(&e, t->subject, Q_CONSUMER);
    uint64_t key;
    a_store(&t->round, 1, release);
    const enum q_status got = take_wait(&e, &key, Q_FOREVER);
    check(got == Q_OK, "a sleeper gets %s", status_name(got));
    end_detach(&e);
    return NULL;
}

static void batch_wakes_all(const struct q_driver *d)
{
    for (uint64_t round = 0; round < scaled(20, 4); round++) {
        context("%d sleepers, one batch, round %llu", SLEEPERS, (unsigned long long)round);
        struct subject s;
        subject_open(&s, d, &(struct q_config){.capacity = 8, .consumers = SLEEPERS});
        struct sleeper t[SLEEPERS];
        pthread_t thread[SLEEPERS];
        uint64_t keys[SLEEPERS];
        for (unsigned i = 0; i < SLEEPERS; i++) {
            keys[i] = key_for(d, 0, i + 1);
            t[i] = (struct sleeper){.subject = &s};
            check(pthread_create(&thread[i], NULL, one_item, &t[i]) == 0, "no thread");
        }
        for (unsigned i = 0; i < SLEEPERS; i++)
            while (a_load(&t[i].round, acquire) == 0)
                sched_yield();
        const struct timespec nap = q_timespec(round % 4 * 2 * MS);
        nanosleep(&nap, NULL);
        struct end e;
        end_attach(&e, &s, Q_PRODUCER);
        for (size_t done = 0; done < SLEEPERS;)
            done += put_n(&e, keys + done, SLEEPERS - done);
        for (unsigned i = 0; i < SLEEPERS; i++)
            pthread_join(thread[i], NULL);
        end_detach(&e);
        subject_destroy(&s);
    }
}
static const char *needs_consumers(const struct q_driver *d)
{
    return most_consumers(d, SLEEPERS) < SLEEPERS ? "has fewer consumers" : NULL;
}

/* And one pop makes room for one push. */
static const char *needs_bounded_sleep(const struct q_driver *d)
{
    return needs_sleep(d) ? needs_sleep(d) : needs_capacity(d);
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"does not give up early", times_out, NULL},
        {"wakes a sleeping consumer", consumer_woken, needs_sleep},
        {"wakes a sleeping producer", producer_woken, needs_bounded_sleep},
        {"loses no wake-up among many waiters", many_waiters, NULL},
        {"wakes as many sleepers as a batch has items", batch_wakes_all, needs_consumers},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
