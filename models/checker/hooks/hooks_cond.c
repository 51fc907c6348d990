/* hooks_cond.c: condition variables; sleeping and waking; time-outs.
 *
 * A thread that waits is on the list of sleepers before it unlocks the mutex, so that no signal can
 * come in between. A signal ends one sleep, and the environment chooses which if there are several;
 * a signal that finds no sleeper is lost, as it really is.
 *
 * A wait that times out is never put on the list. That leaves out no behaviour: a sleeper that
 * nobody wakes until its time is up differs from one that is not there only in signals that would
 * have chosen it, and those are the other executions, in which it is woken. For the same reason a
 * timed wait that is not to time out and is not woken either is given up (step_moot), not reported.
 *
 * A wait that ends for no reason (POSIX: "spurious") is one that lets the lock go and takes it again,
 * and does not sleep in between: whoever signals then finds others, or nobody. */
#include "models/checker/hooks/hooks_sync.h"

#include <errno.h>

/* ---- time ---------------------------------------------------------------------------------- */

enum { SECOND = 1000000000 };

bool time_valid(const struct timespec *t, uintptr_t pc)
{
    memory_read(t, sizeof *t, pc);
    return t->tv_nsec >= 0 && t->tv_nsec < SECOND;
}

static uint64_t nanoseconds(const struct timespec *t)
{
    if (t->tv_sec < 0)
        return 0;
    const uint64_t s = (uint64_t)t->tv_sec;
    return s >= UINT64_MAX / SECOND ? UINT64_MAX : s * SECOND + (uint64_t)t->tv_nsec;
}

bool time_passed(const struct timespec *deadline) { return nanoseconds(deadline) <= clock_now(); }

void time_move(const struct timespec *deadline)
{
    const uint64_t then = nanoseconds(deadline), now = clock_now();
    if (then > now) {
        current->now_ns += then - now;
        step_effect();
    }
}

/* ---- sleeping ------------------------------------------------------------------------------ */

static word list_read(const volatile void *address, enum rule rule, word a, word b, bool *wrote,
                      uintptr_t pc)
{
    const struct step s = {.address = address,
                           .space = SPACE_FUTEX,
                           .size = 16,
                           .rule = rule,
                           .good = ACQ_REL,
                           .bad = ACQUIRE,
                           .a = a,
                           .b = b,
                           .pc = pc};
    return step_read(&s, wrote);
}

static enum space slot_of(unsigned thread) { return (enum space)(SPACE_SLEEPER + thread); }

unsigned sleep_begin(const volatile void *address, uintptr_t pc)
{
    const unsigned me = current->id;
    if (current->sleeps == SLEEPS_MAX)
        fault_raise(FAULT_UNBOUNDED, NULL, 0,
                    "a thread sleeps more than %u times in one execution: a loop without a bound?",
                    (unsigned)SLEEPS_MAX);
    const unsigned number = ++current->sleeps;
    list_read(address, RULE_OR, (word)number << (SLEEP_BITS * me), 0, NULL, pc);
    return number;
}

void sleep_wait(const volatile void *address, unsigned number, bool timed, const char *waits_for,
                uintptr_t pc)
{
    const struct step s = {.address = address,
                           .space = slot_of(current->id),
                           .size = 8,
                           .rule = timed ? RULE_LOAD : RULE_AWAIT_AT_LEAST,
                           .good = ACQUIRE,
                           .bad = ACQUIRE,
                           .a = number,
                           .waits_for = waits_for,
                           .pc = pc};
    if (step_read(&s, NULL) < number)
        step_moot();
}

/* n! / (k! (n - k)!) */
static unsigned combinations(unsigned n, unsigned k)
{
    unsigned c = 1;
    for (unsigned i = 1; i <= k; i++)
        c = c * (n - k + i) / i;
    return c;
}

/* The list without k of its n sleepers, in way number `which` of as many as there are. */
static word without(word sleepers, unsigned n, unsigned k, unsigned which)
{
    for (unsigned t = 0; k > 0; t++) {
        if (!sleep_of(sleepers, t))
            continue;
        const unsigned with_t = combinations(n - 1, k - 1);
        if (which < with_t) {
            sleepers &= ~((word)SLEEPS_MAX << (SLEEP_BITS * t));
            k--;
        } else {
            which -= with_t;
        }
        n--;
    }
    return sleepers;
}

