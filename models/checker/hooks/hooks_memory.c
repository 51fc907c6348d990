/* hooks_memory.c: the program's malloc and its relatives, operator new and delete.
 *
 * Before the first execution (current is NULL: libraries begin) they are the C library's own. */
#include "models/checker/hooks/hooks.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/checker/memory/heap.h"
#include "models/checker/memory/shadow.h"
#include "models/checker/run/trace.h"

/* NULL with errno for what no machine has; everything else is found or the checker's own limit. */
static void *allocate(size_t align, size_t n, bool zero, uintptr_t pc)
{
    if (n > PTRDIFF_MAX - align) {
        *model_errno_location() = ENOMEM;
        return NULL;
    }
    if (!current) {
        void *p = aligned_alloc(align, (n + align - 1) / align * align);
        return p && zero ? memset(p, 0, n) : p;
    }
    step_effect();
    void *p = heap_alloc(align, n, zero, pc);
    if (!p) {
        const struct place here = place_of_call("allocation", pc);
        fault_raise(FAULT_UNBOUNDED, &here, 1,
                    "no room for %zu more bytes: thread %u has made %u allocations in this "
                    "execution; let it allocate less or do fewer operations",
                    n, (unsigned)current->id, (unsigned)current->allocations);
    }
    struct note *entry = trace_note(NOTE_ALLOC, pc);
    if (entry) {
        entry->address = (uintptr_t)p;
        entry->size = (uint32_t)n;
    }
    return p;
}

static void release(void *p, uintptr_t pc)
{
    if (!p)
        return;
    if (!current) {
        if (!heap_holds((uintptr_t)p))
            free(p);
        return;
    }
    step_effect();
    const struct heap_object *object = heap_find((uintptr_t)p);
    struct note *entry = trace_note(NOTE_FREE, pc);
    if (entry) {
        entry->address = (uintptr_t)p;
        entry->size = object ? (uint32_t)object->size : 0;
    }
    heap_free(p, pc);
}

/* The size of a live object that begins at p; else freeing p says what is wrong with it. */
static size_t size_of(void *p, uintptr_t pc)
{
    if (!heap_holds((uintptr_t)p) && !current)
        return malloc_usable_size(p);
    const struct heap_object *object = heap_find((uintptr_t)p);
    if (!object || object->base != (uintptr_t)p || object->freed)
        release(p, pc);
    return object ? object->size : 0;
}

/* Moves an object's content. What was never written stays so. */
static void memory_move(char *to, const char *from, size_t n, uintptr_t pc)
{
    if (!current || shadow_initialised((uintptr_t)from, n)) {
        memory_copy(to, from, n, pc);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (shadow_initialised((uintptr_t)from + i, 1))
            memory_copy(to + i, from + i, 1, pc);
}

static void *resize(void *p, size_t n, uintptr_t pc)
{
    if (!p)
        return allocate(16, n, false, pc);
    if (n == 0) {
        release(p, pc);
        return NULL;
    }
    const size_t old = size_of(p, pc);
    void *to = allocate(16, n, false, pc);
    if (to) {
        const size_t keep = old < n ? old : n;
        memory_move(to, p, keep, pc); /* NOLINT(clang-analyzer-unix.Malloc): size_of ended it */
        release(p, pc);
    }
    return to;
}

static bool power_of_two(size_t n) { return n && !(n & (n - 1)); }

static void *allocate_aligned(size_t align, size_t n, uintptr_t pc)
{
    if (!power_of_two(align)) {
        *model_errno_location() = EINVAL;
        return NULL;
    }
    return allocate(align < 16 ? 16 : align, n, false, pc);
}

HOOK(void *, model_malloc, size_t n) { return allocate(16, n, false, HERE); }

HOOK(void *, model_calloc, size_t count, size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, n, &bytes)) {
        *model_errno_location() = ENOMEM;
        return NULL;
    }
    return allocate(16, bytes, true, HERE);
}

HOOK(void *, model_realloc, void *p, size_t n) { return resize(p, n, HERE); }

