/* hooks_sync.h: what hooks_pthread.c, hooks_mutex.c, hooks_cond.c, hooks_rwlock.c, hooks_threads.c
 * and hooks_futex.c share.
 *
 * A synchronisation object is a location of its own (SPACE_OBJECT, 8 bytes, at first 0) at the
 * object's address:
 *   mutex, spin lock   0: free, else 1 + the owner's id
 *   once               0: not called, 1: running, 2: done
 *   rwlock             bit 31: a writer, with 1 + its id below it; else how many readers
 *   semaphore          its value
 *   barrier            how many have ever arrived
 *
 * Who sleeps on a condition variable or a futex is one word in SPACE_FUTEX (rules.h). Each sleep of
 * a thread has a number. Whoever ends it takes it out of the list and writes its number to the
 * location SPACE_SLEEPER + thread, and the sleeper waits for that very number. So a sleep can end in
 * only one way, whatever else happens to the list meanwhile: no two executions differ in that alone.
 *
 * What a thread knows about itself (which locks it holds, the values of its keys) is kept here and
 * is no event: it follows from what the thread did. */
#ifndef MODELS_CHECKER_HOOKS_SYNC_H
#define MODELS_CHECKER_HOOKS_SYNC_H

#include "models/checker/hooks/hooks.h"

#include <pthread.h>
#include <time.h>

/* ---- objects (hooks_mutex.c) ---- */

/* Before any use: the object is there, was initialised, and no free of it may come in between. */
void object_touch(const volatile void *object, const char *kind, uintptr_t pc);
/* Before the checker itself initialises or fills n bytes of the program's memory. */
void object_fill(void *object, size_t n, uintptr_t pc);

word object_read(const volatile void *object, enum rule rule, enum order good, enum order bad,
                 word a, word b, const char *waits_for, uintptr_t pc);
/* The same for an operation that may fail: did it write? */
bool object_try(const volatile void *object, enum rule rule, word a, word b, uintptr_t pc);
void object_write(const volatile void *object, word value, enum order order, uintptr_t pc);

/* FAULT_SYNC; "%s" is the object's name. */
_Noreturn void misused(const volatile void *object, uintptr_t pc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- locks held by `current` (hooks_mutex.c) ---- */

enum hold { HOLD_NONE, HOLD_MUTEX, HOLD_SPIN, HOLD_READ, HOLD_WRITE };
struct held {
    const volatile void *object;
    enum hold hold;
    unsigned times;
};
struct held *held_by(const struct thread *t, const volatile void *object); /* NULL: it does not */
void hold(const volatile void *object, enum hold how);
void let_go(struct held *h); /* once */

/* A timed lock was found locked: its time is up, which is its result; or, if it is to be had in time,
 * this execution is given up: the one in which it is found free says the rest. */
int lock_timed_out(const struct timespec *deadline, uintptr_t pc);

/* ---- mutexes and once (hooks_mutex.c): the functions' results are pthread errors ---- */

int mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr, uintptr_t pc);
int mutex_destroy(pthread_mutex_t *m, uintptr_t pc);
int mutex_lock(pthread_mutex_t *m, uintptr_t pc);
int mutex_trylock(pthread_mutex_t *m, uintptr_t pc);
int mutex_timedlock(pthread_mutex_t *m, const struct timespec *deadline, uintptr_t pc);
int mutex_unlock(pthread_mutex_t *m, uintptr_t pc);
void once(pthread_once_t *control, void (*function)(void), uintptr_t pc);

/* ---- sleeping (hooks_cond.c) ---- */

/* `current` goes onto the list of those that sleep at this address: the number of this sleep. */
unsigned sleep_begin(const volatile void *address, uintptr_t pc);
/* Waits until somebody ends it. Not timed: maybe for ever. */
void sleep_wait(const volatile void *address, unsigned number, bool timed, const char *waits_for,
                uintptr_t pc);
/* Ends the sleep of up to `at_most`; which, if there are more, is the environment's choice. How
 * many. */
unsigned sleep_wake(const volatile void *address, unsigned at_most, uintptr_t pc);
enum { WAKE_ALL = 0x7fffffff };

int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *deadline, uintptr_t pc);
int cond_wake(pthread_cond_t *c, unsigned at_most, uintptr_t pc);
int cond_destroy(pthread_cond_t *c, uintptr_t pc);

/* ---- time (hooks_cond.c) ---- */

bool time_valid(const struct timespec *t, uintptr_t pc); /* has been read; is it one? */
bool time_passed(const struct timespec *deadline);       /* by this thread's clock */
void time_move(const struct timespec *deadline);         /* ... which now shows it, or later */

/* ---- threads (hooks_pthread.c) ---- */

/* The values that `current` has for its keys get their destructors called. */
void keys_destroy(void);
int thread_create(pthread_t *handle, void *(*entry)(void *), void *argument, bool detached,
                  uintptr_t pc);
int thread_join(pthread_t handle, void **result, uintptr_t pc); /* 0 or EDEADLK */
void thread_detach(pthread_t handle, uintptr_t pc);
_Noreturn void thread_exit(void *result); /* destructors first: also when the entry returns */
pid_t model_gettid(void);

int key_create(unsigned *key, void (*destructor)(void *), uintptr_t pc);
void key_delete(unsigned key, uintptr_t pc);
void *key_get(unsigned key, uintptr_t pc);
void key_set(unsigned key, const void *value, uintptr_t pc);

#endif
