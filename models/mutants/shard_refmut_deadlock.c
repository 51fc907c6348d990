/* shard_refmut_deadlock.c: holds an entry of one shard, asks for another. Expect: deadlock. */
/* "Phase 6: Lock-Free Structures" takes the locks to be of entries; the entries' guards hold the
 * lock of a whole shard. That one is held over another operation is not in the document.
 *
 * 1. Thread 1 holds an entry of shard 0 and looks up one of shard 1. 2. Thread 2 holds an entry of
 * shard 1 and looks up one of shard 0. 3. Each waits for the other, for ever. With both entries in
 * one shard a single thread suffices.
 *
 * Repair: never hold a guard across another operation of the map, or lock shards in one order. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t shard[2] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static int value[2];

static void move(int from, int to)
{
    pthread_mutex_lock(&shard[from]); /* let mut a = map.get_mut(&from) */
    pthread_mutex_lock(&shard[to]);   /* let mut b = map.get_mut(&to), a still alive */
    value[to] += value[from];
    pthread_mutex_unlock(&shard[to]);
    pthread_mutex_unlock(&shard[from]);
}

static void *worker_1(void *arg)
{
    (void)arg;
    move(0, 1);
    return NULL;
}

static void *worker_2(void *arg)
{
    (void)arg;
    move(1, 0);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {worker_1, worker_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