unsigned sleep_wake(const volatile void *address, unsigned at_most, uintptr_t pc)
{
    bool wrote;
    const word found = list_read(address, RULE_WAKE, at_most, 0, &wrote, pc);
    if (found == 0 || at_most == 0)
        return 0;
    word left = 0;
    if (!wrote) { /* more than may be woken */
        unsigned n = 0;
        for (unsigned t = 0; t < MODEL_THREADS; t++)
            n += sleep_of(found, t) != 0;
        const unsigned which = step_choose(combinations(n, at_most), BUDGET_NONE, "who wakes", pc);
        left = without(found, n, at_most, which);
        list_read(address, RULE_CAS, found, left, &wrote, pc);
        if (!wrote) /* the list has changed: the execution that read it so goes on instead */
            step_moot();
    }
    unsigned woken = 0;
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const unsigned number = sleep_of(found, t);
        if (number == 0 || sleep_of(left, t))
            continue;
        step_write(address, slot_of(t), 8, number, RELEASE, pc);
        woken++;
    }
    return woken;
}

/* ---- condition variables ------------------------------------------------------------------- */

int cond_wait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *deadline, uintptr_t pc)
{
    object_touch(c, "condition variable", pc);
    if (deadline && !time_valid(deadline, pc))
        return EINVAL;
    const struct held *h = held_by(current, m);
    if (!h)
        misused(m, pc,
                "thread %u waits on a condition variable without holding the mutex that it "
                "passes",
                current->id);
    if (h->times > 1) /* waiting unlocks it once: nobody can ever signal under it */
        misused(m, pc,
                "thread %u waits on a condition variable with a recursive mutex that it has "
                "locked %u times",
                current->id, h->times);
    int result = 0;
    if (deadline && (time_passed(deadline) ||
                     step_choose(2, BUDGET_TIMEOUTS, "the wait's time is up", pc) == 1)) {
        mutex_unlock(m, pc);
        time_move(deadline);
        result = ETIMEDOUT;
    } else if (step_choose(2, BUDGET_WAKEUPS, "a wait that ends for no reason", pc) == 1) {
        mutex_unlock(m, pc);
    } else {
        const unsigned number = sleep_begin(c, pc);
        mutex_unlock(m, pc);
        sleep_wait(c, number, deadline != NULL, "condition variable", pc);
    }
    mutex_lock(m, pc);
    return result;
}

int cond_wake(pthread_cond_t *c, unsigned at_most, uintptr_t pc)
{
    if (!current)
        return 0;
    object_touch(c, "condition variable", pc);
    sleep_wake(c, at_most, pc);
    return 0;
}

int cond_destroy(pthread_cond_t *c, uintptr_t pc)
{
    if (!current)
        return 0;
    object_touch(c, "condition variable", pc);
    if (list_read(c, RULE_LOAD, 0, 0, NULL, pc) != 0)
        misused(c, pc, "a condition variable is destroyed while a thread waits on it");
    return 0;
}

HOOK(int, model_pthread_cond_init, pthread_cond_t *c, const pthread_condattr_t *attr)
{
    object_fill(c, sizeof(pthread_cond_t), HERE);
    return pthread_cond_init(c, attr);
}
HOOK(int, model_pthread_cond_destroy, pthread_cond_t *c) { return cond_destroy(c, HERE); }
HOOK(int, model_pthread_cond_wait, pthread_cond_t *c, pthread_mutex_t *m)
{
    return cond_wait(c, m, NULL, HERE);
}
HOOK(int, model_pthread_cond_timedwait, pthread_cond_t *c, pthread_mutex_t *m,
     const struct timespec *deadline)
{
    return cond_wait(c, m, deadline, HERE);
}
HOOK(int, model_pthread_cond_clockwait, pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
     const struct timespec *deadline)
{
    (void)clock; /* all clocks show the same */
    return cond_wait(c, m, deadline, HERE);
}
HOOK(int, model_pthread_cond_signal, pthread_cond_t *c) { return cond_wake(c, 1, HERE); }
HOOK(int, model_pthread_cond_broadcast, pthread_cond_t *c) { return cond_wake(c, WAKE_ALL, HERE); }
