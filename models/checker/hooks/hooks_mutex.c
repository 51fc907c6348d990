/* hooks_mutex.c: mutexes, spin locks and once; what all synchronisation objects have in common. */
#include "models/checker/hooks/hooks_sync.h"

#include "models/checker/memory/shadow.h"
#include "models/checker/run/image.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- objects ------------------------------------------------------------------------------- */

_Noreturn void misused(const volatile void *object, uintptr_t pc, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct place here = place_of_call("call", pc);
    here.address = (uintptr_t)object;
    here.size = 1;
    fault_raise(FAULT_SYNC, &here, 1, "%s", text);
}

struct name {
    char text[80];
};
static struct name name_of(const volatile void *object)
{
    struct name n;
    source_name((uintptr_t)object, n.text, sizeof n.text);
    return n;
}

void object_touch(const volatile void *object, const char *kind, uintptr_t pc)
{
    __asm__("" : "+r"(object)); /* the prototypes promise that it is not null */
    if (!current)
        unsupported(pc, "a %s is used by a static constructor: let main use it", kind);
    const uintptr_t address = (uintptr_t)object;
    if (!object) {
        const struct place here = place_of_call("call", pc);
        fault_raise(FAULT_CRASH, &here, 1, "a null pointer is used as a %s", kind);
    }
    if (!shadow_initialised(address, 1)) {
        const struct place here = place_of_call("call", pc);
        fault_raise(FAULT_UNINITIALISED, &here, 1, "the %s %s is used before it is initialised",
                    kind, name_of(object).text);
    }
    shadow_atomic(address, 1, true, pc);
}

void object_fill(void *object, size_t n, uintptr_t pc)
{
    if (current)
        memory_write(object, n, pc);
}

word object_read(const volatile void *object, enum rule rule, enum order good, enum order bad,
                 word a, word b, const char *waits_for, uintptr_t pc)
{
    const struct step s = {.address = object,
                           .space = SPACE_OBJECT,
                           .size = 8,
                           .rule = rule,
                           .good = good,
                           .bad = bad,
                           .a = a,
                           .b = b,
                           .waits_for = waits_for,
                           .pc = pc};
    return step_read(&s, NULL);
}

bool object_try(const volatile void *object, enum rule rule, word a, word b, uintptr_t pc)
{
    const struct step s = {.address = object,
                           .space = SPACE_OBJECT,
                           .size = 8,
                           .rule = rule,
                           .good = ACQUIRE,
                           .bad = RELAXED,
                           .a = a,
                           .b = b,
                           .pc = pc};
    bool wrote;
    step_read(&s, &wrote);
    return wrote;
}

void object_write(const volatile void *object, word value, enum order order, uintptr_t pc)
{
    step_write(object, SPACE_OBJECT, 8, value, order, pc);
}

/* ---- who holds what ------------------------------------------------------------------------ */

enum { HELD_MAX = 32 };
static struct held held[MODEL_THREADS][HELD_MAX];

void holder_image(struct image *m)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (threads[t].holds)
            image_part(m, held[t], threads[t].holds * sizeof held[t][0]);
}

struct held *held_by(const struct thread *t, const volatile void *object)
{
    for (unsigned i = 0; i < t->holds; i++)
        if (held[t->id][i].object == object)
            return &held[t->id][i];
    return NULL;
}

void hold(const volatile void *object, enum hold how)
{
    struct held *known = held_by(current, object);
    if (known) {
        known->times++;
        step_effect();
        return;
    }
    if (current->holds == HELD_MAX)
        unsupported(0, "a thread holds more than %d locks at a time: let it hold fewer", HELD_MAX);
    held[current->id][current->holds++] = (struct held){object, how, 1};
}

void let_go(struct held *h)
{
    step_effect();
    if (--h->times == 0)
        *h = held[current->id][--current->holds];
}

/* ---- mutexes ------------------------------------------------------------------------------- */

/* The type that pthread_mutex_init or a static initialiser wrote into it. */
static int kind_of(const pthread_mutex_t *m, uintptr_t pc)
{
    const int kind = m->__data.__kind;
    if (kind & 0x10)
        unsupported(pc,
                    "the mutex %s is robust: the checker knows no owner's death; use "
                    "PTHREAD_MUTEX_STALLED",
                    name_of(m).text);
    return kind & 3;
}

