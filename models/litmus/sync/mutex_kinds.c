/* mutex_kinds.c: recursive and error-checking mutexes, from attributes. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>

static pthread_mutex_t again, strict;
static int counter;

static void *work(void *arg)
{
    pthread_mutex_lock(&again);
    assert(pthread_mutex_lock(&again) == 0);
    assert(pthread_mutex_trylock(&again) == 0);
    counter++;
    pthread_mutex_unlock(&again);
    pthread_mutex_unlock(&again);
    counter++;
    pthread_mutex_unlock(&again);
    assert(pthread_mutex_unlock(&again) == EPERM);
    pthread_mutex_lock(&strict);
    assert(pthread_mutex_lock(&strict) == EDEADLK);
    assert(pthread_mutex_trylock(&strict) == EBUSY);
    pthread_mutex_unlock(&strict);
    assert(pthread_mutex_unlock(&strict) == EPERM);
    return arg;
}

int main(void)
{
    pthread_mutexattr_t attr;
    pthread_t t;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&again, &attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&strict, &attr);
    pthread_mutexattr_destroy(&attr);
    pthread_create(&t, NULL, work, NULL);
    work(NULL);
    pthread_join(t, NULL);
    assert(counter == 4);
    pthread_mutex_destroy(&again);
    pthread_mutex_destroy(&strict);
    return 0;
}
