/* mutex_wrong_owner.c: a thread unlocks what another one locked. Expect: misuse. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *release(void *arg)
{
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_mutex_lock(&lock);
    pthread_create(&t, NULL, release, NULL);
    pthread_join(t, NULL);
    return 0;
}
