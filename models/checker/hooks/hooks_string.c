/* hooks_string.c: functions of <string.h>: the bytes that they use are announced, then the C
 * library's own does the work. */
#include "models/checker/hooks/hooks.h"

#include <string.h>
#include <strings.h>

void memory_read(const void *from, size_t n, uintptr_t pc)
{
    if (n && current)
        step_plain(from, n, false, pc);
}

void memory_write(void *to, size_t n, uintptr_t pc)
{
    if (n && current)
        step_plain(to, n, true, pc);
}

void memory_copy(void *to, const void *from, size_t n, uintptr_t pc)
{
    memory_read(from, n, pc);
    memory_write(to, n, pc);
    memmove(to, from, n);
}

/* Looks at the first byte before the C library does: a null pointer is the program's fault. */
size_t memory_string(const char *s, uintptr_t pc)
{
    memory_read(s, 1, pc);
    const size_t n = strlen(s);
    memory_read(s, n + 1, pc);
    return n;
}

size_t memory_string_max(const char *s, size_t max, uintptr_t pc)
{
    memory_read(s, max != 0, pc);
    const size_t n = strnlen(s, max);
    memory_read(s, n < max ? n + 1 : n, pc);
    return n;
}

static void *set(void *to, int value, size_t n, uintptr_t pc)
{
    memory_write(to, n, pc);
    return memset(to, value, n);
}

/* ---- bytes --------------------------------------------------------------------------------- */

HOOK(void *, model_memcpy, void *to, const void *from, size_t n)
{
    const uintptr_t a = (uintptr_t)to, b = (uintptr_t)from;
    if (current && a != b && a < b + n && b < a + n) {
        const struct place here = place_of_call("write", HERE);
        fault_raise(FAULT_ASSERTION, &here, 1,
                    "memcpy of %zu bytes between ranges that overlap: use memmove", n);
    }
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, model_memmove, void *to, const void *from, size_t n)
{
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, model_mempcpy, void *to, const void *from, size_t n)
{
    memory_copy(to, from, n, HERE);
    return (char *)to + n;
}

HOOK(void *, model_memset, void *to, int value, size_t n) { return set(to, value, n, HERE); }
HOOK(void, model_bzero, void *to, size_t n) { set(to, 0, n, HERE); }
HOOK(void, model_bcopy, const void *from, void *to, size_t n) { memory_copy(to, from, n, HERE); }
HOOK(void, model_explicit_bzero, void *to, size_t n) { set(to, 0, n, HERE); }

HOOK(int, model_memcmp, const void *a, const void *b, size_t n)
{
    memory_read(a, n, HERE);
    memory_read(b, n, HERE);
    return memcmp(a, b, n);
}

HOOK(int, model_bcmp, const void *a, const void *b, size_t n)
{
    memory_read(a, n, HERE);
    memory_read(b, n, HERE);
    return memcmp(a, b, n);
}

HOOK(void *, model_memchr, const void *s, int c, size_t n)
{
    memory_read(s, n != 0, HERE); /* it stops where it finds c: the rest need not exist */
    void *found = n ? memchr(s, c, n) : NULL;
    memory_read(s, found ? (size_t)((char *)found - (const char *)s) + 1 : n, HERE);
    return found;
}

/* ---- strings ------------------------------------------------------------------------------- */

HOOK(size_t, model_strlen, const char *s) { return memory_string(s, HERE); }
HOOK(size_t, model_strnlen, const char *s, size_t max) { return memory_string_max(s, max, HERE); }

HOOK(int, model_strcmp, const char *a, const char *b)
{
    memory_string(a, HERE);
    memory_string(b, HERE);
    return strcmp(a, b);
}

HOOK(int, model_strncmp, const char *a, const char *b, size_t n)
{
    memory_string_max(a, n, HERE);
    memory_string_max(b, n, HERE);
    return strncmp(a, b, n);
}

HOOK(char *, model_strchr, const char *s, int c)
{
    memory_string(s, HERE);
    return strchr(s, c);
}

HOOK(char *, model_strrchr, const char *s, int c)
{
    memory_string(s, HERE);
    return strrchr(s, c);
}

HOOK(char *, model_strstr, const char *s, const char *part)
{
    memory_string(s, HERE);
    memory_string(part, HERE);
    return strstr(s, part);
}

HOOK(char *, model_strcpy, char *to, const char *from)
{
    memory_write(to, memory_string(from, HERE) + 1, HERE);
    return strcpy(to, from);
}

HOOK(char *, model_stpcpy, char *to, const char *from)
{
    memory_write(to, memory_string(from, HERE) + 1, HERE);
    return stpcpy(to, from);
}

HOOK(char *, model_strncpy, char *to, const char *from, size_t n)
{
    const size_t length = memory_string_max(from, n, HERE);
    memory_write(to, n, HERE); /* the rest is filled with zeros */
    memcpy(to, from, length);
    memset(to + length, 0, n - length);
    return to;
}

HOOK(char *, model_strcat, char *to, const char *from)
{
    const size_t n = memory_string(from, HERE);
    memory_write(to + memory_string(to, HERE), n + 1, HERE);
    return strcat(to, from);
}

HOOK(char *, model_strncat, char *to, const char *from, size_t max)
{
    const size_t n = memory_string_max(from, max, HERE);
    char *end = to + memory_string(to, HERE);
    memory_write(end, n + 1, HERE);
    memcpy(end, from, n);
    end[n] = '\0';
    return to;
}

/* ---- the forms of _FORTIFY_SOURCE ---------------------------------------------------------- */

static void fits(size_t n, size_t room, uintptr_t pc)
{
    if (n > room) {
        const struct place here = place_of_call("write", pc);
        fault_raise(FAULT_OUT_OF_BOUNDS, &here, 1, "%zu bytes are written to an object of %zu", n,
                    room);
    }
}

HOOK(void *, model___memcpy_chk, void *to, const void *from, size_t n, size_t room)
{
    fits(n, room, HERE);
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, model___memmove_chk, void *to, const void *from, size_t n, size_t room)
{
    fits(n, room, HERE);
    memory_copy(to, from, n, HERE);
    return to;
}

HOOK(void *, model___memset_chk, void *to, int value, size_t n, size_t room)
{
    fits(n, room, HERE);
    return set(to, value, n, HERE);
}

HOOK(char *, model___strcpy_chk, char *to, const char *from, size_t room)
{
    const size_t n = memory_string(from, HERE) + 1;
    fits(n, room, HERE);
    memory_write(to, n, HERE);
    return strcpy(to, from);
}

HOOK(char *, model___strcat_chk, char *to, const char *from, size_t room)
{
    const size_t n = memory_string(from, HERE) + 1, old = memory_string(to, HERE);
    fits(old + n, room, HERE);
    memory_write(to + old, n, HERE);
    return strcat(to, from);
}
