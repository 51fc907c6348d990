/* client.h: what the scenarios share: a queue, its ends, operations that are recorded, books that
 * must balance. Included by stamp.c after the queue.
 *
 * An end is one attached handle. Main attaches all of them before it creates the threads, so that
 * attaching adds no steps to what is explored (attach_detach is about that), hands each to one
 * thread, and has them back when the thread has been joined. Queue and handles lie on the heap,
 * where a read of something that init or attach forgot is noticed; while its thread runs a handle
 * lies on that thread's stack, where what a retry loop counts in it is nobody else's business and
 * so no reason to explore one more round. (A queue that keeps the address of a handle would need
 * another client.) */
#ifndef MODELS_SCENARIOS_CLIENT_H
#define MODELS_SCENARIOS_CLIENT_H

#include <pthread.h>

#include "models/checker/subject.h"
#include "models/scenarios/table.h"

typedef struct Q_NAME queue;
typedef struct CAT(Q_NAME, _handle) handle;

enum { ENDS_MAX = 5, KEYS_MAX = 16, SEGMENT = 15 }; /* segments that no scenario fills, unless */
enum { CALL_PUSH, CALL_POP, CALL_CLOSE };           /* as in models/checker/history/history.h */

struct end {
    handle *h;
    enum q_role role;
    void *(*body)(void *);
    unsigned todo;       /* operations that the thread of this end makes */
    uint64_t first;      /* pushes: the key of the first item, the others follow */
    uint64_t timeout_ns; /* waiting operations */
    unsigned pushes, pops;
    uint64_t pushed[KEYS_MAX], popped[KEYS_MAX]; /* answered OK */
    enum q_status last;                          /* answer */
};

static queue *q;
static struct end ends[ENDS_MAX];
static unsigned end_count;
static bool client_short; /* one allocation is to fail */

/* `what` must be a string literal. */
#define claim(holds, what)                                                                         \
    do {                                                                                           \
        if (model_claim)                                                                           \
            model_claim(holds, what);                                                              \
        else                                                                                       \
            assert((holds) && what);                                                               \
    } while (0)

/* ---- begin and end ------------------------------------------------------------------------- */

static int client_try(struct q_config cfg)
{
    q = aligned_alloc(alignof(queue), sizeof *q);
    assert(q);
    end_count = 0;
    client_short = cfg.alloc_fails_at > 0;
    const int error = OP(_init)(q, &cfg);
    if (error)
        free(q);
    return error;
}

static void client_begin(size_t capacity)
{
    const int error = client_try((struct q_config){
        .capacity = capacity, .segment = SEGMENT, .producers = ENDS_MAX, .consumers = ENDS_MAX});
    assert(error == 0);
}

static handle *handle_new(void)
{
    const size_t align = alignof(handle) < sizeof(void *) ? sizeof(void *) : alignof(handle);
    handle *const h = aligned_alloc(align, (sizeof *h + align - 1) & ~(align - 1));
    assert(h);
    return h;
}

static void end_attach(struct end *e, enum q_role role)
{
    e->h = handle_new();
    e->role = role;
    int error = OP(_attach)(q, e->h, role);
    if (error == ENOMEM && client_short) /* one allocation fails, not two */
        error = OP(_attach)(q, e->h, role);
    assert(error == 0);
}

static void end_detach(struct end *e)
{
    OP(_detach)(q, e->h);
    free(e->h);
    e->h = NULL;
}

static struct end *end_new(enum q_role role, unsigned todo, uint64_t first)
{
    assert(end_count < ENDS_MAX);
    struct end *const e = &ends[end_count++];
    *e = (struct end){.role = role, .todo = todo, .first = first};
    return e;
}

static struct end *end_open(enum q_role role, unsigned todo, uint64_t first)
{
    struct end *const e = end_new(role, todo, first);
    end_attach(e, role);
    return e;
}

/* ---- operations ---------------------------------------------------------------------------- */

static void begins(unsigned kind, uint64_t key)
{
    const q_item item = q_item_of(key);
    if (model_call)
        model_call(kind, key, kind == CALL_PUSH && OP(_traits).lanes > 1 ? q_lane(&item) : 0);
}

/* enum q_status and enum op_result (history.h) have the same numbers. */
static enum q_status ends_with(struct end *e, enum q_status s, unsigned kind, uint64_t key)
{
    if (model_return)
        model_return((unsigned)s, s == Q_OK || kind == CALL_PUSH ? key : 0);
    if (s == Q_OK && kind == CALL_PUSH) {
        assert(e->pushes < KEYS_MAX);
        e->pushed[e->pushes++] = key;
    } else if (s == Q_OK && kind == CALL_POP) {
        assert(e->pops < KEYS_MAX);
        e->popped[e->pops++] = key;
    }
    return e->last = s;
}

static enum q_status push(struct end *e, uint64_t key)
{
    begins(CALL_PUSH, key);
    return ends_with(e, OP(_push)(q, e->h, q_item_of(key)), CALL_PUSH, key);
}

