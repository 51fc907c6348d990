/* subject_start.h: what build_subject.sh adds to every program. Not instrumented; part of the
 * subject, not of the engine. */
#ifndef MODELS_CHECKER_SUBJECT_START_H
#define MODELS_CHECKER_SUBJECT_START_H

typedef void subject_function(int, char **, char **);

extern subject_function *model_init_begin[], *model_init_end[];
extern void (*model_fini_begin[])(void), (*model_fini_end[])(void);

int __cxa_atexit(void (*function)(void *), void *argument, void *object); /* redirected as well */

/* __attribute__((destructor)), in reverse order. */
static void model_subject_end(void *unused)
{
    (void)unused;
    for (void (**f)(void) = model_fini_end; f > model_fini_begin;)
        (*--f)();
}

/* Constructors, in order; called on the main thread before main. Destructors come after everything
 * that is registered from now on. */
void model_subject_begin(int argc, char **argv, char **environment);
void model_subject_begin(int argc, char **argv, char **environment)
{
    if (model_fini_begin < model_fini_end)
        __cxa_atexit(model_subject_end, 0, 0);
    for (subject_function **f = model_init_begin; f < model_init_end; f++)
        (*f)(argc, argv, environment);
}

/* std::call_once hands its function over in two thread-local variables of libstdc++, of which there
 * is one for all fibers: these are each fiber's own. */
__thread void *model_once_callable;
__thread void (*model_once_call)(void);
void model_once_proxy(void);
void model_once_proxy(void) { model_once_call(); }

/* A function that cannot be modelled: says so when it is called, with the caller's address. */
#if defined __x86_64__
#define SUBJECT_STUB(name, text)                                                                   \
    __asm__(".section .rodata.stubs,\"a\"\n"                                                       \
            "0: .asciz \"" text "\"\n"                                                             \
            ".text\n"                                                                              \
            ".globl \"" name "\"\n"                                                                \
            ".type \"" name "\", @function\n"                                                      \
            "\"" name "\":\n"                                                                      \
            "    leaq 0b(%rip), %rdi\n"                                                            \
            "    movq (%rsp), %rsi\n"                                                              \
            "    andq $-16, %rsp\n"                                                                \
            "    call model_unmodelled@PLT\n"                                                      \
            "    ud2\n");
#elif defined __aarch64__
#define SUBJECT_STUB(name, text)                                                                   \
    __asm__(".section .rodata.stubs,\"a\"\n"                                                       \
            "0: .asciz \"" text "\"\n"                                                             \
            ".text\n"                                                                              \
            ".globl \"" name "\"\n"                                                                \
            ".type \"" name "\", %function\n"                                                      \
            "\"" name "\":\n"                                                                      \
            "    adrp x0, 0b\n"                                                                    \
            "    add x0, x0, :lo12:0b\n"                                                           \
            "    mov x1, x30\n"                                                                    \
            "    bl model_unmodelled\n"                                                            \
            "    udf #0\n");
#endif

#endif
