/* tracker_older_timestamp.c: an older timestamp overwrites a newer one. Expect: assertion. */
/* LockFreeAccessTracker of "Lock-Free Concurrency in the Indexing Crate": "AtomicU64: for access
 * counts and timestamps".
 *
 * 1. Thread 1 takes the time. 2. Thread 2 takes the time, later, and stores it. 3. Thread 1 stores
 * its own: the last access is now the older one, and what was just used is thrown out as cold.
 *
 * Repair: keep the largest (a loop of compare-and-swap, or Rust's fetch_max). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int clock_now; /* each look at it is later than the one before */
static atomic_int access_count, last_access;

static void *user(void *arg)
{
    (void)arg;
    const int now = atomic_fetch_add(&clock_now, 1) + 1;
    atomic_fetch_add_explicit(&access_count, 1, memory_order_relaxed);
    atomic_store_explicit(&last_access, now, memory_order_relaxed);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {user, user};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(atomic_load(&access_count) == 2);
    assert(atomic_load(&last_access) == 2);
    return 0;
}
