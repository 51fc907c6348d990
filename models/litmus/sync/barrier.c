/* barrier.c: what was written before a barrier is seen behind it. Expect: no violation. */
#include <assert.h>
#include <pthread.h>

static pthread_barrier_t meet;
static int value[2];

static void *work(void *which)
{
    int *const mine = which, *const other = &value[mine == value];
    int serial = 0;
    for (int round = 1; round <= 2; round++) {
        *mine = round;
        serial += pthread_barrier_wait(&meet) == PTHREAD_BARRIER_SERIAL_THREAD;
        assert(*other == round);
        serial += pthread_barrier_wait(&meet) == PTHREAD_BARRIER_SERIAL_THREAD;
    }
    return serial ? which : NULL;
}

int main(void)
{
    pthread_t t;
    pthread_barrier_init(&meet, NULL, 2);
    pthread_create(&t, NULL, work, &value[1]);
    const void *mine = work(&value[0]);
    void *other;
    pthread_join(t, &other);
    assert(mine || other);
    pthread_barrier_destroy(&meet);
    return 0;
}
