/* notify.h: stands for tokio's Notify, as far as the sources use it: notify_waiters wakes those who
 * have registered, and is not kept for those who come later. */
#ifndef MODELS_MUTANTS_NOTIFY_H
#define MODELS_MUTANTS_NOTIFY_H

#include <pthread.h>

struct notify {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    unsigned waves; /* calls of notify_waiters so far */
};
#define NOTIFY_INIT                                                                                \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER                       \
    }

/* Creates the future: from now on it gets every wave. */
static inline unsigned notify_register(struct notify *n)
{
    pthread_mutex_lock(&n->lock);
    const unsigned wave = n->waves;
    pthread_mutex_unlock(&n->lock);
    return wave;
}

/* .await on the future */
static inline void notify_wait(struct notify *n, unsigned wave)
{
    pthread_mutex_lock(&n->lock);
    while (n->waves == wave)
        pthread_cond_wait(&n->moved, &n->lock);
    pthread_mutex_unlock(&n->lock);
}

/* notified().await: creates it only here */
static inline void notify_notified(struct notify *n) { notify_wait(n, notify_register(n)); }

static inline void notify_waiters(struct notify *n)
{
    pthread_mutex_lock(&n->lock);
    n->waves++;
    pthread_cond_broadcast(&n->moved);
    pthread_mutex_unlock(&n->lock);
}

#endif
