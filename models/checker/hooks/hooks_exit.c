/* hooks_exit.c: how a program ends: failed assertions, abort, exit and what was registered for it;
 * and how C++ begins its function-local statics. */
#include "models/checker/hooks/hooks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/subject/loader.h"
#include "models/checker/run/image.h"

/* ---- failing ------------------------------------------------------------------------------- */

static _Noreturn void fail(enum fault_kind kind, uintptr_t pc, const char *format, va_list args)
{
    char text[sizeof((struct fault *)0)->text];
    vsnprintf(text, sizeof text, format, args);
    if (current) {
        const struct place here = place_of_call("call", pc);
        fault_raise(kind, &here, 1, "%s", text);
    }
    fprintf(stderr, "error: while the program was loaded, before main: %s\n", text);
    exit(fault_exit_code(kind));
}

void unsupported(uintptr_t pc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(FAULT_UNSUPPORTED, pc, format, args);
}

static _Noreturn void failed(uintptr_t pc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void failed(uintptr_t pc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(FAULT_ASSERTION, pc, format, args);
}

HOOK(void, model___assert_fail, const char *claim, const char *file, unsigned line,
     const char *function)
{
    failed(HERE, "assertion `%s' failed, %s:%u%s%s", claim, file, line, function ? ", in " : "",
           function ? function : "");
}

HOOK(void, model___assert_perror_fail, int error, const char *file, unsigned line,
     const char *function)
{
    failed(HERE, "unexpected error: %s, %s:%u%s%s", strerror(error), file, line,
           function ? ", in " : "", function ? function : "");
}

HOOK(void, model___assert, const char *claim, const char *file, int line)
{
    failed(HERE, "assertion `%s' failed, %s:%d", claim, file, line);
}

/* The C++ library's own calls come here too (interpose.c). */
HOOK(void, model_abort, void)
{
    if (loader_is_code(HERE))
        failed(HERE, "abort() was called");
    failed(0, "the C++ library called abort(): nobody caught an exception, or std::terminate()");
}

HOOK(void, model__ZSt9terminatev, void) { failed(HERE, "std::terminate() was called"); }
HOOK(void, model___cxa_pure_virtual, void) { failed(HERE, "a pure virtual function was called"); }
HOOK(void, model___stack_chk_fail, void) { failed(HERE, "a local array was overrun"); }

/* ---- ending -------------------------------------------------------------------------------- */

enum { HANDLERS_MAX = 256 };

struct handler {
    void (*call)(void *); /* an atexit function ignores its argument */
    void *argument;
    uint8_t thread;
    bool of_thread; /* a thread-local object's destructor: when its thread ends */
};

/* What was registered in this execution. Threads that do not wait for each other may come here in
 * another order when they are run again, so that the list is in the order of the threads and, of
 * one thread, of time. */
static struct handler registered[HANDLERS_MAX];
static unsigned registered_n;

void exit_reset(void) { registered_n = 0; }

void exit_image(struct image *m)
{
    image_part(m, &registered_n, sizeof registered_n);
    image_part(m, registered, registered_n * sizeof registered[0]);
}

static int add(void (*call)(void *), void *argument, bool of_thread, uintptr_t pc)
{
    const uint8_t thread = current ? current->id : 0;
    if (registered_n == HANDLERS_MAX)
        unsupported(pc, "more than %d functions to be called at exit: register fewer",
                    HANDLERS_MAX);
    unsigned at = registered_n++;
    for (; at && registered[at - 1].thread > thread; at--)
        registered[at] = registered[at - 1];
    registered[at] = (struct handler){call, argument, thread, of_thread};
    return 0;
}

/* The last one is called first; it is gone before, since it may register another or exit. */
static void call_handlers(bool of_thread)
{
    for (unsigned i = registered_n; i-- > 0;) {
        const struct handler h = registered[i];
        if (h.of_thread != of_thread || (of_thread && h.thread != current->id))
            continue;
        memmove(&registered[i], &registered[i + 1], (--registered_n - i) * sizeof h);
        h.call(h.argument);
        i = registered_n;
    }
}

void thread_exit_handlers(void) { call_handlers(true); }

void exit_handlers(void)
{
    call_handlers(true);
    call_handlers(false);
}

HOOK(int, model_atexit, void (*call)(void))
{
    return add((void (*)(void *))(uintptr_t)call, NULL, false, HERE);
}

HOOK(int, model___cxa_atexit, void (*call)(void *), void *object, void *library)
{
    (void)library;
    return add(call, object, false, HERE);
}

HOOK(int, model___cxa_thread_atexit, void (*call)(void *), void *object, void *library)
{
    (void)library;
    return add(call, object, true, HERE);
}

/* exit ends the calling thread here; the others run on. In truth they die at some instant, so
 * that each execution shows all that they might have done by then and what they could have gone on
 * to do. The same holds for a return from main. A program whose exit is meant to interrupt threads
 * that never end is told that they do not end. */
static _Noreturn void finish(int status, const char *call, bool handlers, uintptr_t pc)
{
    if (status && !loader_is_code(pc))
        failed(0, "main returned %d", status);
    if (status)
        failed(pc, "%s(%d) was called", call, status);
    if (!current)
        unsupported(pc, "%s(0) was called by a static constructor: nothing is left to check", call);
    if (handlers)
        exit_handlers();
    step_end(NULL);
}

HOOK(void, model_exit, int status) { finish(status, "exit", true, HERE); }
HOOK(void, model__exit, int status) { finish(status, "_exit", false, HERE); }
HOOK(void, model__Exit, int status) { finish(status, "_Exit", false, HERE); }
HOOK(void, model_quick_exit, int status) { finish(status, "quick_exit", false, HERE); }

/* ---- function-local statics of C++ --------------------------------------------------------- */

/* The guard's first byte says "done": compilers load it before they call. Who initialises is
 * decided by a hidden location at the guard's address: 0, then GUARD_RUNNING, then GUARD_DONE, or
 * GUARD_OPEN again when the constructor threw. */
enum { GUARD_RUNNING = 1, GUARD_DONE = 2, GUARD_OPEN = 4 };

HOOK(int, model___cxa_guard_acquire, uint64_t *guard)
{
    if (!current)
        return *(uint8_t *)guard == 0;
    struct step swap = {.address = guard,
                        .space = SPACE_OBJECT,
                        .size = 4,
                        .rule = RULE_CAS,
                        .good = ACQUIRE,
                        .bad = ACQUIRE,
                        .a = 0,
                        .b = GUARD_RUNNING,
                        .pc = HERE};
    struct step wait = {.address = guard,
                        .space = SPACE_OBJECT,
                        .size = 4,
                        .rule = RULE_AWAIT_SET,
                        .good = ACQUIRE,
                        .bad = ACQUIRE,
                        .a = GUARD_DONE | GUARD_OPEN,
                        .waits_for = "initialisation of a static variable",
                        .pc = HERE};
    for (;;) {
        bool wrote;
        word seen = step_read(&swap, &wrote);
        if (wrote)
            return 1;
        if (seen == GUARD_RUNNING)
            seen = step_read(&wait, NULL);
        if (seen == GUARD_DONE)
            return 0;
        swap.a = seen;
    }
}

HOOK(void, model___cxa_guard_release, uint64_t *guard)
{
    if (!current) {
        *(uint8_t *)guard = 1;
        return;
    }
    step_write(guard, SPACE_MEMORY, 1, 1, RELEASE, HERE);
    step_write(guard, SPACE_OBJECT, 4, GUARD_DONE, RELEASE, HERE);
}

HOOK(void, model___cxa_guard_abort, uint64_t *guard)
{
    if (current)
        step_write(guard, SPACE_OBJECT, 4, GUARD_OPEN, RELEASE, HERE);
}
