/* release_sequence_broken.c: a plain store of another thread ends the sequence. Expect: race. */
/* thread_2 stores 2 where release_sequence.c increments: the acquire of 2 synchronizes with
 * nobody. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int y;
static int data;

static void *thread_1(void *arg)
{
    (void)arg;
    data = 42;
    atomic_store_explicit(&y, 1, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    if (atomic_load_explicit(&y, memory_order_relaxed) == 1)
        atomic_store_explicit(&y, 2, memory_order_relaxed);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    if (atomic_load_explicit(&y, memory_order_acquire) == 2)
        assert(data == 42);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {thread_1, thread_2, thread_3};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
