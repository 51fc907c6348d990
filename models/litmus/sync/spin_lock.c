/* spin_lock.c: a spin lock excludes, and trying for it may fail. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>

static pthread_spinlock_t lock;
static int counter;

static void *count(void *arg)
{
    pthread_spin_lock(&lock);
    counter++;
    pthread_spin_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    pthread_create(&t, NULL, count, NULL);
    const int error = pthread_spin_trylock(&lock);
    if (error == 0) {
        counter++;
        pthread_spin_unlock(&lock);
    }
    pthread_join(t, NULL);
    assert(counter == 2 - (error == EBUSY));
    pthread_spin_destroy(&lock);
    return 0;
}
