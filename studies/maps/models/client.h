/* client.h: what the small programs for the checker have in common: one map of two slots, or one list,
 * threads that work on it, each with a handle of its own. They are run by tests/study_maps_test.sh:
 *
 *   models/qcheck studies/maps/models/insert_insert.c
 *
 * -DMAP=map_list takes another map, -DMAP_WITH_UNMARKED a variant. */
#ifndef STUDIES_MAPS_MODELS_CLIENT_H
#define STUDIES_MAPS_MODELS_CLIENT_H

#define MAP_LOCKFREE_LINE  2
#define MAP_LOCKFREE_LEAST 2 /* one line: the second key makes it grow */
#define Q_PATIENCE_MAX     1 /* what is retired is looked at at once */
#ifndef MAP
#define MAP map_lockfree
#endif
#define CAT_(a, b)    a##b
#define CAT(a, b)     CAT_(a, b)
#define STRING_(a)    #a
#define STRING(a)     STRING_(a)
#define OP(operation) CAT(MAP, operation)

#include <assert.h>
#include <pthread.h>
/* clang-format off */
#define HEADER_(name) STRING(studies/maps/name.h)
/* clang-format on */
#define HEADER(name) HEADER_(name)
#include HEADER(MAP)

static struct MAP map;

static void begin(void)
{
    const struct map_config config = {.capacity = 1};
    assert(OP(_init)(&map, &config) == 0);
}

typedef struct CAT(MAP, _handle) handle;
static void open_handle(handle *h) { assert(OP(_attach)(&map, h) == 0); }
static void close_handle(handle *h) { OP(_detach)(&map, h); }

static enum map_status find(handle *h, uint64_t key, uint64_t *value)
{
    return OP(_find)(&map, h, key, value);
}
static enum map_status insert(handle *h, uint64_t key, uint64_t value)
{
    return OP(_insert)(&map, h, key, value);
}
static enum map_status add(handle *h, uint64_t key, uint64_t n, uint64_t *before)
{
    return OP(_add)(&map, h, key, n, before);
}
static enum map_status take(handle *h, uint64_t key, uint64_t *value)
{
    return OP(_remove)(&map, h, key, value);
}

/* What is under a key now; UINT64_MAX: nothing. By main, when the threads have ended. */
static uint64_t value_of(uint64_t key)
{
    handle h;
    uint64_t value;
    open_handle(&h);
    if (find(&h, key, &value) != MAP_OK)
        value = UINT64_MAX;
    close_handle(&h);
    return value;
}
static void put(uint64_t key, uint64_t value)
{
    handle h;
    open_handle(&h);
    assert(insert(&h, key, value) == MAP_OK);
    close_handle(&h);
}

/* Threads that work; main attaches and detaches for them, which would only multiply executions. */
#define THREAD(name)                                                                               \
    static void name##_body(handle *h);                                                            \
    static void *name(void *h)                                                                     \
    {                                                                                              \
        name##_body(h);                                                                            \
        return NULL;                                                                               \
    }                                                                                              \
    static void name##_body(handle *h)

static void run_all(void *(*const thread[])(void *), unsigned n)
{
    static handle h[4];
    pthread_t id[4];
    for (unsigned i = 0; i < n; i++)
        open_handle(&h[i]);
    for (unsigned i = 0; i < n; i++)
        assert(pthread_create(&id[i], NULL, thread[i], &h[i]) == 0);
    for (unsigned i = 0; i < n; i++)
        pthread_join(id[i], NULL);
    for (unsigned i = 0; i < n; i++)
        close_handle(&h[i]);
}
#define RUN(...)                                                                                   \
    run_all((void *(*const[])(void *)){__VA_ARGS__},                                               \
            sizeof((void *(*const[])(void *)){__VA_ARGS__}) / sizeof(void *))

#endif
