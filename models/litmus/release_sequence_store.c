/* release_sequence_store.c: a later relaxed store carries nothing. Expect: race. */
/* In C11 as first published a relaxed store of the SAME thread continued the release sequence;
 * C++20 and this checker say that only read-modify-writes do. thread_2 reads the 2 and has
 * synchronized with nobody. */
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
    atomic_store_explicit(&y, 2, memory_order_relaxed);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    if (atomic_load_explicit(&y, memory_order_acquire) == 2)
        assert(data == 42);
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
    return 0;
}
