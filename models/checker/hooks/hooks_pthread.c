/* hooks_pthread.c: POSIX threads: birth, end, join; attributes; thread-specific data. What a thread
 * is allowed, named or bound to changes nothing that can be checked: it is accepted. */
#include "models/checker/hooks/hooks_sync.h"
#include "models/checker/run/image.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

/* ---- threads ------------------------------------------------------------------------------- */

static pthread_t handle_of(const struct thread *t) { return 1 + (pthread_t)(t ? t->id : 0); }

/* The thread that a handle names: one that was created in this execution. */
static struct thread *thread_of(pthread_t handle, const char *what, uintptr_t pc)
{
    if (handle == 0 || handle > MODEL_THREADS || threads[handle - 1].state == THREAD_NONE)
        misused(NULL, pc, "thread %u %s a thread that was never created", current->id, what);
    struct thread *t = &threads[handle - 1];
    thread_changed[t->id] = true; /* it will be joined or detached */
    if (t->joined || t->detached)
        misused(NULL, pc, "thread %u %s thread %u, which was %s before", current->id, what, t->id,
                t->joined ? "joined" : "detached");
    return t;
}

int thread_create(pthread_t *handle, void *(*entry)(void *), void *argument, bool detached,
                  uintptr_t pc)
{
    if (!current)
        unsupported(pc, "a static constructor creates a thread: let main create it");
    const unsigned id = step_create(entry, argument, pc);
    threads[id].detached = detached;
    memory_write(handle, sizeof *handle, pc); /* POSIX does not promise it to the new thread */
    *handle = handle_of(&threads[id]);
    return 0;
}

int thread_join(pthread_t handle, void **result, uintptr_t pc)
{
    if (handle == handle_of(current))
        return EDEADLK;
    struct thread *t = thread_of(handle, "joins", pc);
    t->joined = true;
    *result = step_join(t->id, pc);
    return 0;
}

void thread_detach(pthread_t handle, uintptr_t pc)
{
    thread_of(handle, "detaches", pc)->detached = true;
    step_effect();
}

void thread_exit(void *result)
{
    thread_exit_handlers();
    keys_destroy();
    step_end(result);
}

HOOK(int, model_pthread_create, pthread_t *handle, const pthread_attr_t *attr,
     void *(*entry)(void *), void *argument)
{
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attr)
        pthread_attr_getdetachstate(attr, &detached);
    return thread_create(handle, entry, argument, detached == PTHREAD_CREATE_DETACHED, HERE);
}

HOOK(int, model_pthread_join, pthread_t handle, void **result)
{
    const uintptr_t pc = HERE;
    void *value;
    const int error = thread_join(handle, &value, pc);
    if (error == 0 && result) {
        memory_write(result, sizeof *result, pc);
        *result = value;
    }
    return error;
}

HOOK(int, model_pthread_detach, pthread_t handle)
{
    thread_detach(handle, HERE);
    return 0;
}

HOOK(_Noreturn void, model_pthread_exit, void *result) { thread_exit(result); }
HOOK(pthread_t, model_pthread_self, void) { return handle_of(current); }
HOOK(int, model_pthread_equal, pthread_t a, pthread_t b) { return a == b; }
HOOK(pid_t, model_gettid, void) { return 1000 + (current ? current->id : 0); }

HOOK(int, model_thrd_sleep, const struct timespec *time, struct timespec *rest)
{
    (void)rest; /* written only when a signal interrupts */
    memory_read(time, sizeof *time, HERE);
    if (current)
        step_hint(HERE);
    return 0;
}

