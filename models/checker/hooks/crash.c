/* crash.c: see crash.h. The handlers run on a stack of their own and do not return: fault_raise
 * switches to the explorer, and the program's fiber is never continued. */
#include "models/checker/hooks/crash.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "models/checker/hooks/hooks.h"
#include "models/checker/subject/loader.h"

enum {
    STACK = 128 << 10,
    TICK_US = 250000, /* processor time between two looks at the program */
    TICKS_MAX = 40,   /* ten seconds */
    TICKS_AGAIN = 4,  /* once that has happened: the same loop, for the report */
};

static char handler_stack[STACK] __attribute__((aligned(64)));

static uintptr_t pc_of(const void *context)
{
    const ucontext_t *c = context;
#if defined __x86_64__
    return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)c->uc_mcontext.pc;
#endif
}

static uintptr_t sp_of(const void *context)
{
    const ucontext_t *c = context;
#if defined __x86_64__
    return (uintptr_t)c->uc_mcontext.gregs[REG_RSP];
#else
    return (uintptr_t)c->uc_mcontext.sp;
#endif
}

/* Where in the program: the instruction, or the newest return address on the stack when the signal
 * came inside a modelled call. A site lies behind its instruction, hence the 1. */
static uintptr_t program_pc(const void *context)
{
    const uintptr_t pc = pc_of(context);
    if (loader_is_code(pc))
        return pc + 1;
    const uintptr_t bottom = (uintptr_t)current->fiber.stack, top = bottom + FIBER_STACK;
    for (uintptr_t at = (sp_of(context) + 7) & ~(uintptr_t)7; at >= bottom && at + 8 <= top;
         at += 8)
        if (loader_is_code(*(uintptr_t *)at))
            return *(uintptr_t *)at;
    return 0;
}

static bool in_guard(uintptr_t address)
{
    const uintptr_t stack = (uintptr_t)current->fiber.stack;
    return address < stack && stack - address <= FIBER_STACK;
}

/* The explorer itself crashed: that is a bug here, and is not to look like one of the program. */
static void own_crash(int signal_number)
{
    static const char text[] = "queuelab-model: the checker itself crashed; this is a bug in it\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        /* then the signal has to say it */
    }
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void on_crash(int signal_number, siginfo_t *info, void *context)
{
    if (!current) {
        own_crash(signal_number);
        return;
    }
    const uintptr_t address = (uintptr_t)info->si_addr;
    struct place here = place_of_call("access", program_pc(context));
    if (signal_number == SIGFPE)
        fault_raise(FAULT_CRASH, &here, 1,
                    "SIGFPE: an integer division by zero, or by -1 too large");
    if (signal_number == SIGILL)
        fault_raise(FAULT_CRASH, &here, 1,
                    "SIGILL: an instruction that does not exist "
                    "(__builtin_trap, or a function that ended without return)");
    if (info->si_code == SI_KERNEL || info->si_code <= 0)
        fault_raise(FAULT_CRASH, &here, 1, "%s: an access through an invalid pointer",
                    signal_number == SIGBUS ? "SIGBUS" : "SIGSEGV");
    here.address = address;
    if (in_guard(address))
        fault_raise(FAULT_CRASH, &here, 1,
                    "stack overflow: the thread needs more than its %d KiB; a recursion without an "
                    "end, or large local variables",
                    FIBER_STACK >> 10);
    if (address < 65536)
        fault_raise(FAULT_CRASH, &here, 1,
                    "SIGSEGV: an access through a null pointer, at address %#zx", (size_t)address);
    fault_raise(FAULT_CRASH, &here, 1, "%s: an access at address %#zx, %s",
                signal_number == SIGBUS ? "SIGBUS" : "SIGSEGV", (size_t)address,
                info->si_code == SEGV_ACCERR ? "which may not be accessed so" : "where nothing is");
}

/* What moves when the program comes along. */
static struct {
    uint32_t run;
    uint8_t thread;
    uint16_t po;
    unsigned ticks, max;
} seen = {.max = TICKS_MAX};

static void on_tick(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number, (void)info;
    if (!current || seen.run != run_number || seen.thread != current->id ||
        seen.po != current->po) {
        seen.run = run_number;
        seen.thread = current ? current->id : NONE_THREAD;
        seen.po = current ? current->po : 0;
        seen.ticks = 0;
        return;
    }
    /* Not in the middle of a modelled call, as far as there is a choice: a loop of the program's is
     * soon met in its own code. */
    if (++seen.ticks < seen.max || (!loader_is_code(pc_of(context)) && seen.ticks < 3 * seen.max))
        return;
    seen.ticks = 0;
    seen.max = TICKS_AGAIN;
    const struct place here = place_of_call("loop", program_pc(context));
    fault_raise(FAULT_UNBOUNDED, &here, 1,
                "a loop without an end: %d s without an atomic operation, a lock or a pause; "
                "bound it, or make it wait for an atomic variable",
                TICKS_MAX / (1000000 / TICK_US));
}

static void start_ticking(void) /* a child process does not inherit the timer */
{
    const struct itimerval often = {{0, TICK_US}, {0, TICK_US}};
    setitimer(ITIMER_PROF, &often, NULL);
}

int crash_init(void)
{
    const stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof handler_stack};
    if (sigaltstack(&stack, NULL))
        return errno;
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART; /* nothing stays blocked */
    action.sa_sigaction = on_crash;
    for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
        if (sigaction(deadly[i], &action, NULL))
            return errno;
    action.sa_sigaction = on_tick;
    if (sigaction(SIGPROF, &action, NULL))
        return errno;
    start_ticking();
    return pthread_atfork(NULL, NULL, start_ticking);
}
