/* loop_counts_in_array.c: a loop that waits, but not for ever. Expect: assertion. */

/* Its turns differ only in what lies in an array of variable length. A checker that took the turns
 * for equal would cut the loop and find nothing. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int x;
static volatile int length = 1;

static void *writer(void *unused)
{
    (void)unused;
    atomic_store(&x, 1);
    return NULL;
}

static void *reader(void *unused)
{
    (void)unused;
    int count[length];
    count[0] = 0;
    while (!atomic_load(&x))
        if (++count[0] == 4)
            assert(0);
    return NULL;
}

int main(void)
{
    pthread_t w, r;
    pthread_create(&w, NULL, writer, NULL);
    pthread_create(&r, NULL, reader, NULL);
    pthread_join(w, NULL);
    pthread_join(r, NULL);
}
