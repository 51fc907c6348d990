/* check_expected.c: the committed table of verdicts and numbers of executions: one line of six
 * fields, separated by tabs, for each queue, scenario and model. */
#include "harness/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char heading[] = "queue\tscenario\tmodel\tverdict\tcomplete\tblocked\n";

static bool same_cell(const struct check_row *r, const char *queue, const char *scenario,
                      const char *model)
{
    return strcmp(r->queue, queue) == 0 && strcmp(r->scenario, scenario) == 0 &&
           strcmp(r->model, model) == 0;
}

const struct check_row *check_table_find(const struct check_table *t, const char *queue,
                                         const char *scenario, const char *model)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_cell(&t->row[i], queue, scenario, model))
            return &t->row[i];
    return NULL;
}

int check_table_set(struct check_table *t, const struct check_row *row)
{
    for (size_t i = 0; i < t->n; i++)
        if (same_cell(&t->row[i], row->queue, row->scenario, row->model)) {
            t->row[i] = *row;
            return 0;
        }
    if (t->n == t->room) {
        const size_t room = t->room ? 2 * t->room : 256;
        struct check_row *const more = realloc(t->row, room * sizeof *more);
        if (!more)
            return ENOMEM;
        t->row = more;
        t->room = room;
    }
    t->row[t->n++] = *row;
    return 0;
}

void check_table_release(struct check_table *t)
{
    free(t->row);
    *t = (struct check_table){0};
}

int check_table_read(struct check_table *t, const char *path, unsigned *line)
{
    *t = (struct check_table){0};
    *line = 0;
    FILE *const f = fopen(path, "r");
    if (!f)
        return errno;
    char text[512];
    int error = 0;
    while (error == 0 && fgets(text, sizeof text, f)) {
        struct check_row r;
        char end;
        ++*line;
        if (*line == 1)
            error = strcmp(text, heading) ? EBADMSG : 0;
        else if (sscanf(text, "%63[^\t]\t%63[^\t]\t%7[^\t]\t%31[^\t]\t%" SCNu64 "\t%" SCNu64 "%c",
                        r.queue, r.scenario, r.model, r.verdict, &r.complete, &r.blocked,
                        &end) != 7 ||
                 end != '\n' || check_table_find(t, r.queue, r.scenario, r.model))
            error = EBADMSG;
        else
            error = check_table_set(t, &r);
    }
    if (error == 0 && ferror(f))
        error = EIO;
    fclose(f);
    if (error)
        check_table_release(t);
    return error;
}

int check_table_write(const struct check_table *t, const char *path)
{
    char name[4096];
    if (snprintf(name, sizeof name, "%s.new", path) >= (int)sizeof name)
        return ENAMETOOLONG;
    FILE *const f = fopen(name, "w");
    if (!f)
        return errno;
    fputs(heading, f);
    for (size_t i = 0; i < t->n; i++) {
        const struct check_row *const r = &t->row[i];
        fprintf(f, "%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\n", r->queue, r->scenario, r->model,
                r->verdict, r->complete, r->blocked);
    }
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
