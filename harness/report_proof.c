/* report_proof.c: see report_proof.h: reading the tables, and the words of all its sections. */
#include "harness/report_proof.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/report_book.h"

/* ---- tables -------------------------------------------------------------------------------- */

#define COLUMNS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct {
    const char *file;
    struct table_kind table;
} kinds[PROOF_TABLES] = {
    [PROOF_EXPECTED] = {"expected.tsv",
                        {COLUMNS("queue", "scenario", "model", "verdict", "complete", "blocked"),
                         .remedy = "build/release/queuelab check --update"}},
    [PROOF_PROGRESS] = {"progress.tsv",
                        {COLUMNS("queue", "operation", "promised", "found"),
                         .remedy = "build/release/queuelab check --progress --update"}},
    [PROOF_NECESSITY] = {"necessity.tsv",
                         {COLUMNS("queue", "file", "line", "from", "to", "verdict"),
                          .remedy = "build/release/queuelab check --weaken --update"}},
    [PROOF_KILLS] = {"mutants/kills.tsv",
                     {COLUMNS("mutant", "subject", "expected", "killed_by", "found"),
                      .remedy = "models/mutants/kills.sh --update gcc build/release"}},
    [PROOF_COUNTS] = {"litmus/counts.tsv",
                      {.names = COLUMNS("shape", "program", "rc11", "sc"),
                       .remedy = "git checkout models/litmus/counts.tsv"}},
};

static int read_table(struct proof *p, unsigned kind, char *message, size_t size)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", p->models, kinds[kind].file);
    return table_read(&p->table[kind], &kinds[kind].table, path, message, size);
}

static const struct table_kind ledger = {
    COLUMNS("id", "source", "claim", "figure", "verdict", "measured", "evidence"),
    .remedy = "git checkout studies/claims.tsv"};
static int read_claims(struct proof *p, char *message, size_t size)
{
    char path[4200];
    const int above = (int)(strlen(p->models) - strlen("models"));
    snprintf(path, sizeof path, "%.*sstudies/claims.tsv", above, p->models);
    return table_read(&p->claims, &ledger, path, message, size);
}

bool proof_has(FILE *f, const struct proof *p, unsigned table)
{
    if (!p->table[table].there)
        fprintf(f, "There is no table `models/%s` yet: `%s` makes it.\n", kinds[table].file,
                kinds[table].table.remedy);
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
        error = read_table(p, kind, message, message_size);
    if (!error)
        error = golden_read(p, message, message_size);
    if (!error)
        error = read_claims(p, message, message_size);
    if (!error)
        error = mutants_read(p, message, message_size);
    if (error && !message[0])
        snprintf(message, message_size, "cannot read the tables in %s: %s", p->models,
                 strerror(error));
    return error;
}

void proof_free(struct proof *p)
{
    for (unsigned kind = 0; kind < PROOF_TABLES; kind++)
        table_free(&p->table[kind]);
    table_free(&p->claims);
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
