/* report_proof.c: see report_proof.h: reading the tables, and the words of all its sections. */
#include "harness/report_proof.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report_book.h"

/* ---- tables -------------------------------------------------------------------------------- */

enum { NEEDED_MOST = 6 };

static const struct {
    const char *file, *command;
    const char *needed[NEEDED_MOST]; /* columns; none: the table has no line of names */
} kinds[PROOF_TABLES] = {
    [PROOF_EXPECTED] = {"expected.tsv",
                        "build/release/queuelab check --update",
                        {"queue", "scenario", "model", "verdict", "complete", "blocked"}},
    [PROOF_PROGRESS] = {"progress.tsv",
                        "build/release/queuelab check --progress --update",
                        {"queue", "operation", "promised", "found"}},
    [PROOF_NECESSITY] = {"necessity.tsv",
                         "build/release/queuelab check --weaken --update",
                         {"queue", "file", "line", "from", "to", "verdict"}},
    [PROOF_KILLS] = {"mutants/kills.tsv",
                     "models/mutants/kills.sh --update gcc build/release",
                     {"mutant", "subject", "expected", "killed_by", "found"}},
    [PROOF_COUNTS] = {"litmus/counts.tsv", "git checkout models/litmus/counts.tsv", {NULL}},
};
static const char *const counts_names[] = {"shape", "program", "rc11", "sc"};
enum { COUNTS_COLUMNS = sizeof counts_names / sizeof *counts_names };

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

static int parse(struct table *t, unsigned kind, const char *path, char *message, size_t size)
{
    const bool named = kinds[kind].needed[0];
    size_t lines = 1;
    unsigned number = 0;
    for (const char *c = t->text; *c; c++)
        lines += *c == '\n';
    for (char *line = t->text, *next; *line; line = next) {
        number++;
        next = line + strcspn(line, "\n");
        if (*next)
            *next++ = '\0';
        if (number == 1 && named)
            line += strspn(line, "# ");
        else if (line[0] == '#' || line[0] == '\0')
            continue;
        if (!t->cell) {
            t->columns = named ? fields_of(line) : COUNTS_COLUMNS;
            t->cell = calloc((lines + 1) * t->columns, sizeof *t->cell);
            if (!t->cell)
                return ENOMEM;
            if (!named) {
                memcpy(t->cell, counts_names, sizeof counts_names);
                t->rows = 1;
            }
        }
        if (!cut(t, line))
            return snprintf(message, size,
                            "%s:%u is no row of the table: it has %zu fields, not %zu; make it "
                            "again with `%s`",
                            path, number, fields_of(line), t->columns, kinds[kind].command),
                   EBADMSG;
    }
    for (size_t i = 0; i < NEEDED_MOST && kinds[kind].needed[i]; i++)
        if (!t->cell || column_of(t, kinds[kind].needed[i]) == t->columns)
            return snprintf(message, size,
                            "%s:1 names no column '%s'; make the table again with `%s`", path,
                            kinds[kind].needed[i], kinds[kind].command),
                   EBADMSG;
    t->rows -= t->rows > 0; /* the names */
    t->there = true;
    return 0;
}

static int table_read(struct proof *p, unsigned kind, char *message, size_t size)
{
    char path[4200];
    size_t n;
    struct table *const t = &p->table[kind];
    snprintf(path, sizeof path, "%s/%s", p->models, kinds[kind].file);
    int error = read_whole(path, &t->text, &n, message, size);
    if (error == ENOENT || error == ENOTDIR)
        return 0;
    if (!error)
        error = parse(t, kind, path, message, size);
    return error;
}

bool proof_has(FILE *f, const struct proof *p, unsigned table)
{
    if (!p->table[table].there)
        fprintf(f, "There is no table `models/%s` yet: `%s` makes it.\n", kinds[table].file,
                kinds[table].command);
    return p->table[table].there;
}

/* ---- counterexamples ----------------------------------------------------------------------- */

static int is_text(const struct dirent *d)
{
    const char *const dot = strrchr(d->d_name, '.');
    return dot && dot != d->d_name && strcmp(dot, ".txt") == 0;
}

/* The first whose name begins so and that is not chosen yet; n: there is none. */
static size_t first_of(struct dirent *const *entry, size_t n, const char *prefix, size_t not )
{
    size_t i = 0;
    while (i < n && (i == not || strncmp(entry[i]->d_name, prefix, strlen(prefix)) != 0))
        i++;
    return i;
}

