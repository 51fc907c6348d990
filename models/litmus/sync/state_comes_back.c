/* state_comes_back.c: all that a thread keeps is as it was when another reading of x is tried. Expect: no violation, 34 executions. */

/* Executions that begin alike go on from a snapshot (models/checker/run/snapshot.h): every kind of
 * memory counts the rounds here, and none may have seen another execution's. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { THREADS = 2, ROUNDS = 2 };

static atomic_int x;
static int of_data[THREADS];
static _Thread_local int of_thread;
static pthread_key_t key;
static pthread_mutex_t mutex[THREADS];

static void *run(void *argument)
{
    const int me = (int)(size_t)argument;
    int on_stack = 0, *const on_heap = calloc(1, sizeof *on_heap);
    errno = 0;
    for (int round = 1; round <= ROUNDS; round++) {
        int *const fresh = malloc(sizeof *fresh);
        *fresh = round;
        pthread_mutex_lock(&mutex[me]);
        on_stack++;
        errno++;
        of_thread++;
        of_data[me]++;
        ++*on_heap;
        pthread_setspecific(key, (char *)pthread_getspecific(key) + 1);
        (void)atomic_load_explicit(&x, memory_order_relaxed);
        atomic_store_explicit(&x, 2 * round + me, memory_order_relaxed);
        assert(on_stack == round && errno == round);
        assert(of_thread == round && of_data[me] == round);
        assert(*on_heap == round && *fresh == round);
        assert((int)(size_t)pthread_getspecific(key) == round);
        pthread_mutex_unlock(&mutex[me]);
        free(fresh);
    }
    free(on_heap);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    pthread_key_create(&key, NULL);
    for (size_t i = 0; i < THREADS; i++)
        pthread_mutex_init(&mutex[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, run, (void *)i);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        assert(of_data[i] == ROUNDS);
}
