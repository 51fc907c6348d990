/* contract_bounds_test.c: full, empty, capacity; and what init must refuse. */
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "queues/wait.h"
#include "tests/contract.h"

static const size_t capacities[] = {1, 2, 3, 64, 1000};

static void fill(const struct end *e, size_t capacity, uint64_t *number)
{
    for (size_t i = 0; i < capacity; i++) {
        const enum q_status got = put(e, key_for(e->driver, 0, ++*number));
        check(got == Q_OK, "push %zu of %zu answers %s", i + 1, capacity, status_name(got));
    }
}

static void refuses_one_more(const struct end *e)
{
    const uint64_t key = key_for(e->driver, 0, UINT64_C(1) << 40);
    const enum q_status got = put(e, key);
    check(got == Q_FULL, "push to a full queue answers %s", status_name(got));
    check(put_n(e, &key, 1) == 0, "push_n to a full queue takes an item");
}

static void is_empty(const struct end *e)
{
    uint64_t key;
    const enum q_status got = take(e, &key);
    check(got == Q_EMPTY, "pop from an empty queue answers %s", status_name(got));
    check(take_n(e, &key, 1) == 0, "pop_n from an empty queue gives an item");
}

static void holds_capacity(const struct q_driver *d)
{
    for (size_t i = 0; i < N_OF(capacities); i++) {
        context("capacity %zu", capacities[i]);
        struct subject s;
        struct end e;
        subject_open(&s, d, &(struct q_config){.capacity = capacities[i]});
        end_attach(&e, &s, Q_BOTH);
        const size_t capacity = subject_capacity(&s);
        check(capacity >= capacities[i], "asked for %zu, capacity() is %zu", capacities[i],
              capacity);
        check(capacity < 2 * capacities[i] + 2, "asked for %zu, capacity() is %zu", capacities[i],
              capacity);
        is_empty(&e);
        uint64_t number = 0, key;
        for (unsigned round = 0; round < 5; round++) { /* indices wrap around */
            fill(&e, capacity, &number);
            refuses_one_more(&e);
            check(take(&e, &key) == Q_OK, "pop from a full queue fails");
            fill(&e, 1, &number); /* the pop made room, for one */
            refuses_one_more(&e);
            for (size_t k = 0; k < capacity; k++)
                check(take(&e, &key) == Q_OK, "pop %zu of %zu fails", k + 1, capacity);
            is_empty(&e);
            fill(&e, 1, &number); /* half a step further each round */
            check(take(&e, &key) == Q_OK, "pop of a single item fails");
        }
        end_detach(&e);
        subject_destroy(&s);
    }
}

static void grows(const struct q_driver *d)
{
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 0});
    check(subject_capacity(&s) == 0, "unbounded, but capacity() is %zu", subject_capacity(&s));
    end_attach(&e, &s, Q_BOTH);
    is_empty(&e);
    const uint64_t n = scaled(100000, 5000);
    uint64_t number = 0, key;
    fill(&e, n, &number);
    for (uint64_t i = 0; i < n; i++)
        check(take(&e, &key) == Q_OK, "pop %llu of %llu fails", (unsigned long long)i + 1,
              (unsigned long long)n);
    is_empty(&e);
    end_detach(&e);
    subject_destroy(&s);
}

/* ---- never more than the capacity, also under concurrency ------------------------------------- */

struct crowd {
    struct subject subject;
    size_t capacity;
    uint64_t pushes;
    unsigned producers;
    atomic(uint64_t) pushed;  /* pushes that have returned OK */
    atomic(uint64_t) popping; /* pops that have begun, less those that found nothing */
    atomic(unsigned) pushing;
};
struct member {
    struct crowd *crowd;
    unsigned number;
    size_t most; /* a lower bound of what the queue held at some instant */
};

static void *member_body(void *argument)
{
    struct member *const m = argument;
    struct crowd *const c = m->crowd;
    const bool pushes = m->number < c->producers;
    struct end e;
    end_attach(&e, &c->subject, pushes ? Q_PRODUCER : Q_CONSUMER);
    uint64_t key, done = 0;
    unsigned spins = 0;
    for (;;) {
        bool went;
        if (pushes) {
            went = put(&e, key_for(e.driver, m->number, done + 1)) == Q_OK;
            if (went) {
                done++;
                /* Pushes that have ended less pops that have begun: the queue held that much. */
                const uint64_t in = a_add(&c->pushed, 1, seq_cst) + 1;
                const uint64_t out = a_load(&c->popping, seq_cst);
                if (in > out && in - out > m->most)
                    m->most = in - out;
            }
        } else {
            a_add(&c->popping, 1, seq_cst);
            const enum q_status got = take(&e, &key);
            if (got == Q_CLOSED)
                break;
            went = got == Q_OK;
            if (!went)
                a_sub(&c->popping, 1, seq_cst);
        }
        if (went)
            spins = 0;
        else
            q_relax(&spins);
        if (pushes && done == c->pushes)
            break;
    }
    if (pushes && a_sub(&c->pushing, 1, acq_rel) == 1)
        shut(&e);
    end_detach(&e);
    return NULL;
}

