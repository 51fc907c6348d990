/* double_free.c: two threads look, both free. Expect: double free. */
/* The end of a segment that the last user is to free.
 *
 * 1. Both consumers load the pointer. 2. The first frees it and stores NULL. 3. The second frees
 * it again.
 *
 * Repair: an exchange with NULL: only one of them gets the pointer. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

static _Atomic(int *) segment;

static void *consumer(void *arg)
{
    (void)arg;
    int *const mine = atomic_load(&segment);
    if (mine) {
        free(mine);
        atomic_store(&segment, NULL);
    }
    return NULL;
}

int main(void)
{
    atomic_store(&segment, malloc(sizeof(int)));
    static void *(*const entry[])(void *) = {consumer, consumer};
    pthread_t thread[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, entry[i], NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
