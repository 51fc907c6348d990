/* source.h: from instructions to source lines, and from addresses to names. */
#ifndef MODELS_CHECKER_SOURCE_H
#define MODELS_CHECKER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program under test is one shared object; a site is an offset into it: pc - base of a return
 * address, 0: unknown. */
void source_open(const char *object, uintptr_t base);
static inline uint32_t source_site(uintptr_t pc);

struct source_line {
    const char *file;     /* as compiled, without the directory that all have in common */
    const char *function; /* the innermost one, inlined or not; "push", without types */
    unsigned line;
    bool library;     /* of the C++ library's headers, and no other code that it is inlined into */
    const char *text; /* the line itself, trimmed; "" if the file cannot be read */
};

/* Looked up when asked for, remembered; never NULL. Uses addr2line once per batch of new sites:
 * source_prepare with all sites that a report needs, then source_of is only a lookup. */
void source_prepare(const uint32_t *sites, size_t n);
const struct source_line *source_of(uint32_t site);

/* "q.tail", "node#3.next" or "heap#2+16": the best name for an address, into text. */
void source_name(uintptr_t address, char *text, size_t size);

extern uintptr_t source_base;
static inline uint32_t source_site(uintptr_t pc) { return pc ? (uint32_t)(pc - source_base) : 0; }

#endif
