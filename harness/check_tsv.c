/* check_tsv.c: see check_tsv.h. */
#include "harness/check_tsv.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void tsv_begin(struct tsv *t, const char *heading)
{
    *t = (struct tsv){.heading = heading, .columns = 1};
    for (const char *c = heading; *c; c++)
        t->columns += *c == '\t';
}

void tsv_release(struct tsv *t)
{
    free(t->row);
    t->row = NULL;
    t->n = t->room = 0;
}

static bool grow(struct tsv *t)
{
    if (t->n < t->room)
        return true;
    const size_t room = t->room ? 2 * t->room : 64;
    void *const more = realloc(t->row, room * sizeof *t->row);
    if (!more)
        return false;
    t->row = more;
    t->room = room;
    return true;
}

/* A word has no tabs and no line ends. */
static void set_word(char *to, const char *word, size_t length)
{
    if (length >= TSV_WORD) {
        length = TSV_WORD - 1;
        while (length > 0 && ((unsigned char)word[length] & 0xc0) == 0x80) /* whole characters */
            length--;
    }
    for (size_t i = 0; i < length; i++)
        to[i] = (unsigned char)word[i] < ' ' ? ' ' : word[i];
    to[length] = '\0';
}

int tsv_add(struct tsv *t, const char *const *word)
{
    if (!grow(t))
        return ENOMEM;
    for (size_t i = 0; i < t->columns; i++)
        set_word(t->row[t->n][i], word[i], strlen(word[i]));
    t->n++;
    return 0;
}

int tsv_append(struct tsv *t, const struct tsv *rows)
{
    int error = 0;
    for (size_t i = 0; error == 0 && i < rows->n; i++) {
        const char *word[TSV_COLUMNS] = {NULL};
        assert(rows->columns == t->columns);
        for (size_t k = 0; k < rows->columns; k++)
            word[k] = rows->row[i][k];
        error = tsv_add(t, word);
    }
    return error;
}

bool tsv_has(const struct tsv *t, const char *first)
{
    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->row[i][0], first) == 0)
            return true;
    return false;
}

void tsv_drop(struct tsv *t, size_t row)
{
    memmove(&t->row[row], &t->row[row + 1], (--t->n - row) * sizeof *t->row);
}

static int add_line(struct tsv *t, char *text)
{
    const char *word[TSV_COLUMNS];
    size_t n = 0;
    char *const end = strchr(text, '\n');
    if (!end) /* too long, or cut off */
        return EBADMSG;
    *end = '\0';
    for (char *at = text; at; n++) {
        char *const tab = strchr(at, '\t');
        if (tab)
            *tab = '\0';
        if (n == t->columns || *at == '\0')
            return EBADMSG;
        word[n] = at;
        at = tab ? tab + 1 : NULL;
    }
    return n == t->columns ? tsv_add(t, word) : EBADMSG;
}

int tsv_read(struct tsv *t, const char *heading, const char *path, unsigned *line)
{
    static char text[TSV_COLUMNS * TSV_WORD + 2];
    tsv_begin(t, heading);
    *line = 0;
    FILE *const f = fopen(path, "r");
    if (!f)
        return errno;
    int error = 0;
    while (error == 0 && fgets(text, sizeof text, f)) {
        if (++*line > 1) {
            error = add_line(t, text);
        } else {
            text[strcspn(text, "\n")] = '\0';
            error = strcmp(text, heading) ? EBADMSG : 0;
        }
    }
    if (error == 0 && ferror(f))
        error = EIO;
    if (error == 0 && *line == 0)
        error = EBADMSG;
    fclose(f);
    if (error)
        tsv_release(t);
    return error;
}

static bool is_number(const char *word)
{
    return word[0] && strspn(word, "0123456789") == strlen(word) && strlen(word) < 19;
}

static int by_words(const void *a, const void *b)
{
    const char(*const x)[TSV_WORD] = a, (*const y)[TSV_WORD] = b;
    for (size_t i = 0; i < TSV_COLUMNS; i++) {
        int order = strcmp(x[i], y[i]);
        if (order && is_number(x[i]) && is_number(y[i]))
            order = strtoull(x[i], NULL, 10) > strtoull(y[i], NULL, 10) ? 1 : -1;
        if (order)
            return order;
    }
    return 0;
}

void tsv_sort(struct tsv *t)
{
    for (size_t i = 0; i < t->n; i++) /* columns that this table has not */
        for (size_t k = t->columns; k < TSV_COLUMNS; k++)
            t->row[i][k][0] = '\0';
    if (t->n > 0)
        qsort(t->row, t->n, sizeof *t->row, by_words);
}

int tsv_write(struct tsv *t, const char *path)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s.new", path) >= (int)sizeof name)
        return ENAMETOOLONG;
    FILE *const f = fopen(name, "w");
    if (!f)
        return errno;
    tsv_sort(t);
    fprintf(f, "%s\n", t->heading);
    for (size_t i = 0; i < t->n; i++)
        for (size_t k = 0; k < t->columns; k++)
            fprintf(f, "%s%c", t->row[i][k][0] ? t->row[i][k] : "-",
                    k + 1 < t->columns ? '\t' : '\n');
    errno = 0;
    int error = fflush(f) || ferror(f) || fsync(fileno(f)) ? errno ? errno : EIO : 0;
    if (fclose(f) && !error)
        error = errno;
    if (!error && rename(name, path))
        error = errno;
    if (error)
        unlink(name);
    return error;
}

void tsv_complain(int error, const char *path, unsigned line, const char *begin)
{
    if (error == EBADMSG)
        fprintf(stderr,
                "queuelab: %s:%u is no row of the table: restore the file from git, or remove it "
                "and make it again by `queuelab %s`\n",
                path, line, begin);
    else
        fprintf(stderr,
                "queuelab: cannot read %s: %s; run this in the project's root, or begin one by "
                "`queuelab %s`\n",
                path, strerror(error), begin);
}
