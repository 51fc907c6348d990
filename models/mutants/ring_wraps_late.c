/* ring_wraps_late.c: the ring wraps one slot too late. Expect: out of bounds. */
/* A ring of N slots that keeps one free, after someone made the spare slot usable.
 *
 * 1. Indices run modulo N + 1 so that N items fit. 2. The buffer still has N slots. 3. The N-th
 * item is written behind its end.
 *
 * Repair: allocate what the index can reach. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { N = 2 };
static int *slot;
static atomic_int tail;

static void *producer(void *arg)
{
    (void)arg;
    for (int i = 0; i <= N; i++) {
        const int t = atomic_load_explicit(&tail, memory_order_relaxed);
        slot[t] = i;
        atomic_store_explicit(&tail, (t + 1) % (N + 1), memory_order_release);
    }
    return NULL;
}

int main(void)
{
    slot = malloc(N * sizeof *slot);
    static void *(*const entry[])(void *) = {producer};
    pthread_t thread[1];
    for (int i = 0; i < 1; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 1; i++)
        pthread_join(thread[i], NULL);
    free(slot);
    return 0;
}
