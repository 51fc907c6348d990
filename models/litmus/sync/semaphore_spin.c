/* semaphore_spin.c: a semaphore that is tried for until it is free. Expect: no violation. */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>

static sem_t gate;
static int counter;

static void *count(void *arg)
{
    while (sem_trywait(&gate) != 0)
        ;
    counter++;
    sem_post(&gate);
    return arg;
}

int main(void)
{
    pthread_t t;
    sem_init(&gate, 0, 1);
    pthread_create(&t, NULL, count, NULL);
    count(NULL);
    pthread_join(t, NULL);
    assert(counter == 2);
    return 0;
}
