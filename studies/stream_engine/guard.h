/* guard.h: the one lock around the engine, in three makes.
 *
 * The fair one is what an asynchronous lock does to threads (tokio's RwLock is a fair semaphore): who
 * finds it taken queues up and gives the processor away, and who unlocks hands it to the first in the
 * queue, who must be woken before anybody gets on. A thread stands for a task here: a runtime may have
 * another task to run on that thread, and then spares the kernel's switch, though not its own.
 *
 * Edges   granted   unlock -> lock   all that was done inside (else the locks carry everything) */
#ifndef STUDIES_STREAM_ENGINE_GUARD_H
#define STUDIES_STREAM_ENGINE_GUARD_H

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "queues/atomics.h"

enum guard_kind { GUARD_NONE, GUARD_MUTEX, GUARD_RWLOCK, GUARD_FAIR };

/* Of a thread; lives as long as the guard, so that a late wake-up finds something. */
struct guard_waiter {
    struct guard_waiter *next;
    atomic(uint32_t) granted;
};

struct guard {
    enum guard_kind kind;
    pthread_mutex_t mutex; /* GUARD_FAIR: of the three fields below */
    pthread_rwlock_t rwlock;
    bool held;
    struct guard_waiter *first, *last;
};

static inline void guard_init(struct guard *g, enum guard_kind kind)
{
    *g = (struct guard){.kind = kind};
    pthread_mutex_init(&g->mutex, NULL);
    pthread_rwlock_init(&g->rwlock, NULL);
}

static inline void guard_destroy(struct guard *g)
{
    pthread_mutex_destroy(&g->mutex);
    pthread_rwlock_destroy(&g->rwlock);
}

static inline void guard_lock_fair(struct guard *g, struct guard_waiter *me)
{
    pthread_mutex_lock(&g->mutex);
    const bool wait = g->held;
    g->held = true;
    if (wait) {
        me->next = NULL;
        a_store(&me->granted, 0, relaxed);
        if (g->first)
            g->last->next = me;
        else
            g->first = me;
        g->last = me;
    }
    pthread_mutex_unlock(&g->mutex);
    while (wait && !a_load(&me->granted, acquire)) /* [>granted] */
        syscall(SYS_futex, &me->granted, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static inline void guard_unlock_fair(struct guard *g)
{
    pthread_mutex_lock(&g->mutex);
    struct guard_waiter *const next = g->first;
    if (next)
        g->first = next->next;
    else
        g->held = false;
    pthread_mutex_unlock(&g->mutex);
    if (next) {
        a_store(&next->granted, 1, release); /* [granted>] */
        syscall(SYS_futex, &next->granted, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}

static inline void guard_lock(struct guard *g, struct guard_waiter *me)
{
    switch (g->kind) {
    case GUARD_NONE:
        break;
    case GUARD_MUTEX:
        pthread_mutex_lock(&g->mutex);
        break;
    case GUARD_RWLOCK:
        pthread_rwlock_wrlock(&g->rwlock);
        break;
    case GUARD_FAIR:
        guard_lock_fair(g, me);
        break;
    }
}

static inline void guard_unlock(struct guard *g)
{
    switch (g->kind) {
    case GUARD_NONE:
        break;
    case GUARD_MUTEX:
        pthread_mutex_unlock(&g->mutex);
        break;
    case GUARD_RWLOCK:
        pthread_rwlock_unlock(&g->rwlock);
        break;
    case GUARD_FAIR:
        guard_unlock_fair(g);
        break;
    }
}

#endif
