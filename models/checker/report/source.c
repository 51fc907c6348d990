/* source.c: see source.h. addr2line of binutils knows the lines; files are read as they are now. */
#include "models/checker/report/source.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/checker/report/source_name.h"

uintptr_t source_base;

enum { SITES_AT_ONCE = 2000 }; /* on one command line */

static char object_path[PATH_MAX];
static char first_directory[PATH_MAX]; /* of the first file that a site was found in */

/* The sites known so far: open addressing. */
static struct known {
    uint32_t site;
    struct source_line line;
} * *table;
static size_t known_size, known_used;

/* Files whose lines have been asked for. */
static struct source_file {
    struct source_file *next;
    char *path, *bytes;
    char **line; /* bytes, cut into lines */
    size_t lines;
} * files;

static void *checked(void *memory)
{
    if (!memory) {
        fprintf(stderr, "out of memory while looking up source lines\n");
        exit(3);
    }
    return memory;
}

void source_open(const char *object, uintptr_t base)
{
    if (!realpath(object, object_path))
        snprintf(object_path, sizeof object_path, "%s", object);
    source_base = base;
    for (size_t i = 0; i < known_size; i++) {
        free(table[i]);
        table[i] = NULL;
    }
    known_used = 0;
    first_directory[0] = '\0';
    source_name_open(object_path);
}

/* ---- files ------------------------------------------------------------------------------- */

static struct source_file *file_open(const char *path)
{
    for (struct source_file *f = files; f; f = f->next)
        if (strcmp(f->path, path) == 0)
            return f;
    struct source_file *f = checked(calloc(1, sizeof *f));
    f->path = checked(strdup(path));
    f->next = files;
    files = f;
    FILE *in = fopen(path, "r");
    if (!in)
        return f;
    size_t size = 0;
    if (getdelim(&f->bytes, &size, '\0', in) <= 0) { /* a source file holds no '\0' */
        fclose(in);
        return f;
    }
    fclose(in);
    for (const char *p = f->bytes; p; p = strchr(p + 1, '\n'))
        f->lines++;
    f->line = checked(calloc(f->lines, sizeof *f->line));
    char *rest = f->bytes;
    for (size_t i = 0; i < f->lines && rest; i++)
        f->line[i] = strsep(&rest, "\n");
    return f;
}

