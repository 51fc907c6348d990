/* hooks_futex.c: system calls: futex and membarrier.
 *
 * FUTEX_WAIT compares and goes to sleep in one step as far as FUTEX_WAKE can see: the kernel does
 * both under one lock. Here the thread looks (another value: EAGAIN, and it never was on the list),
 * goes onto the list, and looks again behind a full fence; if the value has changed by then this
 * execution is given up, because the first look could have seen that as well. FUTEX_WAKE passes a
 * full fence before it looks at the list, as the kernel does. So of a store followed by a wake and a
 * wait, either the wake sees the sleeper or the wait sees the store. */
#include "models/checker/hooks/hooks_sync.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

bool model_membarrier, model_membarrier_refused;

static long fails(int error)
{
    *model_errno_location() = error;
    return -1;
}

static word look(const uint32_t *address, uintptr_t pc)
{
    const struct step s = {.address = address,
                           .space = SPACE_MEMORY,
                           .size = 4,
                           .rule = RULE_LOAD,
                           .good = RELAXED,
                           .bad = RELAXED,
                           .pc = pc};
    return step_read(&s, NULL);
}

/* The absolute time at which a wait of this length ends. */
static struct timespec after(const struct timespec *length)
{
    const uint64_t now = clock_now();
    struct timespec end = {.tv_sec = (time_t)(now / 1000000000u),
                           .tv_nsec = (long)(now % 1000000000u) + length->tv_nsec};
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    if (__builtin_add_overflow(end.tv_sec, length->tv_sec, &end.tv_sec))
        end.tv_sec = INT64_MAX;
    return end;
}

static long futex_wait(const uint32_t *address, uint32_t expected, const struct timespec *timeout,
                       bool absolute, uintptr_t pc)
{
    struct timespec deadline = {0};
    if (timeout) {
        if (!time_valid(timeout, pc) || timeout->tv_sec < 0)
            return fails(EINVAL);
        deadline = absolute ? *timeout : after(timeout);
    }
    if (look(address, pc) != expected)
        return fails(EAGAIN);
    if (timeout && (time_passed(&deadline) ||
                    step_choose(2, BUDGET_TIMEOUTS, "the wait's time is up", pc) == 1)) {
        time_move(&deadline);
        return fails(ETIMEDOUT);
    }
    const unsigned number = sleep_begin(address, pc);
    step_fence(SEQ_CST, pc);
    if (look(address, pc) != expected)
        step_moot();
    sleep_wait(address, number, timeout != NULL, "futex", pc);
    return 0;
}

static long futex(const uint32_t *address, int operation, uint32_t value,
                  const struct timespec *timeout, uint32_t bits, uintptr_t pc)
{
    const int command = operation & FUTEX_CMD_MASK;
    if ((uintptr_t)address % 4 != 0)
        return fails(EINVAL);
    switch (command) {
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAKE_BITSET:
        if (bits == 0)
            return fails(EINVAL);
        if (bits != FUTEX_BITSET_MATCH_ANY)
            unsupported(pc, "futex with the bitset 0x%x: only FUTEX_BITSET_MATCH_ANY is modelled",
                        bits);
        break;
    }
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return futex_wait(address, value, timeout, command == FUTEX_WAIT_BITSET, pc);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
        step_fence(SEQ_CST, pc);
        /* the kernel wakes one even if asked for none or for a negative number */
        return sleep_wake(address, (int)value < 1 ? 1 : value, pc);
    default:
        unsupported(pc,
                    "the futex operation %d: only FUTEX_WAIT, FUTEX_WAKE and their _BITSET and "
                    "_PRIVATE forms are modelled",
                    command);
    }
}

/* Registered before there are other threads, so that it holds for all that they do, in whichever
 * order they run. */
static long membarrier_register(uintptr_t pc)
{
    if (!model_membarrier && (current->id != 0 || threads[1].state != THREAD_NONE))
        unsupported(pc, "membarrier is registered after the first thread was created: register "
                        "(set up what uses it) in main before that");
    model_membarrier = true;
    return 0;
}

static long membarrier(int command, uintptr_t pc)
{
    if (model_membarrier_refused)
        return fails(ENOSYS);
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
        return membarrier_register(pc);
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
        if (!model_membarrier)
            return fails(EPERM);
        step_fence_heavy(pc); /* the other side of compiler fences: hooks_tsan.c */
        return 0;
    default:
        unsupported(pc, "the membarrier command %d: only PRIVATE_EXPEDITED is modelled", command);
    }
}

/* As the C library's wrapper: takes six arguments however many were passed. */
__attribute__((visibility("default"))) long model_syscall(long number, ...);
long model_syscall(long number, ...)
{
    const uintptr_t pc = HERE;
    if (!current)
        return fails(ENOSYS); /* in a static constructor */
    long a[6];
    va_list args;
    va_start(args, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    long result;
    switch (number) {
    case SYS_futex:
        current->modelled = true; /* its orders are the kernel's, not the program's to choose */
        result = futex((const uint32_t *)a[0], (int)a[1], (uint32_t)a[2],
                       (const struct timespec *)a[3], (uint32_t)a[5], pc);
        current->modelled = false;
        return result;
    case SYS_membarrier:
        current->modelled = true;
        result = membarrier((int)a[0], pc);
        current->modelled = false;
        return result;
    case SYS_gettid:
        return model_gettid();
    case SYS_sched_yield:
        step_hint(pc);
        return 0;
    default:
        unsupported(pc,
                    "system call %ld: only futex, membarrier, gettid and sched_yield are "
                    "modelled",
                    number);
    }
}
