/* loop_after_yield.c: a yield before a loop says nothing about the loop. Expect: assertion. */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int x;

static void *writer(void *unused)
{
    (void)unused;
    atomic_store(&x, 1);
    return NULL;
}

static void *reader(void *unused)
{
    (void)unused;
    int i;
    sched_yield();
    for (i = 0; i < 2; i++)
        if (atomic_load(&x))
            break;
    assert(i < 2); /* it looks twice and goes on: no waiting loop */
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
