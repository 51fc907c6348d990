/* wake_before_store.c: wakes the sleeper, then stores what it waits for. Expect: lost wake-up. */
/* A producer that signals first because "the consumer needs a moment to wake up anyway".
 *
 * 1. The consumer finds nothing and sleeps. 2. The producer wakes it; it looks, finds nothing and
 * sleeps again. 3. Now the producer stores, and wakes nobody.
 *
 * Repair: publish first, then wake. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t items = PTHREAD_COND_INITIALIZER;
static int count;

static void *consumer(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    while (count == 0)
        pthread_cond_wait(&items, &lock);
    count--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *producer(void *arg)
{
    (void)arg;
    pthread_cond_signal(&items);
    pthread_mutex_lock(&lock);
    count++;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {consumer, producer};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
