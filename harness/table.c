/* table.c: see table.h. */
#include "harness/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/whole_file.h"

static size_t column_of(const struct table *t, const char *name)
{
    size_t i = 0;
    while (i < t->columns && strcmp(t->cell[i], name) != 0)
        i++;
    return i;
}

const char *table_cell(const struct table *t, size_t row, const char *column)
{
    const size_t i = column_of(t, column);
    return i < t->columns ? t->cell[(row + 1) * t->columns + i] : "";
}

bool table_same(const struct table *t, size_t a, size_t b, const char *column)
{
    return strcmp(table_cell(t, a, column), table_cell(t, b, column)) == 0;
}

uint64_t table_count(const struct table *t, size_t row, const char *column)
{
    return strtoull(table_cell(t, row, column), NULL, 10);
}

static size_t fields_of(const char *line)
{
    size_t n = 1;
    for (; *line; line++)
        n += *line == '\t';
    return n;
}

/* One more line of cells; false: it has more or fewer than the others. */
static bool cut(struct table *t, char *line)
{
    if (fields_of(line) != t->columns)
        return false;
    const char **cell = t->cell + t->rows * t->columns;
    for (size_t i = 0; i < t->columns; i++) {
        cell[i] = line;
        line += strcspn(line, "\t");
        if (*line)
            *line++ = '\0';
    }
    t->rows++;
    return true;
}

/* The first row, which has the names, and room for the others. */
static int begin(struct table *t, const struct table_kind *kind, const char *first, size_t lines)
{
    if (kind->needed)
        t->columns = fields_of(first);
    else
        while (kind->names[t->columns])
            t->columns++;
    t->cell = calloc((lines + 1) * t->columns, sizeof *t->cell);
    if (!t->cell)
        return ENOMEM;
    if (!kind->needed) {
        memcpy(t->cell, kind->names, t->columns * sizeof *t->cell);
        t->rows = 1;
    }
    return 0;
}

static int parse(struct table *t, const struct table_kind *kind, const char *path, char *message,
                 size_t size)
{
    size_t lines = 1;
    unsigned number = 0;
    for (const char *c = t->text; *c; c++)
        lines += *c == '\n';
    for (char *line = t->text, *next; *line; line = next) {
        number++;
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (number == 1 && kind->needed)
            line += strspn(line, "# ");
        else if (line[0] == '#' || line[0] == '\0')
            continue;
        if (!t->cell && begin(t, kind, line, lines) != 0)
            return ENOMEM;
        if (!cut(t, line))
            return snprintf(message, size,
                            "%s:%u is no row of the table: it has %zu fields, not %zu; make it "
                            "again with `%s`",
                            path, number, fields_of(line), t->columns, kind->remedy),
                   EBADMSG;
    }
    for (const char *const *name = kind->needed; name && *name; name++)
        if (!t->cell || column_of(t, *name) == t->columns)
            return snprintf(message, size,
                            "%s:1 names no column '%s'; make the table again with `%s`", path,
                            *name, kind->remedy),
                   EBADMSG;
    t->rows -= t->rows > 0; /* the names */
    t->there = true;
    return 0;
}

int table_read(struct table *t, const struct table_kind *kind, const char *path, char *message,
               size_t message_size)
{
    size_t n;
    *t = (struct table){0};
    int error = whole_read(path, &t->text, &n);
    if (error == ENOENT || error == ENOTDIR)
        return 0;
    if (error)
        snprintf(message, message_size, "cannot read %s: %s", path, strerror(error));
    else
        error = parse(t, kind, path, message, message_size);
    return error;
}

void table_free(struct table *t)
{
    free(t->text);
    free(t->cell);
    *t = (struct table){0};
}
