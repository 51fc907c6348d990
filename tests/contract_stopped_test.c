/* contract_stopped_test.c: what a queue keeps for a reader that is stopped in the middle of an
 * operation while others push and pop: with hazard pointers a bounded amount; with epochs, and where
 * segments are given back in their order (segment_ymc), all that is given up meanwhile, until the reader
 * goes on. Here the second is a promise too: a test that saw it bounded would not be looking at a stopped
 * reader. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/contract.h"

enum { WORKERS = 2, PHASES = 1000 };

struct stopped {
    struct subject subject;
    pthread_barrier_t line;
    uint64_t pairs; /* of each worker, in the first phase; three times as many in the second */
    struct q_bytes fresh, early, late, after;
};
struct runner {
    struct stopped *shared;
    unsigned number; /* 0: the reader */
};

static const char *needs_stop(const struct q_driver *d)
{
    return d->stop ? NULL : "cannot be stopped on purpose inside a pop";
}

static void push_and_pop(struct runner *r, const struct end *e, uint64_t *number, uint64_t n)
{
    const struct q_driver *const d = r->shared->subject.driver;
    uint64_t key;
    for (uint64_t i = 0; i < n; i++) {
        check(put(e, key_for(d, r->number, ++*number)) == Q_OK, "push fails");
        take(e, &key); /* may be empty: another has taken both, or has only begun to push */
    }
}

/* One empties the queue, since a pop may have found nothing because another thread had begun to push:
 * items are not what is measured. Then everybody stands still while the bytes are read. */
static void measure(struct runner *r, const struct end *e, struct q_bytes *bytes)
{
    uint64_t key;
    pthread_barrier_wait(&r->shared->line);
    while (r->number == 1 && take(e, &key) == Q_OK)
        ;
    pthread_barrier_wait(&r->shared->line);
    if (r->number == 0)
        *bytes = subject_bytes(&r->shared->subject);
    pthread_barrier_wait(&r->shared->line);
}

static void *runs(void *argument)
{
    struct runner *const r = argument;
    struct stopped *const s = r->shared;
    const bool reader = r->number == 0;
    uint64_t number = 0;
    unsigned phase = 0;
    struct end e;
    end_attach(&e, &s->subject, Q_BOTH);
    if (reader)
        s->subject.driver->stop(s->subject.queue, e.handle);
    measure(r, &e, &s->fresh);
    if (!reader)
        push_and_pop(r, &e, &number, s->pairs);
    measure(r, &e, &s->early);
    if (!reader)
        push_and_pop(r, &e, &number, 3 * s->pairs);
    measure(r, &e, &s->late);
    if (reader)
        push_and_pop(r, &e, &number, 1); /* it goes on */
    /* Again and again, for a worker that is preempted inside is a stopped reader too. */
    do {
        if (!reader)
            push_and_pop(r, &e, &number, s->pairs / 16);
        measure(r, &e, &s->after);
    } while (s->after.now > s->late.now / 4 && ++phase < PHASES);
    end_detach(&e);
    return NULL;
}

static void keeps_for_a_stopped_reader(const struct q_driver *d)
{
    struct stopped s = {.pairs = scaled(20000, 10000)};
    struct runner runner[1 + WORKERS];
    subject_open(&s.subject, d, &(struct q_config){.segment = 16});
    pthread_barrier_init(&s.line, NULL, 1 + WORKERS);
    for (unsigned i = 0; i <= WORKERS; i++)
        runner[i] = (struct runner){.shared = &s, .number = i};
    together(1 + WORKERS, runs, runner, sizeof *runner);

    const uint64_t items = WORKERS * s.pairs; /* until `early`; 4 times as many until `late` */
    const size_t early = s.early.now - s.fresh.now, late = s.late.now - s.fresh.now,
                 after = s.after.now - s.fresh.now;
    printf("%s/%u, a reader stopped: %zu bytes more after %llu items, %zu after %llu; %zu when it "
           "has gone on\n",
           d->name, d->item_bytes, early, (unsigned long long)items, late,
           4 * (unsigned long long)items, after);
    if (strstr(d->name, ".epochs") || strcmp(d->name, "segment_ymc") == 0) {
        check(early >= items / 2 * d->item_bytes, "%zu bytes are less than half the items", early);
        check(late >= 3 * early, "%zu bytes do not grow with the items", late);
        check(after <= late / 4, "%zu bytes are kept when the reader has gone on", after);
    } else {
        /* Some segments come and go with how the workers meet; growth would be 3 times the items. */
        check(late <= 2 * early + items / 8 * d->item_bytes,
              "%zu bytes, and %zu when a quarter of the items had passed", late, early);
    }
    pthread_barrier_destroy(&s.line);
    subject_destroy(&s.subject);
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"keeps what a stopped reader may read", keeps_for_a_stopped_reader, needs_stop},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
