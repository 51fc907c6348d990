/* readers.c: four readers of one store: every combination. Expect: no violation, 16 executions. */
/* Each reader finds the old or the new value, and nobody orders them: 2 x 2 x 2 x 2. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x;
static int r1, r2, r3, r4; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

static void *thread_4(void *arg)
{
    (void)arg;
    r3 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

static void *thread_5(void *arg)
{
    (void)arg;
    r4 = atomic_load_explicit(&x, memory_order_relaxed);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2, thread_3, thread_4, thread_5};
    pthread_t thread[5];
    for (int i = 0; i < 5; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 5; i++)
        pthread_join(thread[i], NULL);
    assert(r1 + r2 + r3 + r4 <= 4);
    return 0;
}
