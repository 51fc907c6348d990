/* contract_lanes_test.c: which lane a pop takes from: strictly the highest, or a fair one whose
 * wait is bounded. That lanes admit no more than their capacity: contract_bounds_test.c. */
#include <string.h>

#include "queues/lanes_fair.h"
#include "tests/contract.h"

static const char *needs_strict(const struct q_driver *d)
{
    return strncmp(d->name, "lanes_strict", 12) == 0 ? NULL : "not lanes_strict";
}
static const char *needs_fair(const struct q_driver *d)
{
    return strncmp(d->name, "lanes_fair", 10) == 0 ? NULL : "not lanes_fair";
}

static void takes_the_highest(const struct q_driver *d)
{
    struct subject s;
    struct end e;
    subject_open(&s, d, &(struct q_config){.capacity = 32, .segment = 4});
    end_attach(&e, &s, Q_BOTH);
    uint64_t random = contract_seed(), number = 0, held[Q_LANES] = {0};
    for (uint64_t i = 0; i < scaled(20000, 1000); i++) {
        uint64_t keys[8] = {0};
        size_t n = 1 + random_below(&random, N_OF(keys));
        if (random_below(&random, 2)) {
            for (size_t k = 0; k < n; k++)
                keys[k] = q_in_lane((unsigned)random_below(&random, Q_LANES), ++number);
            n = n == 1 ? put(&e, keys[0]) == Q_OK : put_n(&e, keys, n);
            for (size_t k = 0; k < n; k++)
                held[key_lane(keys[k])]++;
        } else {
            n = n == 1 ? take(&e, &keys[0]) == Q_OK : take_n(&e, keys, n);
            for (size_t k = 0; k < n; k++) {
                unsigned highest = 0;
                while (highest < Q_LOW && held[highest] == 0)
                    highest++;
                check(key_lane(keys[k]) == highest, "took from lane %u, items wait in lane %u",
                      key_lane(keys[k]), highest);
                held[highest]--;
            }
        }
    }
    end_detach(&e);
    subject_destroy(&s);
}

/* ---- the bound --------------------------------------------------------------------------------- */

/* Two producers keep high and normal busy for ever; a third pushes low items. Each low item notes
 * how many pops had returned when it was in, and how many low items were before it. */
enum { BUSY = 2, LOW_INSIDE = 3 };
struct load {
    struct subject subject;
    unsigned consumers;
    uint64_t lows;
    atomic(uint64_t) returned; /* pops that returned an item */
    atomic(uint64_t) low_popped;
    atomic(uint64_t) waited_most; /* pops that returned while a low item waited */
    atomic(bool) over;
    struct {
        atomic(uint64_t) since; /* `returned` + 1; 0: its push has not returned yet */
        atomic(uint64_t) ahead;
    } low[4096];
};
struct actor {
    struct load *load;
    unsigned number;
};

static void push_lows(struct load *l, const struct end *e)
{
    for (uint64_t i = 0; i < l->lows; i++) {
        unsigned spins = 0;
        while (i - a_load(&l->low_popped, acquire) >= LOW_INSIDE)
            q_relax(&spins);
        a_store(&l->low[i].ahead, i - a_load(&l->low_popped, acquire), relaxed);
        const enum q_status got = put_wait(e, q_in_lane(Q_LOW, i + 1), Q_FOREVER);
        check(got == Q_OK, "push_wait answers %s", status_name(got));
        a_store(&l->low[i].since, a_load(&l->returned, seq_cst) + 1, release);
    }
    unsigned spins = 0;
    while (a_load(&l->low_popped, acquire) < l->lows)
        q_relax(&spins);
    a_store(&l->over, true, release);
    shut(e);
}

static void pop_all(struct load *l, const struct end *e)
{
    for (;;) {
        uint64_t key;
        const uint64_t before = a_load(&l->returned, seq_cst);
        const enum q_status got = take_wait(e, &key, Q_FOREVER);
        if (got == Q_CLOSED)
            return;
        check(got == Q_OK, "pop_wait answers %s", status_name(got));
        if (key_lane(key) == Q_LOW) {
            const uint64_t i = key_number(key) - 1;
            const uint64_t since = a_load(&l->low[i].since, acquire);
            if (since && before >= since) {
                const uint64_t waited = before - (since - 1);
                const uint64_t bound =
                    lanes_fair_bound(l->consumers, a_load(&l->low[i].ahead, relaxed));
                check(waited <= bound, "low item %llu waited for %llu pops, the bound is %llu",
                      (unsigned long long)i, (unsigned long long)waited, (unsigned long long)bound);
                uint64_t most = a_load(&l->waited_most, relaxed);
                while (most < waited && !a_cas(&l->waited_most, &most, waited, relaxed, relaxed))
                    ;
            }
            a_add(&l->low_popped, 1, release);
        }
        a_add(&l->returned, 1, seq_cst);
    }
}

static void *actor_body(void *argument)
{
    struct actor *const a = argument;
    struct load *const l = a->load;
    struct end e;
    end_attach(&e, &l->subject, a->number <= BUSY ? Q_PRODUCER : Q_CONSUMER);
    if (a->number == BUSY) {
        push_lows(l, &e);
    } else if (a->number < BUSY) {
        enum q_status got = Q_OK;
        for (uint64_t i = 1; got == Q_OK; i++)
            got = put_wait(&e, q_in_lane(i % 8 ? Q_HIGH : Q_NORMAL, i), Q_FOREVER);
        check(got == Q_CLOSED && a_load(&l->over, acquire), "push_wait answers %s",
              status_name(got));
    } else {
        pop_all(l, &e);
    }
    end_detach(&e);
    return NULL;
}

static void bounds_the_wait(const struct q_driver *d)
{
    for (unsigned consumers = 1; consumers <= 2; consumers++) {
        static struct load load;
        memset(&load, 0, sizeof load);
        load.consumers = consumers;
        load.lows = scaled(2000, 100);
        context("%u consumers, continuous high load", consumers);
        subject_open(
            &load.subject, d,
            &(struct q_config){.capacity = 64, .producers = BUSY + 1, .consumers = consumers});
        struct actor actors[BUSY + 1 + 2];
        for (unsigned i = 0; i < BUSY + 1 + consumers; i++)
            actors[i] = (struct actor){.load = &load, .number = i};
        together(BUSY + 1 + consumers, actor_body, actors, sizeof *actors);
        subject_destroy(&load.subject);
        check(a_load(&load.low_popped, relaxed) == load.lows, "low items were lost");
        check(a_load(&load.waited_most, relaxed) > 0, "no low item ever had to wait");
    }
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"takes the highest lane", takes_the_highest, needs_strict},
        {"bounds the wait of the lowest lane", bounds_the_wait, needs_fair},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
