/* dashmap.c: DashMap from Rust (Acrimon), its driver: as many shards as 4 times the processors, rounded up,
 * each a table under a readers-writer lock. What runs is in dashmap/lib.rs. Rust ends the program when
 * there is no memory. */
#include <stddef.h>

#include "studies/maps/driver.h"

void *dashmap_create(size_t capacity);
void dashmap_destroy(void *map);
uint32_t dashmap_find(void *map, uint64_t key, uint64_t *value);
uint32_t dashmap_insert(void *map, uint64_t key, uint64_t value);
uint32_t dashmap_remove(void *map, uint64_t key, uint64_t *value);
void dashmap_run(void *map, const struct map_work *work, struct map_done *done);
void dashmap_update(void *map, uint64_t key, void (*change)(void *context, uint64_t *value),
                    void *context);

/* What lib.rs thinks. */
static_assert(offsetof(struct map_work, mask) == 8 && offsetof(struct map_work, stop) == 16 &&
                  offsetof(struct map_work, most) == 24 && sizeof(struct map_done) == 48,
              "lib.rs has these structs too");
static_assert(MAP_OP_SHIFT == 62 && MAP_STOP_EVERY == 64 && MAP_FIND == 0 && MAP_INSERT == 1 &&
                  MAP_OK == 0 && MAP_ABSENT == 1 && MAP_PRESENT == 2,
              "lib.rs has these constants too");

static const struct map_traits traits = {
    .name = "dashmap",
    .family = "lock",
    .summary = "shards, each a table under a readers-writer lock",
    .source = "Acrimon, DashMap",
    .find = Q_BLOCKING,
    .change = Q_BLOCKING,
    .grows = true,
    .peer = "librust-dashmap-dev " DASHMAP_VERSION ", rustc " RUSTC_VERSION,
};

static void *create(const struct map_config *cfg, int *error)
{
    *error = 0;
    return dashmap_create(cfg->capacity);
}
static void *attach(void *map) { return map; }
static void detach(void *map, void *handle) { (void)map, (void)handle; }
static enum map_status find(void *map, void *handle, uint64_t key, uint64_t *value)
{
    (void)handle;
    return (enum map_status)dashmap_find(map, key, value);
}
static enum map_status insert(void *map, void *handle, uint64_t key, uint64_t value)
{
    (void)handle;
    return (enum map_status)dashmap_insert(map, key, value);
}
static enum map_status take(void *map, void *handle, uint64_t key, uint64_t *value)
{
    (void)handle;
    return (enum map_status)dashmap_remove(map, key, value);
}
static void run(void *map, void *handle, const struct map_work *work, struct map_done *done)
{
    (void)handle;
    dashmap_run(map, work, done);
}

static void update(void *map, void *handle, uint64_t key,
                   void (*change)(void *context, uint64_t *value), void *context)
{
    (void)handle;
    dashmap_update(map, key, change, context);
}

extern const struct map_driver map_driver_dashmap;
const struct map_driver map_driver_dashmap = {
    .id = "dashmap",
    .traits = &traits,
    .create = create,
    .destroy = dashmap_destroy,
    .attach = attach,
    .detach = detach,
    .find = find,
    .insert = insert,
    .remove = take,
    .run = run,
    .update = update,
};
