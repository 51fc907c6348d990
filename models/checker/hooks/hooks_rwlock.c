/* hooks_rwlock.c: read-write locks, barriers, semaphores.
 *
 * A read-write lock prefers nobody: every order of readers and writers is explored. */
#include "models/checker/hooks/hooks_sync.h"

#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>

/* ---- read-write locks ---------------------------------------------------------------------- */

static const word WRITER = (word)1 << 31;

static word writer_mark(void) { return WRITER | (1u + current->id); }

/* By the lock's own rules `current` may not even wait for it: EDEADLK, else 0. */
static int rwlock_own(pthread_rwlock_t *l, uintptr_t pc)
{
    object_touch(l, "rwlock", pc);
    const struct held *h = held_by(current, l);
    return h && h->hold == HOLD_WRITE ? EDEADLK : 0;
}

static int rwlock_lock(pthread_rwlock_t *l, bool write, uintptr_t pc)
{
    const int error = rwlock_own(l, pc);
    if (error)
        return error;
    if (write)
        object_read(l, RULE_LOCK, ACQUIRE, RELAXED, 0, writer_mark(), "rwlock", pc);
    else
        object_read(l, RULE_LOCK_SHARED, ACQUIRE, RELAXED, 0, 0, "rwlock", pc);
    hold(l, write ? HOLD_WRITE : HOLD_READ);
    return 0;
}

static int rwlock_trylock(pthread_rwlock_t *l, bool write, uintptr_t pc)
{
    if (rwlock_own(l, pc))
        return EBUSY;
    if (!(write ? object_try(l, RULE_CAS, 0, writer_mark(), pc)
                : object_try(l, RULE_TRY_SHARED, 0, 0, pc)))
        return EBUSY;
    hold(l, write ? HOLD_WRITE : HOLD_READ);
    return 0;
}

static int rwlock_timedlock(pthread_rwlock_t *l, bool write, const struct timespec *deadline,
                            uintptr_t pc)
{
    const int error = rwlock_own(l, pc);
    if (error)
        return error;
    const bool valid = time_valid(deadline, pc);
    if (rwlock_trylock(l, write, pc) == 0)
        return 0;
    return valid ? lock_timed_out(deadline, pc) : EINVAL;
}

HOOK(int, model_pthread_rwlock_init, pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
    object_fill(l, sizeof *l, HERE);
    return pthread_rwlock_init(l, attr);
}

HOOK(int, model_pthread_rwlock_destroy, pthread_rwlock_t *l)
{
    if (!current)
        return 0;
    const uintptr_t pc = HERE;
    object_touch(l, "rwlock", pc);
    if (object_read(l, RULE_LOAD, RELAXED, RELAXED, 0, 0, NULL, pc) != 0)
        misused(l, pc, "a read-write lock is destroyed while a thread holds it");
    return 0;
}

HOOK(int, model_pthread_rwlock_rdlock, pthread_rwlock_t *l) { return rwlock_lock(l, false, HERE); }
HOOK(int, model_pthread_rwlock_wrlock, pthread_rwlock_t *l) { return rwlock_lock(l, true, HERE); }
HOOK(int, model_pthread_rwlock_tryrdlock, pthread_rwlock_t *l)
{
    return rwlock_trylock(l, false, HERE);
}
HOOK(int, model_pthread_rwlock_trywrlock, pthread_rwlock_t *l)
{
    return rwlock_trylock(l, true, HERE);
}
HOOK(int, model_pthread_rwlock_timedrdlock, pthread_rwlock_t *l, const struct timespec *deadline)
{
    return rwlock_timedlock(l, false, deadline, HERE);
}
HOOK(int, model_pthread_rwlock_timedwrlock, pthread_rwlock_t *l, const struct timespec *deadline)
{
    return rwlock_timedlock(l, true, deadline, HERE);
}
HOOK(int, model_pthread_rwlock_clockrdlock, pthread_rwlock_t *l, clockid_t clock,
     const struct timespec *deadline)
{
    (void)clock; /* all clocks show the same */
    return rwlock_timedlock(l, false, deadline, HERE);
}
HOOK(int, model_pthread_rwlock_clockwrlock, pthread_rwlock_t *l, clockid_t clock,
     const struct timespec *deadline)
{
    (void)clock;
    return rwlock_timedlock(l, true, deadline, HERE);
}

HOOK(int, model_pthread_rwlock_unlock, pthread_rwlock_t *l)
{
    const uintptr_t pc = HERE;
    object_touch(l, "rwlock", pc);
    struct held *h = held_by(current, l);
    if (!h)
        misused(l, pc, "thread %u unlocks a read-write lock that it does not hold", current->id);
    const bool write = h->hold == HOLD_WRITE;
    let_go(h);
    if (write)
        object_write(l, 0, RELEASE, pc);
    else
        object_read(l, RULE_SUB, RELEASE, RELEASE, 1, 0, NULL, pc);
    return 0;
}

/* ---- barriers ------------------------------------------------------------------------------ */

/* How many it waits for is in its own memory; how many have come since pthread_barrier_init is its
 * location; the round that is open is a second location, so that those who wait for the end of one
 * do not read what belongs to the next. */

static enum space const ROUND = SPACE_SLEEPER;

