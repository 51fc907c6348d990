/* table.h: a committed table: lines of cells separated by tabs, the first one "# " and the names of
 * the columns. Columns are found by their names, so that a table may have more of them. */
#ifndef HARNESS_TABLE_H
#define HARNESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct table {
    bool there;
    char *text;        /* cut into cells */
    const char **cell; /* the first row has the names */
    size_t columns, rows;
};

/* What a table must be: both lists end with NULL. */
struct table_kind {
    const char *const *needed; /* columns; NULL: the file has no line of names, */
    const char *const *names;  /* they are these */
    const char *remedy;        /* a command that makes the table, for messages */
};

/* 0, or an errno and a message: EBADMSG, it is no such table. A file that is not there is no error:
 * then t->there is false. */
int table_read(struct table *t, const struct table_kind *kind, const char *path, char *message,
               size_t message_size);
void table_free(struct table *t);

/* "" when there is no such column. */
const char *table_cell(const struct table *t, size_t row, const char *column);
bool table_same(const struct table *t, size_t a, size_t b, const char *column); /* in two rows */
uint64_t table_count(const struct table *t, size_t row, const char *column);

#ifdef __cplusplus
}
#endif

#endif
