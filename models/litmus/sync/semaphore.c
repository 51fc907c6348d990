/* semaphore.c: a ring of two slots with a semaphore for each side. Expect: no violation. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

enum { SLOTS = 2, ITEMS = 3 };
static sem_t room, items;
static int ring[SLOTS];

static void *producer(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&room);
        ring[i % SLOTS] = i;
        sem_post(&items);
    }
    return arg;
}

int main(void)
{
    pthread_t t;
    int left;
    sem_init(&room, 0, SLOTS);
    sem_init(&items, 0, 0);
    pthread_create(&t, NULL, producer, NULL);
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&items);
        assert(ring[i % SLOTS] == i);
        sem_post(&room);
    }
    pthread_join(t, NULL);
    assert(sem_trywait(&items) == -1 && errno == EAGAIN);
    assert(sem_getvalue(&room, &left) == 0 && left == SLOTS);
    sem_destroy(&room);
    sem_destroy(&items);
    return 0;
}
