/* stamp.c: the measured loop, compiled once per map, as C11 or (peers) C++17, with
 *
 *   -DMAP_NAME=map_list -DMAP_HEADER="studies/maps/map_list.h" -DMAP_ID=map_list
 *   [-DMAP_WITH_part]    MAP_WITH: a variant of the map
 *   [-DMAP_PEER="..."]   other people's: package and version; the prefix is `peer` (peers/)
 *
 * The result is one `const struct map_driver` (driver.h). */
#include MAP_HEADER

#include <errno.h>
#include <stdlib.h>

#include "studies/maps/driver.h"

#define CAT_(a, b)    a##b
#define CAT(a, b)     CAT_(a, b)
#define STRING_(a)    #a
#define STRING(a)     STRING_(a)
#define OP(operation) CAT(MAP_NAME, operation)

typedef struct MAP_NAME map;
typedef struct CAT(MAP_NAME, _handle) handle;

/* ---- conformance: a missing or mistyped operation stops the build here, by its name -------- */

static int (*const conforms_init)(map *, const struct map_config *) = OP(_init);
static void (*const conforms_destroy)(map *) = OP(_destroy);
static int (*const conforms_attach)(map *, handle *) = OP(_attach);
static void (*const conforms_detach)(map *, handle *) = OP(_detach);
static enum map_status (*const conforms_find)(map *, handle *, uint64_t, uint64_t *) = OP(_find);
static enum map_status (*const conforms_insert)(map *, handle *, uint64_t, uint64_t) = OP(_insert);
static enum map_status (*const conforms_remove)(map *, handle *, uint64_t,
                                                uint64_t *) = OP(_remove);

/* ---- behind pointers ------------------------------------------------------------------------ */

static void *any_create(const struct map_config *cfg, int *error)
{
    const size_t bytes = (sizeof(map) + Q_LINE - 1) & ~(size_t)(Q_LINE - 1);
    void *const m = aligned_alloc(Q_LINE, bytes);
    *error = m ? conforms_init((map *)m, cfg) : ENOMEM;
    if (!*error)
        return m;
    free(m);
    return NULL;
}
static void any_destroy(void *m)
{
    conforms_destroy((map *)m);
    free(m);
}
static void *any_attach(void *m)
{
    const size_t bytes = (sizeof(handle) + Q_LINE - 1) & ~(size_t)(Q_LINE - 1);
    void *const h = aligned_alloc(Q_LINE, bytes);
    if (h && conforms_attach((map *)m, (handle *)h) == 0)
        return h;
    free(h);
    return NULL;
}
static void any_detach(void *m, void *h)
{
    conforms_detach((map *)m, (handle *)h);
    free(h);
}
static enum map_status any_find(void *m, void *h, uint64_t key, uint64_t *value)
{
    return conforms_find((map *)m, (handle *)h, key, value);
}
static enum map_status any_insert(void *m, void *h, uint64_t key, uint64_t value)
{
    return conforms_insert((map *)m, (handle *)h, key, value);
}
static enum map_status any_remove(void *m, void *h, uint64_t key, uint64_t *value)
{
    return conforms_remove((map *)m, (handle *)h, key, value);
}

#ifndef MAP_PEER
static enum map_status (*const conforms_add)(map *, handle *, uint64_t, uint64_t,
                                             uint64_t *) = OP(_add);
static size_t (*const conforms_size)(map *) = OP(_size);
static size_t (*const conforms_each)(map *, handle *, map_visit *, void *) = OP(_each);
static struct q_bytes (*const conforms_bytes)(const map *) = OP(_bytes);

static enum map_status any_add(void *m, void *h, uint64_t key, uint64_t n, uint64_t *before)
{
    return conforms_add((map *)m, (handle *)h, key, n, before);
}
static size_t any_size(void *m) { return conforms_size((map *)m); }
static size_t any_each(void *m, void *h, map_visit *visit, void *context)
{
    return conforms_each((map *)m, (handle *)h, visit, context);
}
static struct q_bytes any_bytes(void *m) { return conforms_bytes((map *)m); }
#ifdef MAP_STOPS
static void any_stop(void *m, void *h) { OP(_stop)((map *)m, (handle *)h); }
#else
#define any_stop NULL
#endif
#else
#define any_add   NULL
#define any_size  NULL
#define any_each  NULL
#define any_bytes NULL
#define any_stop  NULL
#endif

/* ---- the loop ------------------------------------------------------------------------------- */

static void any_run(void *m_, void *h_, const struct map_work *w, struct map_done *done)
{
    map *const m = (map *)m_;
    handle *const h = (handle *)h_;
    const uint64_t keys = ((uint64_t)1 << MAP_OP_SHIFT) - 1;
    struct map_done d = {0, 0, 0, 0, 0, 0};
    while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED) && (!w->most || d.operations < w->most)) {
        for (unsigned i = 0; i < MAP_STOP_EVERY; i++) {
            const uint64_t op = w->op[(d.operations + i) & w->mask], key = op & keys;
            uint64_t value = 0;
            enum map_status s;
            switch (op >> MAP_OP_SHIFT) {
            case MAP_FIND:
                s = OP(_find)(m, h, key, &value);
                d.found += s == MAP_OK;
                d.wrong += s == MAP_OK && value != key;
                break;
            case MAP_INSERT:
                s = OP(_insert)(m, h, key, key);
                d.inserted += s == MAP_OK;
                d.nomem += s == MAP_NOMEM;
                break;
            default:
                s = OP(_remove)(m, h, key, &value);
                d.removed += s == MAP_OK;
                break;
            }
        }
        d.operations += MAP_STOP_EVERY;
    }
    *done = d;
}

#ifdef __cplusplus
extern "C"
#endif
    const struct map_driver CAT(map_driver_, MAP_ID);
const struct map_driver CAT(map_driver_, MAP_ID) = {
    STRING(MAP_ID), &OP(_traits), any_create, any_destroy, any_attach, any_detach,
    any_find,       any_insert,   any_remove, any_run,     any_add,    any_size,
    any_each,       any_bytes,    any_stop,   NULL,
};