static bool is_recursive(int kind) { return kind == PTHREAD_MUTEX_RECURSIVE; }
static bool tells_errors(int kind)
{
    return kind == PTHREAD_MUTEX_RECURSIVE || kind == PTHREAD_MUTEX_ERRORCHECK;
}

/* Of a lock left locked at this address by this thread, nothing remains. */
static void forget(const volatile void *object, uintptr_t pc)
{
    struct held *h = current ? held_by(current, object) : NULL;
    if (h) {
        h->times = 1;
        let_go(h);
        object_write(object, 0, RELAXED, pc);
    }
}

int mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr, uintptr_t pc)
{
    object_fill(m, sizeof(pthread_mutex_t), pc);
    const int error = pthread_mutex_init(m, attr);
    forget(m, pc);
    return error;
}

static void check_unlocked(const volatile void *object, const char *kind, uintptr_t pc)
{
    object_touch(object, kind, pc);
    const word state = object_read(object, RULE_LOAD, RELAXED, RELAXED, 0, 0, NULL, pc);
    if (state)
        misused(object, pc, "the %s %s is destroyed while thread %u holds it", kind,
                name_of(object).text, (unsigned)state - 1);
}

int mutex_destroy(pthread_mutex_t *m, uintptr_t pc)
{
    if (current)
        check_unlocked(m, "mutex", pc);
    return 0;
}

/* What needs no event: the caller has it already. -1: it has not, or waits for itself. */
static int relock(pthread_mutex_t *m, int busy, uintptr_t pc)
{
    const int kind = kind_of(m, pc);
    if (!held_by(current, m))
        return -1;
    if (is_recursive(kind)) {
        hold(m, HOLD_MUTEX);
        return 0;
    }
    return kind == PTHREAD_MUTEX_ERRORCHECK && busy == 0 ? EDEADLK : busy ? busy : -1;
}

int mutex_lock(pthread_mutex_t *m, uintptr_t pc)
{
    object_touch(m, "mutex", pc);
    const int error = relock(m, 0, pc);
    if (error >= 0)
        return error;
    object_read(m, RULE_LOCK, ACQUIRE, RELAXED, 0, 1u + current->id, "mutex", pc);
    hold(m, HOLD_MUTEX);
    return 0;
}

int mutex_trylock(pthread_mutex_t *m, uintptr_t pc)
{
    object_touch(m, "mutex", pc);
    const int error = relock(m, EBUSY, pc);
    if (error >= 0)
        return error;
    if (!object_try(m, RULE_CAS, 0, 1u + current->id, pc))
        return EBUSY;
    hold(m, HOLD_MUTEX);
    return 0;
}

int lock_timed_out(const struct timespec *deadline, uintptr_t pc)
{
    if (!time_passed(deadline) && step_choose(2, BUDGET_TIMEOUTS, "the lock's time is up", pc) == 0)
        step_moot();
    time_move(deadline);
    return ETIMEDOUT;
}

int mutex_timedlock(pthread_mutex_t *m, const struct timespec *deadline, uintptr_t pc)
{
    object_touch(m, "mutex", pc);
    const int error = relock(m, 0, pc);
    if (error >= 0)
        return error;
    const bool valid = time_valid(deadline, pc);
    if (!object_try(m, RULE_CAS, 0, 1u + current->id, pc))
        return valid ? lock_timed_out(deadline, pc) : EINVAL;
    hold(m, HOLD_MUTEX);
    return 0;
}

/* Who holds it instead, as far as is known: for people. */
static _Noreturn void not_the_holder(const volatile void *object, const char *kind, uintptr_t pc)
{
    for (unsigned t = 0; t < MODEL_THREADS; t++)
        if (held_by(&threads[t], object))
            misused(object, pc, "thread %u unlocks the %s %s, which thread %u holds", current->id,
                    kind, name_of(object).text, t);
    misused(object, pc, "thread %u unlocks the %s %s, which it does not hold", current->id, kind,
            name_of(object).text);
}

