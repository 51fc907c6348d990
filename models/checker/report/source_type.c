/* source_type.c: see source_type.h. readelf of binutils prints the debug information as text; the
 * few kinds of entries that types are made of are read from there. */
#include "models/checker/report/source_type.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum tag {
    OTHER,
    STRUCT,
    MEMBER,
    ARRAY,
    RANGE,
    NAMED,
    POINTER,
    BASE,
    VARIABLE,
    PARAMETER,
    FUNCTION,
    NAMESPACE
};

/* One entry. They lie in the order of their offsets; children follow their parent. */
struct entry {
    uint64_t offset, type; /* type: another entry's offset, 0: none */
    uint64_t size, at;     /* at: of a member, in its structure */
    uint64_t count;        /* of a range; 0: not known */
    uint64_t low, high;    /* of a function: its code */
    uint64_t address;      /* of a global variable; 0: it is none */
    uint64_t declaration; /* another entry's offset, with the name and the type; 0: they are here */
    int64_t frame_offset; /* of a local variable */
    uint8_t tag, depth;
    bool local;
    bool
        from_top; /* of a function: offsets count from the frame's top, else from its frame pointer */
    char *name;
};

static char object_path[PATH_MAX];
static bool loaded;
static struct entry *entries;
static size_t n, room;

void source_type_open(const char *object)
{
    snprintf(object_path, sizeof object_path, "%s", object);
    for (size_t i = 0; i < n; i++)
        free(entries[i].name);
    n = 0;
    loaded = false;
}

static enum tag tag_of(const char *line)
{
    static const struct {
        const char *name;
        enum tag tag;
    } tags[] = {
        {"structure_type", STRUCT},      {"union_type", STRUCT},
        {"class_type", STRUCT},          {"member", MEMBER},
        {"inheritance", MEMBER},         {"array_type", ARRAY},
        {"subrange_type", RANGE},        {"typedef", NAMED},
        {"const_type", NAMED},           {"volatile_type", NAMED},
        {"atomic_type", NAMED},          {"pointer_type", POINTER},
        {"reference_type", POINTER},     {"base_type", BASE},
        {"enumeration_type", BASE},      {"variable", VARIABLE},
        {"formal_parameter", PARAMETER}, {"subprogram", FUNCTION},
        {"namespace", NAMESPACE},
    };
    const char *name = strstr(line, "(DW_TAG_");
    if (name)
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            const size_t length = strlen(tags[i].name);
            if (strncmp(name + 8, tags[i].name, length) == 0 && name[8 + length] == ')')
                return tags[i].tag;
        }
    return OTHER;
}

static void begin(const char *line)
{
    if (n == room) {
        room = room ? 2 * room : 1024;
        struct entry *more = realloc(entries, room * sizeof *more);
        if (!more) {
            fprintf(stderr, "out of memory while reading debug information\n");
            exit(3);
        }
        entries = more;
    }
    char *end;
    const unsigned long depth = strtoul(line + 2, &end, 10);
    entries[n++] = (struct entry){.offset = strtoull(end + 2, NULL, 16),
                                  .depth = (uint8_t)(depth < 255 ? depth : 255),
                                  .tag = (uint8_t)tag_of(line)};
}

