/* check_tsv.h: a committed table: lines of words separated by tabs, the first one "# " and the names
 * of the columns, the others sorted. */
#ifndef HARNESS_CHECK_TSV_H
#define HARNESS_CHECK_TSV_H

#include <stdbool.h>
#include <stddef.h>

enum { TSV_COLUMNS = 9, TSV_WORD = 256 };

struct tsv {
    const char *heading; /* the first line, without its end */
    size_t columns;
    size_t n, room;
    char (*row)[TSV_COLUMNS][TSV_WORD];
};

/* 0 or an errno; *line is the one that cannot be read (EBADMSG). A missing file is ENOENT. The
 * heading says how many columns there must be. */
int tsv_read(struct tsv *t, const char *heading, const char *path, unsigned *line);
void tsv_begin(struct tsv *t, const char *heading);
int tsv_add(struct tsv *t, const char *const *word);   /* 0 or ENOMEM; long words are cut */
int tsv_append(struct tsv *t, const struct tsv *rows); /* of the same columns; 0 or ENOMEM */
bool tsv_has(const struct tsv *t, const char *first);  /* a row that begins with this word */
void tsv_drop(struct tsv *t, size_t row);
void tsv_sort(struct tsv *t);                   /* numbers as numbers */
int tsv_write(struct tsv *t, const char *path); /* sorted; at once, or not at all */
void tsv_release(struct tsv *t);

/* Says what tsv_read could not do and what helps; `begin` is the option that makes the table. */
void tsv_complain(int error, const char *path, unsigned line, const char *begin);

#endif
