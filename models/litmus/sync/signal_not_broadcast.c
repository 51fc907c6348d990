/* signal_not_broadcast.c: the signal wakes the wrong one of two. Expect: lost wake-up. */
/* They wait for different things on one condition variable. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *wait_for_turn(void *which)
{
    pthread_mutex_lock(&lock);
    while (turn != *(const int *)which)
        pthread_cond_wait(&changed, &lock);
    turn = 0;
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    static const int one = 1, never_before_one = 2;
    pthread_t t, u;
    pthread_create(&t, NULL, wait_for_turn, (void *)&one);
    pthread_create(&u, NULL, wait_for_turn, (void *)&never_before_one);
    pthread_mutex_lock(&lock);
    turn = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(t, NULL);
    pthread_mutex_lock(&lock);
    turn = 2;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(u, NULL);
    return 0;
}
