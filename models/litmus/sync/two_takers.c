/* two_takers.c: two take from a counter, with a condition variable. Expect: no violation. */
#include <assert.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int items;

static void *take(void *arg)
{
    pthread_mutex_lock(&lock);
    while (items == 0)
        pthread_cond_wait(&more, &lock);
    assert(items > 0);
    items--;
    pthread_mutex_unlock(&lock);
    return arg;
}

static void put(void)
{
    pthread_mutex_lock(&lock);
    items++;
    pthread_cond_signal(&more);
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    pthread_t t, u;
    pthread_create(&t, NULL, take, NULL);
    pthread_create(&u, NULL, take, NULL);
    put();
    put();
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    return 0;
}
