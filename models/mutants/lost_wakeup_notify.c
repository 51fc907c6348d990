/* lost_wakeup_notify.c: checks its bound, then registers to be woken. Expect: lost wake-up. */
/* The writer and the flusher of "Bounded Queue with Backpressure" (a write-ahead log). It
 * promises: "Queue Full: Writers wait asynchronously, resume when space available".
 *
 * 1. The writer finds the queue full. 2. Before it has registered, the flusher drains the queue
 * and wakes all who are registered: nobody, and such a wake-up is not kept for later. 3. The
 * writer registers and sleeps; the queue is empty, and if this is the only writer no flush will
 * ever wake it again.
 *
 * Repair: register first, then look at the count again, then sleep (queues/wait.h: prepare, look,
 * sleep). */
#include <pthread.h>

#define MAX_QUEUE_SIZE 1
#include "wal_queue.h"

static void *writer(void *arg)
{
    (void)arg;
    append(2);
    return NULL;
}

static void *flusher(void *arg)
{
    (void)arg;
    drain_and_flush();
    return NULL;
}

int main(void)
{
    append(1); /* now it is full */
    static void *(*const entry[])(void *) = {writer, flusher};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
