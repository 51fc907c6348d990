/* count_and_state_apart.c: a counter and its state no longer move together. Expect: assertion. */
/* "Phase 6: Lock-Free Structures" takes record_count out of the lock that still guards the group
 * states.
 *
 * 1. A worker counts its record. 2. A reader takes the count and, under the lock, the sum. 3. The
 * worker adds to the sum: the reader has an average over a record that is not in the sum.
 *
 * Repair: both under the lock, or both in what the lock guards. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int record_count;
static int sum;

static void *worker(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&record_count, 1, memory_order_relaxed);
    pthread_mutex_lock(&lock);
    sum += 1;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *reader(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    const int count = atomic_load_explicit(&record_count, memory_order_relaxed), total = sum;
    pthread_mutex_unlock(&lock);
    assert(total == count); /* every record adds 1 */
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {worker, reader};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
