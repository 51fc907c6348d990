/* mutex_destroyed_locked.c: destroyed while a thread may hold it. Expect: misuse. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *use(void *arg)
{
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_create(&t, NULL, use, NULL);
    pthread_mutex_destroy(&lock);
    pthread_join(t, NULL);
    return 0;
}
