/* barrier_too_few.c: a barrier for three that two threads come to. Expect: lost wake-up. */
#include <pthread.h>

static pthread_barrier_t meet;

static void *work(void *arg)
{
    pthread_barrier_wait(&meet);
    return arg;
}

int main(void)
{
    pthread_t t;
    pthread_barrier_init(&meet, NULL, 3);
    pthread_create(&t, NULL, work, NULL);
    work(NULL);
    pthread_join(t, NULL);
    return 0;
}
