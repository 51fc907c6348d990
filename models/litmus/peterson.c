/* peterson.c: Peterson's lock, seq_cst. Expect: no violation. */
/* Raise the flag, give way, wait while the other wants in and it is its turn (z). */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

static atomic_int x, y, z;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    atomic_store_explicit(&z, 2, memory_order_seq_cst);
    while (atomic_load(&y) == 1 && atomic_load(&z) == 2)
        sched_yield();
    count++;
    atomic_store_explicit(&x, 0, memory_order_release);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    atomic_store_explicit(&z, 1, memory_order_seq_cst);
    while (atomic_load(&x) == 1 && atomic_load(&z) == 1)
        sched_yield();
    count++;
    atomic_store_explicit(&y, 0, memory_order_release);
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
    assert(count == 2);
    return 0;
}
