/* lapped_producer.c: a producer that was stopped for a lap. Expect: race. */
/* A ring for many producers whose tickets come from fetch-and-add and whose slots only say "full"
 * or "empty".
 *
 * 1. Producer 1 takes ticket 0 and is stopped. 2. Producer 2 takes ticket 1, which is the same
 * slot in a ring of one, finds it empty and begins to fill it. 3. Producer 1 finds it empty as
 * well: both write.
 *
 * Repair: the slot says for which ticket it is empty. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_int tail, full;
static int item;

static void *producer_1(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&tail, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&full, memory_order_acquire)) {
        item = 1;
        atomic_store_explicit(&full, 1, memory_order_release);
    }
    return NULL;
}

static void *producer_2(void *arg)
{
    (void)arg;
    atomic_fetch_add_explicit(&tail, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&full, memory_order_acquire)) {
        item = 2;
        atomic_store_explicit(&full, 1, memory_order_release);
    }
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {producer_1, producer_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(item == 1 || item == 2);
    return 0;
}
