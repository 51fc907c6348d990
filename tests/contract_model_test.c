/* contract_model_test.c: one thread, random operations, every answer compared with a queue that
 * is too simple to be wrong: one list of keys for each lane. */
#include <stdlib.h>
#include <string.h>

#include "tests/contract.h"

struct list {
    uint64_t *key;
    size_t first, end, room;
};
struct model {
    struct list lane[4];
    size_t held, capacity; /* capacity 0: unbounded */
    bool closed;
};

static void model_push(struct model *m, uint64_t key)
{
    struct list *const l = &m->lane[key_lane(key)];
    if (l->end == l->room) {
        l->room = l->room ? 2 * l->room : 64;
        l->key = realloc(l->key, l->room * sizeof *l->key);
        check(l->key, "no memory");
    }
    l->key[l->end++] = key;
    m->held++;
}

/* `key` came out: it must have been the oldest of its lane. Which lane is the queue's choice:
 * contract_lanes_test.c looks at that. */
static void model_pop(struct model *m, uint64_t key)
{
    struct list *const l = &m->lane[key_lane(key)];
    check(l->first < l->end, "popped %#llx, but nothing is in lane %u", (unsigned long long)key,
          key_lane(key));
    check(l->key[l->first] == key, "popped %#llx, but the oldest in its lane is %#llx",
          (unsigned long long)key, (unsigned long long)l->key[l->first]);
    l->first++;
    m->held--;
}

static void model_free(struct model *m)
{
    for (unsigned i = 0; i < 4; i++)
        free(m->lane[i].key);
}

/* ---- one step of each kind ------------------------------------------------------------------- */

struct play {
    struct subject subject;
    struct end push, pop; /* the same handle when the play began so */
    struct model model;
    uint64_t random, number;
};

static uint64_t fresh(struct play *p) { return key_for(p->subject.driver, 0, ++p->number); }

/* Items that must fit; where the capacity is rough, more may. */
static size_t room(const struct play *p)
{
    return !p->model.capacity                  ? SIZE_MAX
           : p->model.capacity > p->model.held ? p->model.capacity - p->model.held
                                               : 0;
}
static bool rough(const struct play *p)
{
    return p->subject.driver->traits->caution & Q_CAPACITY_ROUGH;
}

static void step_push(struct play *p, bool waits)
{
    const uint64_t key = fresh(p);
    const enum q_status got = waits ? put_wait(&p->push, key, 0) : put(&p->push, key);
    const enum q_status expected = room(p) ? Q_OK : waits ? Q_TIMEOUT : Q_FULL;
    check(got == expected || (rough(p) && got == Q_OK),
          "push answers %s, %s expected: holds %zu of %zu", status_name(got), status_name(expected),
          p->model.held, p->model.capacity);
    if (got == Q_OK)
        model_push(&p->model, key);
}

static void step_pop(struct play *p, bool waits)
{
    uint64_t key;
    const enum q_status got = waits ? take_wait(&p->pop, &key, 0) : take(&p->pop, &key);
    const enum q_status expected = p->model.held     ? Q_OK
                                   : p->model.closed ? Q_CLOSED
                                   : waits           ? Q_TIMEOUT
                                                     : Q_EMPTY;
    check(got == expected, "pop answers %s, %s expected: holds %zu", status_name(got),
          status_name(expected), p->model.held);
    if (got == Q_OK)
        model_pop(&p->model, key);
}

static void step_push_n(struct play *p)
{
    uint64_t keys[BATCH_MAX] = {0};
    const size_t n = random_below(&p->random, BATCH_MAX + 1);
    for (size_t i = 0; i < n; i++)
        keys[i] = fresh(p);
    const size_t done = put_n(&p->push, keys, n);
    check(done <= room(p) || rough(p), "push_n took %zu where there is room for %zu", done,
          room(p));
    check(done > 0 || n == 0 || room(p) == 0, "push_n took none of %zu though there is room", n);
    for (size_t i = 0; i < done; i++)
        model_push(&p->model, keys[i]);
}

static void step_pop_n(struct play *p)
{
    uint64_t keys[BATCH_MAX];
    const size_t n = random_below(&p->random, BATCH_MAX + 1);
    const size_t done = take_n(&p->pop, keys, n);
    check(done <= p->model.held, "pop_n gave %zu of %zu", done, p->model.held);
    check(done > 0 || n == 0 || p->model.held == 0, "pop_n gave none of %zu", p->model.held);
    for (size_t i = 0; i < done; i++)
        model_pop(&p->model, keys[i]);
}

