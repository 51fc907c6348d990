/* timed_lock.c: a timed lock is not part of a deadlock: it gives up. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int counter;

static void *back(void *arg)
{
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 1000;
    pthread_mutex_lock(&b);
    const int error = pthread_mutex_timedlock(&a, &soon);
    assert(error == 0 || error == ETIMEDOUT);
    if (error == 0) {
        counter++;
        pthread_mutex_unlock(&a);
    }
    pthread_mutex_unlock(&b);
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, back, NULL);
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    counter++;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    pthread_join(t, NULL);
    return 0;
}
