/* futex_word_not_moved.c: the word that is slept on does not change. Expect: lost wake-up. */
/* An event count whose publisher wakes without moving the epoch.
 *
 * 1. The consumer finds nothing ready. 2. The producer stores and wakes: nobody sleeps yet. 3. The
 * consumer goes to sleep, and the kernel lets it: the word still has the value it had before.
 *
 * Repair: the publisher moves the epoch before it wakes; the consumer reads the epoch before it
 * looks (queues/wait.h). */
#include <linux/futex.h>
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int ready;
static atomic_uint epoch;

static void *consumer(void *arg)
{
    (void)arg;
    while (!atomic_load(&ready))
        syscall(SYS_futex, &epoch, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    return NULL;
}

static void *producer(void *arg)
{
    (void)arg;
    atomic_store(&ready, 1);
    syscall(SYS_futex, &epoch, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
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
