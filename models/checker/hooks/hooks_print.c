/* hooks_print.c: the program's output. It is the same words in every execution, thousands of them,
 * so that it is formatted and thrown away; but the memory that printing reads is read. */
#include "models/checker/hooks/hooks.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* ---- what a format reads ------------------------------------------------------------------- */

enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_LONG_DOUBLE };

static const char *skip_digits(const char *f)
{
    while (*f >= '0' && *f <= '9')
        f++;
    return f;
}

/* Walks over the arguments as printf will, to announce the strings among them. */
static void read_arguments(const char *f, va_list args, uintptr_t pc)
{
    memory_string(f, pc);
    while ((f = strchr(f, '%'))) {
        f++;
        f += strspn(f, "-+ #0'");
        if (*f == '*') {
            (void)va_arg(args, int);
            f++;
        }
        f = skip_digits(f);
        if (*f == '$')
            unsupported(pc, "a printf format with numbered arguments: number them by position");
        int precision = -1;
        if (*f == '.') {
            f++;
            precision = 0;
            if (*f == '*') {
                precision = va_arg(args, int);
                f++;
            } else {
                for (; *f >= '0' && *f <= '9'; f++)
                    precision = precision * 10 + (*f - '0');
            }
        }
        enum length length = LENGTH_INT;
        for (; *f && strchr("hlqjztL", *f); f++)
            length = *f == 'h'                            ? LENGTH_INT
                     : *f == 'L'                          ? LENGTH_LONG_DOUBLE
                     : *f == 'l' && length == LENGTH_LONG ? LENGTH_LONG_LONG
                                                          : LENGTH_LONG;
        switch (*f) {
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X':
        case 'c':
            if (length == LENGTH_INT) /* NOLINT(bugprone-branch-clone): of other types */
                (void)va_arg(args, int);
            else
                (void)va_arg(args, long long); /* as wide as long, size_t, intmax_t */
            break;
        case 'f':
        case 'F':
        case 'e':
        case 'E':
        case 'g':
        case 'G':
        case 'a':
        case 'A':
            if (length == LENGTH_LONG_DOUBLE) /* NOLINT(bugprone-branch-clone) */
                (void)va_arg(args, long double);
            else
                (void)va_arg(args, double);
            break;
        case 's': {
            const char *s = va_arg(args, const char *);
            if (!s || length != LENGTH_INT)
                break; /* "(null)"; wide characters */
            if (precision < 0)
                memory_string(s, pc);
            else
                memory_string_max(s, (size_t)precision, pc);
            break;
        }
        case 'p':
            (void)va_arg(args, void *);
            break;
        case 'n':
            unsupported(pc, "%%n in a printf format: use the result of printf");
        case 'm':
        case '%':
            break;
        default:
            return; /* unknown: the C library decides, nothing more can be told apart */
        }
        if (*f)
            f++;
    }
}

static void announce(const char *format, va_list args, uintptr_t pc)
{
    va_list copy;
    va_copy(copy, args);
    read_arguments(format, copy, pc);
    va_end(copy);
}

/* ---- streams ------------------------------------------------------------------------------- */

/* Only standard output and error are thrown away: a file would be written once per execution. */
static void screen(const FILE *stream, const char *call, uintptr_t pc)
{
    if (stream != stdout && stream != stderr)
        unsupported(pc,
                    "%s() to a file: files are modelled by descriptors only (open, write); remove "
                    "it, or print to stdout or stderr",
                    call);
}

static int print(const char *format, va_list args, uintptr_t pc)
{
    announce(format, args, pc);
    return vsnprintf(NULL, 0, format, args);
}

/* Like vsnprintf; `room`: the object's size where _FORTIFY_SOURCE knows it. */
static int print_to(char *to, size_t size, size_t room, const char *format, va_list args,
                    uintptr_t pc)
{
    announce(format, args, pc);
    va_list copy;
    va_copy(copy, args);
    const int n = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    if (n < 0)
        return n;
    const size_t bytes = (size_t)n < size ? (size_t)n + 1 : size;
    if (bytes > room) {
        const struct place here = place_of_call("write", pc);
        fault_raise(FAULT_OUT_OF_BOUNDS, &here, 1, "%zu bytes are printed into an object of %zu",
                    bytes, room);
    }
    memory_write(to, bytes, pc);
    /* Only as much as was announced: a size larger than the object is the program's business. */
    return vsnprintf(to, bytes, format, args);
}

#define WITH_ARGUMENTS(expression)                                                                 \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    const int n = expression;                                                                      \
    va_end(args);                                                                                  \
    return n

HOOK(int, model_printf, const char *format, ...) { WITH_ARGUMENTS(print(format, args, HERE)); }