int mutex_unlock(pthread_mutex_t *m, uintptr_t pc)
{
    object_touch(m, "mutex", pc);
    struct held *h = held_by(current, m);
    if (!h) {
        if (tells_errors(kind_of(m, pc)))
            return EPERM;
        not_the_holder(m, "mutex", pc);
    }
    const bool last = h->times == 1;
    let_go(h);
    if (last)
        object_write(m, 0, RELEASE, pc);
    return 0;
}

HOOK(int, model_pthread_mutex_init, pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
    return mutex_init(m, attr, HERE);
}
HOOK(int, model_pthread_mutex_destroy, pthread_mutex_t *m) { return mutex_destroy(m, HERE); }

/* Static constructors run before there are threads: nobody could hold it. */
HOOK(int, model_pthread_mutex_lock, pthread_mutex_t *m)
{
    return current ? mutex_lock(m, HERE) : 0;
}
HOOK(int, model_pthread_mutex_trylock, pthread_mutex_t *m)
{
    return current ? mutex_trylock(m, HERE) : 0;
}
HOOK(int, model_pthread_mutex_unlock, pthread_mutex_t *m)
{
    return current ? mutex_unlock(m, HERE) : 0;
}

HOOK(int, model_pthread_mutex_timedlock, pthread_mutex_t *m, const struct timespec *deadline)
{
    return mutex_timedlock(m, deadline, HERE);
}
HOOK(int, model_pthread_mutex_clocklock, pthread_mutex_t *m, clockid_t clock,
     const struct timespec *deadline)
{
    (void)clock; /* all clocks show the same */
    return mutex_timedlock(m, deadline, HERE);
}

/* ---- spin locks ---------------------------------------------------------------------------- */

HOOK(int, model_pthread_spin_init, pthread_spinlock_t *lock, int shared)
{
    (void)shared;
    object_fill((void *)(uintptr_t)lock, sizeof *lock, HERE);
    *lock = 0;
    forget(lock, HERE);
    return 0;
}

HOOK(int, model_pthread_spin_destroy, pthread_spinlock_t *lock)
{
    check_unlocked(lock, "spin lock", HERE);
    return 0;
}

HOOK(int, model_pthread_spin_lock, pthread_spinlock_t *lock)
{
    const uintptr_t pc = HERE;
    object_touch(lock, "spin lock", pc);
    object_read(lock, RULE_LOCK, ACQUIRE, RELAXED, 0, 1u + current->id, "spin lock", pc);
    hold(lock, HOLD_SPIN);
    return 0;
}

HOOK(int, model_pthread_spin_trylock, pthread_spinlock_t *lock)
{
    const uintptr_t pc = HERE;
    object_touch(lock, "spin lock", pc);
    if (held_by(current, lock) || !object_try(lock, RULE_CAS, 0, 1u + current->id, pc))
        return EBUSY;
    hold(lock, HOLD_SPIN);
    return 0;
}

HOOK(int, model_pthread_spin_unlock, pthread_spinlock_t *lock)
{
    const uintptr_t pc = HERE;
    object_touch(lock, "spin lock", pc);
    struct held *h = held_by(current, lock);
    if (!h)
        not_the_holder(lock, "spin lock", pc);
    let_go(h);
    object_write(lock, 0, RELEASE, pc);
    return 0;
}

/* ---- once ---------------------------------------------------------------------------------- */

enum { ONCE_RUNNING = 1, ONCE_DONE = 2 };

void once(pthread_once_t *control, void (*function)(void), uintptr_t pc)
{
    if (!current) { /* remembered in memory, where every execution finds it */
        if (*control == 0)
            function();
        *control = ONCE_DONE;
        return;
    }
    object_touch(control, "once control", pc);
    if (*control == ONCE_DONE)
        return;
    if (object_read(control, RULE_ONCE, ACQUIRE, ACQUIRE, 0, ONCE_RUNNING, "once", pc) != 0)
        return;
    function();
    object_write(control, ONCE_DONE, RELEASE, pc);
}

HOOK(int, model_pthread_once, pthread_once_t *control, void (*function)(void))
{
    once(control, function, HERE);
    return 0;
}
