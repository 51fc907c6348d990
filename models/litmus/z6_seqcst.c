/* z6_seqcst.c: a chain of seq_cst stores holds. Expect: no violation, 7 executions. */
/* The repair of z6.c: in the one order of all accesses the chain holds. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y, z;
static int r1, r2; /* what the threads read */

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
    atomic_store_explicit(&z, 1, memory_order_seq_cst);
    return NULL;
}

static void *thread_3(void *arg)
{
    (void)arg;
    r1 = atomic_load_explicit(&z, memory_order_seq_cst);
    r2 = atomic_load_explicit(&x, memory_order_seq_cst);
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
    assert(!(atomic_load(&y) == 2 && r1 == 1 && r2 == 0));
    return 0;
}
