/* rmw_torn.c: a load and a store are no increment. Expect: assertion. */
/* Two threads load, add one and store: both may load 0, and one increment is lost. `x = x + 1` on
 * an atomic variable is just this; `x++` is not. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;
static int r1, r2; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&x, r1 + 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    atomic_store_explicit(&x, r2 + 1, memory_order_relaxed);
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
    assert(atomic_load(&x) == 2);
    return 0;
}
