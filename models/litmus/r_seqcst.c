/* r_seqcst.c: the winner of a race of stores, seq_cst. Expect: no violation, 3 executions. */
/* The repair of r.c. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 2, memory_order_seq_cst);
    r1 = atomic_load_explicit(&x, memory_order_seq_cst);
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