/* "<31>   DW_AT_name        : (indirect string, offset: 0x124): unsigned int" */
static void attribute(struct entry *e, char *name)
{
    char *value = strchr(name, ':');
    if (!value)
        return;
    value += 1 + strspn(value + 1, " \t");
    value[strcspn(value, "\n")] = '\0';
    if (strncmp(name, "DW_AT_name", 10) == 0) {
        char *form = value[0] == '(' ? strstr(value, "): ") : NULL;
        value = form ? form + 3 : value;
        value[strcspn(value, "\t")] = '\0';
        free(e->name);
        e->name = strdup(value);
    } else if (strncmp(name, "DW_AT_type ", 11) == 0 && strncmp(value, "<0x", 3) == 0) {
        e->type = strtoull(value + 1, NULL, 16);
    } else if (strncmp(name, "DW_AT_byte_size", 15) == 0) {
        e->size = strtoull(value, NULL, 0);
    } else if (strncmp(name, "DW_AT_data_member_location", 26) == 0) {
        e->at = strtoull(value, NULL, 0);
    } else if (strncmp(name, "DW_AT_upper_bound", 17) == 0) {
        e->count = strtoull(value, NULL, 0) + 1;
    } else if (strncmp(name, "DW_AT_count", 11) == 0) {
        e->count = strtoull(value, NULL, 0);
    } else if (strncmp(name, "DW_AT_location", 14) == 0) {
        const char *const local = strstr(value, "DW_OP_fbreg: ");
        const char *const global = strstr(value, "DW_OP_addr: ");
        e->address = global ? strtoull(global + 12, NULL, 16) : 0;
        e->local = local != NULL;
        e->frame_offset = local ? strtoll(local + 13, NULL, 10) : 0;
    } else if (strncmp(name, "DW_AT_specification", 19) == 0 ||
               strncmp(name, "DW_AT_abstract_origin", 21) == 0) {
        e->declaration = strtoull(value + 1, NULL, 16);
    } else if (e->tag == MEMBER && (strncmp(name, "DW_AT_external", 14) == 0 ||
                                    strncmp(name, "DW_AT_declaration", 17) == 0)) {
        e->tag = VARIABLE; /* static: in no object */
    } else if (strncmp(name, "DW_AT_low_pc", 12) == 0) {
        e->low = strtoull(value, NULL, 0);
    } else if (strncmp(name, "DW_AT_high_pc", 13) == 0) {
        e->high = strtoull(value, NULL, 0);
    } else if (strncmp(name, "DW_AT_frame_base", 16) == 0) {
        e->from_top = strstr(value, "DW_OP_call_frame_cfa") != NULL;
    }
}

static void load(void)
{
    if (loaded)
        return;
    loaded = true;
    char *command = NULL, *line = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&command, &size);
    if (!to)
        return;
    fprintf(to, "readelf --debug-dump=info '");
    for (const char *p = object_path; *p; p++)
        if (*p == '\'')
            fprintf(to, "'\\''");
        else
            putc(*p, to);
    fprintf(to, "' 2>/dev/null");
    fclose(to);
    FILE *from = popen(command, "r"); /* without it parts have offsets for names */
    free(command);
    if (!from)
        return;
    size = 0;
    while (getline(&line, &size, from) > 0) {
        char *name;
        if (strncmp(line, " <", 2) == 0 && strstr(line, ">: Abbrev Number"))
            begin(line);
        else if (n > 0 && (name = strstr(line, "DW_AT_")))
            attribute(&entries[n - 1], name);
    }
    free(line);
    pclose(from);
}

