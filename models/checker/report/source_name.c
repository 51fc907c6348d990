/* source_name.c: see source_name.h. */
#include "models/checker/report/source_name.h"

#include <ctype.h>
#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/checker/run/fiber.h"
#include "models/checker/memory/files.h"
#include "models/checker/memory/heap.h"
#include "models/checker/report/source.h"
#include "models/checker/report/source_type.h"
#include "models/checker/run/thread.h"
#include "models/checker/run/trace.h"

static struct symbol {
    uint64_t value, size;
    char *name;
} * symbols;
static size_t symbol_count;

static char *read_whole(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *bytes = NULL;
    *size = 0;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        const long n = ftell(f);
        rewind(f);
        bytes = n > 0 ? malloc((size_t)n) : NULL;
        if (bytes && fread(bytes, 1, (size_t)n, f) == (size_t)n) {
            *size = (size_t)n;
        } else {
            free(bytes);
            bytes = NULL;
        }
    }
    if (f)
        fclose(f);
    return bytes;
}

static void add_symbol(const Elf64_Sym *sym, const char *name)
{
    struct symbol *more = realloc(symbols, (symbol_count + 1) * sizeof *more);
    char *copy = strdup(name);
    if (!more || !copy) {
        fprintf(stderr, "out of memory while reading the program's symbols\n");
        exit(3);
    }
    char *number = strrchr(copy, '.'); /* a local static: "seen.0" */
    if (number && number != copy && strspn(number + 1, "0123456789") == strlen(number + 1))
        *number = '\0';
    symbols = more;
    symbols[symbol_count++] = (struct symbol){sym->st_value, sym->st_size, copy};
}

void source_name_open(const char *object)
{
    for (size_t i = 0; i < symbol_count; i++)
        free(symbols[i].name);
    free(symbols);
    symbols = NULL;
    symbol_count = 0;
    source_type_open(object);
    size_t size;
    char *bytes = read_whole(object, &size);
    const Elf64_Ehdr *elf = (const Elf64_Ehdr *)bytes;
    if (!bytes || size < sizeof *elf || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
        elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_shentsize != sizeof(Elf64_Shdr) ||
        elf->e_shoff > size || elf->e_shnum * sizeof(Elf64_Shdr) > size - elf->e_shoff) {
        free(bytes);
        return; /* names are a courtesy */
    }
    const Elf64_Shdr *section = (const Elf64_Shdr *)(bytes + elf->e_shoff);
    for (unsigned i = 0; i < elf->e_shnum; i++) {
        const Elf64_Shdr *at = &section[i];
        if (at->sh_type != SHT_SYMTAB || at->sh_link >= elf->e_shnum || at->sh_offset > size ||
            at->sh_size > size - at->sh_offset)
            continue;
        const Elf64_Shdr *strings = &section[at->sh_link];
        if (strings->sh_offset > size || strings->sh_size > size - strings->sh_offset)
            continue;
        const Elf64_Sym *sym = (const Elf64_Sym *)(bytes + at->sh_offset);
        for (size_t k = 0; k < at->sh_size / sizeof *sym; k++)
            if (ELF64_ST_TYPE(sym[k].st_info) == STT_OBJECT && sym[k].st_size > 0 &&
                sym[k].st_shndx != SHN_UNDEF && sym[k].st_name < strings->sh_size)
                add_symbol(&sym[k], bytes + strings->sh_offset + sym[k].st_name);
    }
    free(bytes);
}

/* ---- heap objects ------------------------------------------------------------------------ */

static bool word_byte(char c) { return isalnum((unsigned char)c) || c == '_'; }

/* The identifier that begins at or ends before `at`; false: there is none. */
static bool identifier(const char *at, char *name, size_t size)
{
    const size_t skip = strncmp(at, "struct ", 7) == 0 ? 7 : strncmp(at, "union ", 6) == 0 ? 6 : 0;
    at += skip;
    size_t n = 0;
    while (word_byte(at[n]))
        n++;
    if (n == 0 || isdigit((unsigned char)*at))
        return false;
    snprintf(name, size, "%.*s", (int)n, at);
    return true;
}

/* The last identifier before `end`: "cells" in "q->cells ". */
static bool identifier_before(const char *text, const char *end, char *name, size_t size)
{
    while (end > text && !word_byte(end[-1])) {
        if (end[-1] == ']' || end[-1] == ')') /* of an element: the array's name */
            while (end > text && end[-1] != (end[-1] == ')' ? '(' : '['))
                end--;
        if (end > text)
            end--;
    }
    const char *begin = end;
    while (begin > text && word_byte(begin[-1]))
        begin--;
    return begin < end && identifier(begin, name, size) && strcmp(name, "void") != 0;
}

/* Is "X" in "sizeof(X)" a type: "struct X" or a name that is not a variable used right here? */
static bool type_in_sizeof(const char *text, char *name, size_t size)
{
    for (const char *p = text; (p = strstr(p, "sizeof")); p += 6) {
        const char *in = p + 6 + strspn(p + 6, " (");
        const bool tagged = strncmp(in, "struct ", 7) == 0 || strncmp(in, "union ", 6) == 0;
        if (!identifier(in, name, size) || strcmp(name, "void") == 0)
            continue;
        const char *after = in + strcspn(in, ")");
        if (after > in && after[-1] == '*')
            continue; /* an array of pointers has no type's name */
        if (tagged || source_type_known(name))
            return true;
    }
    return false;
}

