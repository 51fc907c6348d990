/* dekker_try_acqrel.c: two flags, release and acquire: both get in. Expect: race. */
/* As dekker_try.c with the orders that suffice for message passing. They do not suffice here, see
 * sb_acqrel.c. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int x, y;
static int count;

static void *thread_1(void *arg)
{
    (void)arg;
    atomic_store_explicit(&x, 1, memory_order_release);
    if (atomic_load_explicit(&y, memory_order_acquire) == 0)
        count++;
    return NULL;
}

static void *thread_2(void *arg)
{
    (void)arg;
    atomic_store_explicit(&y, 1, memory_order_release);
    if (atomic_load_explicit(&x, memory_order_acquire) == 0)
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
    return 0;
}