/* A litmus shape and one of a queue, so that a reader sees both; else the first by name. */
static int golden_read(struct proof *p, char *message, size_t size)
{
    static const char *const prefix[COUNTEREXAMPLES] = {"mp_", "ring_spsc_"};
    char path[4700];
    struct dirent **entry = NULL;
    int error = 0;
    snprintf(path, sizeof path, "%s/golden", p->models);
    const int found = scandir(path, &entry, is_text, alphasort);
    if (found < 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    const size_t n = p->n_golden = (size_t)found;
    for (size_t i = 0, last = n; i < COUNTEREXAMPLES && !error; i++) {
        size_t chosen = first_of(entry, n, prefix[i], last);
        if (chosen == n)
            chosen = first_of(entry, n, "", last);
        if (chosen == n)
            break;
        size_t bytes;
        last = chosen;
        snprintf(path, sizeof path, "%s/golden/%s", p->models, entry[chosen]->d_name);
        error = read_whole(path, &p->golden[i].text, &bytes, message, size);
        if (!error && !(p->golden[i].name = strdup(entry[chosen]->d_name)))
            error = ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        free(entry[i]);
    free(entry);
    return error;
}

static int mutants_read(struct proof *p, char *message, size_t size)
{
    char path[4200];
    size_t n;
    snprintf(path, sizeof path, "%s/mutants/queues.tsv", p->models);
    const int error = read_whole(path, &p->mutants, &n, message, size);
    return error == ENOENT || error == ENOTDIR ? 0 : error;
}

/* ---- all of it ----------------------------------------------------------------------------- */

int proof_read(struct proof *p, const char *report_path, char *message, size_t message_size)
{
    const char *const slash = strrchr(report_path, '/');
    int error = 0;
    memset(p, 0, sizeof *p);
    message[0] = '\0';
    if (snprintf(p->models, sizeof p->models, "%.*smodels",
                 slash ? (int)(slash - report_path + 1) : 0, report_path) >= (int)sizeof p->models)
        error = ENAMETOOLONG;
    for (unsigned kind = 0; kind < PROOF_TABLES && !error; kind++)
        error = table_read(p, kind, message, message_size);
    if (!error)
        error = golden_read(p, message, message_size);
    if (!error)
        error = mutants_read(p, message, message_size);
    if (error && !message[0])
        snprintf(message, message_size, "cannot read the tables in %s: %s", p->models,
                 strerror(error));
    return error;
}

void proof_free(struct proof *p)
{
    for (unsigned kind = 0; kind < PROOF_TABLES; kind++) {
        free(p->table[kind].text);
        free(p->table[kind].cell);
    }
    free(p->mutants);
    for (size_t i = 0; i < COUNTEREXAMPLES; i++) {
        free(p->golden[i].name);
        free(p->golden[i].text);
    }
}

/* ---- words --------------------------------------------------------------------------------- */

/* The tables' own words, and the checker's in its JSON. */
static bool is_one_of(const char *verdict, const char *const *words)
{
    while (*words && strcmp(verdict, *words) != 0)
        words++;
    return *words;
}

bool verdict_ok(const char *verdict)
{
    static const char *const words[] = {"ok", "no_violation", NULL};
    return is_one_of(verdict, words);
}

bool verdict_unfinished(const char *verdict)
{
    static const char *const words[] = {"unfinished", "undecided", "out_of_budget", "unbounded",
                                        NULL};
    return is_one_of(verdict, words);
}

void put_list_head(FILE *f, const char *const *titles, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(f, "| %s ", titles[i]);
    fputs("|\n", f);
    for (size_t i = 0; i < n; i++)
        fputs("|:--", f);
    fputs("|\n", f);
}

void put_count(FILE *f, uint64_t n)
{
    char text[32];
    const int digits = snprintf(text, sizeof text, "%" PRIu64, n);
    for (int i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            fputc(',', f);
        fputc(text[i], f);
    }
}

void put_words(FILE *f, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', f);
        fputc(*text == '_' ? ' ' : *text, f);
    }
}

void put_source(FILE *f, const char *text)
{
    if (!text[0] || strcmp(text, "-") == 0)
        return;
    const char *const fence = strchr(text, '`') ? "``" : "`";
    fputs(fence, f);
    for (; *text; text++) {
        if (*text == '|') /* in a table GitHub ends the cell here even inside code */
            fputc('\\', f);
        fputc(*text, f);
    }
    fputs(fence, f);
}

void put_place(FILE *f, const struct table *t, size_t row)
{
    const char *const file = table_cell(t, row, "file"), *const line = table_cell(t, row, "line");
    if (file[0] && strcmp(file, "-") != 0)
        fprintf(f, "`%s:%s`", file, line);
}
