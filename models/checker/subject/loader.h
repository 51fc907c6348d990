/* loader.h: the program under test in this process: build_subject.sh made it, dlopen brought it in. */
#ifndef MODELS_CHECKER_LOADER_H
#define MODELS_CHECKER_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts this process once more without address randomization, if it has any: then every address
 * is the same in every run. First thing in main. */
void loader_fix_addresses(char **argv);

/* Loads the object and tells shadow.h, heap.h and source.h about it. False: why says what is wrong
 * and what to do. `name` is what the program's main gets as argv[0]. */
bool loader_open(const char *object, const char *name, char *why, size_t size);

/* Start at this exported function, void f(void), instead of main. False: there is none. */
bool loader_start_at(const char *function);

/* What explore() runs: constructors, main (or the function), exit. */
void loader_run(void *unused);

/* Is this address an instruction of the program? */
bool loader_is_code(uintptr_t pc);

/* The program's thread-local storage: what a new thread's copy begins with. */
struct loader_tls {
    size_t module; /* as __tls_get_addr is asked for it; 0: the program has none */
    const void *image;
    size_t image_bytes, bytes, align; /* beyond the image: zeros */
};
extern struct loader_tls loader_tls;

/* A data object of the program, by its name; NULL: it has none. */
const void *loader_find(const char *name);

#endif
