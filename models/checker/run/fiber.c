/* fiber.c: stacks that take turns on one OS thread: a switch saves what the ABI says that a call
 * preserves, and nothing else. */
#include "models/checker/run/fiber.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "models/checker/run/image.h"

#ifdef __has_include
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* ASAN_UNPOISON_MEMORY_REGION, a no-op without it */
#endif
#endif
#ifndef ASAN_UNPOISON_MEMORY_REGION
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

enum {
    STRIDE = 2 * FIBER_STACK, /* the lower half is the guard: frames that skip a page hit it too */
    FILLED = 32 << 10,        /* the top of a stack, which holds the pattern before it is used */
    PATTERN = 0xa5,
    SLACK = 1 << 10, /* below the deepest known use: the checker's own frames */
};

_Static_assert(offsetof(struct fiber, sp) == 0, "the assembly below stores sp first");

/* fiber_begin is what a new fiber's first switch goes to. It jumps to the entry with return address
 * 0 and frame pointer 0, where unwinders stop. */
void fiber_begin(void);

/* The context as fiber_switch leaves it on the stack, and after it what fiber_begin needs there. */
#if defined __x86_64__
struct context {
    uintptr_t r15, r14, entry, argument, rbx, rbp; /* entry and argument: r13, r12 */
    void (*begin)(void);
    uintptr_t return_address, frame[2];
};

/* The jump instead of a ret: the processor predicts a ret by the calls it saw, which were those of
 * another fiber. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_switch\n"
        ".type fiber_switch, @function\n"
        "fiber_switch:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq (%rsi), %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    popq %rcx\n"
        "    jmp *%rcx\n"
        ".size fiber_switch, .-fiber_switch\n"
        ".p2align 4\n"
        ".globl fiber_begin\n"
        ".type fiber_begin, @function\n"
        "fiber_begin:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n"
        "    endbr64\n"
        "    movq %r12, %rdi\n"
        "    jmp *%r13\n"
        "    .cfi_endproc\n"
        ".size fiber_begin, .-fiber_begin\n");
_Static_assert(sizeof(struct context) % 16 == 0, "the entry sees an aligned stack");

#elif defined __aarch64__
struct context {
    uintptr_t argument, entry, x21_28[8], x29; /* argument and entry: x19, x20 */
    void (*begin)(void);                       /* x30 */
    uint64_t d8_15[8];
    uintptr_t frame[2];
};

__asm__(".text\n"
        ".p2align 4\n"
        ".globl fiber_switch\n"
        ".type fiber_switch, %function\n"
        "fiber_switch:\n"
        "    hint #34\n" /* bti c */
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x2, sp\n"
        "    str x2, [x0]\n"
        "    ldr x2, [x1]\n"
        "    mov sp, x2\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size fiber_switch, .-fiber_switch\n"
        ".p2align 4\n"
        ".globl fiber_begin\n"
        ".type fiber_begin, %function\n"
        "fiber_begin:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined x30\n"
        "    hint #36\n" /* bti j */
        "    mov x0, x19\n"
        "    mov x17, x20\n"
        "    mov x29, #0\n"
        "    mov x30, #0\n"
        "    br x17\n"
        "    .cfi_endproc\n"
        ".size fiber_begin, .-fiber_begin\n");
_Static_assert(offsetof(struct context, frame) == 160, "as fiber_switch above");
#else
#error "fiber.c has no context switch for this processor: add one, or build without the checker"
#endif

static char *top(const struct fiber *f) { return f->stack + FIBER_STACK; }

int fiber_init(struct fiber *f, char *stack)
{
    if ((uintptr_t)stack % 64 != 0)
        return EINVAL;
    *f = (struct fiber){.stack = stack, .deepest = (uintptr_t)stack + FIBER_STACK};
    memset(top(f) - FILLED, PATTERN, FILLED);
    return 0;
}

int fiber_map(struct fiber *f, unsigned number)
{
    char *const slot = (char *)(uintptr_t)(FIXED_MEMORY + FIBER_OFFSET + (uint64_t)number * STRIDE);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK | MAP_FIXED_NOREPLACE;
    char *const got = mmap(slot, STRIDE, PROT_NONE, flags, -1, 0);
    if (got == MAP_FAILED)
        return errno;
    if (got != slot) { /* a kernel that does not know MAP_FIXED_NOREPLACE */
        munmap(got, STRIDE);
        return EEXIST;
    }
    char *const stack = slot + STRIDE - FIBER_STACK;
    (void)madvise(stack, FIBER_STACK, MADV_NOHUGEPAGE);
    if (mprotect(stack, FIBER_STACK, PROT_READ | PROT_WRITE))
        return errno;
    return fiber_init(f, stack);
}

/* What was used is filled as it was before its first use: the top with the pattern, below that with
 * the zeros of fresh pages. */
static void wipe(struct fiber *f, uintptr_t deepest, uintptr_t end)
{
    const uintptr_t seam = (uintptr_t)top(f) - FILLED, bottom = (uintptr_t)f->stack;
    uintptr_t from = deepest < bottom + SLACK ? bottom : deepest - SLACK;
    ASAN_UNPOISON_MEMORY_REGION(f->stack, FIBER_STACK);
    if (from < seam) {
        const uintptr_t zeros = seam < end ? seam : end;
        if (from < zeros)
            memset((char *)from, 0, zeros - from);
        from = seam;
    }
    if (from < end)
        memset((char *)from, PATTERN, end - from);
}

void fiber_image(struct image *m, struct fiber *f, uintptr_t deepest)
{
    const uintptr_t sp = (uintptr_t)f->sp, from = sp < f->deepest ? sp : f->deepest;
    if (m->restoring)
        wipe(f, deepest, from);
    image_part(m, (void *)from, (uintptr_t)top(f) - from);
}

void fiber_start(struct fiber *f, void (*entry)(void *), void *argument)
{
    wipe(f, f->deepest, (uintptr_t)top(f));
    struct context *c = (struct context *)(void *)(top(f) - sizeof *c);
    *c = (struct context){
        .entry = (uintptr_t)entry, .argument = (uintptr_t)argument, .begin = fiber_begin};
    f->sp = c;
    f->deepest = (uintptr_t)top(f);
}
