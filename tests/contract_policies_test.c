/* contract_policies_test.c: what a push to a full ring_mpsc does under each policy: block, drop the
 * newest, drop the oldest; every item is accounted for. Spilling: the tests of spill.h. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "queues/ring_mpsc.h"
#include "tests/contract.h"

static const char *needs_policies(const struct q_driver *d)
{
    if (d->traits->policies == 0)
        return "always refuses when full";
    if (strcmp(d->name, "ring_mpsc") != 0 || d->item_bytes != sizeof(q_item))
        return "this test reads the counts of ring_mpsc with 8-byte items";
    return NULL;
}

static void blocks(const struct q_driver *d)
{
    static const size_t capacities[] = {1, 2, 64};
    for (size_t i = 0; i < N_OF(capacities); i++) {
        for (unsigned ways = 0; ways <= (FLOW_BATCH | FLOW_YIELD); ways++) {
            const struct flow f = {.producers = 3,
                                   .consumers = 1,
                                   .items = scaled(3000, 100),
                                   .ways = ways,
                                   .config = {.capacity = capacities[i], .when_full = Q_BLOCK}};
            flow_run(d, &f);
        }
    }
}

/* A push that blocks sleeps, and close wakes it. */
struct blocked {
    struct subject *subject;
    enum q_status got;
    uint64_t pushed, parks;
};

static void *blocked_body(void *argument)
{
    struct blocked *const b = argument;
    struct end e;
    end_attach(&e, b->subject, Q_PRODUCER);
    while ((b->got = put(&e, b->pushed + 1)) == Q_OK)
        b->pushed++;
    b->parks = end_counts(&e).parks;
    end_detach(&e);
    return NULL;
}

static void block_sleeps(const struct q_driver *d)
{
    uint64_t parks = 0;
    for (unsigned round = 0; round < 3 || parks == 0; round++) {
        context("round %u", round);
        check(round < 30, "in 30 rounds no push went to sleep");
        struct subject s;
        subject_open(&s, d, &(struct q_config){.capacity = 4, .when_full = Q_BLOCK});
        struct blocked b = {.subject = &s};
        pthread_t thread;
        check(pthread_create(&thread, NULL, blocked_body, &b) == 0, "no thread");
        const struct timespec nap = q_timespec(round * 5000000);
        nanosleep(&nap, NULL);
        struct end e;
        end_attach(&e, &s, Q_CONSUMER);
        shut(&e);
        pthread_join(thread, NULL);
        check(b.got == Q_CLOSED, "the blocked push answers %s", status_name(b.got));
        uint64_t popped = 0, key;
        while (take(&e, &key) == Q_OK)
            popped++;
        check(popped == b.pushed, "%llu pushes answered OK, %llu items came out",
              (unsigned long long)b.pushed, (unsigned long long)popped);
        parks += b.parks;
        end_detach(&e);
        subject_destroy(&s);
    }
}

/* ---- dropping ---------------------------------------------------------------------------------- */

static void drops_alone(const struct q_driver *d)
{
    for (unsigned policy = Q_DROP_NEWEST; policy <= Q_DROP_OLDEST; policy++) {
        const bool newest = policy == Q_DROP_NEWEST;
        context("drop the %s, one thread", newest ? "newest" : "oldest");
        struct subject s;
        struct end e;
        subject_open(&s, d,
                     &(struct q_config){.capacity = 8, .when_full = (enum q_when_full)policy});
        end_attach(&e, &s, Q_BOTH);
        const uint64_t capacity = subject_capacity(&s), pushes = capacity + 5;
        for (uint64_t i = 1; i <= pushes; i++) {
            const enum q_status got = i & 1 ? put(&e, i) : put_wait(&e, i, Q_FOREVER);
            const enum q_status expected = newest && i > capacity ? Q_DROPPED : Q_OK;
            check(got == expected, "push %llu answers %s", (unsigned long long)i, status_name(got));
        }
        check(ring_mpsc_dropped(s.queue) == 5, "5 dropped, it counts %llu",
              (unsigned long long)ring_mpsc_dropped(s.queue));
        for (uint64_t i = 1; i <= capacity; i++) {
            uint64_t key = 0;
            check(take(&e, &key) == Q_OK && key == (newest ? i : i + 5), "pop %llu gives %llu",
                  (unsigned long long)i, (unsigned long long)key);
        }
        end_detach(&e);
        subject_destroy(&s);
    }
}

