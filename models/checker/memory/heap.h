/* heap.h: the program's heap: addresses follow from (thread, count), nothing is handed out twice
 * in one execution, every object is known by where it was allocated and freed. */
#ifndef MODELS_CHECKER_HEAP_H
#define MODELS_CHECKER_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_object {
    uintptr_t base;
    size_t size;
    uint16_t number; /* 1, 2, ... in the order of allocation in this execution */
    uint8_t thread;  /* who allocated */
    uint16_t po;
    uint32_t site;
    bool zeroed;  /* the allocation wrote all of it */
    bool reached; /* while looking for leaks */
    bool freed;
    uint8_t freed_by;
    uint16_t freed_po;
    uint32_t freed_site;
};

int heap_init(void);   /* maps the arenas at fixed addresses and tells shadow.h: 0 or an errno */
void heap_reset(void); /* a new execution */
struct image;
void heap_image(struct image *m); /* see image.h */

/* By `current`. The memory is filled with a pattern, or zeroed. NULL when the arena is full. */
void *heap_alloc(size_t align, size_t n, bool zero, uintptr_t pc);
/* FAULT_DOUBLE_FREE, FAULT_INVALID_FREE, FAULT_RACE or FAULT_USE_AFTER_FREE if it must not be. */
void heap_free(void *p, uintptr_t pc);

/* The object that holds this address (freed ones too, and up to a red zone beyond its end), or
 * NULL. heap_check raises FAULT_USE_AFTER_FREE or FAULT_OUT_OF_BOUNDS. */
const struct heap_object *heap_find(uintptr_t address);
bool heap_holds(uintptr_t address); /* inside any arena? */
void heap_check(uintptr_t address, size_t n, bool write, bool atomic, uintptr_t pc);

/* At the end of a complete execution: FAULT_LEAK if an object is neither freed nor reachable from
 * the program's data (strict: or at all). */
void heap_check_leaks(bool strict);

#endif
