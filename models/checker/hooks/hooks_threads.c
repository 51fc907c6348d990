/* hooks_threads.c: C11 <threads.h>, by means of the POSIX calls: as in the C library, mtx_t, cnd_t,
 * once_flag, tss_t and thrd_t are their POSIX counterparts under other names. */
#include "models/checker/hooks/hooks_sync.h"

#include <errno.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "mtx_t is a pthread_mutex_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "cnd_t is a pthread_cond_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t), "once_flag is a pthread_once_t");

static pthread_mutex_t *mutex_of(mtx_t *m) { return (void *)m; }
static pthread_cond_t *cond_of(cnd_t *c) { return (void *)c; }

static int result_of(int error)
{
    switch (error) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    case ENOMEM:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

/* ---- threads ------------------------------------------------------------------------------- */

/* The function returns an int where the engine expects a pointer: in the same register. */
static void *pointer_of(int result) { return (void *)(intptr_t)result; }
static int int_of(const void *result) { return (int)(intptr_t)result; }

HOOK(int, model_thrd_create, thrd_t *handle, thrd_start_t entry, void *argument)
{
    void (*const any)(void) = (void (*)(void))entry;
    return result_of(thread_create(handle, (void *(*)(void *))any, argument, false, HERE));
}

HOOK(int, model_thrd_join, thrd_t handle, int *result)
{
    const uintptr_t pc = HERE;
    void *r;
    if (thread_join(handle, &r, pc))
        return thrd_error;
    if (result) {
        object_fill(result, sizeof *result, pc);
        *result = int_of(r);
    }
    return thrd_success;
}

HOOK(int, model_thrd_detach, thrd_t handle)
{
    thread_detach(handle, HERE);
    return thrd_success;
}

HOOK(_Noreturn void, model_thrd_exit, int result) { thread_exit(pointer_of(result)); }
HOOK(thrd_t, model_thrd_current, void) { return 1 + (thrd_t)(current ? current->id : 0); }
HOOK(int, model_thrd_equal, thrd_t a, thrd_t b) { return a == b; }
HOOK(void, model_thrd_yield, void)
{
    if (current)
        step_hint(HERE);
}

/* ---- mutexes ------------------------------------------------------------------------------- */

HOOK(int, model_mtx_init, mtx_t *m, int type)
{
    if (type & ~(mtx_plain | mtx_timed | mtx_recursive))
        return thrd_error;
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    return result_of(mutex_init(mutex_of(m), &attr, HERE));
}
HOOK(void, model_mtx_destroy, mtx_t *m) { mutex_destroy(mutex_of(m), HERE); }
HOOK(int, model_mtx_lock, mtx_t *m) { return result_of(mutex_lock(mutex_of(m), HERE)); }
HOOK(int, model_mtx_trylock, mtx_t *m) { return result_of(mutex_trylock(mutex_of(m), HERE)); }
HOOK(int, model_mtx_timedlock, mtx_t *m, const struct timespec *deadline)
{
    return result_of(mutex_timedlock(mutex_of(m), deadline, HERE));
}
HOOK(int, model_mtx_unlock, mtx_t *m) { return result_of(mutex_unlock(mutex_of(m), HERE)); }

/* ---- condition variables ------------------------------------------------------------------- */

HOOK(int, model_cnd_init, cnd_t *c)
{
    object_fill(c, sizeof *c, HERE);
    return result_of(pthread_cond_init(cond_of(c), NULL));
}
HOOK(void, model_cnd_destroy, cnd_t *c) { cond_destroy(cond_of(c), HERE); }
HOOK(int, model_cnd_wait, cnd_t *c, mtx_t *m)
{
    return result_of(cond_wait(cond_of(c), mutex_of(m), NULL, HERE));
}
HOOK(int, model_cnd_timedwait, cnd_t *c, mtx_t *m, const struct timespec *deadline)
{
    return result_of(cond_wait(cond_of(c), mutex_of(m), deadline, HERE));
}
HOOK(int, model_cnd_signal, cnd_t *c) { return result_of(cond_wake(cond_of(c), 1, HERE)); }
HOOK(int, model_cnd_broadcast, cnd_t *c)
{
    return result_of(cond_wake(cond_of(c), WAKE_ALL, HERE));
}

/* ---- once, thread-specific storage --------------------------------------------------------- */

HOOK(void, model_call_once, once_flag *flag, void (*function)(void))
{
    once((pthread_once_t *)(void *)flag, function, HERE);
}

HOOK(int, model_tss_create, tss_t *key, tss_dtor_t destructor)
{
    return result_of(key_create(key, destructor, HERE));
}
HOOK(void, model_tss_delete, tss_t key) { key_delete(key, HERE); }
HOOK(void *, model_tss_get, tss_t key) { return key_get(key, HERE); }
HOOK(int, model_tss_set, tss_t key, void *value)
{
    key_set(key, value, HERE);
    return thrd_success;
}