enum { DROPPERS = 3 };
struct dropping {
    struct subject subject;
    uint64_t each;
    atomic(unsigned) pushing;
};
struct dropper {
    struct dropping *all;
    unsigned number;
    uint64_t ok, dropped;
};

static void *dropper_body(void *argument)
{
    struct dropper *const p = argument;
    struct dropping *const all = p->all;
    struct end e;
    end_attach(&e, &all->subject, p->number < DROPPERS ? Q_PRODUCER : Q_CONSUMER);
    if (p->number < DROPPERS) {
        for (uint64_t i = 1; i <= all->each; i++) {
            const enum q_status got = put(&e, key_for(e.driver, p->number, i));
            check(got == Q_OK || got == Q_DROPPED, "push answers %s", status_name(got));
            *(got == Q_OK ? &p->ok : &p->dropped) += 1;
        }
        if (a_sub(&all->pushing, 1, acq_rel) == 1)
            shut(&e);
    } else {
        uint64_t last[DROPPERS] = {0}, key;
        while (take_wait(&e, &key, Q_FOREVER) == Q_OK) {
            uint64_t *const l = &last[key_producer(key) % DROPPERS];
            check(key_number(key) > *l, "item %llu of a producer came after its item %llu",
                  (unsigned long long)key_number(key), (unsigned long long)*l);
            *l = key_number(key);
            p->ok++;
        }
    }
    end_detach(&e);
    return NULL;
}

static void drops_in_a_crowd(const struct q_driver *d)
{
    static const size_t capacities[] = {1, 2, 8, 256};
    for (size_t i = 0; i < 2 * N_OF(capacities); i++) {
        const bool newest = i & 1;
        const size_t capacity = capacities[i / 2];
        context("drop the %s, capacity %zu", newest ? "newest" : "oldest", capacity);
        struct dropping all = {.each = scaled(5000, 200)};
        subject_open(&all.subject, d,
                     &(struct q_config){.capacity = capacity,
                                        .producers = DROPPERS,
                                        .consumers = 1,
                                        .when_full = newest ? Q_DROP_NEWEST : Q_DROP_OLDEST});
        a_init(&all.pushing, DROPPERS);
        struct dropper droppers[DROPPERS + 1];
        uint64_t ok = 0, dropped = 0;
        for (unsigned k = 0; k <= DROPPERS; k++)
            droppers[k] = (struct dropper){.all = &all, .number = k};
        together(DROPPERS + 1, dropper_body, droppers, sizeof *droppers);
        for (unsigned k = 0; k < DROPPERS; k++) {
            ok += droppers[k].ok;
            dropped += droppers[k].dropped;
        }
        const uint64_t popped = droppers[DROPPERS].ok,
                       counted = ring_mpsc_dropped(all.subject.queue);
        subject_destroy(&all.subject);
        check(popped + counted == DROPPERS * all.each, "%llu popped + %llu dropped != %llu pushed",
              (unsigned long long)popped, (unsigned long long)counted,
              (unsigned long long)(DROPPERS * all.each));
        check(newest ? dropped == counted && ok == popped : dropped == 0,
              "pushes answered OK %llu and DROPPED %llu times; popped %llu, dropped %llu",
              (unsigned long long)ok, (unsigned long long)dropped, (unsigned long long)popped,
              (unsigned long long)counted);
    }
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"blocks when full", blocks, needs_policies},
        {"sleeps when blocked, wakes at close", block_sleeps, needs_policies},
        {"drops exactly the newest or the oldest", drops_alone, needs_policies},
        {"counts what it drops in a crowd", drops_in_a_crowd, needs_policies},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
