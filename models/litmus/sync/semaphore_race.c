/* semaphore_race.c: a semaphore that lets two in does not exclude. Expect: race. */
#include <pthread.h>
#include <semaphore.h>

static sem_t gate;
static int counter;

static void *count(void *arg)
{
    sem_wait(&gate);
    counter++;
    sem_post(&gate);
    return arg;
}

int main(void)
{
    pthread_t t;
    sem_init(&gate, 0, 2);
    pthread_create(&t, NULL, count, NULL);
    count(NULL);
    pthread_join(t, NULL);
    return 0;
}
