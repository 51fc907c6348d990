/* ledger.c: see ledger.h. */
#include "studies/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"
#include "harness/whole_file.h"

static const char *const columns[] = {"id",      "source",  "claim",    "figure",  "conditions",
                                      "command", "verdict", "measured", "evidence"};
enum { COLUMNS = sizeof columns / sizeof *columns, FOUND = 6 };

static const char *cell(const struct table *t, size_t row, size_t column)
{
    return table_cell(t, row, columns[column]);
}

static const struct study_finding *finding_of(const struct study_judge *j, const char *claim)
{
    for (size_t i = 0; i < j->n_findings; i++)
        if (strcmp(j->finding[i].claim, claim) == 0)
            return &j->finding[i];
    return NULL;
}

static const char *found(const struct study_finding *f, size_t column)
{
    return column == FOUND       ? verdict_words[f->verdict]
           : column == FOUND + 1 ? f->measured
                                 : f->evidence;
}

/* Every finding has its row, every row of this document its finding. */
static int complete(const struct table *t, const struct study_judge *j, const char *path,
                    char *message, size_t size)
{
    for (size_t i = 0; i < j->n_findings; i++) {
        size_t row = 0;
        while (row < t->rows && strcmp(cell(t, row, 0), j->finding[i].claim) != 0)
            row++;
        if (row == t->rows)
            return snprintf(message, size, "%s has no row '%s', which the study %s has judged",
                            path, j->finding[i].claim, j->study->name),
                   ENOKEY;
        if (finding_of(j, j->finding[i].claim) != &j->finding[i])
            return snprintf(message, size, "the study %s judged '%s' twice", j->study->name,
                            j->finding[i].claim),
                   ENOKEY;
    }
    for (size_t row = 0; row < t->rows; row++)
        if (strcmp(cell(t, row, 1), j->study->source) == 0 && !finding_of(j, cell(t, row, 0)))
            return snprintf(message, size, "the study %s has not judged '%s' of %s", j->study->name,
                            cell(t, row, 0), path),
                   ENOKEY;
    return 0;
}

static int load(struct table *t, const char *path, char *message, size_t size)
{
    static const char *const needed[] = {"id",      "source",  "claim",    "figure",   "conditions",
                                         "command", "verdict", "measured", "evidence", NULL};
    static const struct table_kind kind = {needed, .remedy = "git checkout studies/claims.tsv"};
    const int error = table_read(t, &kind, path, message, size);
    if (error || t->there)
        return error;
    snprintf(message, size, "there is no ledger %s; get it again with `%s`", path, kind.remedy);
    return ENOENT;
}

int ledger_update(const char *path, const struct study_judge *j, FILE *say, unsigned *flips,
                  char *message, size_t size)
{
    struct table t;
    char *text = NULL;
    size_t bytes;
    int error = j->error;
    *flips = 0;
    snprintf(message, size, "no memory for the ledger");
    if (!error)
        error = load(&t, path, message, size);
    if (error)
        return error;
    error = complete(&t, j, path, message, size);
    FILE *const f = error ? NULL : open_memstream(&text, &bytes);
    for (size_t column = 0; f && column < COLUMNS; column++)
        fprintf(f, "%s%s", column ? "\t" : "# ", columns[column]);
    for (size_t row = 0; f && row < t.rows; row++) {
        const struct study_finding *const now = finding_of(j, cell(&t, row, 0));
        const char *const before = cell(&t, row, FOUND);
        for (size_t column = 0; column < COLUMNS; column++)
            fprintf(f, "%c%s", column ? '\t' : '\n',
                    now && column >= FOUND ? found(now, column) : cell(&t, row, column));
        if (now && strcmp(before, "-") != 0 && strcmp(before, verdict_words[now->verdict]) != 0) {
            ++*flips;
            if (say)
                fprintf(say, "queuelab: warning: the verdict of %s was '%s' and is now '%s': %s\n",
                        now->claim, before, verdict_words[now->verdict], now->measured);
        }
    }
    if (f) {
        fputc('\n', f);
        if (fclose(f) != 0)
            error = ENOMEM;
        else if ((error = whole_write(path, text, bytes)) != 0)
            snprintf(message, size, "cannot write %s: %s", path, strerror(error));
    } else if (!error) {
        error = ENOMEM;
    }
    free(text);
    table_free(&t);
    return error;
}

void ledger_say(const char *path, const struct study_judge *j, FILE *to)
{
    struct table t;
    char message[256];
    const bool there = load(&t, path, message, sizeof message) == 0;
    for (size_t i = 0; i < j->n_findings; i++) {
        const struct study_finding *const f = &j->finding[i];
        size_t row = 0;
        while (there && row < t.rows && strcmp(cell(&t, row, 0), f->claim) != 0)
            row++;
        fprintf(to, "%-8s %s\n         %s%s %s\n", f->claim,
                there && row < t.rows ? table_cell(&t, row, "claim") : "",
                verdict_words[f->verdict], f->verdict == CLAIM_CONDITIONAL ? "" : ":", f->measured);
    }
    if (there)
        table_free(&t);
    fflush(to); /* before what is said about them */
}

int ledger_check(const char *path, const struct study_judge *j, char *message, size_t size)
{
    struct table t;
    int error = load(&t, path, message, size);
    if (error)
        return error;
    error = complete(&t, j, path, message, size);
    for (size_t row = 0; row < t.rows && !error; row++) {
        const struct study_finding *const now = finding_of(j, cell(&t, row, 0));
        for (size_t column = FOUND; now && column < COLUMNS && !error; column++)
            if (strcmp(cell(&t, row, column), found(now, column)) != 0) {
                snprintf(message, size, "%s, %s: the records say '%s', the ledger says '%s'", path,
                         now->claim, found(now, column), cell(&t, row, column));
                error = EILSEQ;
            }
    }
    table_free(&t);
    return error;
}
