/* fiber.h: stacks that take turns on one OS thread. */
#ifndef MODELS_CHECKER_FIBER_H
#define MODELS_CHECKER_FIBER_H

#include <stddef.h>
#include <stdint.h>

enum { FIBER_STACK = 256 << 10 };

/* Where the checker's fixed memory lies, the same in every process: the heap's arenas first, the
 * stacks FIBER_OFFSET above. Free on 39-bit and wider address spaces, also under valgrind, and above
 * 4 GiB, so that a pointer cut to 32 bits does not go unnoticed. AddressSanitizer needs that place
 * for itself. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define FIXED_MEMORY UINT64_C(0x300000000000)
#endif
#endif
#if defined __SANITIZE_ADDRESS__ && !defined FIXED_MEMORY
#define FIXED_MEMORY UINT64_C(0x300000000000)
#endif
#ifndef FIXED_MEMORY
#define FIXED_MEMORY UINT64_C(0x3000000000)
#endif
#define FIBER_OFFSET UINT64_C(0x100000000)

struct fiber {
    void *sp;          /* where it stopped */
    char *stack;       /* its lowest usable byte; a guard page lies below */
    uintptr_t deepest; /* the lowest stack address known to be used since fiber_start */
};

/* Gives it a stack, once. 0 or an errno. */
int fiber_init(struct fiber *f, char *stack);

/* The same with a stack of its own: maps the one with this number (0, 1, ...) at its fixed address,
 * a guard below. Once per number. 0 or an errno. */
int fiber_map(struct fiber *f, unsigned number);

/* The next switch to it calls entry(argument), which must not return. Stack contents that earlier
 * runs left are overwritten, so that reading them gives the same in every run. */
void fiber_start(struct fiber *f, void (*entry)(void *), void *argument);

/* Its stack as it was used so far: see image.h. Restoring: *f is as it was then, and the stack has
 * since been used down to `deepest`. */
struct image;
void fiber_image(struct image *m, struct fiber *f, uintptr_t deepest);

/* Stops here (in *from) and goes on where *to stopped. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
