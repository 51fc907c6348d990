/* check_expected.c: the committed table of verdicts and numbers of executions: one line for each
 * queue, scenario and model. */
#include "harness/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/check_tsv.h"

static const char heading[] = "# queue\tscenario\tmodel\tverdict\tcomplete\tblocked\testimate";

static bool same_cell(const struct check_row *r, const char *queue, const char *scenario,
                      const char *model)
{
    return strcmp(r->queue, queue) == 0 && strcmp(r->scenario, scenario) == 0 &&
           strcmp(r->model, model) == 0;
}

bool check_unfinished(const struct check_row *row)
{
    return strcmp(row->verdict, "unfinished") == 0;
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

static bool fill(char *to, size_t size, const char *word)
{
    return snprintf(to, size, "%s", word) < (int)size;
}

static bool count(uint64_t *to, const char *word)
{
    char *end;
    errno = 0;
    *to = strtoull(word, &end, 10);
    return word[0] >= '0' && word[0] <= '9' && *end == '\0' && errno == 0;
}

int check_table_read(struct check_table *t, const char *path, unsigned *line)
{
    struct tsv words;
    *t = (struct check_table){0};
    int error = tsv_read(&words, heading, path, line);
    for (size_t i = 0; error == 0 && i < words.n; i++) {
        struct check_row r;
        char(*const word)[TSV_WORD] = words.row[i];
        *line = (unsigned)i + 2;
        error = fill(r.queue, sizeof r.queue, word[0]) &&
                        fill(r.scenario, sizeof r.scenario, word[1]) &&
                        fill(r.model, sizeof r.model, word[2]) &&
                        fill(r.verdict, sizeof r.verdict, word[3]) && count(&r.complete, word[4]) &&
                        count(&r.blocked, word[5]) && count(&r.estimate, word[6]) &&
                        !check_table_find(t, r.queue, r.scenario, r.model)
                    ? check_table_set(t, &r)
                    : EBADMSG;
    }
    tsv_release(&words);
    if (error)
        check_table_release(t);
    return error;
}

/* How far an exploration got that was stopped is the machine's speed: two digits of it are enough. */
static uint64_t two_digits(uint64_t n)
{
    uint64_t unit = 1;
    while (n / unit >= 100)
        unit *= 10;
    return n / unit * unit + (n % unit >= unit / 2 && unit > 1 ? unit : 0);
}

int check_table_write(const struct check_table *t, const char *path)
{
    struct tsv words;
    int error = 0;
    tsv_begin(&words, heading);
    for (size_t i = 0; error == 0 && i < t->n; i++) {
        struct check_row r = t->row[i];
        char complete[24], blocked[24], estimate[24];
        if (check_unfinished(&r)) {
            r.complete = two_digits(r.complete);
            r.blocked = two_digits(r.blocked);
            r.estimate = two_digits(r.estimate);
        } else {
            r.estimate = 0;
        }
        snprintf(complete, sizeof complete, "%" PRIu64, r.complete);
        snprintf(blocked, sizeof blocked, "%" PRIu64, r.blocked);
        snprintf(estimate, sizeof estimate, "%" PRIu64, r.estimate);
        const char *const word[] = {r.queue,  r.scenario, r.model, r.verdict,
                                    complete, blocked,    estimate};
        error = tsv_add(&words, word);
    }
    if (error == 0)
        error = tsv_write(&words, path);
    tsv_release(&words);
    return error;
}
