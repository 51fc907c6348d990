/* monitor_wait_if.c: waits with `if` instead of `while`. Expect: assertion. */
/* A queue under one lock, as in queues/mutex_deque.h, whose consumer does not look again when it
 * wakes.
 *
 * 1. Consumer 1 finds the queue empty and sleeps. 2. The producer puts an item in and signals. 3.
 * Consumer 2 comes first and takes it; consumer 1 wakes and takes from an empty queue.
 *
 * Repair: `while`. A wake-up is a hint that it may be worth looking. */
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
    if (count == 0)
        pthread_cond_wait(&items, &lock);
    assert(count > 0);
    count--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *producer(void *arg)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        pthread_mutex_lock(&lock);
        count++;
        pthread_mutex_unlock(&lock);
        pthread_cond_signal(&items);
    }
    return NULL;
}

int main(void)
{
    static void *(*const entry[])(void *) = {consumer, consumer, producer};
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