static unsigned barrier_count(const pthread_barrier_t *b)
{
    unsigned n;
    memcpy(&n, b, sizeof n);
    return n;
}

HOOK(int, model_pthread_barrier_init, pthread_barrier_t *b, const pthread_barrierattr_t *attr,
     unsigned count)
{
    const uintptr_t pc = HERE;
    (void)attr;
    if (count == 0)
        return EINVAL;
    if (!current)
        unsupported(pc, "a barrier is used by a static constructor: let main use it");
    object_fill(b, sizeof *b, pc);
    memset(b, 0, sizeof *b);
    memcpy(b, &count, sizeof count);
    return 0;
}

HOOK(int, model_pthread_barrier_destroy, pthread_barrier_t *b)
{
    const uintptr_t pc = HERE;
    object_touch(b, "barrier", pc);
    const unsigned count = barrier_count(b);
    const word arrived = object_read(b, RULE_LOAD, RELAXED, RELAXED, 0, 0, NULL, pc);
    if (count && arrived % count != 0)
        misused(b, pc, "a barrier is destroyed while %u threads wait at it",
                (unsigned)(arrived % count));
    if (arrived) { /* a new one may come to lie here */
        object_write(b, 0, RELAXED, pc);
        step_write(b, ROUND, 8, 0, RELAXED, pc);
    }
    object_fill(b, sizeof *b, pc);
    memset(b, 0, sizeof *b);
    return 0;
}

HOOK(int, model_pthread_barrier_wait, pthread_barrier_t *b)
{
    const uintptr_t pc = HERE;
    object_touch(b, "barrier", pc);
    const unsigned count = barrier_count(b);
    if (count == 0)
        misused(b, pc, "thread %u waits at a barrier that was not initialised", current->id);
    const word before = object_read(b, RULE_ADD, ACQ_REL, ACQ_REL, 1, 0, NULL, pc);
    const word round = before / count + 1;
    if ((before + 1) % count == 0) {
        step_write(b, ROUND, 8, round, RELEASE, pc);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    const struct step s = {.address = b,
                           .space = ROUND,
                           .size = 8,
                           .rule = RULE_AWAIT_AT_LEAST,
                           .good = ACQUIRE,
                           .bad = ACQUIRE,
                           .a = round,
                           .waits_for = "barrier",
                           .pc = pc};
    step_read(&s, NULL);
    return 0;
}

/* ---- semaphores ---------------------------------------------------------------------------- */

static int fails(int error)
{
    *model_errno_location() = error;
    return -1;
}

HOOK(int, model_sem_init, sem_t *s, int shared, unsigned value)
{
    const uintptr_t pc = HERE;
    (void)shared;
    if (!current)
        unsupported(pc, "a semaphore is used by a static constructor: let main use it");
    if (value > SEM_VALUE_MAX)
        return fails(EINVAL);
    object_fill(s, sizeof *s, pc);
    memset(s, 0, sizeof *s);
    object_write(s, value, RELAXED, pc);
    return 0;
}

HOOK(int, model_sem_destroy, sem_t *s)
{
    const uintptr_t pc = HERE;
    object_touch(s, "semaphore", pc);
    object_write(s, 0, RELAXED, pc); /* something else may come to lie here */
    return 0;
}

HOOK(int, model_sem_wait, sem_t *s)
{
    const uintptr_t pc = HERE;
    object_touch(s, "semaphore", pc);
    object_read(s, RULE_TAKE_TOKEN, ACQUIRE, RELAXED, 0, 0, "semaphore", pc);
    return 0;
}

HOOK(int, model_sem_trywait, sem_t *s)
{
    const uintptr_t pc = HERE;
    object_touch(s, "semaphore", pc);
    return object_try(s, RULE_TRY_TOKEN, 0, 0, pc) ? 0 : fails(EAGAIN);
}

static int sem_timed(sem_t *s, const struct timespec *deadline, uintptr_t pc)
{
    object_touch(s, "semaphore", pc);
    const bool valid = time_valid(deadline, pc);
    if (object_try(s, RULE_TRY_TOKEN, 0, 0, pc))
        return 0;
    return fails(valid ? lock_timed_out(deadline, pc) : EINVAL);
}

HOOK(int, model_sem_timedwait, sem_t *s, const struct timespec *deadline)
{
    return sem_timed(s, deadline, HERE);
}
HOOK(int, model_sem_clockwait, sem_t *s, clockid_t clock, const struct timespec *deadline)
{
    (void)clock; /* all clocks show the same */
    return sem_timed(s, deadline, HERE);
}

HOOK(int, model_sem_post, sem_t *s)
{
    const uintptr_t pc = HERE;
    object_touch(s, "semaphore", pc);
    object_read(s, RULE_ADD, RELEASE, RELEASE, 1, 0, NULL, pc);
    return 0;
}

HOOK(int, model_sem_getvalue, sem_t *s, int *value)
{
    const uintptr_t pc = HERE;
    object_touch(s, "semaphore", pc);
    const word now = object_read(s, RULE_LOAD, RELAXED, RELAXED, 0, 0, NULL, pc);
    object_fill(value, sizeof *value, pc);
    *value = (int)now;
    return 0;
}
