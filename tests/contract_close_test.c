/* contract_close_test.c: closing: drained, then CLOSED for ever; every push that answered OK is
 * popped, and waiters on both sides wake. */
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "queues/wait.h"
#include "tests/contract.h"

static void sleep_ns(uint64_t ns)
{
    const struct timespec t = q_timespec(ns);
    nanosleep(&t, NULL);
}

static void stays_closed(const struct end *e, bool may_push)
{
    for (int i = 0; i < 3; i++) {
        uint64_t key;
        check(take(e, &key) == Q_CLOSED, "pop does not answer CLOSED (look %d)", i);
        check(take_wait(e, &key, 0) == Q_CLOSED, "pop_wait does not answer CLOSED (look %d)", i);
        check(take_wait(e, &key, Q_FOREVER) == Q_CLOSED,
              "pop_wait for ever does not answer CLOSED");
        check(take_n(e, &key, 1) == 0, "pop_n gives an item after CLOSED");
        if (may_push) {
            key = key_for(e->driver, 0, UINT64_C(1) << 40);
            check(put(e, key) == Q_CLOSED, "push does not answer CLOSED");
            check(put_wait(e, key, 0) == Q_CLOSED, "push_wait does not answer CLOSED");
            check(put_wait(e, key, Q_FOREVER) == Q_CLOSED, "push_wait for ever: not CLOSED");
            check(put_n(e, &key, 1) == 0, "push_n takes an item after close");
        }
        shut(e);
    }
}

/* Closed with 0, 1, ... items inside; for queues with room and, where pushing then is allowed,
 * pushes that must not slip in although there is room. */
static void drains_then_closed(const struct q_driver *d)
{
    for (size_t held = 0; held <= 8; held++) {
        context("closed with %zu items", held);
        struct subject s;
        struct end e;
        subject_open(&s, d, &(struct q_config){.capacity = 8, .segment = 3});
        end_attach(&e, &s, Q_BOTH);
        for (size_t i = 0; i < held; i++)
            check(put(&e, key_for(d, 0, i + 1)) == Q_OK, "push %zu fails", i + 1);
        shut(&e);
        if (d->traits->close_any) {
            const enum q_status got = put(&e, key_for(d, 0, 99));
            check(got == Q_CLOSED, "push after close answers %s", status_name(got));
        }
        uint64_t key;
        for (size_t i = 0; i < held; i++) {
            const enum q_status got = i & 1 ? take(&e, &key) : take_wait(&e, &key, Q_FOREVER);
            check(got == Q_OK, "pop %zu of the rest answers %s", i + 1, status_name(got));
        }
        stays_closed(&e, d->traits->close_any);
        end_detach(&e);
        end_attach(&e, &s, Q_CONSUMER); /* also for who comes later */
        check(take(&e, &key) == Q_CLOSED, "pop of a newcomer does not answer CLOSED");
        end_detach(&e);
        subject_destroy(&s);
    }
}

/* ---- waiters wake ----------------------------------------------------------------------------- */

struct waiter {
    struct subject *subject;
    bool pushes;
    unsigned number;
    enum q_status got;
    uint64_t parks, ok;
    atomic(bool) waits;
};

static void *waiter_body(void *argument)
{
    struct waiter *const w = argument;
    struct end e;
    uint64_t key;
    end_attach(&e, w->subject, w->pushes ? Q_PRODUCER : Q_CONSUMER);
    a_store(&w->waits, true, release);
    do {
        w->got = w->pushes ? put_wait(&e, key_for(e.driver, w->number, w->ok + 1), Q_FOREVER)
                           : take_wait(&e, &key, Q_FOREVER);
        w->ok += w->got == Q_OK;
    } while (w->got == Q_OK);
    w->parks = end_counts(&e).parks;
    end_detach(&e);
    return NULL;
}

static void wakes(const struct q_driver *d, bool pushes)
{
    const unsigned n = pushes ? most_producers(d, 3) : most_consumers(d, 3);
    uint64_t parks = 0;
    for (unsigned round = 0; round < 4 || (parks == 0 && round < 100); round++) {
        context("%u waiting %s, round %u", n, pushes ? "producers" : "consumers", round);
        struct subject s;
        subject_open(&s, d,
                     &(struct q_config){.capacity = 4, .producers = n + 1, .consumers = n + 1});
        struct waiter w[3];
        pthread_t thread[3];
        for (unsigned i = 0; i < n; i++) {
            w[i] = (struct waiter){.subject = &s, .pushes = pushes, .number = i};
            check(pthread_create(&thread[i], NULL, waiter_body, &w[i]) == 0, "no thread");
        }
        for (unsigned i = 0; i < n; i++)
            while (!a_load(&w[i].waits, acquire))
                sched_yield();
        sleep_ns(round * 2000000); /* asleep by now, or just going to sleep: both must wake */
        struct end e;
        end_attach(&e, &s, pushes ? Q_CONSUMER : Q_PRODUCER);
        shut(&e);
        uint64_t pushed = 0, popped = 0, key;
        for (unsigned i = 0; i < n; i++) {
            pthread_join(thread[i], NULL);
            check(w[i].got == Q_CLOSED, "a waiter gets %s", status_name(w[i].got));
            parks += w[i].parks;
            pushed += pushes ? w[i].ok : 0;
        }
        if (pushes) {
            while (take(&e, &key) == Q_OK)
                popped++;
            check(popped == pushed, "%llu pushes answered OK, %llu items came out",
                  (unsigned long long)pushed, (unsigned long long)popped);
        }
        end_detach(&e);
        subject_destroy(&s);
    }
    check(parks > 0, "in 100 rounds no waiter went to sleep");
}

