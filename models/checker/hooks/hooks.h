/* hooks.h: what the modelled calls (hooks_*.c) share.
 *
 * The program's calls to f() are redirected to model_f(), which it finds in this executable. A
 * hook runs on the calling thread's fiber. `current` is NULL only before the first execution, when
 * the libraries that the program needs begin. */
#ifndef MODELS_CHECKER_HOOKS_H
#define MODELS_CHECKER_HOOKS_H

#include "models/checker/report/source.h"
#include "models/checker/run/spin.h"
#include "models/checker/run/step.h"

/* Defines a function that the program calls: visible to it, with the prototype that -Wmissing-
 * prototypes wants. */
#define HOOK(type, name, ...)                                                                      \
    __attribute__((visibility("default"))) type name(__VA_ARGS__);                                 \
    type name(__VA_ARGS__)

/* In a hook: where it was called; notes where the program's stack ended then. */
static inline uintptr_t called_at(uintptr_t pc, uintptr_t sp)
{
    hook_sp = sp;
    return pc;
}
#define HERE called_at((uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa())

/* The program registered for expedited membarrier (hooks_futex.c, anew in every execution): from
 * then on its compiler fences are the light side of an asymmetric fence (P1202). */
extern bool model_membarrier;
/* The program said that the kernel refuses it (subject.h), anew in every execution. */
extern bool model_membarrier_refused;

/* The place to blame when a call itself is wrong. */
static inline struct place place_of_call(const char *what, uintptr_t pc)
{
    return (struct place){.thread = current ? current->id : NONE_THREAD,
                          .po = current ? current->po : 0,
                          .site = source_site(pc),
                          .what = what};
}

/* A call that cannot be modelled: names it and says what to do. Before the first execution there
 * is nothing to end but the checker itself. */
_Noreturn void unsupported(uintptr_t pc, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Plain accesses of any length by a modelled call (hooks_string.c); nothing if n is 0. */
void memory_read(const void *from, size_t n, uintptr_t pc);
void memory_write(void *to, size_t n, uintptr_t pc);
void memory_copy(void *to, const void *from, size_t n, uintptr_t pc);
/* A string: its length; its bytes and its end (if it comes before `max`) have been read. */
size_t memory_string(const char *s, uintptr_t pc);
size_t memory_string_max(const char *s, size_t max, uintptr_t pc);

/* What all clocks show: they move only when a wait of this thread times out. */
#define CLOCK_BASE_NS UINT64_C(1000000000000)
static inline uint64_t clock_now(void) { return CLOCK_BASE_NS + (current ? current->now_ns : 0); }

/* The thread's errno (fiber_local.c); the C library's own belongs to the checker. */
int *model_errno_location(void);

/* To be called on the thread's fiber when main has returned (exit does it by itself): destructors
 * of static objects and what atexit registered; when another thread ends: those of its
 * thread-local objects. */
void exit_handlers(void);
void thread_exit_handlers(void);
void exit_reset(void); /* a new execution */
void key_reset(void);

/* Parts of the execution's state: see image.h. */
struct image;
void exit_image(struct image *m);
void holder_image(struct image *m);
void key_image(struct image *m);

#endif
