/* park_event_early.c: the event count, notified too early. Expect: lost wake-up. */
#include <pthread.h>

#include "queues/wait.h"

static struct q_event published;
static atomic(int) item;

static void *consumer(void *arg)
{
    for (;;) {
        if (a_load(&item, acquire))
            return arg;
        const struct q_event_ticket ticket = q_event_prepare(&published);
        const bool there = a_load(&item, acquire);
        if (!there)
            q_event_sleep(&published, ticket, Q_FOREVER);
        q_event_cancel(&published);
    }
}

int main(void)
{
    struct q_counts counts = {0};
    pthread_t t;
    q_event_init(&published);
    pthread_create(&t, NULL, consumer, NULL);
    q_event_notify(&published, 1, &counts);
    a_store(&item, 1, release);
    pthread_join(t, NULL);
    return 0;
}
