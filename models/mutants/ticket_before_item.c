/* ticket_before_item.c: the index moves before the item is there. Expect: uninitialised. */
/* A queue that takes its place by fetch-and-add and fills it afterwards, with a consumer that
 * trusts the index.
 *
 * 1. The producer takes place 0: tail is 1. 2. The consumer sees head < tail. 3. It reads slot 0,
 * which nobody has written yet.
 *
 * Repair: each slot says by itself whether it is filled (queues/array_mpmc.h: turns). */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static atomic_int *slot;
static atomic_int tail;

static void *producer(void *arg)
{
    (void)arg;
    const int mine = atomic_fetch_add(&tail, 1);
    atomic_store_explicit(&slot[mine], 7, memory_order_release);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    if (atomic_load(&tail) > 0)
        assert(atomic_load_explicit(&slot[0], memory_order_acquire) == 7);
    return NULL;
}

int main(void)
{
    slot = malloc(2 * sizeof *slot);
    static void *(*const entry[])(void *) = {producer, consumer};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    free(slot);
    return 0;
}
