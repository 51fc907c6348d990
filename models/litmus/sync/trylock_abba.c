/* trylock_abba.c: the second mutex is only tried for: no deadlock. Expect: no violation. */
#include <assert.h>
#include <pthread.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int money, gave_up;

static void *there(void *arg)
{
    pthread_mutex_lock(&a);
    pthread_mutex_lock(&b);
    money++;
    pthread_mutex_unlock(&b);
    pthread_mutex_unlock(&a);
    return arg;
}

static void *back(void *arg)
{
    pthread_mutex_lock(&b);
    if (pthread_mutex_trylock(&a) == 0) {
        money--;
        pthread_mutex_unlock(&a);
    } else {
        gave_up = 1;
    }
    pthread_mutex_unlock(&b);
    return arg;
}

int main(void)
{
    pthread_t t, u;
    pthread_create(&t, NULL, there, NULL);
    pthread_create(&u, NULL, back, NULL);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    assert(money == gave_up);
    return 0;
}
