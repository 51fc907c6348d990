/* pause.c: instructions that hints.awk replaced by calls, and names that nobody can model. */
#include <dlfcn.h>
#include <string.h>

#include "models/checker/hooks/hooks.h"

/* Called with the address behind the replaced instruction. */
HOOK(void, model_pause, uintptr_t pc) { step_hint(pc); }
HOOK(void, model_fence, uintptr_t pc) { step_fence(SEQ_CST, pc); }

/* model_pause_keep, model_fence_keep: stand where an instruction stood that changes no register. */
#if defined __x86_64__
#define KEEP(name, function)                                                                       \
    __asm__(".text\n"                                                                              \
            ".globl " name "\n"                                                                    \
            ".type " name ", @function\n" name ":\n"                                               \
            "    pushfq\n"                                                                         \
            "    pushq %rbp\n"                                                                     \
            "    movq %rsp, %rbp\n"                                                                \
            "    cld\n"                                                                            \
            "    pushq %rax\n    pushq %rcx\n    pushq %rdx\n    pushq %rsi\n    pushq %rdi\n"     \
            "    pushq %r8\n    pushq %r9\n    pushq %r10\n    pushq %r11\n"                       \
            "    pushq %rbx\n"                                                                     \
            "    movq %rsp, %rbx\n"                                                                \
            "    subq $512, %rsp\n"                                                                \
            "    andq $-16, %rsp\n"                                                                \
            "    fxsave64 (%rsp)\n"                                                                \
            "    movq 16(%rbp), %rdi\n"                                                            \
            "    call " function "\n"                                                              \
            "    fxrstor64 (%rsp)\n"                                                               \
            "    movq %rbx, %rsp\n"                                                                \
            "    popq %rbx\n"                                                                      \
            "    popq %r11\n    popq %r10\n    popq %r9\n    popq %r8\n"                           \
            "    popq %rdi\n    popq %rsi\n    popq %rdx\n    popq %rcx\n    popq %rax\n"          \
            "    popq %rbp\n"                                                                      \
            "    popfq\n"                                                                          \
            "    ret\n"                                                                            \
            ".size " name ", .-" name "\n")
#elif defined __aarch64__
#define KEEP(name, function)                                                                       \
    __asm__(".text\n"                                                                              \
            ".globl " name "\n"                                                                    \
            ".type " name ", %function\n" name ":\n"                                               \
            "    stp x29, x30, [sp, #-176]!\n"                                                     \
            "    mov x29, sp\n"                                                                    \
            "    stp x0, x1, [sp, #16]\n    stp x2, x3, [sp, #32]\n"                               \
            "    stp x4, x5, [sp, #48]\n    stp x6, x7, [sp, #64]\n"                               \
            "    stp x8, x9, [sp, #80]\n    stp x10, x11, [sp, #96]\n"                             \
            "    stp x12, x13, [sp, #112]\n    stp x14, x15, [sp, #128]\n"                         \
            "    stp x16, x17, [sp, #144]\n"                                                       \
            "    mrs x9, nzcv\n    stp x18, x9, [sp, #160]\n"                                      \
            "    sub sp, sp, #512\n"                                                               \
            "    stp q0, q1, [sp]\n    stp q2, q3, [sp, #32]\n"                                    \
            "    stp q4, q5, [sp, #64]\n    stp q6, q7, [sp, #96]\n"                               \
            "    stp q8, q9, [sp, #128]\n    stp q10, q11, [sp, #160]\n"                           \
            "    stp q12, q13, [sp, #192]\n    stp q14, q15, [sp, #224]\n"                         \
            "    stp q16, q17, [sp, #256]\n    stp q18, q19, [sp, #288]\n"                         \
            "    stp q20, q21, [sp, #320]\n    stp q22, q23, [sp, #352]\n"                         \
            "    stp q24, q25, [sp, #384]\n    stp q26, q27, [sp, #416]\n"                         \
            "    stp q28, q29, [sp, #448]\n    stp q30, q31, [sp, #480]\n"                         \
            "    mov x0, x30\n"                                                                    \
            "    bl " function "\n"                                                                \
            "    ldp q0, q1, [sp]\n    ldp q2, q3, [sp, #32]\n"                                    \
            "    ldp q4, q5, [sp, #64]\n    ldp q6, q7, [sp, #96]\n"                               \
            "    ldp q8, q9, [sp, #128]\n    ldp q10, q11, [sp, #160]\n"                           \
            "    ldp q12, q13, [sp, #192]\n    ldp q14, q15, [sp, #224]\n"                         \
            "    ldp q16, q17, [sp, #256]\n    ldp q18, q19, [sp, #288]\n"                         \
            "    ldp q20, q21, [sp, #320]\n    ldp q22, q23, [sp, #352]\n"                         \
            "    ldp q24, q25, [sp, #384]\n    ldp q26, q27, [sp, #416]\n"                         \
            "    ldp q28, q29, [sp, #448]\n    ldp q30, q31, [sp, #480]\n"                         \
            "    add sp, sp, #512\n"                                                               \
            "    ldp x18, x9, [sp, #160]\n    msr nzcv, x9\n"                                      \
            "    ldp x16, x17, [sp, #144]\n    ldp x14, x15, [sp, #128]\n"                         \
            "    ldp x12, x13, [sp, #112]\n    ldp x10, x11, [sp, #96]\n"                          \
            "    ldp x8, x9, [sp, #80]\n    ldp x6, x7, [sp, #64]\n"                               \
            "    ldp x4, x5, [sp, #48]\n    ldp x2, x3, [sp, #32]\n"                               \
            "    ldp x0, x1, [sp, #16]\n"                                                          \
            "    ldp x29, x30, [sp], #176\n"                                                       \
            "    ret\n"                                                                            \
            ".size " name ", .-" name "\n")
#endif
KEEP("model_pause_keep", "model_pause");
KEEP("model_fence_keep", "model_fence");

/* A stub was called (subject_start.h). A function that is nowhere is a source file left out. */
HOOK(void, model_unmodelled, const char *what, uintptr_t pc)
{
    if (strchr(what, ' ')) /* words, not a name */
        unsupported(pc, "%s cannot be modelled: leave it out of the checked program", what);
    if (!strncmp(what, "_Z", 2)) /* C++: its library is not where dlsym looks */
        unsupported(pc, "the C++ function %s cannot be modelled, or its source file was left out",
                    what);
    if (!dlsym(RTLD_DEFAULT, what))
        unsupported(pc, "%s() is defined nowhere: give qcheck the source file that has it", what);
    unsupported(pc, "%s() cannot be modelled: leave it out of the checked program", what);
}