HOOK(void *, model_reallocarray, void *p, size_t count, size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, n, &bytes)) {
        *model_errno_location() = ENOMEM;
        return NULL;
    }
    return resize(p, bytes, HERE);
}

HOOK(void, model_free, void *p) { release(p, HERE); }

HOOK(void *, model_aligned_alloc, size_t align, size_t n)
{
    return allocate_aligned(align, n, HERE);
}

HOOK(void *, model_memalign, size_t align, size_t n) { return allocate_aligned(align, n, HERE); }

HOOK(void *, model_valloc, size_t n)
{
    return allocate_aligned((size_t)sysconf(_SC_PAGESIZE), n, HERE);
}

HOOK(int, model_posix_memalign, void **result, size_t align, size_t n)
{
    if (!power_of_two(align) || align % sizeof(void *))
        return EINVAL;
    void *p = allocate_aligned(align, n, HERE);
    if (!p)
        return ENOMEM;
    memory_write(result, sizeof *result, HERE);
    *result = p;
    return 0;
}

HOOK(size_t, model_malloc_usable_size, void *p) { return p ? size_of(p, HERE) : 0; }

static char *duplicate(const char *s, size_t n, uintptr_t pc)
{
    char *copy = allocate(16, n + 1, false, pc);
    if (copy) {
        memory_write(copy, n + 1, pc);
        memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

HOOK(char *, model_strdup, const char *s) { return duplicate(s, memory_string(s, HERE), HERE); }

HOOK(char *, model_strndup, const char *s, size_t max)
{
    return duplicate(s, memory_string_max(s, max, HERE), HERE);
}

/* ---- C++ ----------------------------------------------------------------------------------- */

/* operator new never fails here but for sizes that no machine has, which would throw. */
static void *new_object(size_t align, size_t n, bool nothrow, uintptr_t pc)
{
    void *p = allocate(align < 16 ? 16 : align, n, false, pc);
    if (!p && !nothrow)
        unsupported(pc,
                    "operator new of %zu bytes, which throws std::bad_alloc: catch the size "
                    "before, or use new (std::nothrow)",
                    n);
    return p;
}

/* x: w (new, delete) or a (new[], delete[]). size_t is m, align_val_t is size_t; nothrow is a
 * reference to something that is never looked at. */
#define NEW(x)                                                                                     \
    HOOK(void *, model__Zn##x##m, size_t n) { return new_object(16, n, false, HERE); }             \
    HOOK(void *, model__Zn##x##mRKSt9nothrow_t, size_t n, const void *t)                           \
    {                                                                                              \
        (void)t;                                                                                   \
        return new_object(16, n, true, HERE);                                                      \
    }                                                                                              \
    HOOK(void *, model__Zn##x##mSt11align_val_t, size_t n, size_t align)                           \
    {                                                                                              \
        return new_object(align, n, false, HERE);                                                  \
    }                                                                                              \
    HOOK(void *, model__Zn##x##mSt11align_val_tRKSt9nothrow_t, size_t n, size_t align,             \
         const void *t)                                                                            \
    {                                                                                              \
        (void)t;                                                                                   \
        return new_object(align, n, true, HERE);                                                   \
    }
NEW(w)
NEW(a)

#define DELETE(suffix, ...)                                                                        \
    HOOK(void, model__Zdl##suffix, __VA_ARGS__) { release(p, HERE); }                              \
    HOOK(void, model__Zda##suffix, __VA_ARGS__) { release(p, HERE); }
#define UNUSED __attribute__((unused))
DELETE(Pv, void *p)
DELETE(Pvm, void *p, UNUSED size_t n)
DELETE(PvRKSt9nothrow_t, void *p, UNUSED const void *t)
DELETE(PvSt11align_val_t, void *p, UNUSED size_t align)
DELETE(PvmSt11align_val_t, void *p, UNUSED size_t n, UNUSED size_t align)
DELETE(PvSt11align_val_tRKSt9nothrow_t, void *p, UNUSED size_t align, UNUSED const void *t)
