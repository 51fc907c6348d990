/* stats_no_cut.c: two counters read one after the other are no snapshot. Expect: assertion. */
/* LockFreeStats of "Lock-Free Concurrency in the Indexing Crate": relaxed counters, from which
 * rates are computed.
 *
 * 1. The reader loads the number of queries. 2. A query is counted, and its hit. 3. The reader
 * loads the number of hits: more hits than queries.
 *
 * Repair: read the smaller one first AND release the increments, or keep both in one word. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int query_count, hit_count;

static void *query(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&query_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&hit_count, 1, memory_order_relaxed);
    return NULL;
}

static void *monitor(void *arg)
{
    (void)arg;
    const int queries = atomic_load_explicit(&query_count, memory_order_relaxed);
    const int hits = atomic_load_explicit(&hit_count, memory_order_relaxed);
    assert(hits <= queries);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {query, monitor};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