void source_allocation_name(const char *line, char *name, size_t size)
{
    const char *text = line, *call = strstr(line, "alloc(");
    for (const char *p = line; call && p < call; p++)
        if (*p == ';' || *p == '{') /* other statements on the same line */
            text = p + 1;
    if (type_in_sizeof(text, name, size))
        return;
    const char *made = strstr(text, "new ");
    if (made && (made == text || !word_byte(made[-1]))) {
        const char *type = made + 4;
        while (identifier(type, name, size) && strncmp(type + strlen(name), "::", 2) == 0)
            type += strlen(name) + 2; /* namespaces */
        if (identifier(type, name, size))
            return;
    }
    const char *equal = strchr(text, '=');
    while (equal && (equal[1] == '=' || (equal > text && strchr("=!<>", equal[-1]))))
        equal = strchr(equal + 1 + (equal[1] == '='), '=');
    if (equal) {
        const char *star = memchr(text, '*', (size_t)(equal - text));
        if (star && star > text && identifier_before(text, star, name, size))
            return; /* "struct node *n =" */
        if (identifier_before(text, equal, name, size))
            return;
    }
    snprintf(name, size, "heap");
}

static struct given {
    uintptr_t base;
    char name[64];
} * given;
static size_t given_count;

void source_name_object(uintptr_t base, const char *name)
{
    if (!name) {
        given_count = 0;
        return;
    }
    struct given *more = realloc(given, (given_count + 1) * sizeof *more);
    if (!more)
        return; /* its line will do */
    given = more;
    given[given_count].base = base;
    snprintf(given[given_count++].name, sizeof given->name, "%s", name);
}

static void object_name(const struct heap_object *o, char *name, size_t size)
{
    for (size_t i = given_count; i-- > 0;)
        if (given[i].base == o->base) {
            snprintf(name, size, "%s", given[i].name);
            return;
        }
    source_allocation_name(source_of(o->site)->text, name, size);
}

static void heap_name(const struct heap_object *o, uintptr_t address, bool whole, char *text,
                      size_t size)
{
    char name[64], part[128] = "";
    object_name(o, name, sizeof name);
    const size_t offset = address - o->base;
    if (address < o->base)
        snprintf(part, sizeof part, "-%zu", (size_t)(o->base - address));
    else if (offset >= o->size)
        snprintf(part, sizeof part, "+%zu (its size is %zu)", offset, o->size);
    else if (whole && offset == 0)
        part[0] = '\0';
    else if (!source_type_part(name, offset, o->size, part, sizeof part) && offset > 0)
        snprintf(part, sizeof part, "+%zu", offset);
    snprintf(text, size, "%s#%u%s", name, o->number, part);
}

/* ---- stacks ------------------------------------------------------------------------------ */

/* A place in the code of the function whose frame this is: its call of the next one, or of the
 * newest step in it that is known. */
static uint32_t site_in_frame(const struct thread *t, unsigned depth)
{
    if (depth < t->depth)
        return source_site(t->frame[depth + 1].call);
    for (unsigned i = notes; i-- > 0;) {
        const struct note *n = &note[i];
        if (n->thread != t->id || n->frames < depth ||
            n->frame[n->frames - depth] != source_site(t->frame[depth].call))
            continue;
        const uint32_t site = n->frames == depth ? n->site : n->frame[n->frames - depth - 1];
        if (source_function_begin(site))
            return site;
    }
    return 0;
}

/* A variable of a function that has not returned. Its frame lies below the return address into its
 * caller, which is known: the first such word from the top. */
static bool stack_name(const struct thread *t, uintptr_t address, bool whole, char *text,
                       size_t size)
{
#if defined __x86_64__
    const uintptr_t top = (uintptr_t)t->fiber.stack + FIBER_STACK;
    uintptr_t at = top, frame_top = 0;
    unsigned depth = 0;
    for (unsigned d = 1; d <= t->depth && d < STACK_DEPTH; d++) {
        do
            at -= sizeof(uintptr_t);
        while (at > address && *(const uintptr_t *)at != t->frame[d].call);
        if (at <= address)
            break;
        frame_top = at + sizeof(uintptr_t);
        depth = d;
    }
    return depth > 0 && source_local_part(site_in_frame(t, depth), (int64_t)(address - frame_top),
                                          whole, text, size);
#else /* the return address is not at the frame's top */
    (void)t, (void)address, (void)whole, (void)text, (void)size;
    return false;
#endif
}

/* whole: an object's first byte is the object, not its first member. False: it is nothing known. */
static bool name_of(uintptr_t address, bool whole, char *text, size_t size)
{
    const struct heap_object *o = heap_find(address);
    if (o) {
        heap_name(o, address, whole, text, size);
        return true;
    }
    for (unsigned t = 0; t < MODEL_THREADS; t++) {
        const uintptr_t stack = (uintptr_t)threads[t].fiber.stack;
        if (stack && address >= stack && address - stack < FIBER_STACK) {
            if (!stack_name(&threads[t], address, whole, text, size))
                snprintf(text, size, "stack of T%u+0x%zx", t, (size_t)(address - stack));
            return true;
        }
    }
    if (files_name(address, text, size))
        return true;
    const uint64_t offset = address - source_base;
    for (size_t i = 0; i < symbol_count; i++) {
        const struct symbol *s = &symbols[i];
        if (offset < s->value || offset - s->value >= s->size)
            continue;
        if (source_variable(s->value, offset - s->value, whole, text, size))
            return true;
        char part[24] = "";
        if (offset > s->value)
            snprintf(part, sizeof part, "+%" PRIu64, offset - s->value);
        snprintf(text, size, "%s%s", s->name, part);
        return true;
    }
    return false;
}

void source_name(uintptr_t address, char *text, size_t size)
{
    if (!name_of(address, false, text, size))
        snprintf(text, size, "address 0x%" PRIxPTR, address);
}

bool source_name_pointer(uintptr_t value, char *text, size_t size)
{
    if (value < 4096 || size < 2)
        return false;
    *text = '&';
    return name_of(value, true, text + 1, size - 1);
}
