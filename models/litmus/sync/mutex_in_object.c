/* mutex_in_object.c: whoever is last unlocks the object and frees it. Expect: no violation. */
#include <pthread.h>
#include <stdlib.h>

struct object {
    pthread_mutex_t lock;
    int users;
};

static void *leave(void *arg)
{
    struct object *o = arg;
    pthread_mutex_lock(&o->lock);
    const int left = --o->users;
    pthread_mutex_unlock(&o->lock);
    if (left == 0) {
        pthread_mutex_destroy(&o->lock);
        free(o);
    }
    return NULL;
}

int main(void)
{
    struct object *o = malloc(sizeof *o);
    pthread_mutex_init(&o->lock, NULL);
    o->users = 2;
    pthread_t t;
    pthread_create(&t, NULL, leave, o);
    leave(o);
    pthread_join(t, NULL);
    return 0;
}