HOOK(int, model_vprintf, const char *format, va_list args) { return print(format, args, HERE); }

HOOK(int, model_fprintf, FILE *stream, const char *format, ...)
{
    screen(stream, "fprintf", HERE);
    WITH_ARGUMENTS(print(format, args, HERE));
}

HOOK(int, model_vfprintf, FILE *stream, const char *format, va_list args)
{
    screen(stream, "vfprintf", HERE);
    return print(format, args, HERE);
}

HOOK(int, model_snprintf, char *to, size_t size, const char *format, ...)
{
    WITH_ARGUMENTS(print_to(to, size, SIZE_MAX, format, args, HERE));
}

HOOK(int, model_vsnprintf, char *to, size_t size, const char *format, va_list args)
{
    return print_to(to, size, SIZE_MAX, format, args, HERE);
}

HOOK(int, model_sprintf, char *to, const char *format, ...)
{
    WITH_ARGUMENTS(print_to(to, SIZE_MAX, SIZE_MAX, format, args, HERE));
}

HOOK(int, model_vsprintf, char *to, const char *format, va_list args)
{
    return print_to(to, SIZE_MAX, SIZE_MAX, format, args, HERE);
}

HOOK(int, model_puts, const char *s) { return (int)memory_string(s, HERE) + 1; }
HOOK(int, model_putchar, int c) { return (unsigned char)c; }

HOOK(int, model_fputs, const char *s, FILE *stream)
{
    screen(stream, "fputs", HERE);
    memory_string(s, HERE);
    return 1;
}

HOOK(int, model_fputc, int c, FILE *stream)
{
    screen(stream, "fputc", HERE);
    return (unsigned char)c;
}

HOOK(int, model_putc, int c, FILE *stream)
{
    screen(stream, "putc", HERE);
    return (unsigned char)c;
}

HOOK(int, model__IO_putc, int c, FILE *stream)
{
    screen(stream, "putc", HERE);
    return (unsigned char)c;
}

HOOK(size_t, model_fwrite, const void *from, size_t size, size_t count, FILE *stream)
{
    screen(stream, "fwrite", HERE);
    memory_read(from, size * count, HERE);
    return size ? count : 0;
}

HOOK(int, model_fflush, FILE *stream)
{
    (void)stream;
    return 0;
}

HOOK(int, model_setvbuf, FILE *stream, char *buffer, int mode, size_t n)
{
    (void)stream, (void)buffer, (void)mode, (void)n;
    return 0;
}

HOOK(void, model_setbuf, FILE *stream, char *buffer) { (void)stream, (void)buffer; }

HOOK(void, model_perror, const char *s)
{
    if (s)
        memory_string(s, HERE);
}

HOOK(int, model_dprintf, int fd, const char *format, ...)
{
    if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
        unsupported(HERE, "dprintf() to descriptor %d: print to 1 or 2, or write() to a file", fd);
    WITH_ARGUMENTS(print(format, args, HERE));
}

/* ---- the forms of _FORTIFY_SOURCE ---------------------------------------------------------- */

HOOK(int, model___printf_chk, int flag, const char *format, ...)
{
    (void)flag;
    WITH_ARGUMENTS(print(format, args, HERE));
}

HOOK(int, model___vprintf_chk, int flag, const char *format, va_list args)
{
    (void)flag;
    return print(format, args, HERE);
}

HOOK(int, model___fprintf_chk, FILE *stream, int flag, const char *format, ...)
{
    (void)flag;
    screen(stream, "fprintf", HERE);
    WITH_ARGUMENTS(print(format, args, HERE));
}

HOOK(int, model___vfprintf_chk, FILE *stream, int flag, const char *format, va_list args)
{
    (void)flag;
    screen(stream, "vfprintf", HERE);
    return print(format, args, HERE);
}

HOOK(int, model___sprintf_chk, char *to, int flag, size_t room, const char *format, ...)
{
    (void)flag;
    WITH_ARGUMENTS(print_to(to, SIZE_MAX, room, format, args, HERE));
}

HOOK(int, model___vsprintf_chk, char *to, int flag, size_t room, const char *format, va_list args)
{
    (void)flag;
    return print_to(to, SIZE_MAX, room, format, args, HERE);
}

HOOK(int, model___snprintf_chk, char *to, size_t size, int flag, size_t room, const char *format,
     ...)
{
    (void)flag;
    WITH_ARGUMENTS(print_to(to, size, room, format, args, HERE));
}

HOOK(int, model___vsnprintf_chk, char *to, size_t size, int flag, size_t room, const char *format,
     va_list args)
{
    (void)flag;
    return print_to(to, size, room, format, args, HERE);
}
