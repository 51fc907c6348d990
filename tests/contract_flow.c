/* contract_flow.c: threads for the contract tests, and the flow of items from many to many. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "queues/wait.h"
#include "tests/contract.h"

/* ---- threads --------------------------------------------------------------------------------- */

struct starter {
    pthread_barrier_t *line;
    void *(*body)(void *);
    void *argument;
};

static void *start(void *argument)
{
    const struct starter *const s = argument;
    pthread_barrier_wait(s->line);
    return s->body(s->argument);
}

void together(unsigned n, void *(*body)(void *), void *arguments, size_t each)
{
    pthread_barrier_t line;
    pthread_t *const thread = calloc(n, sizeof *thread);
    struct starter *const starters = calloc(n, sizeof *starters);
    check(thread && starters && pthread_barrier_init(&line, NULL, n) == 0, "no memory");
    for (unsigned i = 0; i < n; i++) {
        starters[i] =
            (struct starter){.line = &line, .body = body, .argument = (char *)arguments + i * each};
        const int error = pthread_create(&thread[i], NULL, start, &starters[i]);
        check(error == 0, "cannot start thread %u: %s", i, strerror(error));
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&line);
    free(starters);
    free(thread);
}

unsigned most_producers(const struct q_driver *d, unsigned wanted)
{
    const unsigned most = d->traits->producers;
    return most && most < wanted ? most : wanted;
}

unsigned most_consumers(const struct q_driver *d, unsigned wanted)
{
    const unsigned most = d->traits->consumers;
    return most && most < wanted ? most : wanted;
}

/* ---- flow ------------------------------------------------------------------------------------ */

struct shared {
    const struct q_driver *driver;
    const struct flow *flow;
    struct subject subject;
    uint64_t each; /* items per producer */
    atomic(unsigned) pushing;
};
struct runner {
    struct shared *shared;
    unsigned number; /* producers first */
    uint64_t random;
    unsigned char *seen; /* consumer: how often it got item [producer * each + number - 1] */
    uint64_t *last;      /* consumer: the last number from [lane * producers + producer] */
    uint64_t got;
};

static bool chance(struct runner *r, unsigned way, unsigned one_in)
{
    return (r->shared->flow->ways & way) && random_below(&r->random, one_in) == 0;
}

static void between(struct runner *r, struct end *e, enum q_role role)
{
    if (chance(r, FLOW_YIELD, 7))
        sched_yield();
    if (chance(r, FLOW_REATTACH, 13))
        end_reattach(e, role);
}

static uint64_t patience(struct runner *r)
{
    return r->shared->flow->ways & FLOW_WAIT ? Q_FOREVER : random_below(&r->random, 20000);
}

static void produce(struct runner *r)
{
    struct shared *const s = r->shared;
    const unsigned ways = s->flow->ways;
    struct end e;
    end_attach(&e, &s->subject, Q_PRODUCER);
    unsigned spins = 0;
    for (uint64_t i = 0; i < s->each;) {
        uint64_t done = 0;
        if (ways & FLOW_BATCH) {
            uint64_t keys[BATCH_MAX];
            uint64_t want = 1 + random_below(&r->random, chance(r, FLOW_BATCH, 4) ? BATCH_MAX : 8);
            want = want < s->each - i ? want : s->each - i;
            for (uint64_t k = 0; k < want; k++)
                keys[k] = key_for(s->driver, r->number, i + k + 1);
            done = put_n(&e, keys, want);
        } else {
            const uint64_t key = key_for(s->driver, r->number, i + 1);
            const bool waits = ways & (FLOW_WAIT | FLOW_IMPATIENT);
            const enum q_status got = waits ? put_wait(&e, key, patience(r)) : put(&e, key);
            done = got == Q_OK;
            check(got == Q_OK || got == (waits ? Q_TIMEOUT : Q_FULL), "push answers %s",
                  status_name(got));
        }
        i += done;
        if (done)
            spins = 0;
        else
            q_relax(&spins);
        between(r, &e, Q_PRODUCER);
    }
    if (a_sub(&s->pushing, 1, acq_rel) == 1)
        shut(&e);
    end_detach(&e);
}

