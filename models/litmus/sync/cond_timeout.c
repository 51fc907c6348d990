/* cond_timeout.c: nobody signals, a timed wait ends all the same. Expect: no violation. */
/* Either way what it returns agrees with the clock. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool ready;

static void *producer(void *arg)
{
    pthread_mutex_lock(&lock);
    ready = true; /* and forgets to signal */
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t t;
    struct timespec deadline, now;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += 1;
    pthread_create(&t, NULL, producer, NULL);
    int error = 0;
    pthread_mutex_lock(&lock);
    while (!ready && error == 0)
        error = pthread_cond_timedwait(&changed, &lock, &deadline);
    pthread_mutex_unlock(&lock);
    clock_gettime(CLOCK_REALTIME, &now);
    assert((error == ETIMEDOUT) == (now.tv_sec >= deadline.tv_sec));
    pthread_join(t, NULL);
    return 0;
}
