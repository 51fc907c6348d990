/* dekker_try.c: two flags, seq_cst: not both get in. Expect: no violation, 3 executions. */
/* The core of Dekker's and Peterson's locks: raise a flag, go in if the other's is down. It is
 * sb_seqcst.c with something to protect. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_seq_cst);
    if (atomic_load(&y) == 0)
        count++;
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_seq_cst);
    if (atomic_load(&x) == 0)
        count++;
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
    assert(count <= 1);
    return 0;
}
