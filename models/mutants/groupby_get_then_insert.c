/* groupby_get_then_insert.c: looks a group up, then inserts it. Expect: assertion. */
/* A map with a lock per shard, whose get_mut and insert each take and release that lock. "Phase 6:
 * Lock-Free Structures" prints entry().or_insert(), which is right, and get_mut, but not this pair.
 *
 * 1. Two threads look the same new group up: neither finds it. 2. Both make a state with a count
 * of 1. 3. The second insert overwrites the first: one record is not counted.
 *
 * Repair: one operation that finds or makes (entry().or_insert()), under one lock. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t shard = PTHREAD_MUTEX_INITIALIZER;
static bool present;
static int count;

static bool get_mut_and_update(void)
{
    pthread_mutex_lock(&shard);
    const bool found = present;
    if (found)
        count++;
    pthread_mutex_unlock(&shard);
    return found;
}

static void insert(int first_count)
{
    pthread_mutex_lock(&shard);
    present = true;
    count = first_count;
    pthread_mutex_unlock(&shard);
}

static void *worker(void *arg)
{
    (void)arg;
    if (!get_mut_and_update())
        insert(1);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {worker, worker};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(count == 2);
    return 0;
}
