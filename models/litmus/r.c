/* r.c: the loser of a race of stores may miss the winner. Expect: assertion. */
/* thread_2's y = 2 is the last value of y, and yet thread_2 reads the old x: a store is not
 * ordered before a later load. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_release);
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 2, memory_order_release);
    r1 = atomic_load_explicit(&x, memory_order_acquire);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    assert(!(atomic_load(&y) == 2 && r1 == 0));
    return 0;
}