static const struct entry *entry_at(uint64_t offset)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (entries[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return offset != 0 && low < n && entries[low].offset == offset ? &entries[low] : NULL;
}

/* Where the name and the type of a variable are. */
static const struct entry *declared(const struct entry *e)
{
    for (unsigned i = 0; e && e->declaration && !e->name && i < 4; i++)
        e = entry_at(e->declaration);
    return e;
}

/* Types whose inside is nobody's business. */
static bool opaque(const struct entry *e)
{
    static const char *const names[] = {"pthread_", "__pthread", "sem_t",     "mtx_t",
                                        "cnd_t",    "atomic<",   "__atomic_", "once_flag"};
    for (size_t i = 0; e->name && i < sizeof names / sizeof *names; i++)
        if (strncmp(e->name, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Without typedefs and qualifiers; NULL: unknown or opaque. */
static const struct entry *resolve(uint64_t type)
{
    const struct entry *e = entry_at(type);
    for (unsigned i = 0; e && e->tag == NAMED && i < 32; i++)
        e = opaque(e) ? NULL : entry_at(e->type);
    return e && !opaque(e) ? e : NULL;
}

/* The i-th range of an array type, or NULL. */
static const struct entry *range(const struct entry *array, unsigned i)
{
    for (const struct entry *e = array + 1; e < entries + n && e->depth > array->depth; e++)
        if (e->depth == array->depth + 1 && e->tag == RANGE && i-- == 0)
            return e;
    return NULL;
}

static uint64_t size_of(uint64_t type)
{
    const struct entry *e = entry_at(type);
    for (unsigned i = 0; e && e->tag == NAMED && i < 32; i++)
        e = entry_at(e->type);
    if (!e)
        return 0;
    if (e->tag != ARRAY)
        return e->tag == POINTER && e->size == 0 ? sizeof(void *) : e->size;
    uint64_t size = size_of(e->type);
    const struct entry *r;
    for (unsigned i = 0; (r = range(e, i)); i++)
        size = r->count ? size * r->count : UINT32_MAX; /* a flexible array: to the end */
    return size;
}

struct text {
    char *at;
    size_t left;
};
static void say(struct text *t, const char *before, const char *name, const char *after)
{
    const int used = snprintf(t->at, t->left, "%s%s%s", before, name, after);
    if (used > 0) {
        const size_t step = (size_t)used < t->left ? (size_t)used : t->left - 1;
        t->at += step;
        t->left -= step;
    }
}

static void say_index(struct text *t, uint64_t index)
{
    char number[24];
    snprintf(number, sizeof number, "%zu", (size_t)index);
    say(t, "[", number, "]");
}

static unsigned members(const struct entry *e)
{
    unsigned count = 0;
    for (const struct entry *m = e + 1; m < entries + n && m->depth > e->depth; m++)
        count += m->depth == e->depth + 1 && m->tag == MEMBER;
    return count;
}

/* A nameless structure around a single member, as in queues/atomics.h: its name says nothing. */
static bool wrapper(const struct entry *e) { return !e->name && members(e) == 1; }

/* An empty base lies where the first member does, although its size is 1. */
static bool empty_base(const struct entry *m)
{
    const struct entry *const base = m->name ? NULL : resolve(m->type);
    return base && base->tag == STRUCT && members(base) == 0;
}

static void describe(const struct entry *e, uint64_t offset, struct text *t)
{
    for (unsigned level = 0; e && level < 16; level++) {
        const struct entry *next = NULL;
        if (e->tag == ARRAY) {
            uint64_t part = size_of(e->type);
            const struct entry *r;
            for (unsigned i = 1; (r = range(e, i)); i++)
                part *= r->count;
            for (unsigned i = 0; range(e, i) && part > 0; i++) {
                say_index(t, offset / part);
                offset %= part;
                if ((r = range(e, i + 1)) && r->count > 0)
                    part /= r->count;
            }
            next = resolve(e->type);
        } else if (e->tag == STRUCT) {
            for (const struct entry *m = e + 1; m < entries + n && m->depth > e->depth; m++) {
                if (m->depth != e->depth + 1 || m->tag != MEMBER || offset < m->at ||
                    offset - m->at >= size_of(m->type) || empty_base(m))
                    continue;
                if (m->name && !wrapper(e) && strncmp(m->name, "_M_", 3) != 0) /* libstdc++'s own */
                    say(t, ".", m->name, "");
                offset -= m->at;
                next = resolve(m->type);
                break;
            }
        }
        e = next;
    }
}

/* A type of this name, else what a variable or member of this name points to, else an instance of
 * the class template of this name that is as large as the object. */
static const struct entry *type_named(const char *name, size_t object_size)
{
    load();
    const size_t length = strlen(name);
    for (unsigned pass = 0; pass < 4; pass++)
        for (size_t i = 0; i < n; i++) {
            const struct entry *e = &entries[i], *found = NULL;
            if (!e->name || strncmp(e->name, name, length) != 0 ||
                e->name[length] != (pass == 3 ? '<' : '\0'))
                continue;
            if (pass == 0 && e->tag == STRUCT && e->size > 0)
                found = e;
            else if (pass == 1 && e->tag == NAMED)
                found = resolve(e->offset);
            else if (pass == 2 && (e->tag == MEMBER || e->tag == VARIABLE || e->tag == PARAMETER))
                found = resolve(e->type);
            if (pass == 2 && found)
                found = found->tag == POINTER ? resolve(found->type) : NULL;
            if (pass == 3 && e->size == object_size)
                found = e;
            if (found && found->tag == STRUCT)
                return found;
        }
    return NULL;
}

bool source_type_known(const char *name)
{
    load();
    for (size_t i = 0; i < n; i++)
        if ((entries[i].tag == STRUCT || entries[i].tag == NAMED) && entries[i].name &&
            strcmp(entries[i].name, name) == 0)
            return true;
    return false;
}

static bool ends_flexible(const struct entry *e)
{
    const struct entry *last = NULL;
    for (const struct entry *m = e + 1; m < entries + n && m->depth > e->depth; m++)
        if (m->depth == e->depth + 1 && m->tag == MEMBER)
            last = m;
    return last && size_of(last->type) >= UINT32_MAX;
}

bool source_type_part(const char *type, size_t offset, size_t object_size, char *text, size_t size)
{
    const struct entry *e = type_named(type, object_size);
    if (!e || e->size == 0)
        return false;
    struct text t = {text, size};
    *text = '\0';
    if (object_size >= 2 * e->size && !ends_flexible(e)) {
        say_index(&t, offset / e->size);
        offset %= e->size;
    }
    describe(e, offset, &t);
    return true;
}

/* "app::ring::" of what is declared in a class in a namespace. */
static void say_scopes(struct text *t, const struct entry *e)
{
    const struct entry *scope = e;
    while (scope > entries && scope->depth >= e->depth)
        scope--;
    if (e->depth < 2 || (scope->tag != STRUCT && scope->tag != NAMESPACE))
        return; /* of a file or a function */
    say_scopes(t, scope);
    if (scope->name)
        say(t, "", scope->name, "::");
}

bool source_variable(uint64_t address, size_t offset, bool whole, char *text, size_t size)
{
    load();
    for (size_t i = 0; i < n; i++) {
        if (entries[i].tag != VARIABLE || entries[i].address != address || address == 0)
            continue;
        const struct entry *const e = declared(&entries[i]);
        if (!e || !e->name || !entry_at(e->type))
            continue;
        /* An array whose length only its definition tells has a type there as well. */
        const uint64_t type = entries[i].type ? entries[i].type : e->type;
        struct text t = {text, size};
        *text = '\0';
        say_scopes(&t, e);
        say(&t, "", e->name, "");
        if (!whole || offset > 0)
            describe(resolve(type), offset, &t);
        return true;
    }
    return false;
}

/* ---- functions ----------------------------------------------------------------------------- */

static const struct entry *function_at(uint32_t site)
{
    load();
    for (const struct entry *e = entries; site > 0 && e < entries + n; e++)
        if (e->tag == FUNCTION && e->low != 0 && site - 1u >= e->low &&
            site - 1u < (e->high < e->low ? e->low + e->high : e->high)) /* a size, or an end */
            return e;
    return NULL;
}

uint32_t source_function_begin(uint32_t site)
{
    const struct entry *e = function_at(site);
    return e ? (uint32_t)e->low + 1 : 0;
}

bool source_local_part(uint32_t site, int64_t from_top, bool whole, char *text, size_t size)
{
    const struct entry *const f = function_at(site);
    if (!f)
        return false;
    const int64_t at = from_top + (f->from_top ? 0 : 16); /* return address, old frame pointer */
    for (const struct entry *e = f + 1; e < entries + n && e->depth > f->depth; e++) {
        if (!e->local || (e->tag != VARIABLE && e->tag != PARAMETER) || at < e->frame_offset)
            continue;
        const struct entry *const d = declared(e);
        if (!d || !d->name || at - e->frame_offset >= (int64_t)size_of(d->type))
            continue;
        struct text t = {text, size};
        say(&t, "", d->name, "");
        if (!whole || at != e->frame_offset)
            describe(resolve(d->type), (uint64_t)(at - e->frame_offset), &t);
        return true;
    }
    return false;
}