static void never_more(const struct q_driver *d)
{
    for (size_t i = 0; i < N_OF(capacities); i++) {
        const unsigned p = most_producers(d, 3), c = most_consumers(d, 2);
        context("capacity %zu, %u producers, %u consumers", capacities[i], p, c);
        struct crowd crowd = {.pushes = crowd_scaled(d, 5000, 100), .producers = p};
        subject_open(&crowd.subject, d,
                     &(struct q_config){.capacity = capacities[i], .producers = p, .consumers = c});
        crowd.capacity = subject_capacity(&crowd.subject);
        a_init(&crowd.pushing, p);
        struct member members[5];
        for (unsigned k = 0; k < p + c; k++)
            members[k] = (struct member){.crowd = &crowd, .number = k};
        together(p + c, member_body, members, sizeof *members);
        for (unsigned k = 0; k < p; k++)
            check(members[k].most <= crowd.capacity, "held %zu items, capacity %zu",
                  members[k].most, crowd.capacity);
        subject_destroy(&crowd.subject);
    }
}

/* What threads went through leaves no trace in the count of items: afterwards exactly capacity()
 * fit again. The last phase of the crowd, without closing. */
struct pair {
    struct subject *subject;
    uint64_t pairs;
    unsigned number;
    bool pushes, pops;
};

static void *pair_body(void *argument)
{
    struct pair *const t = argument;
    struct end e;
    end_attach(&e, t->subject, t->pushes && t->pops ? Q_BOTH : t->pushes ? Q_PRODUCER : Q_CONSUMER);
    uint64_t key;
    for (uint64_t i = 0; i < t->pairs; i++) {
        if (t->pushes) {
            const enum q_status got = put_wait(&e, key_for(e.driver, t->number, i + 1), Q_FOREVER);
            check(got == Q_OK, "push answers %s", status_name(got));
        }
        if (t->pops) {
            const enum q_status got = take_wait(&e, &key, Q_FOREVER);
            check(got == Q_OK, "pop answers %s", status_name(got));
        }
    }
    end_detach(&e);
    return NULL;
}

static void count_stays_exact(const struct q_driver *d)
{
    for (size_t i = 0; i < N_OF(capacities); i++) {
        context("capacity %zu", capacities[i]);
        const bool both = most_producers(d, 4) == 4 && most_consumers(d, 4) == 4;
        struct subject s;
        subject_open(&s, d,
                     &(struct q_config){.capacity = capacities[i], .producers = 4, .consumers = 4});
        struct pair t[4];
        const unsigned threads = both ? 4 : 2; /* each both, or one of each */
        for (unsigned k = 0; k < threads; k++)
            t[k] = (struct pair){.subject = &s,
                                 .pairs = crowd_scaled(d, 4000, 80),
                                 .number = k,
                                 .pushes = both || k == 0,
                                 .pops = both || k == 1};
        together(threads, pair_body, t, sizeof *t);
        struct end e;
        end_attach(&e, &s, Q_BOTH);
        is_empty(&e);
        uint64_t number = UINT64_C(1) << 30;
        fill(&e, subject_capacity(&s), &number);
        refuses_one_more(&e);
        end_detach(&e);
        subject_destroy(&s); /* with items left inside: nothing leaks */
    }
}

/* ---- what init refuses ------------------------------------------------------------------------ */

static void refuses_absurd(const struct q_driver *d)
{
    const size_t absurd[] = {SIZE_MAX, SIZE_MAX / 2 + 2, SIZE_MAX / 8, SIZE_MAX / d->item_bytes,
                             SIZE_MAX / 128};
    for (size_t i = 0; i < N_OF(absurd); i++) {
        for (unsigned segment = 0; segment < 2; segment++) {
            const struct q_config config = {.capacity = segment ? 0 : absurd[i],
                                            .segment = segment ? absurd[i] : 0};
            context("%s %zu", segment ? "segment" : "capacity", absurd[i]);
            struct subject s;
            const int error = subject_try(&s, d, &config);
            check(error == 0 || error == EINVAL || error == ENOMEM, "init answers %s",
                  strerror(error));
            check(error || segment || !d->traits->bounded || subject_capacity(&s) >= absurd[i],
                  "init accepts it and gives capacity %zu", subject_capacity(&s));
            if (error == 0)
                subject_destroy(&s);
        }
    }
}

static void refuses_policies(const struct q_driver *d)
{
    for (unsigned policy = Q_REFUSE; policy <= Q_SPILL + 1; policy++) {
        context("when_full %u", policy);
        const bool knows = policy == Q_REFUSE || (d->traits->policies >> policy & 1);
        struct subject s;
        const int error = subject_try(
            &s, d, &(struct q_config){.capacity = 8, .when_full = (enum q_when_full)policy});
        if (policy == Q_SPILL || !knows) /* a spill needs a file to spill to */
            check(error == EINVAL, "init answers %s", error ? strerror(error) : "OK");
        else
            check(error == 0, "the traits list it, but init answers %s", strerror(error));
        if (error == 0)
            subject_destroy(&s);
    }
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"holds exactly its capacity", holds_capacity, needs_capacity},
        {"never holds more than its capacity", never_more, needs_capacity},
        {"holds its capacity again after a crowd", count_stays_exact, needs_capacity},
        {"grows", grows, needs_unbounded},
        {"refuses absurd sizes", refuses_absurd, NULL},
        {"refuses policies it does not know", refuses_policies, NULL},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
