/* census.c: see census.h. */
#include "harness/census.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "queues/memory.h"

/* Prefixes in any order, then perhaps REX, then the operation. */
enum census_kind census_look(const unsigned char *code, unsigned size)
{
    unsigned i = 0;
    bool lock = false;
    for (; i < size; i++) {
        const unsigned char c = code[i];
        lock |= c == 0xf0;
        if (c != 0xf0 && c != 0xf2 && c != 0xf3 && c != 0x66 && c != 0x67 && c != 0x2e &&
            c != 0x36 && c != 0x3e && c != 0x26 && c != 0x64 && c != 0x65)
            break;
    }
    if (lock)
        return CENSUS_LOCKED;
    if (i < size && (code[i] & 0xf0) == 0x40)
        i++;
    if (i + 2 < size && code[i] == 0x0f && code[i + 1] == 0xae && code[i + 2] >= 0xe8)
        return CENSUS_FENCE; /* lfence e8-ef, mfence f0-f7, sfence f8-ff; all with a register form */
    if (i + 1 < size && (code[i] == 0x86 || code[i] == 0x87) && code[i + 1] < 0xc0)
        return CENSUS_LOCKED; /* xchg with memory */
    return CENSUS_PLAIN;
}

#if defined __x86_64__

#define MARK __asm__ volatile("int3" ::: "memory")

static void *bystander(void *arg)
{
    for (;;)
        pause();
    return arg;
}

/* The traced process: three marks, pushes between the first two, pops between the last. */
static void subject(const struct q_driver *d, uint64_t capacity)
{
    const struct q_config cfg = {.capacity = capacity, .producers = 1, .consumers = 1};
    const size_t room = (d->item_bytes + Q_LINE - 1) / Q_LINE * Q_LINE;
    void *const q = aligned_alloc(d->align, (d->queue_bytes / d->align + 1) * d->align);
    void *const h = aligned_alloc(d->align, (d->handle_bytes / d->align + 1) * d->align);
    void *const item = aligned_alloc(Q_LINE, room);
    if (!q || !h || !item)
        _exit(ENOMEM);
    memset(q, 0, d->queue_bytes);
    memset(h, 0, d->handle_bytes);
    int error = d->init(q, &cfg);
    if (error)
        _exit(error < 256 ? error : EIO);
    if ((error = d->attach(q, h, Q_BOTH)) != 0)
        _exit(error < 256 ? error : EIO);
    pthread_t other; /* a process with one thread is spared locked instructions by its C library */
    if ((error = pthread_create(&other, NULL, bystander, NULL)) != 0)
        _exit(error < 256 ? error : EIO);
    uint64_t key = 0;
    for (unsigned lap = 0; lap < 4; lap++) { /* first allocations, first branches */
        for (unsigned i = 0; i < CENSUS_OPERATIONS; i++) {
            d->make(item, ++key);
            d->push(q, h, item);
        }
        for (unsigned i = 0; i < CENSUS_OPERATIONS; i++)
            d->pop(q, h, item);
    }
    d->make(item, ++key);
    MARK;
    for (unsigned i = 0; i < CENSUS_OPERATIONS; i++)
        d->push(q, h, item);
    MARK;
    for (unsigned i = 0; i < CENSUS_OPERATIONS; i++)
        d->pop(q, h, item);
    MARK;
    _exit(0);
}

/* 16 bytes at `at`, or fewer before a page that is not there. */
static unsigned code_at(pid_t child, unsigned long long at, unsigned char code[16])
{
    unsigned n = 0;
    for (; n < 16; n += 8) {
        errno = 0;
        const long word = ptrace(PTRACE_PEEKTEXT, child, (void *)(at + n), NULL);
        if (errno)
            break;
        memcpy(code + n, &word, 8);
    }
    return n;
}

/* Steps from one mark to the next. False: the child has left, or the machine does not step. */
static bool step_through(pid_t child, uint64_t *instructions, uint64_t *locked, uint64_t *fences)
{
    const uint64_t most = 1u << 20; /* a queue that allocates by the page */
    for (uint64_t n = 0; n < most; n++) {
        struct user_regs_struct regs;
        unsigned char code[16];
        int status;
        if (ptrace(PTRACE_GETREGS, child, NULL, &regs) != 0)
            return false;
        const unsigned size = code_at(child, regs.rip, code);
        if (size > 0 && code[0] == 0xcc)
            return ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 &&
                   waitpid(child, &status, 0) == child && WIFSTOPPED(status);
        const enum census_kind kind = census_look(code, size);
        ++*instructions;
        *locked += kind == CENSUS_LOCKED;
        *fences += kind == CENSUS_FENCE;
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0 ||
            waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
            WSTOPSIG(status) != SIGTRAP)
            return false;
    }
    return false;
}

static int ended(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EIO;
}

int census_take(const struct q_driver *d, uint64_t capacity, struct census *out)
{
    *out = (struct census){.operations = 0};
    const pid_t child = fork();
    if (child < 0)
        return errno;
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(0);
        signal(SIGTRAP, SIG_DFL);
        subject(d, capacity);
    }
    int status, error = 0;
    if (waitpid(child, &status, 0) != child)
        return errno;
    if (!WIFSTOPPED(status)) /* it left before the first mark: not to be traced, or no queue */
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : ended(status);
    if (WSTOPSIG(status) != SIGTRAP)
        error = EIO;
    else if (step_through(child, &out->push.instructions, &out->push.locked, &out->push.fences) &&
             step_through(child, &out->pop.instructions, &out->pop.locked, &out->pop.fences))
        out->operations = CENSUS_OPERATIONS;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return error;
}

#else

int census_take(const struct q_driver *d, uint64_t capacity, struct census *out)
{
    (void)d, (void)capacity;
    *out = (struct census){.operations = 0};
    return 0;
}

#endif