#define UNMODELLED(name, advice, ...)                                                              \
    HOOK(int, model_##name, __VA_ARGS__) { unsupported(HERE, #name "(): " advice); }
#define UNUSED __attribute__((unused))
UNMODELLED(pthread_tryjoin_np, "use pthread_join", UNUSED pthread_t t, UNUSED void **result)
UNMODELLED(pthread_timedjoin_np, "use pthread_join", UNUSED pthread_t t, UNUSED void **result,
           UNUSED const struct timespec *deadline)
UNMODELLED(pthread_clockjoin_np, "use pthread_join", UNUSED pthread_t t, UNUSED void **result,
           UNUSED clockid_t clock, UNUSED const struct timespec *deadline)

/* ---- attributes: kept by the C library ----------------------------------------------------- */

#define ATTR_SET0(name, type)                                                                      \
    HOOK(int, model_##name, type *attr)                                                            \
    {                                                                                              \
        object_fill(attr, sizeof *attr, HERE);                                                     \
        return name(attr);                                                                         \
    }
#define ATTR_SET(name, type, value_type)                                                           \
    HOOK(int, model_##name, type *attr, value_type value)                                          \
    {                                                                                              \
        object_fill(attr, sizeof *attr, HERE);                                                     \
        return name(attr, value);                                                                  \
    }
#define ATTR_GET(name, type, value_type)                                                           \
    HOOK(int, model_##name, const type *attr, value_type *value)                                   \
    {                                                                                              \
        object_fill(value, sizeof *value, HERE);                                                   \
        return name(attr, value);                                                                  \
    }

ATTR_SET0(pthread_attr_init, pthread_attr_t)
ATTR_SET0(pthread_attr_destroy, pthread_attr_t)
ATTR_SET(pthread_attr_setdetachstate, pthread_attr_t, int)
ATTR_GET(pthread_attr_getdetachstate, pthread_attr_t, int)
ATTR_SET(pthread_attr_setstacksize, pthread_attr_t, size_t)
ATTR_GET(pthread_attr_getstacksize, pthread_attr_t, size_t)
ATTR_SET(pthread_attr_setguardsize, pthread_attr_t, size_t)
ATTR_SET(pthread_attr_setscope, pthread_attr_t, int)
ATTR_SET0(pthread_mutexattr_init, pthread_mutexattr_t)
ATTR_SET0(pthread_mutexattr_destroy, pthread_mutexattr_t)
ATTR_SET(pthread_mutexattr_settype, pthread_mutexattr_t, int)
ATTR_GET(pthread_mutexattr_gettype, pthread_mutexattr_t, int)
ATTR_SET(pthread_mutexattr_setpshared, pthread_mutexattr_t, int)
ATTR_SET(pthread_mutexattr_setprotocol, pthread_mutexattr_t, int)
ATTR_SET(pthread_mutexattr_setrobust, pthread_mutexattr_t, int)
ATTR_SET0(pthread_condattr_init, pthread_condattr_t)
ATTR_SET0(pthread_condattr_destroy, pthread_condattr_t)
ATTR_SET(pthread_condattr_setclock, pthread_condattr_t, clockid_t)
ATTR_GET(pthread_condattr_getclock, pthread_condattr_t, clockid_t)
ATTR_SET(pthread_condattr_setpshared, pthread_condattr_t, int)
ATTR_SET0(pthread_rwlockattr_init, pthread_rwlockattr_t)
ATTR_SET0(pthread_rwlockattr_destroy, pthread_rwlockattr_t)
ATTR_SET0(pthread_barrierattr_init, pthread_barrierattr_t)
ATTR_SET0(pthread_barrierattr_destroy, pthread_barrierattr_t)

/* ---- accepted ------------------------------------------------------------------------------ */

#define ACCEPTED(name, ...)                                                                        \
    HOOK(int, model_##name, __VA_ARGS__) { return 0; }
ACCEPTED(pthread_setname_np, UNUSED pthread_t t, UNUSED const char *name)
ACCEPTED(pthread_setaffinity_np, UNUSED pthread_t t, UNUSED size_t n, UNUSED const cpu_set_t *set)
ACCEPTED(sched_setaffinity, UNUSED pid_t t, UNUSED size_t n, UNUSED const cpu_set_t *set)
ACCEPTED(pthread_setconcurrency, UNUSED int level)

HOOK(int, model_pthread_getname_np, pthread_t t, char *name, size_t n)
{
    if (n < 16)
        return ERANGE;
    memory_write(name, 16, HERE);
    snprintf(name, 16, "thread %u", (unsigned)t - 1);
    return 0;
}

/* A processor for each thread. */
static int affinity(size_t n, cpu_set_t *set, uintptr_t pc)
{
    memory_write(set, n, pc);
    memset(set, 0, n);
    for (unsigned i = 0; i < MODEL_THREADS; i++)
        CPU_SET_S(i, n, set);
    return 0;
}
HOOK(int, model_pthread_getaffinity_np, pthread_t t, size_t n, cpu_set_t *set)
{
    (void)t;
    return affinity(n, set, HERE);
}
HOOK(int, model_sched_getaffinity, pid_t t, size_t n, cpu_set_t *set)
{
    (void)t;
    return affinity(n, set, HERE);
}

/* Nobody can be cancelled: pthread_cancel is not modelled. */
HOOK(int, model_pthread_setcancelstate, int state, int *old)
{
    (void)state;
    if (old) {
        memory_write(old, sizeof *old, HERE);
        *old = PTHREAD_CANCEL_ENABLE;
    }
    return 0;
}

/* ---- thread-specific data ------------------------------------------------------------------ */

/* A key's number follows from who made it and how many that thread had made, so that it is the same
 * when the execution is repeated with its threads in another order. */
enum { KEYS_PER_THREAD = 8, KEYS = MODEL_THREADS * KEYS_PER_THREAD };

static struct {
    bool used; /* in this execution; else the rest is void */
    struct key {
        bool made, deleted;
        void (*destructor)(void *);
    } key[KEYS];
    void *value[MODEL_THREADS][KEYS];
} keys;

void key_image(struct image *m)
{
    image_part(m, &keys.used, sizeof keys.used);
    if (keys.used)
        image_part(m, &keys, sizeof keys);
}

void key_reset(void) { keys.used = false; }

static void check_key(unsigned key, uintptr_t pc)
{
    if (!current)
        unsupported(pc, "a static constructor uses thread-specific data: let main use it");
    const bool known = keys.used && key < KEYS && keys.key[key].made;
    if (!known || keys.key[key].deleted)
        misused(NULL, pc, "thread %u uses the key %u, which %s", current->id, key,
                known ? "was deleted" : "was never created");
}

int key_create(unsigned *key, void (*destructor)(void *), uintptr_t pc)
{
    if (!current)
        unsupported(pc, "a static constructor uses thread-specific data: let main use it");
    if (!keys.used)
        memset(&keys, 0, sizeof keys);
    keys.used = true;
    if (current->keys_made == KEYS_PER_THREAD)
        unsupported(pc, "a thread creates more than %d keys: let it create fewer", KEYS_PER_THREAD);
    const unsigned made = current->id * KEYS_PER_THREAD + (unsigned)current->keys_made++;
    keys.key[made] = (struct key){.made = true, .destructor = destructor};
    memory_write(key, sizeof *key, pc);
    *key = made;
    step_effect();
    return 0;
}

void key_delete(unsigned key, uintptr_t pc)
{
    check_key(key, pc);
    keys.key[key].deleted = true;
    step_effect();
}

void *key_get(unsigned key, uintptr_t pc)
{
    check_key(key, pc);
    return keys.value[current->id][key];
}

void key_set(unsigned key, const void *value, uintptr_t pc)
{
    check_key(key, pc);
    keys.value[current->id][key] = (void *)(uintptr_t)value;
    step_effect();
}

void keys_destroy(void)
{
    bool again = keys.used;
    for (unsigned round = 0; again && round < PTHREAD_DESTRUCTOR_ITERATIONS; round++) {
        again = false;
        for (unsigned key = 0; key < KEYS; key++) {
            const struct key *k = &keys.key[key];
            void *const value = keys.value[current->id][key];
            if (!value || k->deleted || !k->destructor)
                continue;
            keys.value[current->id][key] = NULL;
            k->destructor(value);
            again = true;
        }
    }
}

HOOK(int, model_pthread_key_create, pthread_key_t *key, void (*destructor)(void *))
{
    return key_create(key, destructor, HERE);
}
HOOK(int, model_pthread_key_delete, pthread_key_t key)
{
    key_delete(key, HERE);
    return 0;
}
HOOK(void *, model_pthread_getspecific, pthread_key_t key) { return key_get(key, HERE); }
HOOK(int, model_pthread_setspecific, pthread_key_t key, const void *value)
{
    key_set(key, value, HERE);
    return 0;
}