static void wakes_consumers(const struct q_driver *d) { wakes(d, false); }
static void wakes_producers(const struct q_driver *d) { wakes(d, true); }
static const char *needs_close_any_bounded(const struct q_driver *d)
{
    return needs_close_any(d) ? needs_close_any(d) : needs_bounded(d);
}

/* ---- closing in the middle of pushes ---------------------------------------------------------- */

enum { RACE_PRODUCERS = 3, RACE_CONSUMERS = 2 };
struct race {
    struct subject subject;
    unsigned producers, consumers;
    uint64_t close_after; /* the closer lets so many pushes go first */
    bool batches;
    atomic(uint64_t) pushed;
};
struct racer {
    struct race *race;
    unsigned number;
    uint64_t ok, sum;
};

static void racer_pushes(struct racer *r, struct end *e)
{
    for (enum q_status got = Q_OK; got != Q_CLOSED;) {
        uint64_t keys[8] = {0};
        const size_t want = r->race->batches ? 1 + r->ok % 8 : 1;
        for (size_t i = 0; i < want; i++)
            keys[i] = key_for(e->driver, r->number, r->ok + i + 1);
        size_t done = put_n(e, keys, want);
        if (done == 0) {
            got = r->ok & 1 ? put(e, keys[0]) : put_wait(e, keys[0], Q_FOREVER);
            done = got == Q_OK;
        }
        for (size_t i = 0; i < done; i++)
            r->sum += keys[i];
        r->ok += done;
        a_add(&r->race->pushed, done, relaxed);
    }
}

static void *racer_body(void *argument)
{
    struct racer *const r = argument;
    struct race *const race = r->race;
    const bool pushes = r->number < race->producers;
    const bool closes = r->number == race->producers + race->consumers;
    struct end e;
    end_attach(&e, &race->subject, pushes || closes ? Q_PRODUCER : Q_CONSUMER);
    if (closes) {
        while (a_load(&race->pushed, relaxed) < race->close_after)
            sleep_ns(20000); /* not in the way of the others */
        shut(&e);
    } else if (pushes) {
        racer_pushes(r, &e);
    } else {
        uint64_t key;
        enum q_status got;
        while ((got = take_wait(&e, &key, Q_FOREVER)) == Q_OK) {
            r->ok++;
            r->sum += key;
        }
        check(got == Q_CLOSED, "pop_wait answers %s", status_name(got));
    }
    end_detach(&e);
    return NULL;
}

static void races(const struct q_driver *d)
{
    static const size_t capacities[] = {1, 2, 8, 256};
    uint64_t random = contract_seed();
    for (uint64_t round = 0; round < scaled(32, 8); round++) {
        struct race race = {.producers = most_producers(d, RACE_PRODUCERS),
                            .consumers = most_consumers(d, RACE_CONSUMERS),
                            .close_after = random_below(&random, 100),
                            .batches = round & 1};
        if (d->traits->producers == race.producers)
            race.producers--; /* the closer holds a handle too */
        const size_t capacity = capacities[round % N_OF(capacities)];
        context("round %llu, capacity %zu, closed after about %llu pushes",
                (unsigned long long)round, capacity, (unsigned long long)race.close_after);
        subject_open(&race.subject, d,
                     &(struct q_config){.capacity = capacity,
                                        .segment = 1 + round % 5,
                                        .producers = race.producers + 1,
                                        .consumers = race.consumers});
        struct racer racers[RACE_PRODUCERS + RACE_CONSUMERS + 1];
        const unsigned n = race.producers + race.consumers + 1;
        for (unsigned i = 0; i < n; i++)
            racers[i] = (struct racer){.race = &race, .number = i};
        together(n, racer_body, racers, sizeof *racers);
        uint64_t pushed = 0, popped = 0, sum = 0;
        for (unsigned i = 0; i < n; i++) {
            *(i < race.producers ? &pushed : &popped) += racers[i].ok;
            sum += i < race.producers ? racers[i].sum : -racers[i].sum;
        }
        struct end e;
        end_attach(&e, &race.subject, Q_BOTH);
        stays_closed(&e, true);
        end_detach(&e);
        subject_destroy(&race.subject);
        check(pushed == popped && sum == 0, "%llu pushes answered OK, %llu items came out",
              (unsigned long long)pushed, (unsigned long long)popped);
    }
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"drains, then is closed for ever", drains_then_closed, NULL},
        {"wakes waiting consumers at close", wakes_consumers, needs_sleep},
        {"wakes waiting producers at close", wakes_producers, needs_close_any_bounded},
        {"closes in the middle of pushes", races, needs_close_any},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
