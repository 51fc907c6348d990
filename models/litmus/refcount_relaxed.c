/* refcount_relaxed.c: the last owner frees, but the count is relaxed. Expect: data race. */
/* Needs both halves at the decrement: release (my writes are done) and acquire (so are yours). */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct object {
    atomic_int owners;
    int data[2];
};
static struct object *object;

static void *owner(void *argument)
{
    object->data[(long)argument] = 1;
    if (atomic_fetch_sub_explicit(&object->owners, 1, memory_order_relaxed) == 1) {
        object->data[0] = object->data[1] = 0;
        free(object);
    }
    return NULL;
}

int main(void)
{
    pthread_t t[2];
    object = malloc(sizeof *object);
    atomic_init(&object->owners, 2);
    for (long i = 0; i < 2; i++)
        pthread_create(&t[i], 0, owner, (void *)i);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], 0);
}
