/* interpose.c: threads and waits that the C++ library makes on the program's behalf: std::thread,
 * std::condition_variable and std::future are partly compiled into libstdc++, out of reach of
 * redirect.syms. But it looks for these functions in the executable first, so they are here. Outside
 * the program's threads they are the C library's. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "models/checker/hooks/hooks.h"

static void *real_function(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (!f)
        abort();
    return f;
}

#define INTERPOSE(name, parameters, ...)                                                           \
    int model_##name parameters;                                                                   \
    int name parameters                                                                            \
    {                                                                                              \
        if (current)                                                                               \
            return model_##name(__VA_ARGS__);                                                      \
        int(*real) parameters;                                                                     \
        *(void **)&real = real_function(#name);                                                    \
        return real(__VA_ARGS__);                                                                  \
    }

INTERPOSE(pthread_create,
          (pthread_t *restrict thread, const pthread_attr_t *restrict attributes,
           void *(*function)(void *), void *restrict argument),
          thread, attributes, function, argument)
INTERPOSE(pthread_join, (pthread_t thread, void **result), thread, result)
INTERPOSE(pthread_detach, (pthread_t thread), thread)
INTERPOSE(pthread_cond_destroy, (pthread_cond_t * cond), cond)
INTERPOSE(pthread_cond_signal, (pthread_cond_t * cond), cond)
INTERPOSE(pthread_cond_broadcast, (pthread_cond_t * cond), cond)
INTERPOSE(pthread_cond_wait, (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex), cond,
          mutex)
INTERPOSE(pthread_cond_timedwait,
          (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
           const struct timespec *restrict deadline),
          cond, mutex, deadline)
INTERPOSE(pthread_cond_clockwait,
          (pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, clockid_t clock,
           const struct timespec *restrict deadline),
          cond, mutex, clock, deadline)
INTERPOSE(nanosleep, (const struct timespec *duration, struct timespec *left), duration, left)

long model_syscall(long number, ...); /* hooks_futex.c */

long syscall(long number, ...)
{
    long a[6];
    va_list args;
    va_start(args, number);
    for (unsigned i = 0; i < 6; i++) /* those that were not passed are not looked at either */
        a[i] = va_arg(args, long);
    va_end(args);
    if (current)
        return model_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    long (*real)(long, ...);
    *(void **)&real = real_function("syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* std::terminate. */
void model_abort(void);

void abort(void)
{
    if (current)
        model_abort();
    void (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "abort");
    if (real)
        real();
    _exit(134);
}
