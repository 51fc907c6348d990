/* make_mut_lost_update.c: updates a private copy of a shared state. Expect: assertion. */
/* "Phase 6: Lock-Free Structures" keeps Arc<GroupByState> in its map and does not print how one is
 * made mutable. Arc::make_mut does it, by copying if the Arc is shared: here it was cloned out.
 *
 * 1. A worker takes its own Arc out of the map: the state is now shared. 2. make_mut copies it. 3.
 * The update goes into the copy, and the copy is dropped: the map's state never changes.
 *
 * Repair: the state behind its own lock or made of atomics; or update under the map's guard,
 * without a second Arc. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

struct group_by_state {
    atomic_int references;
    int count;
};
static pthread_mutex_t shard = PTHREAD_MUTEX_INITIALIZER;
static struct group_by_state *in_map;

static struct group_by_state *get_cloned(void)
{
    pthread_mutex_lock(&shard);
    struct group_by_state *const state = in_map;
    atomic_fetch_add(&state->references, 1);
    pthread_mutex_unlock(&shard);
    return state;
}

static void drop(struct group_by_state *state)
{
    if (atomic_fetch_sub(&state->references, 1) == 1)
        free(state);
}

static struct group_by_state *make_mut(struct group_by_state *state)
{
    if (atomic_load(&state->references) == 1)
        return state;
    struct group_by_state *const copy = malloc(sizeof *copy);
    atomic_init(&copy->references, 1);
    copy->count = state->count;
    drop(state);
    return copy;
}

static void *worker(void *arg)
{
    (void)arg;
    struct group_by_state *const state = make_mut(get_cloned());
    state->count++;
    drop(state);
    return NULL;
}

int main(void)
{
    in_map = malloc(sizeof *in_map);
    atomic_init(&in_map->references, 1);
    in_map->count = 0;
    static void *(*const entry[])(void *) = {worker, worker};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    const int count = in_map->count;
    drop(in_map);
    assert(count == 2);
    return 0;
}
