/* text.c: see text.h. */
#include "text.h"

#include <errno.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES_MOST = 1 << 28 }; /* a study needs no more, and a device would never end */

/* Appends a whole file to t->bytes. */
static int append(struct text *t, size_t *size, const char *path)
{
    FILE *const f = fopen(path, "r");
    if (!f)
        return errno;
    int error = 0;
    for (size_t got = 1; got > 0 && !error && *size < TEXT_BYTES_MOST;) {
        char *const more = realloc(t->bytes, *size + 65536 + 1);
        if (!more) {
            error = ENOMEM;
            break;
        }
        t->bytes = more;
        got = fread(more + *size, 1, 65536, f);
        *size += got;
        if (ferror(f))
            error = errno ? errno : EIO;
    }
    fclose(f);
    if (!error)
        t->bytes[(*size)++] = '\n';
    return error;
}

static int append_project(struct text *t, size_t *size)
{
    static const char *const patterns[] = {
        "*.md",        "docs/*.md",   "models/*.md",       "queues/*.h",
        "harness/*.c", "harness/*.h", "models/mutants/*.c"};
    int error = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns && !error; i++) {
        glob_t found;
        if (glob(patterns[i], 0, NULL, &found) != 0)
            continue;
        for (size_t k = 0; k < found.gl_pathc && !error; k++)
            error = append(t, size, found.gl_pathv[k]);
        globfree(&found);
    }
    return error;
}

/* Cuts t->bytes into lines, blanks at both ends away. */
static int cut(struct text *t, size_t size)
{
    size_t room = 0;
    for (size_t at = 0; at < size;) {
        const char *const begin = t->bytes + at;
        const char *const newline = memchr(begin, '\n', size - at);
        const char *end = newline ? newline : t->bytes + size, *first = begin;
        at = (size_t)(end - t->bytes) + 1;
        while (first < end && (*first == ' ' || *first == '\t'))
            first++;
        while (end > first && (end[-1] == ' ' || end[-1] == '\r'))
            end--;
        const size_t length = (size_t)(end - first);
        if (length < TEXT_LEAST)
            continue;
        if (t->n == room) {
            room = room ? 2 * room : 1024;
            struct text_line *const more = realloc(t->line, room * sizeof *more);
            if (!more)
                return ENOMEM;
            t->line = more;
        }
        t->line[t->n++] = (struct text_line){
            .text = first, .length = (uint32_t)(length < TEXT_MOST ? length : TEXT_MOST)};
    }
    return 0;
}

int text_read(struct text *t, const char *path, char *message, size_t size)
{
    size_t bytes = 0;
    *t = (struct text){0};
    int error = path[0] ? append(t, &bytes, path) : append_project(t, &bytes);
    if (!error)
        error = cut(t, bytes);
    if (error) {
        snprintf(message, size, "cannot read %s: %s", path[0] ? path : "this project's text",
                 strerror(error));
    } else if (t->n < 100) {
        error = ENODATA;
        snprintf(message, size, "%s: %zu lines of %d characters and more, 100 are needed%s",
                 path[0] ? path : "the current directory", t->n, TEXT_LEAST,
                 path[0] ? "" : "; run it at the top of the project, or give --input FILE");
    }
    if (error)
        text_release(t);
    return error;
}

void text_release(struct text *t)
{
    free(t->bytes);
    free(t->line);
    *t = (struct text){0};
}

void text_vector(const char *text, size_t length, float vector[TEXT_PLACES])
{
    float sum = 0;
    memset(vector, 0, TEXT_PLACES * sizeof *vector);
    for (size_t i = 0; i + 2 < length; i++) {
        uint32_t hash = 2166136261u; /* FNV-1a, then a finisher: the low bits are to be mixed */
        for (size_t k = 0; k < 3; k++)
            hash = (hash ^ (uint8_t)text[i + k]) * 16777619u;
        hash ^= hash >> 15;
        hash *= 0x2c1b3c6du;
        hash ^= hash >> 13;
        vector[hash % TEXT_PLACES] += hash >> 31 ? 1.0f : -1.0f;
    }
    for (unsigned i = 0; i < TEXT_PLACES; i++)
        sum += vector[i] * vector[i];
    if (sum > 0)
        for (unsigned i = 0; i < TEXT_PLACES; i++)
            vector[i] /= sqrtf(sum);
}
