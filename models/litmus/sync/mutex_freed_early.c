/* mutex_freed_early.c: freed while another may be locking it. Expect: use after free. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct object {
    pthread_mutex_t lock;
    int value;
    atomic_int users;
};

static void *use(void *arg)
{
    struct object *o = arg;
    pthread_mutex_lock(&o->lock);
    o->value++;
    const int left = atomic_fetch_sub(&o->users, 1) - 1;
    if (left > 0)
        pthread_mutex_unlock(&o->lock);
    else
        free(o);
    return NULL;
}

static void *use_late(void *arg)
{
    struct object *o = arg;
    if (atomic_fetch_sub(&o->users, 1) == 1)
        free(o);
    return NULL;
}

int main(void)
{
    struct object *o = malloc(sizeof *o);
    pthread_mutex_init(&o->lock, NULL);
    o->value = 0;
    atomic_init(&o->users, 2);
    pthread_t t, u;
    pthread_create(&t, NULL, use, o);
    pthread_create(&u, NULL, use_late, o);
    pthread_join(t, NULL);
    pthread_join(u, NULL);
    return 0;
}