/* ---- plays ----------------------------------------------------------------------------------- */

static void play(const struct q_driver *d, size_t capacity, size_t segment, bool one_handle,
                 uint64_t steps)
{
    struct play p = {.random = contract_seed() ^ capacity << 8 ^ segment << 1 ^ one_handle};
    const struct q_config config = {
        .capacity = capacity, .segment = segment, .producers = 1, .consumers = 1};
    context("capacity %zu, segment %zu, %s", capacity, segment,
            one_handle ? "one handle" : "two handles");
    subject_open(&p.subject, d, &config);
    p.model.capacity = subject_capacity(&p.subject);
    end_attach(&p.push, &p.subject, one_handle ? Q_BOTH : Q_PRODUCER);
    if (one_handle)
        p.pop = p.push;
    else
        end_attach(&p.pop, &p.subject, Q_CONSUMER);

    /* Phases lean to pushing or to popping, so that full, empty and wrap-around all come. */
    unsigned lean = 0;
    for (uint64_t i = 0; i < steps; i++) {
        if (i % 97 == 0)
            lean = (unsigned)random_below(&p.random, 5);
        const bool pushes = random_below(&p.random, 6) <= lean;
        switch (random_below(&p.random, 8)) {
        case 0:
            pushes ? step_push_n(&p) : step_pop_n(&p);
            break;
        case 1:
            pushes ? step_push(&p, true) : step_pop(&p, true);
            break;
        default:
            pushes ? step_push(&p, false) : step_pop(&p, false);
        }
    }
    shut(&p.push);
    p.model.closed = true;
    shut(&p.push); /* closing twice is harmless */
    while (p.model.held)
        random_below(&p.random, 4) ? step_pop(&p, false) : step_pop_n(&p);
    for (int i = 0; i < 3; i++) {
        step_pop(&p, i == 1);
        step_pop_n(&p);
    }
    if (!one_handle)
        end_detach(&p.pop);
    end_detach(&p.push);
    subject_destroy(&p.subject);
    model_free(&p.model);
}

static void agrees(const struct q_driver *d)
{
    static const size_t capacities[] = {0, 1, 2, 3, 64, 1024};
    static const size_t segments[] = {0, 1, 2, 3, 64};
    for (size_t i = 0; i < N_OF(capacities); i++)
        for (int one_handle = 0; one_handle < 2; one_handle++)
            play(d, capacities[i], 0, one_handle, scaled(4000, 500));
    for (size_t i = 0; i < N_OF(segments); i++)
        play(d, 64, segments[i], i & 1, scaled(4000, 500));
}

/* Two queues of one kind and their operations mixed: a queue with a global variable fails. */
static void side_by_side(const struct q_driver *d)
{
    struct play p[2] = {{.random = contract_seed()}, {.random = contract_seed() + 1}};
    const struct q_config config = {.capacity = 16, .segment = 2};
    context("two queues of capacity 16 in turn");
    for (unsigned k = 0; k < 2; k++) {
        p[k].number = k << 30; /* keys tell the queues apart */
        subject_open(&p[k].subject, d, &config);
        p[k].model.capacity = subject_capacity(&p[k].subject);
        end_attach(&p[k].push, &p[k].subject, Q_BOTH);
        p[k].pop = p[k].push;
    }
    for (uint64_t i = 0; i < scaled(4000, 500); i++) {
        struct play *const one = &p[random_below(&p[0].random, 2)];
        random_below(&one->random, 2) ? step_push(one, false) : step_pop(one, false);
    }
    shut(&p[0].push);
    p[0].model.closed = true;
    step_push(&p[1], false); /* the other one is not closed */
    for (unsigned k = 0; k < 2; k++) {
        while (p[k].model.held)
            step_pop(&p[k], false);
        step_pop(&p[k], false);
        end_detach(&p[k].push);
        subject_destroy(&p[k].subject);
        model_free(&p[k].model);
    }
}

int main(int argc, char **argv)
{
    static const struct contract_case cases[] = {
        {"agrees with the model", agrees, NULL},
        {"shares nothing with a second queue", side_by_side, NULL},
    };
    return contract_main(argc, argv, cases, N_OF(cases));
}
