/* sb_rmw.c: exchanges instead of stores do not help by themselves. Expect: assertion. */
/* An acq_rel exchange is a locked instruction on x86 and so a full fence there, but the language
 * does not promise it: on Arm the later load may overtake it. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int r1, r2; /* what the threads read */

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_exchange_explicit(&x, 1, memory_order_acq_rel);
    r1 = atomic_load_explicit(&y, memory_order_acquire);
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_exchange_explicit(&y, 1, memory_order_acq_rel);
    r2 = atomic_load_explicit(&x, memory_order_acquire);
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
    assert(!(r1 == 0 && r2 == 0));
    return 0;
}