/* The line without its indentation and what follows it. */
static const char *file_line(const char *path, unsigned number)
{
    struct source_file *f = file_open(path);
    if (number == 0 || number > f->lines || !f->line[number - 1])
        return "";
    char *text = f->line[number - 1];
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r", text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

static bool strip(const char **path, const char *directory)
{
    const size_t n = strlen(directory);
    if (n < 2 || strncmp(*path, directory, n) != 0 || (*path)[n] != '/')
        return false;
    *path += n + 1;
    return true;
}

/* Is it a header of the C++ library, "/usr/include/c++/12/bits/atomic_base.h"? */
static bool in_library(const char *path)
{
    const char *include = strstr(path, "/include/");
    return include && strstr(include, "/c++/");
}

/* As people call it who stand in the current directory, or know the program. */
static const char *short_name(const char *path)
{
    static char here[PATH_MAX];
    if (!here[0] && !getcwd(here, sizeof here))
        here[0] = '\0';
    if (!first_directory[0] && !in_library(path)) {
        const char *slash = strrchr(path, '/');
        if (slash)
            snprintf(first_directory, sizeof first_directory, "%.*s", (int)(slash - path), path);
    }
    if (!strip(&path, here))
        strip(&path, first_directory);
    return path;
}

/* ---- sites ------------------------------------------------------------------------------- */

static struct known **slot(uint32_t site)
{
    size_t at = (site * UINT32_C(2654435769)) & (known_size - 1);
    while (table[at] && table[at]->site != site)
        at = (at + 1) & (known_size - 1);
    return &table[at];
}

static struct known *find(uint32_t site) { return known_size > 0 ? *slot(site) : NULL; }

static void add(uint32_t site)
{
    if (2 * (known_used + 1) > known_size) {
        struct known **const old = table;
        const size_t old_size = known_size;
        known_size = old_size ? 2 * old_size : 256;
        table = checked(calloc(known_size, sizeof *table));
        for (size_t i = 0; i < old_size; i++)
            if (old[i])
                *slot(old[i]->site) = old[i];
        free(old);
    }
    known_used++;
    struct known *k = *slot(site) = checked(malloc(sizeof *k));
    *k = (struct known){site, {.file = "?", .function = "?", .line = 0, .text = ""}};
}

/* "push" of "bool ring<int>::push(int)", "lambda" of "main::{lambda(int)#1}::operator()(int) const". */
static char *short_function(const char *full)
{
    static const char operator[] = "operator", nameless[] = "(anonymous namespace)::";
    char *const name = checked(malloc(strlen(full) + 1));
    unsigned depth = 0, n = 0, word = 0;
    for (const char *p = full; *p; p++) {
        if (depth == 0 && !strncmp(p, nameless, sizeof nameless - 1)) {
            p += sizeof nameless - 2;
        } else if (depth == 0 && !strncmp(p, operator, sizeof operator- 1)) {
            const size_t rest = strcspn(p + sizeof operator, "(");
            memcpy(name + n, p, sizeof operator+ rest);
            n += (unsigned)(sizeof operator+ rest);
            break;
        } else if (*p == '<' || *p == '{') {
            if (depth == 0 && (!strncmp(p, "{lambda", 7) || !strncmp(p, "{unnamed", 8))) {
                strcpy(name, "lambda");
                return name;
            }
            depth++;
        } else if (*p == '>' || *p == '}') {
            depth -= depth > 0;
        } else if (depth == 0 && (!strncmp(p, "'lambda", 7) || !strncmp(p, "$_", 2))) { /* clang */
            strcpy(name, "lambda");
            return name;
        } else if (depth == 0 && *p == '(') {
            break;
        } else if (depth == 0) {
            name[n++] = *p;
            word = *p == ' ' ? n : word; /* before it: the result's type */
        }
    }
    name[n] = '\0';
    memmove(name, name + word, n - word + 1);
    return name;
}

/* Fills in from "function", "file:line (discriminator 1)". */
static void set_line(uint32_t site, const char *function, char *place)
{
    struct source_line *line = &find(site)->line;
    char *colon = strrchr(place, ':');
    if (strcmp(function, "??") != 0)
        line->function = short_function(function);
    if (!colon || place[0] == '?')
        return;
    *colon = '\0';
    line->line = (unsigned)strtoul(colon + 1, NULL, 10);
    char full[PATH_MAX];
    if (!realpath(place, full)) /* without the "../" of a build directory */
        snprintf(full, sizeof full, "%s", place);
    line->library = in_library(full);
    line->file = checked(strdup(short_name(full)));
    line->text = file_line(full, line->line);
}

/* addr2line -a answers an address as "0x12ab", then pairs of lines, the innermost first. */
static void read_answer(FILE *from)
{
    char *function = NULL, *place = NULL;
    size_t function_size = 0, place_size = 0;
    uint32_t site = 0;
    for (;;) {
        ssize_t n = getline(&function, &function_size, from);
        if (n <= 0)
            break;
        function[strcspn(function, "\n")] = '\0';
        if (strncmp(function, "0x", 2) == 0) {
            site = (uint32_t)strtoull(function, NULL, 16) + 1;
            continue;
        }
        n = getline(&place, &place_size, from);
        if (n <= 0)
            break;
        place[strcspn(place, "\n")] = '\0';
        if (site != 0 && find(site))
            set_line(site, function, place);
        if (site != 0 && !(find(site) && find(site)->line.library))
            site = 0; /* callers it is inlined into: the frames tell them */
    }
    free(function);
    free(place);
}

static void ask(const uint32_t *sites, size_t n)
{
    char *command = NULL;
    size_t size = 0;
    FILE *to = checked(open_memstream(&command, &size));
    fprintf(to, "addr2line -a -C -f -i -e '");
    for (const char *p = object_path; *p; p++)
        if (*p == '\'')
            fprintf(to, "'\\''");
        else
            putc(*p, to);
    fprintf(to, "'");
    for (size_t i = 0; i < n; i++) /* a return address: the call lies before it */
        fprintf(to, " 0x%" PRIx32, sites[i] - 1);
    fclose(to);
    FILE *from = popen(command, "r");
    if (from)
        read_answer(from);
    static bool warned;
    if ((!from || pclose(from) != 0) && !warned) {
        warned = true;
        fprintf(stderr,
                "no source lines: addr2line does not run on %s (Debian: apt-get install "
                "binutils)\n",
                object_path);
    }
    free(command);
}

void source_prepare(const uint32_t *sites, size_t n)
{
    uint32_t *todo = checked(malloc(SITES_AT_ONCE * sizeof *todo));
    size_t due = 0;
    for (size_t i = 0; i < n; i++) {
        if (sites[i] != 0 && !find(sites[i])) {
            add(sites[i]);
            todo[due++] = sites[i];
        }
        if (due == SITES_AT_ONCE || (i + 1 == n && due > 0)) {
            ask(todo, due);
            due = 0;
        }
    }
    free(todo);
}

const struct source_line *source_of(uint32_t site)
{
    static const struct source_line unknown = {.file = "?", .function = "?", .text = ""};
    if (site == 0)
        return &unknown;
    if (!find(site))
        source_prepare(&site, 1);
    return &find(site)->line;
}
