/* keys.c: a value for each thread, destroyed when it ends. Expect: no violation. */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_key_t key;
static int destroyed[2];

static void destroy(void *value)
{
    int *v = value;
    destroyed[*v]++;
    free(v);
}

static void *work(void *arg)
{
    assert(pthread_getspecific(key) == NULL);
    int *v = malloc(sizeof *v);
    *v = *(const int *)arg;
    pthread_setspecific(key, v);
    assert(*(int *)pthread_getspecific(key) == *(const int *)arg);
    if (*v)
        pthread_exit(NULL);
    return NULL;
}

int main(void)
{
    static const int numbers[2] = {0, 1};
    pthread_t t, u;
    pthread_key_create(&key, destroy);
    pthread_create(&t, NULL, work, (void *)&numbers[0]);
    pthread_create(&u, NULL, work, (void *)&numbers[1]);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    assert(destroyed[0] == 1 && destroyed[1] == 1);
    return 0;
}
