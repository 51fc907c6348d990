/* sb_light_fence.c: store buffering, a light fence on one side, a full fence on the other. Expect: assertion. */
/* A fence orders only who passes it: the light side's store may still be on its way. */
#include <assert.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int x, y;
static int seen_x, seen_y;

static void *light(void *argument)
{
    atomic_store_explicit(&x, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    seen_y = atomic_load_explicit(&y, memory_order_relaxed);
    return argument;
}

static void *other(void *argument)
{
    atomic_store_explicit(&y, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    seen_x = atomic_load_explicit(&x, memory_order_relaxed);
    return argument;
}

int main(void)
{
    pthread_t t[2];
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
    pthread_create(&t[0], 0, light, 0);
    pthread_create(&t[1], 0, other, 0);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
    assert(seen_x || seen_y);
}
