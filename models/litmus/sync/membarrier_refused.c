/* membarrier_refused.c: compiler fences alone order nothing in the processor. Expect: assertion. */
/* A kernel that refuses membarrier: who goes on as if it had been registered (queues/wait.h does
 * not) has no fence on either side, and both threads read 0. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "models/checker/subject.h"

enum { REGISTER_PRIVATE_EXPEDITED = 1 << 4, PRIVATE_EXPEDITED = 1 << 3 };
static atomic_int x, y;
static int r1, r2;

static void *light(void *arg)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    r1 = atomic_load_explicit(&y, memory_order_relaxed);
    return arg;
}

static void *heavy(void *arg)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0, 0);
    r2 = atomic_load_explicit(&x, memory_order_relaxed);
    return arg;
}

int main(void)
{
    pthread_t t[2];
    if (model_refuse_membarrier)
        model_refuse_membarrier();
    if (syscall(SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
        return 0; /* it was not refused: no violation */
    pthread_create(&t[0], NULL, light, NULL);
    pthread_create(&t[1], NULL, heavy, NULL);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    assert(r1 || r2);
    return 0;
}
