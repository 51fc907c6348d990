/* seqlock_relaxed.c: a seqlock in which every order is relaxed. Expect: assertion. */
/* No single order repairs it, seq_cst or not: the checker finds the six that do it together. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int seq, a, b;

static void *writer(void *argument)
{
    atomic_store_explicit(&seq, 1, memory_order_relaxed);
    atomic_store_explicit(&a, 1, memory_order_relaxed);
    atomic_store_explicit(&b, 1, memory_order_relaxed);
    atomic_store_explicit(&seq, 2, memory_order_relaxed);
    return argument;
}

static void *reader(void *argument)
{
    const int before = atomic_load_explicit(&seq, memory_order_relaxed);
    const int seen_a = atomic_load_explicit(&a, memory_order_relaxed);
    const int seen_b = atomic_load_explicit(&b, memory_order_relaxed);
    const int after = atomic_load_explicit(&seq, memory_order_relaxed);
    if (before == after && before % 2 == 0)
        assert(seen_a == seen_b);
    return argument;
}

int main(void)
{
    pthread_t t[2];
    pthread_create(&t[0], 0, writer, 0);
    pthread_create(&t[1], 0, reader, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
}