static void arrived(struct runner *r, uint64_t key)
{
    const struct shared *const s = r->shared;
    const unsigned producers = s->flow->producers;
    const uint64_t producer = key_producer(key), number = key_number(key);
    check(producer < producers && number >= 1 && number <= s->each &&
              key == key_for(s->driver, producer, number),
          "popped %#llx, which nobody pushed", (unsigned long long)key);
    uint64_t *const last = &r->last[key_lane(key) * producers + producer];
    check(number > *last || s->driver->traits->order == Q_UNORDERED,
          "item %llu of producer %llu came after its item %llu", (unsigned long long)number,
          (unsigned long long)producer, (unsigned long long)*last);
    *last = number;
    unsigned char *const seen = &r->seen[producer * s->each + number - 1];
    check(*seen == 0, "item %llu of producer %llu came twice", (unsigned long long)number,
          (unsigned long long)producer);
    *seen = 1;
    r->got++;
}

static void consume(struct runner *r)
{
    struct shared *const s = r->shared;
    const unsigned ways = s->flow->ways;
    struct end e;
    end_attach(&e, &s->subject, Q_CONSUMER);
    uint64_t key;
    unsigned spins = 0;
    for (;;) {
        if (ways & FLOW_BATCH) {
            uint64_t keys[BATCH_MAX];
            const size_t n = take_n(&e, keys, 1 + random_below(&r->random, BATCH_MAX));
            for (size_t k = 0; k < n; k++)
                arrived(r, keys[k]);
            if (n) {
                between(r, &e, Q_CONSUMER);
                continue;
            }
        }
        const bool waits = ways & (FLOW_WAIT | FLOW_IMPATIENT);
        const enum q_status got = waits ? take_wait(&e, &key, patience(r)) : take(&e, &key);
        if (got == Q_CLOSED)
            break;
        if (got == Q_OK) {
            arrived(r, key);
            spins = 0;
        } else {
            check(got == (waits ? Q_TIMEOUT : Q_EMPTY), "pop answers %s", status_name(got));
            q_relax(&spins);
        }
        between(r, &e, Q_CONSUMER);
    }
    for (int again = 0; again < 3; again++) { /* for ever */
        const enum q_status got = again == 1 ? take_wait(&e, &key, Q_FOREVER) : take(&e, &key);
        check(got == Q_CLOSED, "pop answers %s after it answered CLOSED", status_name(got));
    }
    end_detach(&e);
}

static void *runner_body(void *argument)
{
    struct runner *const r = argument;
    if (r->number < r->shared->flow->producers)
        produce(r);
    else
        consume(r);
    return NULL;
}

void flow_run(const struct q_driver *d, const struct flow *f)
{
    const unsigned threads = f->producers + f->consumers;
    struct shared shared = {.driver = d, .flow = f, .each = f->items / f->producers};
    struct q_config config = f->config;
    config.producers = f->producers;
    config.consumers = f->consumers;
    context("%u producers, %u consumers, capacity %zu, segment %zu, ways %#x", f->producers,
            f->consumers, config.capacity, config.segment, f->ways);
    subject_open(&shared.subject, d, &config);
    a_init(&shared.pushing, f->producers);

    const uint64_t items = shared.each * f->producers;
    struct runner *const runners = calloc(threads, sizeof *runners);
    check(runners, "no memory");
    uint64_t random = contract_seed() ^ f->ways << 8 ^ threads;
    for (unsigned i = 0; i < threads; i++) {
        runners[i] = (struct runner){.shared = &shared, .number = i};
        runners[i].random = random_next(&random);
        if (i >= f->producers) {
            runners[i].seen = calloc(items, 1);
            runners[i].last = calloc(4 * f->producers, sizeof *runners[i].last);
            check(runners[i].seen && runners[i].last, "no memory");
        }
    }
    together(threads, runner_body, runners, sizeof *runners);

    uint64_t got = 0, missing = 0, twice = 0, example = 0;
    for (unsigned i = f->producers; i < threads; i++)
        got += runners[i].got;
    for (uint64_t item = 0; item < items; item++) {
        unsigned times = 0;
        for (unsigned i = f->producers; i < threads; i++)
            times += runners[i].seen[item];
        if (times != 1)
            example = item;
        missing += times == 0;
        twice += times > 1;
    }
    for (unsigned i = f->producers; i < threads; i++) {
        free(runners[i].seen);
        free(runners[i].last);
    }
    free(runners);
    subject_destroy(&shared.subject);
    check(missing == 0 && twice == 0 && got == items,
          "%llu of %llu items lost, %llu came to two consumers; one: producer %llu, number %llu",
          (unsigned long long)missing, (unsigned long long)items, (unsigned long long)twice,
          (unsigned long long)(example / shared.each),
          (unsigned long long)(example % shared.each + 1));
}
