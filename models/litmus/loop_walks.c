/* loop_walks.c: a waiting loop that looks at another place in each turn. Expect: no violation, 1 execution. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int slot[2];

static void *writer(void *unused)
{
    (void)unused;
    atomic_store(&slot[1], 1);
    return NULL;
}

static void *reader(void *unused)
{
    (void)unused;
    for (int i = 0; !atomic_load(&slot[i]); i = (i + 1) % 2)
        sched_yield();
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