static enum q_status pop(struct end *e)
{
    q_item item = q_item_of(0);
    begins(CALL_POP, 0);
    const enum q_status s = OP(_pop)(q, e->h, &item);
    return ends_with(e, s, CALL_POP, q_key(&item));
}

static enum q_status push_wait(struct end *e, uint64_t key)
{
    begins(CALL_PUSH, key);
    const enum q_status s = OP(_push_wait)(q, e->h, q_item_of(key), e->timeout_ns);
    return ends_with(e, s, CALL_PUSH, key);
}

static enum q_status pop_wait(struct end *e)
{
    q_item item = q_item_of(0);
    begins(CALL_POP, 0);
    const enum q_status s = OP(_pop_wait)(q, e->h, &item, e->timeout_ns);
    return ends_with(e, s, CALL_POP, q_key(&item));
}

static void close_queue(struct end *e)
{
    begins(CALL_CLOSE, 0);
    OP(_close)(q, e->h);
    ends_with(e, Q_OK, CALL_CLOSE, 0);
}

/* ---- threads ------------------------------------------------------------------------------- */

static void *pushes(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < e->todo; i++)
        push(e, e->first + i);
    return NULL;
}

static void *pops(void *end)
{
    struct end *const e = end;
    for (unsigned i = 0; i < e->todo; i++)
        pop(e);
    return NULL;
}

static void *closes(void *end)
{
    close_queue(end);
    return NULL;
}

static void *attends(void *end)
{
    struct end *const e = end;
    handle *const home = e->h;
    handle mine;
    if (!home)
        return e->body(e);
    memcpy(&mine, home, sizeof mine);
    e->h = &mine;
    e->body(e);
    memcpy(home, &mine, sizeof mine);
    e->h = home;
    return NULL;
}

/* Runs body[i] on the end number i, and waits for all. */
static void run(unsigned n, void *(*const *body)(void *))
{
    pthread_t thread[ENDS_MAX];
    for (unsigned i = 0; i < n; i++) {
        ends[i].body = body[i];
        const int error = pthread_create(&thread[i], NULL, attends, &ends[i]);
        assert(error == 0);
    }
    for (unsigned i = 0; i < n; i++)
        pthread_join(thread[i], NULL);
}
#define RUN(...)                                                                                   \
    run(sizeof((void *(*[])(void *)){__VA_ARGS__}) / sizeof(void *),                               \
        (void *(*[])(void *)){__VA_ARGS__})

/* ---- books ---------------------------------------------------------------------------------- */

/* Pops what is left, with the end of a consumer that has been joined, or a new one. */
static enum q_status drain(void)
{
    struct end *e = NULL;
    for (unsigned i = 0; i < end_count && !e; i++)
        if (ends[i].role & Q_CONSUMER && ends[i].h)
            e = &ends[i];
    if (!e)
        e = end_open(Q_CONSUMER, 0, 0);
    enum q_status s = Q_OK;
    for (unsigned i = 0; i < KEYS_MAX && s == Q_OK; i++)
        s = pop(e);
    claim(s == Q_EMPTY || s == Q_CLOSED, "more items came out than can be inside");
    return s;
}

static unsigned times(uint64_t key, bool of_pops)
{
    unsigned n = 0;
    for (unsigned i = 0; i < end_count; i++)
        for (unsigned k = 0; k < (of_pops ? ends[i].pops : ends[i].pushes); k++)
            n += (of_pops ? ends[i].popped[k] : ends[i].pushed[k]) == key;
    return n;
}

static unsigned pushed_in_all(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < end_count; i++)
        n += ends[i].pushes;
    return n;
}

static unsigned popped_in_all(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < end_count; i++)
        n += ends[i].pops;
    return n;
}

/* Everything that was popped was pushed, and nothing came twice. */
static void nothing_twice(void)
{
    for (unsigned i = 0; i < end_count; i++)
        for (unsigned k = 0; k < ends[i].pops; k++) {
            claim(times(ends[i].popped[k], false) == 1, "an item was popped that nobody pushed");
            claim(times(ends[i].popped[k], true) == 1, "an item was popped twice");
        }
}

static int client_end(void)
{
    for (unsigned i = 0; i < end_count; i++)
        if (ends[i].h)
            end_detach(&ends[i]);
    OP(_destroy)(q);
    free(q);
    q = NULL;
    return 0;
}

/* The usual end: pops what is left; everything pushed has come out once; destroys. */
static int client_settle(void)
{
    drain();
    nothing_twice();
    claim(popped_in_all() == pushed_in_all(), "an item was pushed and never came out");
    return client_end();
}

/* A scenario: a program that the checker starts as the main thread. */
#define SCENARIO(name)                                                                             \
    __attribute__((visibility("default"))) int scenario_##name(void);                              \
    int scenario_##name(void)

#endif
